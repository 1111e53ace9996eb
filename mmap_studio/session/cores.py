"""What processor there is to compute with."""

import os
from pathlib import Path

TOPOLOGY = Path("/sys/devices/system/cpu")


def cores(topology: Path = TOPOLOGY) -> int:
    """Cores this process may use; on Linux physical ones: a second thread on one makes matrix products no faster."""
    usable = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return len({_siblings(topology / f"cpu{one}/topology/thread_siblings_list") for one in usable})


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
