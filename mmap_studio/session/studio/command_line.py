"""A run of the window as a command: for a script, a colleague or a bigger machine."""

from collections.abc import Sequence
from typing import Any

from mmap_studio.config import Settings, settings_from
from mmap_studio.errors import InputError
from mmap_studio.formatting import shell_line
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.options import trials_text
from mmap_studio.session.engines.choice import HERE, RunOn
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import SplitSettings, changed_settings


def run_command(
    project: Project, groups: str, controls: Sequence[str] = (), seeds: Sequence[int] = (), where: RunOn = HERE
) -> str:
    """A project of one's own says its settings itself; for the starter, what differs from the one shipped is said.

    InputError for a starter with other tasks, names or backbone: the command line has the shipped one alone.
    """
    shipped = Project.starter().file
    if project.built_in and (project.file.tasks, project.file.backbone) != (shipped.tasks, shipped.backbone):
        raise InputError(
            "No command can repeat this run: the starter's tasks or backbone are not as shipped. Save a copy of the "
            "project, and copy the command of that."
        )
    words = ["mmap-studio", "run", "starter" if project.built_in else str(project.folder)]
    changes = _settings_words(project.settings, shipped.settings) if project.built_in else []
    changes += _split_words(project.file.split) if project.built_in else []
    asked = ["--control", ",".join(controls)] if controls else []
    if seeds and tuple(seeds) != (project.settings.seed,):
        asked += ["--seeds" if len(seeds) > 1 else "--seed", ",".join(map(str, seeds))]
    return shell_line([*words, "--groups", groups, *asked, *_where_words(where), *changes])


def compare_command(project: Project, plan: ComparisonPlan, where: RunOn = HERE) -> str:
    """A comparison as a command; empty for a starter whose tasks, names, backbone or split are not as shipped."""
    shipped = Project.starter().file
    if project.built_in and (project.file.tasks, project.file.backbone, project.file.split) != (
        shipped.tasks, shipped.backbone, shipped.split,
    ):  # fmt: skip
        return ""
    words = ["mmap-studio", "compare", "starter" if project.built_in else str(project.folder)]
    words += ["--methods", ",".join(plan.methods), "--shots", ",".join(one.label for one in plan.amounts)]
    words += ["--seeds", ",".join(map(str, plan.seeds))]
    words += [] if plan.choose else ["--choice", "published"]
    words += ["--budget", plan.budget.label] if plan.budget.key else []
    words += [] if plan.protocol == ComparisonPlan().protocol else ["--protocol", plan.protocol.name]
    words += [] if plan.baseline == ComparisonPlan().baseline else ["--against", plan.baseline]
    skipped = [(method, amount, seed) for method, amount, seed in plan.without
               if seed in plan.seeds and amount in [one.label for one in plan.amounts]]  # fmt: skip
    words += ["--without", trials_text(skipped)] if skipped else []
    words += _where_words(where)
    return shell_line([*words, *(_settings_words(project.settings, shipped.settings) if project.built_in else [])])


def _where_words(where: RunOn) -> list[str]:
    return [word for name, text in where.texts.items() for word in (f"--{name}", text)]


def _split_words(split: SplitSettings) -> list[str]:
    """Options for a split that is drawn; nothing for the one that the starter gives."""
    numbers = {
        "shots": ["--shots", f"{split.shots}"],
        "share": ["--share", f"{split.share:g}", "--rest", split.rest],
        "fraction": ["--fractions", ",".join(f"{share:g}" for share in split.fractions)],
    }
    if split.kind not in numbers:
        return []
    return [*numbers[split.kind], "--split-seed", f"{split.seed}", "--identity", split.identity or "auto"]


def _settings_words(settings: Settings, shipped: Settings) -> list[str]:
    """The preset, and what differs from its values with what the starter changes of them."""
    base = settings_from(changed_settings(shipped) | {"preset": settings.preset})

    def differences(now: dict[str, Any], before: dict[str, Any], place: str = "") -> list[str]:
        words: list[str] = []
        for key, value in now.items():
            if isinstance(value, dict):
                words += differences(value, before[key], f"{place}{key}.")
            elif value != before[key]:
                words += ["--set", f"{place}{key}={'none' if value is None else value}"]
        return words

    preset = [] if settings.preset == shipped.preset else ["--preset", settings.preset]
    return [*preset, *differences(settings.model_dump(), base.model_dump())]
