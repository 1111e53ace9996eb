"""What the studio knows of the project that is open, and what it tells when another is opened or this one edited."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmap_studio.session.project import Project

if TYPE_CHECKING:
    from mmap_studio.method.affinity import AffinityEstimate
    from mmap_studio.session.events import Scores


@dataclass(frozen=True)
class ProjectOpened:
    """Another project is shown; everything about the old one is gone."""

    project: Project


@dataclass(frozen=True)
class ProjectEdited:
    """Settings or tasks of the project are other than before."""

    project: Project


@dataclass(frozen=True)
class Known:
    """What is known of the tasks of the project that is open."""

    tasks: tuple[Any, ...] = ()
    """`TaskSpec`s."""
    estimate: "AffinityEstimate | None" = None
    results: tuple["Scores", ...] = ()
    groups: tuple[Any, ...] = ()
    """`TrainedGroup`s."""
    ended: Any = None
    """The last `RunEnded`."""
