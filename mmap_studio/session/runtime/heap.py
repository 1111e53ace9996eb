"""How glibc hands out the memory of tensors on a CPU, and when the system has it back."""

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

from mmap_studio.session.runtime.cgroups import GROUPS, MEMBERSHIP, free_memory, read

LARGE = 2**20
"""Bytes from which a tensor can get memory of its own."""
SHORT = 0.5
"""Memory is short for a step that needs more than this share of what is free."""
M_MMAP_THRESHOLD = -3
"""Of glibc's malloc.h."""
MEMORY = Path("/proc/meminfo")


def spare(needed: int, memory: Path = MEMORY, groups: Path = GROUPS, membership: Path = MEMBERSHIP) -> bool:
    """Before a step of so many bytes: where memory is short, let large tensors have memory of their own from now on.

    That goes back to the system when they are freed. By itself glibc soon takes them from one heap, where those that
    go leave gaps between those that stay: a step of ViT-B/16 holds a sixth more than is in use. But every such tensor
    is asked of the system anew, which took a seventh of the step's time, so it is done only where memory is short.
    Elsewhere than on glibc, and where the environment says it already, nothing is changed. Returns whether it was.
    """
    free = available(memory, groups, membership)
    mallopt = _of_glibc("mallopt")
    if free is None or needed <= SHORT * free or mallopt is None or "MALLOC_MMAP_THRESHOLD_" in os.environ:
        return False
    mallopt(M_MMAP_THRESHOLD, LARGE)
    return True


def give_back() -> None:
    """What the heap holds and nobody uses goes back to the system: gigabytes after a training, in milliseconds."""
    trim = _of_glibc("malloc_trim")
    if trim is not None:
        trim(0)


def available(memory: Path = MEMORY, groups: Path = GROUPS, membership: Path = MEMBERSHIP) -> int | None:
    """Bytes that this process can still have without swapping; None where the kernel does not say."""
    lines = (line.split() for line in read(memory).splitlines())
    machine = next((1024 * int(line[1]) for line in lines if line[:1] == ["MemAvailable:"]), None)
    own = free_memory(groups, membership)
    return min((one for one in (machine, own) if one is not None), default=None)


def _of_glibc(name: str) -> Any:
    """A function of the C library; None on other systems, and with musl, which has none of these."""
    return getattr(ctypes.CDLL(None), name, None) if sys.platform == "linux" else None
