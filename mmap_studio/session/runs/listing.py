"""The list of a project's runs: each with what is said of it, how it ended and what it reached. Loads no torch."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mmap_studio.errors import InputError, StudioError
from mmap_studio.formatting import shown_value, some
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.methods import RUN, ZERO_SHOT
from mmap_studio.session.project.project import Project
from mmap_studio.session.results.recorded import read_results
from mmap_studio.session.runs.about import RunAbout, read_about
from mmap_studio.storage.runs import RESULTS, RunFolder, list_runs, moment

NEWEST = "latest"
"""The run that began last, where a run is named."""


@dataclass(frozen=True)
class RunEntry:
    run: RunFolder
    about: RunAbout
    state: str
    started: datetime | None
    ended: datetime | None
    seed: int | None
    backbone: str
    groups: Grouping | None
    """That were trained; None where none were."""
    mean: float | None
    """Accuracy of the run's prompts, mean over the tasks, in [0, 1]; None before that was tested."""
    zero_shot: float | None
    problem: str = ""
    """What cannot be read of it, in a sentence."""

    @property
    def name(self) -> str:
        """Of its folder."""
        return self.run.name

    @property
    def title(self) -> str:
        """What the user calls it, else when it began, in the user's own time."""
        return self.about.name or (f"{self.started.astimezone():%Y-%m-%d %H:%M:%S}" if self.started else self.name)

    @property
    def ended_as(self) -> str:
        """The state in the words of the window, where a run is stopped and not cancelled."""
        return "stopped" if self.state == "cancelled" else self.state

    @property
    def gain(self) -> float | None:
        """Over zero-shot, in points."""
        return None if self.mean is None or self.zero_shot is None else 100 * (self.mean - self.zero_shot)


def runs_of(project: Project) -> list[RunEntry]:
    """Every run of a project: pinned ones first, the newest first among both."""
    found = [entry_of(run) for run in reversed(list_runs(project.runs))]
    return sorted(found, key=lambda entry: not entry.about.pinned)


def entry_of(run: RunFolder) -> RunEntry:
    """What is known of a run; what cannot be read is told, and left out."""
    problems: list[str] = []
    about = _tried(lambda: read_about(run), RunAbout(), problems)
    record: Mapping[str, Any] = _tried(run.record, {}, problems)
    config: Mapping[str, Any] = _tried(run.config, {}, problems)
    document: Mapping[str, Any] = {}
    if (run.path / RESULTS).is_file():
        document = _tried(lambda: read_results(run), {}, problems)
    metrics = document.get("metrics", {})
    settings = config.get("settings")
    seed = settings.get("seed", 1) if isinstance(settings, dict) else None
    return RunEntry(
        run, about, run.state, moment(record.get("started")), moment(record.get("ended")),
        seed if isinstance(seed, int) else None, str(config.get("backbone", "")), _groups(document),
        _mean(metrics.get(RUN)), _mean(metrics.get(ZERO_SHOT)), problems[0] if problems else "",
    )  # fmt: skip


def find_entry(entries: Iterable[RunEntry], wanted: str) -> RunEntry:
    """The run of this folder; else of this name, given by the user; else whose folder begins so; or the newest.

    InputError where none or several are meant.
    """
    known = list(entries)
    if wanted == NEWEST and known:
        return max(known, key=lambda entry: (entry.started is not None, entry.started, entry.name))
    folder = [one for one in known if one.name == wanted]
    named = [one for one in known if wanted and one.about.name == wanted]
    found = folder or named or [one for one in known if wanted and one.name.startswith(wanted)]
    if len(found) != 1:
        several = (
            f"{shown_value(wanted)} may be each of {some([one.name for one in found])}"
            if found
            else f"got {shown_value(wanted)}"
        )
        there = some([one.name for one in known]) if known else "none"
        raise InputError(f"A run must be named by its name or folder, or by {NEWEST}, but {several}; runs: {there}.")
    return found[0]


def _tried(read: Any, otherwise: Any, problems: list[str]) -> Any:
    try:
        return read()
    except (StudioError, OSError) as error:
        problems.append(str(error))
        return otherwise


def _groups(document: Mapping[str, Any]) -> Grouping | None:
    grouping = document.get("grouping")
    if grouping is None or document.get("metrics", {}).get(RUN) is None:
        return None
    try:
        return Grouping.from_json(grouping["groups"])
    except (StudioError, KeyError, TypeError, ValueError):
        return None


def _mean(tasks: Mapping[str, Any] | None) -> float | None:
    """Of the accuracies of all tasks, where each has one."""
    values = [one.get("accuracy") for one in (tasks or {}).values()]
    return sum(values) / len(values) if values and None not in values else None
