"""Events: immutable values that say what the pipeline and the window's jobs are doing.

Events go one way, to the command line and to the window. One that carries arrays owns them, and they are read-only.
Types of other modules are imported for annotations only, so that listeners dispatch by type before torch is loaded.
Every class here and every other subclass of `Event` must be handled or knowingly ignored by each listener (a test).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from mmap_studio.method.affinity.lookahead import AffinityEstimate
    from mmap_studio.method.evaluation import Evaluation
    from mmap_studio.method.grouping.grouping import Grouping
    from mmap_studio.method.grouping.search import GroupingResult
    from mmap_studio.method.task import TaskSpec
    from mmap_studio.method.training import StepReport, TrainedGroup
    from mmap_studio.session.explore.projection import FeatureSet

Phase = Literal[
    "tasks", "backbone", "zero_shot", "affinity", "grouping", "training", "evaluation", "controls", "export", "map"
]

PHASES: dict[Phase, str] = {
    "tasks": "Reading the tasks",
    "backbone": "Loading the backbone",
    "zero_shot": "Zero-shot",
    "affinity": "Measuring affinity",
    "grouping": "Grouping",
    "training": "Training",
    "evaluation": "Evaluating",
    "controls": "Controls",
    "export": "Writing the prompts",
    "map": "Preparing the map",
}
"""Every phase with its title, in order."""


@dataclass(frozen=True)
class Event:
    """Base class of all events."""

    coalesce: ClassVar[bool] = False
    """Whether a newer event of the same class and phase makes an unread one superfluous."""


T = TypeVar("T")
Steps = Generator[Event, None, T]
"""A piece of the pipeline: yields events and returns a T."""


@dataclass(frozen=True)
class PhaseStarted(Event):
    """A phase begins."""

    phase: Phase
    note: str = ""
    """What in particular: the task, the group, the control."""


@dataclass(frozen=True)
class Progress(Event):
    """How far the current phase is."""

    coalesce: ClassVar[bool] = True
    phase: Phase
    done: int
    total: int
    unit: str = "steps"
    note: str = ""
    cached: int = 0
    """How many of `done` came from the cache: they say nothing of the speed."""
    share: float | None = None
    """Of the phase's work that is done, in [0, 1], where its steps are unequal; else it is ``done / total``."""
    share_cached: float = 0.0
    """Of that, what came from the cache."""


@dataclass(frozen=True)
class PhaseEnded(Event):
    """A phase is over."""

    phase: Phase
    seconds: float
    """Wall time of this phase in this run."""
    cached: bool = False
    """All of it came from the cache."""
    note: str = ""
    """One line: what it gave."""


@dataclass(frozen=True)
class Notice(Event):
    """Something the user should know: skipped files, a rebuilt cache, a halved learning rate."""

    text: str
    level: Literal["info", "warning"] = "info"


@dataclass(frozen=True)
class ImagesUnread(Event):
    """Images of a task cannot be read and are left out; a `Notice` says which."""

    task: str
    count: int
    total: int
    """Images of the task, with these."""


@dataclass(frozen=True)
class TasksReady(Event):
    """The tasks are read, split and decoded."""

    tasks: tuple[TaskSpec, ...]
    tested: tuple[np.ndarray, ...] = ()
    """Of every task int64 (N,): what each test image shows, counted over all tasks; none where it is not known."""


@dataclass(frozen=True)
class SplitChosen(Event):
    """A task's images are divided; what it takes to say that two runs used the same split."""

    task: str
    kind: str
    """given, fraction, shots or share."""
    seed: int | None
    """None where nothing was drawn."""
    digest: str
    """Of the names of the files in each part."""
    images: dict[str, int]
    """Readable images of each part."""


@dataclass(frozen=True)
class BackboneReady(Event):
    """The frozen CLIP is loaded."""

    name: str
    digest: str
    parameters: int
    """All weights of the model."""
    device: str


@dataclass(frozen=True)
class Scores(Event):
    """Test scores of one method on every task."""

    method: str
    """"zero_shot", "zero_shot_ensemble", "run", or the name of a control."""
    per_task: dict[str, Evaluation]
    parameters: int
    """Trainable parameters; 0 for zero-shot."""
    cached: bool = False
    grouping: Grouping | None = None

    @property
    def mean(self) -> float:
        """Mean top-1 accuracy over the tasks."""
        return sum(e.accuracy for e in self.per_task.values()) / len(self.per_task)

    @property
    def mean_macro_f1(self) -> float:
        """Mean macro-F1 over the tasks."""
        return sum(e.macro_f1 for e in self.per_task.values()) / len(self.per_task)


@dataclass(frozen=True)
class AffinityMeasured(Event):
    """The affinity so far; one event per measurement, and one when it comes from the cache."""

    estimate: AffinityEstimate
    step: int
    steps: int
    cached: bool = False


@dataclass(frozen=True)
class AffinityLosses(Event):
    """How stage 1 went when it was measured, where that comes from the cache."""

    losses: Mapping[str, np.ndarray]
    """Of every task float32 (2, n): steps and losses."""


@dataclass(frozen=True)
class GroupingChosen(Event):
    """The groups that will be trained, and how they were found."""

    grouping: Grouping
    score: float | None
    """Of the affinity matrix; None where it was not measured."""
    how: str
    """"exact", the name of the search, or "given"."""
    suggested: GroupingResult | None = None


@dataclass(frozen=True)
class Stepped(Event):
    """One training step of stage 1 (`phase` "affinity"), stage 3 ("training") or a control ("controls")."""

    phase: Phase
    report: StepReport
    note: str = ""


@dataclass(frozen=True)
class TrainingResumed(Event):
    """A training of stage 1, stage 3 or a control goes on where an earlier run was stopped in it."""

    phase: Phase
    members: tuple[str, ...]
    step: int
    """Steps that are done."""
    steps: int
    per_epoch: int
    """Steps of an epoch."""
    losses: Mapping[str, np.ndarray]
    """Of every task float64 (step,): its loss in every step so far; not finite where a step was undone."""
    group: TrainedGroup | None = None
    """As the last epoch left it; none in stage 1."""
    note: str = ""

    @property
    def sentence(self) -> str:
        what = "Measuring affinity" if self.phase == "affinity" else f"The training of {', '.join(self.members)}"
        return f"{what} goes on at step {self.step + 1:,} of {self.steps:,}, where it was stopped before."


@dataclass(frozen=True)
class GroupReady(Event):
    """A group's prompts are trained, or were found in the cache."""

    group: TrainedGroup
    cached: bool


@dataclass(frozen=True)
class GroupScored(Event):
    """Test scores of a trained group's tasks; they hold in every grouping that has this group."""

    members: tuple[str, ...]
    per_task: dict[str, Evaluation]


@dataclass(frozen=True)
class MapReady(Event):
    """The features of the test images, for the map; none before zero-shot was measured."""

    features: FeatureSet | None


@dataclass(frozen=True)
class RunEnded(Event):
    """The last event of a run that came to its end."""

    document: dict[str, Any]
    """What `--json` prints."""
    run_folder: Path | None
    prompts: Path | None
    trained_nothing: bool = False
    """Everything came from the cache."""
    paths: dict[str, str] = field(default_factory=dict)


# ---- of the window's jobs: earlier runs, and images outside the project


@dataclass(frozen=True)
class PastAffinity(Event):
    """The affinity that follows was measured by an earlier run, with other settings than those of now."""

    run: str
    how: str
    """As `AffinitySettings.how`."""
    differs: str
    """Such as ``train.epochs 1, other images of Art``: what it was measured with, where that is other now."""

    @property
    def sentence(self) -> str:
        how = f" with {self.differs}" if self.differs else ""
        return f"The affinity shown was measured by the run {self.run}{how}; Measure affinity measures it anew."


@dataclass(frozen=True)
class PastCurves(Event):
    """What an earlier run measured step by step and epoch by epoch; keys are (phase, its note, task)."""

    run: str
    losses: Mapping[tuple[str, str, str], np.ndarray]
    """float32 (2, n): steps and losses."""
    accuracies: Mapping[tuple[str, str, str], np.ndarray]
    """float32 (2, n): epochs and validation accuracies in [0, 1]."""

    @property
    def sentence(self) -> str:
        return f"The curves shown are those of the run {self.run}, and of groups on the board trained since."


Guesses = tuple[tuple[str, float], ...]
"""The most probable classes and their probabilities (softmax over the task's), best first."""


@dataclass(frozen=True)
class TriedImage:
    """One image; either it has pixels and guesses, or an error."""

    image: Path
    pixels: np.ndarray | None = None
    """uint8 (S, S, 3), as CLIP sees it."""
    alone: Guesses = ()
    """Of CLIP with the task's template."""
    prompted: Guesses = ()
    """With the prompts; none where they are not trained."""
    error: str = ""


@dataclass(frozen=True)
class TriedImages(Event):
    """The next few images, in the order they were asked for."""

    task: str
    tried: tuple[TriedImage, ...]
