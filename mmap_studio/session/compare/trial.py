"""What a comparison consists of: trials, each one method trained once, on so many images, with one seed.

Loads no torch.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.formatting import shown_value
from mmap_studio.method.budget import AS_SET, Budget
from mmap_studio.session.compare.protocols.protocol import SHOTS, Protocol

if TYPE_CHECKING:  # torch takes seconds to import
    from mmap_studio.method.evaluation import Evaluation

FULL = "full"
LARGEST = 10_000
"""Shots, at most."""
Cell = tuple[str, str, int]
"""What names a trial: its method, the label of its amount, its seed."""
Curve = tuple[tuple[float, float], ...]
"""Steps or epochs, and a loss or an accuracy."""
CHEAP = ("zero_shot", "features")
"""Families of methods whose trials take seconds: on frozen features."""
Measure = Literal["accuracy", "balanced_accuracy"]
"""What methods are ranked by, mean over the tasks: top-1 accuracy, or the same with every class counting alike."""
MEASURES: dict[Measure, str] = {"accuracy": "Accuracy", "balanced_accuracy": "Balanced accuracy"}
"""What tables and plots call it."""


@dataclass(frozen=True, order=True)
class Amount:
    """How many training images: so many a class and task, a share of them, or all."""

    rank: int
    """Orders amounts: shots, then shares, then all."""
    number: float
    """Shots, or a share in (0, 1); 0 for all."""

    @classmethod
    def parse(cls, text: str) -> "Amount":
        """``4``, ``10%`` or ``full``; InputError for anything else."""
        word = text.strip()
        if word == FULL:
            return cls(2, 0)
        if word.endswith("%") and word[:-1].replace(".", "", 1).isdecimal() and 0 < float(word[:-1]) < 100:
            return cls(1, float(word[:-1]) / 100)
        if word.isascii() and word.isdecimal() and len(word) <= len(str(LARGEST)) and 1 <= int(word) <= LARGEST:
            return cls(0, int(word))
        raise InputError(
            f"An amount of training images must be a number a class such as 4, a share such as 10%, or {FULL}. "
            f"Got {shown_value(text)} instead."
        )

    @property
    def label(self) -> str:
        """As `parse` reads it."""
        return {0: f"{self.number:.0f}", 1: f"{100 * self.number:g}%", 2: FULL}[self.rank]

    @property
    def words(self) -> str:
        """Such as ``4 images a class``."""
        if self.rank == 0:
            return f"{self.label} image{'s' * (self.number != 1)} a class"
        return f"{self.label} of the training images" if self.rank == 1 else "all training images"


@dataclass(frozen=True)
class TaskScores:
    """Predictions of one task's test images."""

    labels: np.ndarray
    """int64 (N,)"""
    predictions: np.ndarray
    """int64 (N,)"""
    confidence: np.ndarray
    """float32 (N,): softmax probability of the prediction."""
    subjects: np.ndarray
    """int64 (N,): what an image shows; images of several tasks with one number show the same and go together when
    images are resampled."""
    classes: int

    @cached_property
    def evaluation(self) -> "Evaluation":
        from mmap_studio.method.evaluation import score

        return score(self.predictions, self.confidence, self.labels, self.classes)

    @property
    def right(self) -> np.ndarray:
        """bool (N,)"""
        found: np.ndarray = self.predictions == self.labels
        return found


@dataclass(frozen=True)
class Trial:
    """One method trained once."""

    method: str
    """Name in the catalogue, with the scope behind a colon where it is not the method's usual one."""
    title: str
    """In tables."""
    family: Literal["zero_shot", "features", "prompts", "weights", "mmap"]
    amount: Amount
    seed: int
    """Seeds the choice of training images and the training."""
    per_task: Mapping[str, TaskScores]
    """Of everything that is tested: every task, or its base and its new classes (`Protocol.tested`)."""
    parameters: int
    """Trained, all tasks together."""
    bytes: int
    """Stored, all tasks together."""
    steps: int = 0
    images_seen: int = 0
    seconds: float = 0.0
    """Of training, wherever it was done; what came from the cache keeps the seconds it once took."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Hyper-parameters that were chosen."""
    at_zero_shot: tuple[str, ...] = ()
    """Tasks that zero-shot is used for, since it was better on validation."""
    grouping: str = ""
    """Of MmAP in groups, which: ``art+clipart,product``."""
    protocol: Protocol = SHOTS
    curve: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    """Of interpolated weights: test accuracy of everything tested with every share of the change from 0 to 1."""
    losses: Mapping[str, Curve] = field(default_factory=dict)
    """Mean cross-entropy over the steps of each training, by what it was of: a task, or all tasks. None of what is
    solved or not trained."""
    validation: Mapping[str, Curve] = field(default_factory=dict)
    """Of MmAP: accuracy of each task on its validation images, over the epochs."""

    @property
    def curve_overall(self) -> np.ndarray:
        """float64 (shares,): the one figure with every share; empty for other methods."""
        each = np.array([self.curve[name] for name in self.per_task if name in self.curve], float)
        return self.protocol.overall(each, list(self.per_task)) if len(each) == len(self.per_task) else np.zeros(0)

    @property
    def accuracy(self) -> float:
        """Top-1 accuracy in [0, 1], mean over the tasks; of base and new classes the harmonic mean of both means."""
        each = [one.evaluation.accuracy for one in self.per_task.values()]
        return float(self.protocol.overall(np.array(each), list(self.per_task)))

    @property
    def cell(self) -> Cell:
        return self.method, self.amount.label, self.seed

    @property
    def worst(self) -> float:
        """The lowest accuracy of all that is tested."""
        return min(one.evaluation.accuracy for one in self.per_task.values())


@dataclass(frozen=True)
class Comparison:
    """All trials of one comparison, and what they were made with. Trials of a stopped comparison are fewer."""

    project: str
    tasks: tuple[str, ...]
    """Everything that is tested, as `Trial.per_task`."""
    methods: tuple[str, ...]
    """In the order asked for."""
    amounts: tuple[Amount, ...]
    seeds: tuple[int, ...]
    trials: tuple[Trial, ...]
    baseline: str = "zero_shot"
    """Method that differences are taken to."""
    measure: Measure = "accuracy"
    about: Mapping[str, Any] = field(default_factory=dict)
    """JSON-able: backbone, settings, split digests, versions, machine, budget, rule of choice, command that repeats
    it; for the report."""
    affinity_gains: tuple[tuple[str, str, float, float], ...] = ()
    """Of ordered pairs of tasks: source, recipient, measured affinity, and gain in accuracy really observed when both
    train together instead of apart."""
    partitions: tuple[tuple[str, float, bool], ...] = ()
    """Groupings whose mean test accuracy is known, with it, and whether it is the suggested one."""
    protocol: Protocol = SHOTS
    budget: Budget = AS_SET

    @property
    def measured(self) -> str:
        """What tables and plots call the one figure of a trial."""
        kind = MEASURES[self.measure]
        return f"{kind}, {self.protocol.figure}" if self.protocol.figure else kind

    def of(self, method: str, amount: Amount) -> list[Trial]:
        """The trials of a method at an amount, by seed."""
        found = [one for one in self.trials if (one.method, one.amount) == (method, amount)]
        return sorted(found, key=lambda one: one.seed)

    @cached_property
    def titles(self) -> dict[str, str]:
        """What tables call each method; those of one title have their name behind it."""
        found = {one.method: one.title for one in self.trials}
        each = list(found.values())
        return {name: title if each.count(title) == 1 else f"{title} ({name})" for name, title in found.items()}
