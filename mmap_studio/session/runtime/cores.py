"""What processor there is to compute with."""

import math
import os
from pathlib import Path

from mmap_studio.session.runtime.cgroups import GROUPS, MEMBERSHIP, own_groups, read

TOPOLOGY = Path("/sys/devices/system/cpu")


def cores(topology: Path = TOPOLOGY, groups: Path = GROUPS, membership: Path = MEMBERSHIP) -> int:
    """Cores this process may use; on Linux physical ones: a second thread on one makes matrix products no faster.

    A container's share of the processor counts too, rounded up: more threads than that wait for each other.
    """
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    physical = len({_siblings(topology / f"cpu{one}/topology/thread_siblings_list") for one in usable})
    return max(1, math.ceil(min(physical, allowed(groups, membership))))


def allowed(groups: Path = GROUPS, membership: Path = MEMBERSHIP) -> float:
    """Processors' worth of time that control groups let this process have; infinite where nothing is said.

    The least of its own group's and of all above it: version 2's `cpu.max`, version 1's `cpu.cfs_quota_us`.
    """
    return min(map(_share, own_groups("cpu", groups, membership)), default=math.inf)


def _share(group: Path) -> float:
    """Time over period, by whichever version's files there are; both may say that there is no limit."""
    quota, period = (read(group / "cpu.max").split() or _version_1(group) or ["max", "0"])[:2]
    limited = quota.isdecimal() and period.isdecimal() and int(quota) and int(period)
    return int(quota) / int(period) if limited else math.inf


def _version_1(group: Path) -> list[str]:
    """Microseconds of time (-1: no limit) and of the period; nothing where either is not said."""
    found = [*read(group / "cpu.cfs_quota_us").split(), *read(group / "cpu.cfs_period_us").split()]
    return found if len(found) == 2 else []


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
