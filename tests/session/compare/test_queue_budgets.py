"""The queue within a budget: every method takes as many steps, or sees as many images of its largest task."""

import pytest

from mmap_studio.errors import InputError
from mmap_studio.method.budget import Budget
from mmap_studio.session.compare.options import CompareOptions, parse_amounts
from mmap_studio.session.compare.protocols.protocol import BASE_TO_NEW
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later
from tests.session.compare.test_queue import walked

with imported_later():
    from mmap_studio.session.compare.export import export_method
    from mmap_studio.session.compare.queue import compare
    from mmap_studio.session.runtime.generator_result import result

STEPS, IMAGES = 5, 20
SOLVED = ("zero_shot", "ridge", "linear_probe", "tip_adapter")
TRAINED = (
    "text_head", "lp_plus_plus", "task_residual", "tip_adapter_f", "clip_adapter", "coop", "promptsrc", "clip_lora",
    "mmap_together",
)  # fmt: skip
TASKS, TRAIN = len(projects.DOMAINS), 12
"""Training images of a task: half of three classes of eight; in batches of eight an epoch has two steps."""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("budgets"))


def asked(clip, budget, *methods, **more):
    return CompareOptions(methods, parse_amounts("full"), (1,), False, clip=clip, budget=budget, **more)


@pytest.fixture(scope="module")
def stepped(project, clip, store):
    methods = (*SOLVED, *TRAINED, "text_head:per_task", "clip_lora:per_task", "mmap_separate", "mmap_suggested")
    return walked(compare(project, asked(clip, Budget("steps", STEPS), *methods), store))


def test_every_training_takes_the_steps_of_the_budget(stepped):
    trials = {one.method: one for one in stepped[1].trials}
    for name in TRAINED:
        models = TASKS if name in ("coop", "promptsrc") else 1
        assert trials[name].steps == models * STEPS, name
    for name in ("text_head:per_task", "clip_lora:per_task", "mmap_separate"):
        assert trials[name].steps == TASKS * STEPS, name
    assert trials["mmap_suggested"].steps % STEPS == 0
    for name in ("clip_lora", "clip_lora:per_task", "coop", "promptsrc", "mmap_together", "mmap_separate"):
        assert trials[name].images_seen == TASKS * STEPS * 8, name


def test_images_of_each_task_are_alike_whatever_the_batch_and_the_scope(project, clip, store):
    budget = Budget("images", IMAGES)
    methods = (*TRAINED, "text_head:per_task", "clip_lora:per_task", "mmap_separate")
    _, comparison = walked(compare(project, asked(clip, budget, *methods), store))
    for trial in comparison.trials[1:]:
        batch = TASKS * TRAIN if trial.family == "features" else TASKS * 8
        assert TASKS * IMAGES <= trial.images_seen < TASKS * IMAGES + batch, trial.method
    assert comparison.budget == budget


@pytest.fixture(scope="module")
def unequal(tmp_path_factory):
    """The first task has 3 training images, the others 12."""
    folder = tmp_path_factory.mktemp("unequal")
    made = projects.make(folder)
    for image in (folder / "data" / projects.DOMAINS[0]).glob("*/*.png"):
        if int(image.stem) >= 2:
            image.unlink()
    return made


def test_every_training_is_counted_by_the_largest_of_its_own_tasks(unequal, clip):
    """A step has 8 images of a large task, and 3 of the small one: all it has."""
    methods = ("coop", "clip_lora", "mmap_separate", "mmap_together", "text_head", "text_head:per_task")
    _, comparison = walked(compare(unequal, asked(clip, Budget("images", IMAGES), *methods), MemoryStore()))
    found = {one.method: (one.steps, one.images_seen) for one in comparison.trials}
    alone = (7 + 3 + 3, 7 * 3 + 2 * 3 * 8)
    assert found["coop"] == found["mmap_separate"] == alone
    assert found["clip_lora"] == found["mmap_together"] == (3, 3 * (3 + 8 + 8))
    assert found["text_head"] == (2, 27 + 27)
    assert found["text_head:per_task"] == (7 + 2 + 2, 7 * 3 + 2 * 2 * 12)


def test_split_zips_of_classes_are_counted_by_their_own_images(tmp_path, clip):
    """Of 4 classes with 4 training images each 2 are trained: 8 images, a whole batch, and not the 16 of the task."""
    made = projects.make(tmp_path, classes=("Alarm_Clock", "fox", "red car", "hen"), **{"train.batch_size": 16})
    options = asked(clip, Budget("images", IMAGES), "coop", protocol=BASE_TO_NEW)
    _, comparison = walked(compare(made, options, MemoryStore()))
    (coop,) = [one for one in comparison.trials if one.method == "coop"]
    assert (coop.steps, coop.images_seen) == (TASKS * 3, TASKS * 3 * 8)


def test_the_plan_and_the_report_say_it_and_what_it_does_not_apply_to(stepped):
    from mmap_studio.session.compare.report import report_files

    reports, comparison = stepped
    said = next(one.text for one in reports if one.notice)
    assert said == (
        "Every training takes 5 steps. It does not apply to what is solved or not trained: Zero-shot, Linear probe, "
        "pooled, Ridge + zero-shot, pooled, Tip-Adapter, pooled."
    )
    files = report_files(comparison)
    assert comparison.about["budget"] == said
    for name in ("report.html", "table.tex", "table.md"):
        assert "Every training takes 5 steps." in files[name].decode(), name
    assert '"budget": "5steps"' in files["comparison.json"].decode()


def test_what_takes_no_budget_is_kept_for_all_and_the_rest_apart(project, clip, store, stepped):
    more = asked(clip, Budget("steps", 6), *SOLVED, "coop", only_kept=True)
    _, comparison = walked(compare(project, more, store))
    assert {one.method for one in comparison.trials} == set(SOLVED)
    usual = MemoryStore()
    walked(compare(project, asked(clip, Budget(), "ridge", "coop"), usual))
    _, kept = walked(compare(project, asked(clip, Budget("steps", 6), "ridge", "coop", only_kept=True), usual))
    assert {one.method for one in kept.trials} == {"zero_shot", "ridge"}


def test_affinity_is_measured_once_for_all_budgets(project, clip, store, stepped):
    measured = [one for one in store.entries() if one.kind == "affinity"]
    walked(compare(project, asked(clip, Budget("steps", 3), "mmap_suggested"), store))
    assert [one for one in store.entries() if one.kind == "affinity"] == measured


def test_a_training_within_a_budget_is_not_exported(project, clip, store, tmp_path):
    with pytest.raises(InputError, match="not by 'shots' within '5steps'; export what was trained by 'shots'"):
        result(export_method(project, asked(clip, Budget("steps", 5), "coop"), tmp_path / "out", store))
