"""A training that is not done, kept beside the results of those that are, so that a killed one goes on where it was.

The artifact has the digest of the result that the training is to have: other settings, data or seeds never find it. It
is read with the checks of every artifact, and `method.snapshot` looks at every number once more before it is used.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Annotated, Any, Self

import numpy as np
from pydantic import Field

from mmap_studio.errors import InputError, StorageError
from mmap_studio.method.affinity.meter import HISTORY
from mmap_studio.method.snapshot import Bookmark, Snapshot
from mmap_studio.session.cache.cache import Arrays, Cached, checked_array, group_from_arrays, group_to_arrays
from mmap_studio.session.cache.readonly import NotThere
from mmap_studio.storage.documents import Document

KIND = "unfinished"
"""Of these artifacts in a store."""
VERSION = 1
"""Of their contents; one of another version is left alone, and replaced."""
EVERY = 20.0
"""Seconds between two writes: with the step in which they end, at most half a minute of work is lost."""
log = logging.getLogger(__name__)


class Unfinished:
    """Keeps the training of one result while it goes on: from time to time, and when it is stopped or fails.

    To be entered around the training, and told when its result is stored.
    """

    def __init__(self, cached: Cached, digest: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._cached, self._digest, self._clock = cached, digest, clock
        self.bookmark = Bookmark(_found(cached, digest))
        """What the training is handed."""
        self._written, self._at = 0, clock()
        self._told = self._over = False

    def keep(self) -> str:
        """Between two steps: write where the training is, when it is time to.

        Returns a sentence, the first time that the disk refuses: the training goes on all the same.
        """
        if self.bookmark.refusal:
            self._cached.store.refuse(KIND, self._digest, self.bookmark.refusal)
            self.bookmark.refusal = ""
        if self._over or self._clock() - self._at < EVERY:
            return ""
        try:
            self._write()
        except (StorageError, InputError) as error:
            told, self._told = self._told, True
            return "" if told else f"{error} The training goes on; what is done of it would be lost if it were stopped."
        finally:
            self._at = self._clock()
        return ""

    def done(self) -> None:
        """The result is stored: nothing is left of its training."""
        self._over = True
        forget(self._cached, self._digest)

    def _write(self) -> None:
        snapshot = self.bookmark.snapshot()
        if snapshot is not None and snapshot.step != self._written:
            self._cached.put(KIND, self._digest, *snapshot_to_arrays(snapshot))
            self._written = snapshot.step

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None or self._over:
            return
        try:
            self._write()
        except Exception as refusal:  # the disk, the memory or the device: what ended the training is what is told
            log.warning("The training was not kept: %s", refusal)


def forget(cached: Cached, digest: str) -> None:
    """Remove what is kept of the training of a result that is there."""
    with suppress(StorageError, NotThere):
        if cached.store.has(KIND, digest):
            cached.store.remove(KIND, digest)


def _found(cached: Cached, digest: str) -> Snapshot | None:
    try:
        return cached.read(KIND, digest, snapshot_from_arrays)
    except StorageError as error:
        log.warning("A training begins anew: %s", error)
        return None


class _Meta(Document):
    """The meta of a snapshot."""

    members: Annotated[list[str], Field(min_length=1)]
    step: int
    steps: int
    scale: float
    parts: int
    module: list[str]
    optimizer: list[str]
    group: dict[str, Any] | None


def snapshot_to_arrays(snapshot: Snapshot) -> tuple[Arrays, dict[str, Any]]:
    """A `Snapshot`; weights and moments by number, their names in the meta."""
    group, about = group_to_arrays(snapshot.group) if snapshot.group else ({}, None)
    arrays = {"losses": snapshot.losses, HISTORY: snapshot.measured, "steps": snapshot.measured_at}
    arrays |= _numbered("module", snapshot.module) | _numbered("optimizer", snapshot.optimizer)
    meta = {
        "version": VERSION,
        "members": list(snapshot.members),
        "step": snapshot.step,
        "steps": snapshot.steps,
        "scale": snapshot.scale,
        "parts": snapshot.parts,
        "module": list(snapshot.module),
        "optimizer": list(snapshot.optimizer),
        "group": about,
    }
    return arrays | {f"group_{name}": array for name, array in group.items()}, meta


def snapshot_from_arrays(arrays: Arrays, meta: dict[str, Any]) -> Snapshot | None:
    """Back from `snapshot_to_arrays`; None for one of another version. LookupError or ValueError for what is none."""
    if type(meta["version"]) is int and meta["version"] != VERSION:
        return None
    about = _Meta.model_validate(meta)
    group = {name.removeprefix("group_"): array for name, array in arrays.items() if name.startswith("group_")}
    return Snapshot(
        members=tuple(about.members),
        step=about.step,
        steps=about.steps,
        scale=about.scale,
        parts=about.parts,
        module=_named("module", arrays, about.module),
        optimizer=_named("optimizer", arrays, about.optimizer),
        losses=checked_array(arrays, "losses", "f8", (None, len(about.members))),
        measured=checked_array(arrays, HISTORY, "f8", (None, len(about.members), len(about.members))),
        measured_at=checked_array(arrays, "steps", "i8", (None,)),
        group=None if about.group is None else group_from_arrays(group, about.group, about.members),
    )


def _numbered(what: str, arrays: Mapping[str, np.ndarray]) -> Arrays:
    return {f"{what}_{number}": array for number, array in enumerate(arrays.values())}


def _named(what: str, arrays: Arrays, names: Sequence[str]) -> Arrays:
    return {name: arrays[f"{what}_{number}"] for number, name in enumerate(names)}
