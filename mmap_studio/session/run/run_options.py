"""What one run should do, beside the project's settings. Loads no torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.methods import check_controls

if TYPE_CHECKING:
    from mmap_studio.method.clip import FrozenClip

UNFINISHED = ("interrupted", "cancelled", "failed")
"""States of the runs that `resume` continues."""


@dataclass(frozen=True)
class RunOptions:
    """What one run should do, beside the project's settings."""

    groups: str = "auto"
    """auto, together, separate, a number of groups, or the groups spelt out: "art+clipart,product+real"."""
    controls: tuple[str, ...] = ()
    """Names of `session.methods.CONTROLS`, or "all"."""
    out: Path | None = None
    """Where the prompt folder goes; the run folder has one in any case."""
    resume: bool = False
    """Continue in the folder of the last run that did not finish."""
    only_affinity: bool = False
    """Stop after the grouping is suggested."""
    edited: Callable[[], Grouping | None] | None = field(default=None, compare=False)
    """Asked once the affinity is measured: groups that somebody made meanwhile, trained in place of the suggested."""
    watch: Callable[[], None] | None = None
    """Called before every block of either tower; may raise `Interrupted`."""
    clip: "FrozenClip | None" = field(default=None, compare=False)
    """A backbone that is loaded already."""

    @property
    def suggests_groups(self) -> bool:
        """Whether the groups follow from the measured affinity."""
        return self.groups == "auto" or self.groups.isdecimal()

    @property
    def measures_affinity(self) -> bool:
        """Whether the affinity is needed."""
        return self.only_affinity or self.suggests_groups

    def given_grouping(self, tasks: Sequence[str]) -> Grouping | None:
        """The grouping that `groups` spells out; None where it is suggested. InputError as `Grouping.parse` raises."""
        if self.suggests_groups:
            return None
        if self.groups in ("together", "separate"):
            return Grouping.together(tasks) if self.groups == "together" else Grouping.separate(tasks)
        return Grouping.parse(self.groups, tasks)

    def check(self, tasks: Sequence[str], wanted: int | None = None) -> None:
        """InputError where controls or groups cannot be meant for these tasks; `wanted` groups by the settings."""
        check_controls(self.controls)
        if not tasks:  # which is refused when they are read
            return
        if self.groups.isdecimal() and not 1 <= int(self.groups) <= len(tasks):
            range_ = f"from 1 to {len(tasks)}, the number of tasks"
            raise InputError(f"The number of groups must be {range_}. Got {self.groups} instead.")
        if self.groups == "auto" and self.measures_affinity and wanted is not None and wanted > len(tasks):
            raise InputError(
                f"Setting 'grouping.groups' must be from 1 to {len(tasks)}, the number of tasks. Got {wanted} instead; "
                "change it, or leave it out."
            )
        self.given_grouping(tasks)
