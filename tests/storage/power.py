"""Power cuts, looked at without one: in which order bytes and names are sent to the disk."""

import os
from pathlib import Path
from typing import Any

from tests.storage.checks import rehearse
from tests.storage.scenarios import Scenario


def check_flush_order(scenario: Scenario, folder: Path) -> int:
    """Bytes are on the disk before their name is, and every name is before a step returns (power loss)."""
    rehearsal = rehearse(scenario, folder / "rehearsal")
    power = Power()
    for at, (name, arguments) in enumerate(rehearsal.watched.trace[: rehearsal.ends[-1]], 1):
        power.call(name, arguments, rehearsal.watched.results[at])
        if at in rehearsal.ends:
            power.expect_nothing_pending(f"{scenario.name}, step {rehearsal.ends.index(at)}")
    return rehearsal.ends[-1]


class Power:
    """What a power cut could still take away."""

    def __init__(self) -> None:
        self.handles: dict[int, Path] = {}
        self.unflushed: set[Path] = set()
        """Files with bytes, and folders with names, that are not on the disk yet."""

    def call(self, name: str, arguments: tuple[Any, ...], result: Any) -> None:
        getattr(self, name, lambda *_: None)(*arguments[:2], result)

    def open(self, path: Path, flags: int, handle: int) -> None:
        self.handles[handle] = Path(path)
        if flags & os.O_EXCL:
            self.unflushed.add(Path(path).parent)

    def write(self, handle: int, data: Any, _: int) -> None:
        self.unflushed.add(self.handles[handle])

    def fsync(self, handle: int, _: None) -> None:
        self.unflushed.discard(self.handles[handle])

    def mkdir(self, path: Path, _: None) -> None:
        self.unflushed.add(Path(path).parent)

    def unlink(self, path: Path, _: None) -> None:
        if ".mmap-" not in str(path):
            self.unflushed.add(Path(path).parent)

    def replace(self, source: Path, target: Path, _: None) -> None:
        nearby = (target.parent, target.parent.parent)  # the quarantine is one folder down
        assert source.parent in nearby, f"{source} is not made in the folder of {target}"
        early = [path for path in self.unflushed if path == source or source in path.parents]
        assert not early, f"{target} gets its name before {early} is on the disk"
        self.unflushed.add(target.parent)

    def expect_nothing_pending(self, when: str) -> None:
        pending = [path for path in self.unflushed if ".mmap-" not in str(path)]
        assert not pending, f"{when}: {pending} could be lost in a power cut"
