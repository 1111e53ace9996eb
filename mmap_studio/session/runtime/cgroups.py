"""The control groups this process is in: what Linux lets it have of a machine that others use too."""

from collections.abc import Iterator
from pathlib import Path

GROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def own_groups(controller: str, groups: Path = GROUPS, membership: Path = MEMBERSHIP) -> Iterator[Path]:
    """Folders of its own group and of all above it that may say something of "cpu" or "memory", of both versions.

    In a container the root of what is mounted is its own group, whatever path the kernel tells.
    """
    for line in read(membership).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        roots = [groups / controllers, groups / controller] if controllers else [groups, groups / "unified"]
        names = path.rstrip("/").split("/")  # the first is empty, the root's
        for root in dict.fromkeys(roots):
            yield from (root.joinpath(*names[1:depth]) for depth in range(1, len(names) + 1))


def free_memory(groups: Path = GROUPS, membership: Path = MEMBERSHIP) -> int | None:
    """Bytes that the tightest of them still gives; None where none has a limit.

    Files that were read lately count as used and are given up when memory is asked for, so they are free.
    """
    rooms = [_room(group) for group in own_groups("memory", groups, membership)]
    return min((room for room in rooms if room is not None), default=None)


def _room(group: Path) -> int | None:
    """Version 2's `memory.max`, else version 1's `memory.limit_in_bytes`, less what is used and cannot be given up."""
    for limit, used, files in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
    ):
        most, now = read(group / limit).strip(), read(group / used).strip()
        if most.isdecimal() and now.isdecimal():
            told = dict(line.split()[:2] for line in read(group / "memory.stat").splitlines() if len(line.split()) == 2)
            given_up = told.get(files, "0")
            return max(0, int(most) - int(now) + (int(given_up) if given_up.isdecimal() else 0))
    return None


def read(path: Path) -> str:
    """Its text; none where it is not there or may not be read, as on another system."""
    try:
        return path.read_text()
    except OSError:
        return ""
