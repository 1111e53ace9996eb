"""Runs as jobs for an engine: one prepares what they share, then each is a whole run in a folder of its own."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mmap_studio.errors import InputError, StorageError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.engines.engine import Begun, Engine, Failed, Job, Site, Told
from mmap_studio.session.engines.fan_out import Again, fanned_out
from mmap_studio.session.events import Event, Notice, PhaseEnded, RunEnded, TasksReady
from mmap_studio.session.project.project import BUILT_IN, Project
from mmap_studio.session.run.run_options import RunOptions
from mmap_studio.storage import atomic
from mmap_studio.storage.opener import read_text
from mmap_studio.storage.store import ArrayStore, FolderStore

if TYPE_CHECKING:  # torch takes seconds to import
    from mmap_studio.method.clip import FrozenClip

PREPARING = "preparing"
MOST = 1 << 20
"""Bytes of the groups that somebody made meanwhile, as text."""
Precision = Literal["auto", "float32", "bfloat16"]
SHARED = "zero_shot"
"""The last phase whose results all runs of one project share."""


@dataclass(frozen=True)
class RunJobAsked:
    """One run."""

    title: str
    """Such as ``Seed 2``; no other run of the same fan-out has it."""
    project: Project
    options: RunOptions


@dataclass(frozen=True)
class EditedGroups:
    """`RunOptions.edited` for a run in another process: what was made meanwhile lies in a file that both reach."""

    path: str
    tasks: tuple[str, ...]

    def keep(self, grouping: Grouping | None) -> None:
        """Have the run find these groups; none where the suggested ones are to be trained."""
        path = Path(self.path)
        atomic.write_text(path, grouping.text() if grouping is not None else "", path.parent)

    def __call__(self) -> Grouping | None:
        try:
            text = read_text(self.path, MOST, Path(self.path).parent)
        except StorageError:
            return None
        return Grouping.parse(text, self.tasks) if text else None


def runs_by(
    engine: Engine, runs: Sequence[RunJobAsked], store: ArrayStore, watch: Callable[[], None] = lambda: None
) -> Generator[tuple[RunJobAsked, Event], None, dict[str, RunEnded]]:
    """The events of runs that an engine makes, each with the run it is of; returns the last one of each by its title.

    All events but `TasksReady`, which holds the images. The towers have the precision of the backbone that is loaded
    here, where one is: what is shown of a run is then of it. InputError where the cache is not in a folder; the error
    of a run that fails.
    """
    root, own = shared_root(store), {one.title: one for one in runs}
    first = runs[0]
    jobs = [Job(PREPARING, "Zero-shot", f"{__name__}:prepare", (first.project, root, _precision(first)))]
    for one in runs:
        out = one.options.out.absolute() if one.options.out else None
        board = one.options.tensorboard.absolute() if one.options.tensorboard else None
        options = replace(one.options, watch=None, clip=None, out=out, tensorboard=board)
        given = (one.project, options, root, _precision(one))
        jobs.append(Job(one.title, one.title, f"{__name__}:make", given, (PREPARING,)))
    ended: dict[str, RunEnded] = {}
    yield first, Notice(f"Runs are made by {engine.resources.name}.")
    for message in fanned_out(engine, jobs, watch):
        asked = own.get(message.job.name, first)
        if isinstance(message, Failed):
            raise message.error
        if isinstance(message, Again):
            yield asked, Notice(message.sentence, "warning")
        elif isinstance(message, Begun):
            yield asked, Notice(f"{message.job.title} runs on {message.where}.")
        elif isinstance(message, Told):
            if isinstance(message.event, RunEnded):
                ended[asked.title] = message.event
            yield asked, message.event
    return ended


def _precision(asked: RunJobAsked) -> Precision:
    """Of the backbone that is loaded here; else each job chooses it where it runs."""
    return asked.options.clip.precision if asked.options.clip is not None else asked.project.settings.precision


def reach(project: Project, store: ArrayStore, *outs: Path | None) -> tuple[list[Path], list[Path]]:
    """What the nodes of a cluster must share and write to, and what they must read, to make runs of a project."""
    shared = [Path(shared_root(store)), project.folder, *(out.absolute().parent for out in outs if out is not None)]
    own = [project.folder_of(entry) for entry in project.file.tasks if not entry.folder.startswith(BUILT_IN)]
    return shared, [*own, *filter(os.path.isfile, [project.folder / project.file.backbone])]


def shared_root(store: ArrayStore) -> str:
    """The cache's folder, which all jobs reach; InputError where it is in none."""
    if not isinstance(store, FolderStore):
        raise InputError(
            "Processes and clusters need a cache in a folder, which all of them reach; give a FolderStore, or none for "
            "the user's own."
        )
    return str(store.root.absolute())


# ---- where a job runs


def prepare(site: Site, project: Project, root: str, precision: Precision) -> Iterator[Event]:
    """What all runs share: decoded images, splits and zero-shot. Says nothing; the runs say it all again."""
    from mmap_studio.session.run.pipeline import run_without_record

    options = RunOptions(watch=site.watch, clip=backbone_at(site, project, precision))
    with closing(run_without_record(project, options, FolderStore(root))) as events:
        for event in events:
            if isinstance(event, PhaseEnded) and event.phase == SHARED:
                return
            site.watch()
    yield from ()


def make(
    site: Site, project: Project, options: RunOptions, root: str, precision: Precision
) -> Iterator[Event]:  # fmt: skip
    """The events of a run, without those that hold its images."""
    from mmap_studio.session.run.pipeline import run

    options = replace(options, watch=site.watch, clip=backbone_at(site, project, precision))
    with closing(run(project, options, FolderStore(root))) as events:
        for event in events:
            if not isinstance(event, TasksReady):
                yield event


def backbone_at(site: Site, project: Project, precision: Precision) -> "FrozenClip":
    """The project's backbone on the device that the engine says, where it says one.

    The project's settings stay as they are: they are recorded, and a run goes on with them on another computer.
    """
    from mmap_studio.session.backbones.loading import open_backbone

    return open_backbone(project.file.backbone, site.device or project.settings.device, precision, project.folder)
