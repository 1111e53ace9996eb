"""Runs that differ in nothing but the seed, one after the other: what the spread of a result is measured by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmap_studio.config import LARGEST_SEED
from mmap_studio.errors import InputError
from mmap_studio.formatting import shown_value
from mmap_studio.session.project.project import Project

MANY = 100
"""Runs in a series at most."""


@dataclass(frozen=True)
class Series:
    """The groups of the first run are those of all; so is the project, whatever is edited meanwhile."""

    seeds: tuple[int, ...]
    controls: tuple[str, ...]
    project: Project
    place: int = 0

    @property
    def now(self) -> Project:
        """With the seed whose turn it is."""
        return self.project.with_settings(self.project.settings.model_copy(update={"seed": self.seeds[self.place]}))

    @property
    def words(self) -> str:
        """Such as ``seed 7, 2 of 3``; empty for a single run."""
        return f"seed {self.seeds[self.place]}, {self.place + 1} of {len(self.seeds)}" if len(self.seeds) > 1 else ""

    def following(self) -> "Series | None":
        """At the next seed; None behind the last."""
        return replace(self, place=self.place + 1) if self.place + 1 < len(self.seeds) else None


def parse_seeds(given: str) -> tuple[int, ...]:
    """``"1, 2, 3"`` as numbers; InputError for anything but different ones that a run can have, with commas."""
    words = [word.strip() for word in given.split(",")]
    longest = len(str(LARGEST_SEED))
    numbers = [int(word) for word in words if word.isascii() and word.isdigit() and len(word) <= longest]
    alike = len(set(numbers)) < len(numbers)
    if len(numbers) < len(words) or alike or max(numbers) > LARGEST_SEED or len(numbers) > MANY:
        wanted = f"different whole numbers from 0 to {LARGEST_SEED}, at most {MANY} of them, such as 1,2,3"
        raise InputError(f"Seeds must be {wanted}. Got {shown_value(given)} instead.")
    return tuple(numbers)


def said(seeds: Sequence[int]) -> str:
    """As `parse_seeds` reads them."""
    return ", ".join(map(str, seeds))
