"""What runs on a node of a cluster: a look at the node itself, and one job from its beginning to its end.

Loads no torch by itself: threads and devices are set before the job does.
"""

import os
import platform
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from mmap_studio.errors import CorruptError, StorageError
from mmap_studio.session.engines.engine import Job, Site
from mmap_studio.session.engines.error_text import words_of
from mmap_studio.session.engines.worker import DONE, ERROR, EVENT, Share
from mmap_studio.storage.opener import read_bytes

BEGUN, UNFIT = "begun", "unfit"
"""Sent first, with the node's id; then what of the node does not fit, or as every worker does."""
ALIKE = ("mmap-studio", "torch", "numpy", "open_clip_torch", "timm", "transformers")
"""Distributions whose versions all nodes must share, where the process that asks has them: one cache has the results
of all, and the last two compute towers and tokenise."""


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
    """Of this Python and of what results depend on and is installed here."""
    return tuple((name, found) for name in ("Python", *ALIKE) if (found := _version(name)))


def _version(name: str) -> str:
    """Empty where it is not installed."""
    if name == "Python":
        return ".".join(platform.python_version_tuple()[:2])
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def problem(terms: Terms) -> str:
    """What of this node does not fit the terms, as the end of a sentence about it; empty where all does."""
    for name, wanted in terms.versions:
        if (found := _version(name)) != wanted:
            asked = f"must have {name} {wanted}, as the computer that asks"
            return f"{asked}. Found {found or 'none'}: install the same there."
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
    if wrong := problem(terms):
        yield UNFIT, wrong
        return
    try:
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
