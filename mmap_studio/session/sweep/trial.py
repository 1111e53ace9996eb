"""What a sweep consists of: trials, each with settings of its own, trained once with every seed. Loads no torch.

Frozen documents, as they are kept in the store.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Annotated, Literal

from pydantic import Field

from mmap_studio.session.sweep.space import Space, in_words
from mmap_studio.storage.documents import Document

Number = Annotated[int, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Changes = Annotated[dict[str, int | float | str | bool | None], Field(max_length=100)]
AS_THEY_ARE = 0
"""Number of the trial with the settings as they are."""


class SweepTrial(Document):
    """One choice of settings, trained with every seed, or with some."""

    number: Number
    """From 1; `AS_THEY_ARE` for the settings of the project."""
    changes: Changes
    """What is varied, by name."""
    state: Literal["done", "pruned", "failed"]
    """pruned: after some of the seeds it was behind the median of the others."""
    values: Annotated[list[Share], Field(max_length=1000)]
    """Of every seed: accuracy on validation, mean over the tasks."""
    per_task: Annotated[dict[str, Share], Field(max_length=10_000)] = Field(default_factory=dict)
    """Of every task: accuracy on validation, mean over the seeds."""
    parameters: Number = 0
    """Trained."""
    grouping: Annotated[str, Field(max_length=1_000_000)] = ""
    """That the first seed was trained in."""
    seconds: Annotated[float, Field(ge=0)] = 0.0
    """That it took, wherever it was made."""
    why: Annotated[str, Field(max_length=2000)] = ""
    """Of a failed one, in one sentence."""

    @property
    def mean(self) -> float | None:
        """Over the seeds that were made; None of a failed trial."""
        return fmean(self.values) if self.values and self.state != "failed" else None

    @property
    def spread(self) -> float | None:
        """Standard deviation over the seeds (n - 1); None of fewer than two."""
        return stdev(self.values) if len(self.values) > 1 else None

    @property
    def title(self) -> str:
        return f"trial {self.number} ({in_words(self.changes)})" if self.number else "the settings as they are"


class SweepTest(Document):
    """A look at the test images: of one trial, with every seed."""

    __test__ = False  # no test of ours, whatever its name begins with
    number: Number
    """Of the trial."""
    values: Annotated[list[Share], Field(min_length=1, max_length=1000)]
    """Of every seed: accuracy on the test images, mean over the tasks."""
    zero_shot: Share
    """The same without prompts."""
    images: Annotated[str, Field(max_length=100)] = ""
    """Digest of the test images; of other ones this look says nothing."""

    @property
    def mean(self) -> float:
        return fmean(self.values)


class KeptSweep(Document):
    """What is kept of a sweep."""

    trials: Annotated[list[SweepTrial], Field(max_length=100_000)] = Field(default_factory=list)
    """In the order in which they were made."""
    looks: Annotated[list[SweepTest], Field(max_length=1000)] = Field(default_factory=list)
    """At the test images, in this order."""
    zero_shot: Share | None = None
    """Accuracy of plain CLIP on validation, mean over the tasks; none before the first trial."""


def ranked(trials: Iterable[SweepTrial]) -> list[SweepTrial]:
    """As `Sweep.ranked`."""
    places = {"done": 0, "pruned": 1, "failed": 2}
    return sorted(trials, key=lambda one: (places[one.state], -(one.mean or 0.0), one.number))


@dataclass(frozen=True)
class Sweep:
    """All trials of one sweep, and what they were made with. Trials of a stopped sweep are fewer."""

    project: str
    space: Space
    tasks: tuple[str, ...]
    validated: int
    """Images that trials are chosen by."""
    seeds: tuple[int, ...]
    groups: str
    """As `RunOptions.groups`, where a trial says nothing else."""
    trials: tuple[SweepTrial, ...] = ()
    zero_shot: float | None = None
    """Accuracy of plain CLIP on validation, mean over the tasks."""
    looks: tuple[SweepTest, ...] = ()
    """At the test images as they are now."""
    digest: str = ""
    """Of everything that it depends on: project, images, what is varied, seeds and groups."""
    words: tuple[str, ...] = ()
    """Options of the command line by which the project's settings were changed for the sweep."""

    @property
    def as_they_are(self) -> SweepTrial | None:
        """The trial with the settings of the project."""
        return next((one for one in self.trials if one.number == AS_THEY_ARE), None)

    @property
    def ranked(self) -> list[SweepTrial]:
        """Best first; behind those with all seeds those with some, which are compared with nobody, and failed ones."""
        return ranked(self.trials)

    @property
    def best(self) -> SweepTrial | None:
        """The trial with the highest accuracy on validation; of equal ones the settings as they are, or the first."""
        return next((one for one in self.ranked if one.state == "done"), None)

    @property
    def tested(self) -> SweepTest | None:
        """The look at the test images with the best trial."""
        best = self.best
        return next((one for one in self.looks if best is not None and one.number == best.number), None)

    @property
    def gain(self) -> float | None:
        """Accuracy on validation that the best trial has above the settings as they are."""
        best, now = self.best, self.as_they_are
        return None if best is None or best.mean is None or now is None or now.mean is None else best.mean - now.mean
