"""What a project has reached, run by run: the rows of one table, from this session and from the run folders.

A row is a method on a backbone; where groups are trained it is a grouping with its settings, and runs that differ in
nothing but the seed are one row. Settings are told only where rows differ in them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from json import dumps
from typing import Any, Protocol

from mmap_studio.config import Section, Settings, settings_from
from mmap_studio.errors import InputError, StudioError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.backbones.public_names import public_name
from mmap_studio.session.project.project import Project
from mmap_studio.session.results.recorded import read_results
from mmap_studio.storage.digest import digest_of
from mmap_studio.storage.runs import RESULTS, list_runs, moment

UNTRAINED = ("zero_shot", "zero_shot_ensemble", "linear_probe")
"""Methods that none of the training settings changes."""


class TestScores(Protocol):
    """Of an `Evaluation`, what a table shows."""

    @property
    def accuracy(self) -> float: ...
    @property
    def macro_f1(self) -> float: ...
    @property
    def ece(self) -> float: ...


@dataclass(frozen=True)
class RecordedScores:
    """What a run folder remembers of an `Evaluation`; NaN where there were no images."""

    accuracy: float
    macro_f1: float
    ece: float


@dataclass(frozen=True)
class Result:
    """Test scores of one method in one run."""

    method: str
    per_task: Mapping[str, TestScores]
    parameters: int
    """Trainable ones."""
    settings: Settings
    """With the precision that was used, where that is known."""
    backbone: str
    digest: str
    """Of the backbone: two of one name are two."""
    grouping: Grouping | None = None
    run: str = ""
    """Name of the run's folder; empty for what this session put together."""
    when: datetime | None = None
    split: str = ""
    """Which images were tested, as `split_key` has it; empty where that is not known."""

    @property
    def seed(self) -> int | None:
        """Of the training; none where nothing is trained."""
        return None if self.method.startswith("zero_shot") else self.settings.seed

    @property
    def depends(self) -> dict[str, Any]:
        """Dotted settings the row depends on beside the seed."""
        found = {"backbone": self.backbone, "weights": self.digest[:8], "precision": self.settings.precision}
        if self.split:
            found["split"] = self.split
        if self.method in UNTRAINED:
            return found
        sections: dict[str, Section] = {"train": self.settings.train, "prompt": self.settings.prompt}
        if self.method.startswith("finetune"):
            sections = {"train": self.settings.train, "finetune": self.settings.finetune}
        values = {f"{s}.{k}": v for s, section in sections.items() for k, v in section.shown().items()}
        return found | values

    @property
    def ground(self) -> str:
        """What it stands on: equal where zero-shot is the same."""
        return f"{self.digest} {self.settings.precision} {self.split}"

    @property
    def key(self) -> str:
        """Equal for results of one row."""
        groups = self.grouping is not None and self.method != "random"
        what = f"groups {self.grouping.key}" if groups and self.grouping else self.method
        own = [f"{name}={value}" for name, value in self.depends.items() if name not in ("backbone", "weights")]
        return "; ".join([what, f"on {self.digest}", *own])


@dataclass(frozen=True)
class ResultRow:
    key: str
    results: tuple[Result, ...]
    """One a seed, the newest last."""
    differs: str
    """The settings in which the rows of the table differ, with this row's values."""

    @property
    def newest(self) -> Result:
        """The result that was reported last."""
        return self.results[-1]

    @property
    def seeds(self) -> tuple[int, ...]:
        return tuple(sorted(r.seed for r in self.results if r.seed is not None))

    @property
    def has_predictions(self) -> bool:
        """Whether the predictions are at hand, not only their scores."""
        return all(hasattr(one, "predictions") for one in self.newest.per_task.values())


@dataclass
class ResultsBook:
    """All results of the project that is open."""

    _rows: dict[str, dict[int | None, Result]] = field(default_factory=dict)

    def add(self, result: Result) -> None:
        """A result; one of the same row and seed gives way. Predictions known before are not lost to mere scores."""
        row = self._rows.setdefault(result.key, {})
        before = row.pop(result.seed, None)
        if before is not None and _says_more(before, result):
            result = replace(result, per_task=before.per_task)
        row[result.seed] = result

    def drop_run(self, run: str) -> None:
        """Forget what the folder of this run says, which was deleted."""
        for key, row in list(self._rows.items()):
            left = {seed: result for seed, result in row.items() if result.run != run}
            if left:
                self._rows[key] = left
            else:
                del self._rows[key]

    def rows(self) -> tuple[ResultRow, ...]:
        depends = [next(iter(row.values())).depends for row in self._rows.values()]
        differing = [name for name in dict.fromkeys(n for d in depends for n in d) if _several(name, depends)]
        backbones = {(own["backbone"], own["weights"]) for own in depends}
        if len({name for name, _ in backbones}) == len(backbones):  # their names tell them apart
            differing = [name for name in differing if name != "weights"]
        return tuple(
            ResultRow(key, tuple(row.values()), ", ".join(f"{name} {own[name]}" for name in differing if name in own))
            for (key, row), own in zip(self._rows.items(), depends, strict=True)
        )

    def row(self, key: str) -> ResultRow | None:
        return next((row for row in self.rows() if row.key == key), None)

    def clear(self) -> None:
        self._rows.clear()


def split_key(digests: Mapping[str, str]) -> str:
    """Short name of the split of some tasks, from the digests that `SplitChosen` has; empty where one is not known."""
    return digest_of(splits=dict(digests))[:8] if digests and all(digests.values()) else ""


def results_of_document(document: Mapping[str, Any], run: str = "", when: datetime | None = None) -> list[Result]:
    """The results in a run's `results.json`; InputError where it is not one."""
    try:
        backbone, found = document["backbone"], []
        used = {"precision": backbone["precision"]} if "precision" in backbone else {}  # older ones say what was asked
        settings = settings_from({**document["settings"], **used})
        name, digest = public_name(backbone["name"]), backbone["digest"]
        order = {"zero_shot": 0, "zero_shot_ensemble": 0, "run": 1}  # in which a run reaches them
        for method, tasks in sorted(document["metrics"].items(), key=lambda one: order.get(one[0], 2)):
            scores = {task: _figures(one) for task, one in tasks.items()}
            groups, parameters = _trained(document, method)
            split = split_key({task: document.get("splits", {}).get(task, {}).get("digest", "") for task in scores})
            found.append(Result(method, scores, parameters, settings, name, digest, groups, run, when, split))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        wanted = f"{run or 'A run'} must have the {RESULTS} that a run writes"
        raise InputError(f"{wanted}. Found another document ({error}).") from None
    return found


def recorded_results(project: Project) -> tuple[list[Result], list[str]]:
    """Results of all finished runs of a project, oldest first; and a sentence for each that cannot be read."""
    found: list[Result] = []
    problems: list[str] = []
    for run in list_runs(project.runs):
        if not (run.path / RESULTS).is_file():
            continue
        try:
            found += results_of_document(read_results(run), run.name, moment(run.record().get("ended")))
        except StudioError as error:
            problems.append(str(error))
    return found, problems


def newest_evidence(project: Project) -> dict[str, Any] | None:
    """What the newest finished run that suggested groups says of the evidence for them, as `Evidence.to_json`.

    None where no run suggested groups, where the newest that did is of a version that did not say, or is unreadable.
    """
    for run in reversed(list_runs(project.runs)):
        if not (run.path / RESULTS).is_file():
            continue
        try:
            grouping = run.read_json(RESULTS)["grouping"]
            if grouping["how"] != "given":
                evidence = grouping.get("evidence")
                dumps(evidence, allow_nan=False)  # a number like 1e999 could not be printed as JSON
                return evidence if isinstance(evidence, dict) and isinstance(evidence.get("sentence"), str) else None
        except (StudioError, AttributeError, KeyError, TypeError, ValueError):
            continue
    return None


def _says_more(before: Result, now: Result) -> bool:
    """Whether `before` has the same scores, with the predictions that `now` lacks."""
    if any(hasattr(one, "predictions") for one in now.per_task.values()):
        return False
    scores = [{task: one.accuracy for task, one in r.per_task.items()} for r in (before, now)]
    return scores[0] == scores[1]


def _trained(document: Mapping[str, Any], method: str) -> tuple[Grouping | None, int]:
    if method.startswith("zero_shot"):
        return None, 0
    if method == "run":
        said, groups = document, document["grouping"]["groups"] if document["grouping"] else None
    else:
        said = document["controls"][method]
        groups = said["groups"]
    return Grouping.from_json(groups) if groups else None, int(said["trained_parameters"])


def _figures(one: Mapping[str, Any]) -> RecordedScores:
    values = (one[name] for name in ("accuracy", "macro_f1", "ece"))
    return RecordedScores(*(float("nan" if value is None else value) for value in values))


def _several(name: str, rows: Iterable[Mapping[str, Any]]) -> bool:
    return len({repr(row[name]) for row in rows if name in row}) > 1
