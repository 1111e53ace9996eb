"""What one run should do, beside the project's settings, and as its config.toml says it. Loads no torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.backbones.public_names import public_name
from mmap_studio.session.methods import check_controls
from mmap_studio.session.project.project_file import ProjectFile
from mmap_studio.storage.documents import Document
from mmap_studio.storage.prompt_folder import check_prompt_folder

if TYPE_CHECKING:
    from mmap_studio.method.clip import FrozenClip
    from mmap_studio.method.task import TaskSpec

ASKED = "asked"
"""Table of a run's config.toml."""
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
    tensorboard: Path | None = None
    """A folder in which the run writes a TensorBoard log, in a folder of its own with the run's name."""
    watch: Callable[[], None] | None = None
    """Called before every block of either tower; may raise `Interrupted`."""
    clip: "FrozenClip | None" = field(default=None, compare=False)
    """A backbone that is loaded already."""
    tasks: "tuple[TaskSpec, ...]" = field(default=(), compare=False)
    """Tasks that are read already; none: the project's are read. Only for a run without a record."""
    untested: bool = False
    """The run ends with its trained groups: no test image is looked at. Only for a run without a record."""

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
        """InputError where controls or groups cannot be meant for these tasks; `wanted` groups by the settings.

        StorageError where the prompt folder cannot be put at `out`.
        """
        check_controls(self.controls)
        if self.out is not None:
            check_prompt_folder(self.out)
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


class Asked(Document):
    """What a run was asked for, beside its settings."""

    groups: Annotated[str, Field(max_length=1_000_000)] = "auto"
    controls: Annotated[tuple[str, ...], Field(max_length=100, strict=False)] = ()
    only_affinity: bool = False

    @classmethod
    def of(cls, options: "RunOptions") -> "Asked":
        return cls(groups=options.groups, controls=options.controls, only_affinity=options.only_affinity)


def public_file(file: ProjectFile) -> ProjectFile:
    """What a run's config.toml says of its project: files and folders by their names alone."""
    tasks = tuple(entry.model_copy(update={"folder": PurePath(entry.folder).name}) for entry in file.tasks)
    return file.model_copy(update={"backbone": public_name(file.backbone), "tasks": tasks, "made_in": ""})
