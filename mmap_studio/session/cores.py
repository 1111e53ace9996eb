"""What processor there is to compute with."""

import math
import os
from pathlib import Path

TOPOLOGY = Path("/sys/devices/system/cpu")
GROUPS = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")


def cores(topology: Path = TOPOLOGY, groups: Path = GROUPS, membership: Path = MEMBERSHIP) -> int:
    """Cores this process may use; on Linux physical ones: a second thread on one makes matrix products no faster.

    A container's share of the processor counts too, rounded up: more threads than that wait for each other.
    """
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    physical = len({_siblings(topology / f"cpu{one}/topology/thread_siblings_list") for one in usable})
    return max(1, math.ceil(min(physical, allowed(groups, membership))))


def allowed(groups: Path = GROUPS, membership: Path = MEMBERSHIP) -> float:
    """Processors' worth of time that control groups let this process have; infinite where nothing is said.

    The least of its own group's and of all above it: version 2's `cpu.max`, version 1's `cpu.cfs_quota_us`. In a
    container the root of what is mounted is its own group, whatever path the kernel tells.
    """
    shares = [math.inf]
    for line in _read(membership).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        roots = [groups / controllers, groups / "cpu"] if controllers else [groups, groups / "unified"]
        names = path.rstrip("/").split("/")  # the first is empty, the root's
        shares += [_share(root.joinpath(*names[1:depth])) for root in roots for depth in range(1, len(names) + 1)]
    return min(shares)


def _share(group: Path) -> float:
    """Time over period, by whichever version's files there are; both may say that there is no limit."""
    quota, period = (_read(group / "cpu.max").split() or _version_1(group) or ["max", "0"])[:2]
    limited = quota.isdecimal() and period.isdecimal() and int(quota) and int(period)
    return int(quota) / int(period) if limited else math.inf


def _version_1(group: Path) -> list[str]:
    """Microseconds of time (-1: no limit) and of the period; nothing where either is not said."""
    found = [*_read(group / "cpu.cfs_quota_us").split(), *_read(group / "cpu.cfs_period_us").split()]
    return found if len(found) == 2 else []


def _read(path: Path) -> str:
    """Its text; none where it is not there or may not be read, as on another system."""
    try:
        return path.read_text()
    except OSError:
        return ""


def _siblings(path: Path) -> str:
    """The logical cores that share a physical one; the place alone where the system does not say."""
    return path.read_text() if path.exists() else str(path)


def beside_a_window() -> int:
    """Threads for work beside a window, which keeps a core for itself."""
    return max(1, cores() - 1)


def computes_bfloat16(cpuinfo: str | None = None) -> bool:
    """Whether this CPU multiplies bfloat16 itself, by the Linux kernel's list of its features; elsewhere not known."""
    path = Path("/proc/cpuinfo")
    text = cpuinfo if cpuinfo is not None else path.read_text() if path.exists() else ""
    return bool({"avx512_bf16", "amx_bf16"} & set(text.split()))
