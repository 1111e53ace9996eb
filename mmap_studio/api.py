"""The two calls most scripts need, with the store the command line and the window use."""

from collections.abc import Iterator

from mmap_studio.session.events import Event
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.pipeline import RunOptions
from mmap_studio.session.run.pipeline import run as walk
from mmap_studio.storage.store import ArrayStore, user_store


def run(project: Project, options: RunOptions | None = None, store: ArrayStore | None = None) -> Iterator[Event]:
    """The whole way as a generator of events (`session.pipeline.run`), with the user's cache unless one is given."""
    return walk(project, options or RunOptions(), store or user_store())


def measure(project: Project, store: ArrayStore | None = None) -> Iterator[Event]:
    """Only up to the suggested grouping."""
    return run(project, RunOptions(only_affinity=True), store)
