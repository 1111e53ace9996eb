"""What runs on a node of a cluster: a look at the node itself, and one job from its beginning to its end.

Loads no torch by itself: threads and devices are set before the job does.
"""

import os
import platform
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from mmap_studio.errors import CorruptError, InputError, StorageError
from mmap_studio.session.engines.engine import Job, Site
from mmap_studio.session.engines.words import words_of
from mmap_studio.session.engines.worker import DONE, ERROR, EVENT, Share
from mmap_studio.storage.opener import read_bytes

BEGUN = "begun"
"""Sent first, with the node's id; then as every worker does."""
ALIKE = ("mmap-studio", "torch", "numpy", "open_clip_torch")
"""Distributions whose versions all nodes must share: one cache has the results of all."""


@dataclass(frozen=True)
class Mark:
    """A file in a folder that all nodes must share, written by the process that asks."""

    path: str
    content: str


@dataclass(frozen=True)
class Terms:
    """What every job of a cluster is told."""

    share: Share
    device: str
    """``cuda`` or ``cpu``: a task that was given no GPU sees them all."""
    versions: tuple[tuple[str, str], ...]
    marks: tuple[Mark, ...] = ()
    needed: tuple[str, ...] = ()
    """Folders and files that must be there under the same names, to be read."""
    variables: tuple[tuple[str, str], ...] = ()
    """Of the environment, such as the folder of the user's models."""


def versions() -> tuple[tuple[str, str], ...]:
    """Of this Python and of what results depend on, in this process."""
    return ("Python", ".".join(platform.python_version_tuple()[:2])), *((name, _version(name)) for name in ALIKE)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


def problem(terms: Terms) -> str:
    """What of this node does not fit the terms, as the end of a sentence about it; empty where all does."""
    for (name, wanted), (_, found) in zip(terms.versions, versions(), strict=True):
        if found != wanted:
            return f"must have {name} {wanted}, as the computer that asks. Found {found}: install the same there."
    for mark in terms.marks:
        folder = os.path.dirname(mark.path)
        try:
            same = read_bytes(mark.path, 1 << 10) == mark.content.encode()
        except (StorageError, CorruptError):
            same = False
        if not same or not os.access(folder, os.W_OK):
            found = "one that may not be written to" if same else "another one, or none"
            return f"must share the folder {folder} with the computer that asks. Found {found}: mount it there."
    for path in terms.needed:
        if not os.path.exists(path):
            return f"must have {path}. Found nothing there: put it on a disk that all nodes share."
    return ""


def looked_at(terms: Terms) -> str:
    """`problem`, as a task of its own."""
    return problem(terms)


def told_by(job: Job, terms: Terms, node: str) -> Iterator[tuple[str, Any]]:
    """What a job says, the last of it DONE or ERROR; an order to stop arrives as a KeyboardInterrupt."""
    yield BEGUN, node
    try:
        if wrong := problem(terms):
            raise InputError(f"The node {platform.node()} {wrong}")
        os.environ.update(terms.variables)
        terms.share.take()
        events = job.begun(Site(lambda: None, terms.device))
        try:
            for event in events:
                yield EVENT, event
        finally:
            if isinstance(events, Generator):
                events.close()
    except Exception as error:
        yield ERROR, words_of(error)
    else:
        yield DONE, None
