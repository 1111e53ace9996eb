"""Events of the window's state, beside those of the pipeline: what is loaded, known, edited and saved."""

from collections.abc import Mapping
from dataclasses import dataclass

from mmap_studio.session.estimates.memory import ClassTexts
from mmap_studio.session.estimates.trained_share import BackboneFacts
from mmap_studio.session.events import Event
from mmap_studio.session.project.project import Project
from mmap_studio.session.results.interrupted import InterruptedRun
from mmap_studio.session.results.results import Result


@dataclass(frozen=True)
class Loading(Event):
    """Something heavy is being fetched; `text` says what."""

    text: str


@dataclass(frozen=True)
class Recorded(Event):
    """What earlier runs of the project have reached."""

    results: tuple[Result, ...]
    problems: tuple[str, ...]
    """One sentence for every run that cannot be read."""
    interrupted: InterruptedRun | None = None
    """The newest run, where it did not come to its end and can go on."""


@dataclass(frozen=True)
class PartlyDone(Event):
    """What earlier runs have begun of the project as it is now, and a run goes on with."""

    affinity: float
    """Share of the measurement that is done, in [0, 1]."""
    groups: Mapping[tuple[str, ...], float]
    """Of groups of the board that are not trained, the share of their training that is done."""


@dataclass(frozen=True)
class TextsCounted(Event):
    """How long the class texts of every task are."""

    texts: tuple[ClassTexts, ...]


@dataclass(frozen=True)
class Loaded(Event):
    backbone: BackboneFacts


@dataclass(frozen=True)
class ProjectOpened(Event):
    """Another project is shown; everything about the old one is gone."""

    project: Project


@dataclass(frozen=True)
class ProjectEdited(Event):
    """Settings or tasks of the project are other than before."""

    project: Project


@dataclass(frozen=True)
class NotSaved(Event):
    """An edit was made but could not be written; it holds, and goes to the disk with the next one that can."""

    sentence: str
    outside: bool = False
    """Whether another program changed project.toml meanwhile, so that one of both must be chosen."""


@dataclass(frozen=True)
class Saved(Event):
    """What could not be written before is on the disk now, with every edit since."""


@dataclass(frozen=True)
class RunsChanged(Event):
    """A run was named, deleted or brought back."""
