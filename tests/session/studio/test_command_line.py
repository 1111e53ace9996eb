"""The command that repeats a run of the window: what it says, read by the command line, gives the same settings."""

import shlex
from dataclasses import replace

import pytest

from mmap_studio.cli.settings import parse_changes, with_changes
from mmap_studio.config import settings_from
from mmap_studio.errors import InputError
from mmap_studio.method.budget import Budget
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.options import parse_amounts, parse_trials
from mmap_studio.session.compare.protocols.protocol import DOMAIN_OUT
from mmap_studio.session.engines.choice import RunOn
from mmap_studio.session.project.project import Project
from mmap_studio.session.studio.command_line import compare_command, run_command

AUTO = {"train.optimizer": "adamw", "train.learning_rate": 0.02, "train.batch_size": 8}


@pytest.mark.parametrize("changes", [{}, AUTO, {"prompt.tokens": 16, "grouping.groups": None, "train.flip": False}])
@pytest.mark.parametrize("preset", ["auto", "light", "paper-size"])
def test_the_starters_command_has_the_settings_of_the_window(preset, changes):
    project = Project.starter()
    project = project.with_settings(settings_from({"preset": preset}, changes))
    words = shlex.split(run_command(project, "together"))
    chosen = words[words.index("--preset") + 1] if "--preset" in words else None
    sets = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    assert with_changes(Project.starter(), parse_changes(sets), chosen).settings == project.settings


def test_the_command_of_a_comparison_asks_for_the_same(tmp_path):
    from mmap_studio.cli.experiments.compare import checked
    from mmap_studio.cli.settings import seeds_of

    plan = ComparisonPlan(("coop", "ridge"), parse_amounts("4,full"), (1, 3), False, "coop")
    words = shlex.split(compare_command(Project.starter(), plan))
    given = dict(zip(words[3::2], words[4::2], strict=True))
    assert words[:3] == ["mmap-studio", "compare", "starter"]
    assert given["--choice"] == "published"
    asked = checked(given["--methods"], given["--shots"], seeds_of(given["--seeds"]), False, given["--against"])
    wanted = plan.options()
    assert (asked.all_methods, asked.amounts, asked.seeds) == (wanted.all_methods, wanted.amounts, wanted.seeds)
    other = shlex.split(
        compare_command(Project.starter(), replace(plan, protocol=DOMAIN_OUT, budget=Budget("steps", 500)))
    )
    assert other[other.index("--budget") + 1] == "500steps"
    assert other[other.index("--protocol") + 1] == "leave-one-domain-out"
    plain = shlex.split(compare_command(Project.starter(), ComparisonPlan()))
    assert plain == ["mmap-studio", "compare", "starter", "--methods", "usual", "--shots", "full", "--seeds", "1,2,3"]


def test_the_command_of_a_comparison_leaves_out_what_is_skipped_and_says_where():
    from mmap_studio.cli.experiments.compare import checked

    skipped = (("ridge", "4", 1), ("coop:pooled", "full", 3))
    plan = ComparisonPlan(("coop", "ridge"), parse_amounts("4,full"), (1, 3), without=(*skipped, ("ridge", "16", 1)))
    where = RunOn(cluster="head:7", threads=2, gpu_share=0.5)
    words = shlex.split(compare_command(Project.starter(), plan, where))
    given = dict(zip(words[3::2], words[4::2], strict=True))
    assert checked("coop,ridge", "4,full", (1, 3), without=given["--without"]).without == frozenset(skipped)
    texts = {name: given[f"--{name}"] for name in ("cluster", "threads", "gpu-share")}
    assert RunOn.of(texts) == where
    assert shlex.split(compare_command(Project.starter(), plan, RunOn(2)))[-2:] == ["--processes", "2"]


@pytest.mark.parametrize("given", ["ridge", "ridge:4", ":4:1", "ridge:4:x", "ridge:many:1"])
def test_what_is_no_trial_is_refused(given):
    with pytest.raises(InputError, match=r"must be .* Got "):
        parse_trials(given)


def test_there_is_no_command_for_a_starter_with_other_tasks():
    project = Project.starter()
    assert compare_command(project.with_tasks(list(project.file.tasks[:2])), ComparisonPlan()) == ""
