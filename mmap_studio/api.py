"""The calls most scripts need, with the store the command line and the window use."""

from collections.abc import Generator, Iterator, Sequence
from pathlib import Path

from mmap_studio.session.compare import queue
from mmap_studio.session.compare.options import CompareOptions
from mmap_studio.session.compare.queue import ComparisonReport
from mmap_studio.session.compare.trial import Amount, Comparison
from mmap_studio.session.events import Event
from mmap_studio.session.gallery.finding import Found, search_like, search_text
from mmap_studio.session.gallery.project_images import project_images
from mmap_studio.session.project.project import Project
from mmap_studio.session.run import pipeline
from mmap_studio.session.run.run_options import RunOptions
from mmap_studio.session.sweep import search as settings_search
from mmap_studio.session.sweep.events import SweepReport
from mmap_studio.session.sweep.options import SweepOptions
from mmap_studio.session.sweep.trial import Sweep
from mmap_studio.storage.store import ArrayStore, user_cache


def run(project: Project, options: RunOptions | None = None, store: ArrayStore | None = None) -> Iterator[Event]:
    """A whole run as a generator of events (`session.run.pipeline.run`), with the user's cache unless one is given."""
    return pipeline.run(project, options or RunOptions(), store or user_cache())


def measure(project: Project, store: ArrayStore | None = None) -> Iterator[Event]:
    """The same up to the suggested grouping."""
    return run(project, RunOptions(only_affinity=True), store)


def compare(
    project: Project, options: CompareOptions | None = None, store: ArrayStore | None = None
) -> Generator[ComparisonReport, None, Comparison]:
    """The usual methods on all training images with three seeds, or what `options` say; returns all trials."""
    asked = options or CompareOptions(("usual",), (Amount.parse("full"),), (1, 2, 3))
    return queue.compare(project, asked, store or user_cache())


def sweep(
    project: Project, options: SweepOptions | None = None, store: ArrayStore | None = None
) -> Generator[SweepReport, None, Sweep]:
    """A search for settings by accuracy on validation: 20 learning rates, or what `options` say; returns all trials.

    Needs the extra sweep. Called again it goes on from what is kept.
    """
    return settings_search.sweep(project, options or SweepOptions(), store or user_cache())


def search(
    project: Project, what: str | Path, splits: Sequence[str] = ("test",), store: ArrayStore | None = None
) -> Found:
    """A project's images by how near they are to a text, or to an image file; `Found.ranked` has the nearest first.

    Features that are not cached are computed.
    """
    clip, cached, tasks = project_images(project, store or user_cache())
    if isinstance(what, Path):
        return search_like(clip, cached, tasks, splits, what, make=True)
    return search_text(clip, cached, tasks, splits, what, make=True)
