"""Check of the cache: artifacts are read and verified as by `mmap-studio cache verify`. For a process of its own."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from mmap_studio.errors import StudioError
from mmap_studio.formatting import counted, printable, size
from mmap_studio.session.doctor.child_checks import doing
from mmap_studio.session.doctor.finding import Finding
from mmap_studio.session.doctor.folders import links
from mmap_studio.storage import atomic
from mmap_studio.storage.store import Entry, FolderStore, cache_folder

BUDGET = 1.0
"""Seconds of reading where not everything was asked for."""
LARGE = 256 << 20
"""Bytes of an artifact that is then left out."""
NAMED = 5
"""Damaged artifacts that are named one by one."""
VERIFY = "everything"


def artifacts(
    which: str = "", root: Path | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Finding]:
    """Findings on the cache: damaged artifacts, which are set aside; links; what was set aside before.

    which : `VERIFY` reads all; else the newest are read, as many as there is time for
    """
    place = root or cache_folder()
    told: list[str] = []
    store = FolderStore(place, told.append)
    entries = sorted(store.entries(), key=lambda entry: entry.modified, reverse=True)
    began, read, bad = clock(), 0, list[str]()
    for entry in entries:
        if which != VERIFY and (clock() - began > BUDGET or entry.bytes > LARGE):
            continue
        doing(f"reading {entry.kind}/{entry.digest[:16]} of the cache")
        read += 1
        if why := _fault(store, entry, told):
            bad.append(f"{entry.kind}/{entry.digest[:16]} ({why})")
    if bad:
        some = f"{'; '.join(bad[:NAMED])}{f'; and {len(bad) - NAMED} more' if len(bad) > NAMED else ''}"
        yield Finding("cache", "problem", f"{counted(len(bad), 'artifact')} of the cache must not be used: {some}.",
                      "nothing is lost, each is made again when needed; if it comes back, check the disk")  # fmt: skip
    linked = links(place)
    if linked is not None:
        yield linked
    aside = len(list(place.glob(f"*/{atomic.QUARANTINE}/*")))
    if aside:
        yield Finding("cache", "warning", f"{counted(aside, 'damaged file')} of the cache had to be set aside.",
                      "`mmap-studio cache prune --older-than 30d` deletes what was set aside")  # fmt: skip
    whole = sum(entry.bytes for entry in entries)
    part = f"{read} of {counted(len(entries), 'artifact')}" if read < len(entries) else counted(read, "artifact")
    state = "damaged ones are named above" if bad else "all are sound" if read else "there is nothing to read"
    yield Finding("cache", "ok", f"{part} of the cache ({size(whole)}) read: {state}.",
                  "`mmap-studio doctor --verify` reads all" if read < len(entries) else "")  # fmt: skip


def _fault(store: FolderStore, entry: Entry, told: list[str]) -> str:
    """What is wrong with an artifact, in a word; empty for a sound one."""
    before = len(told)
    try:
        if store.get(entry.kind, entry.digest) is not None:
            return ""
    except StudioError as error:
        return "a link" if "is a link" in str(error) else printable(str(error).rstrip("."))
    return "damaged, set aside" if len(told) > before else ""
