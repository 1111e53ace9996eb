"""What processor there is to compute with."""

import warnings
from pathlib import Path


def cores() -> int:
    """Physical cores this process may use, a container's share counted: a second thread on one computes no faster."""
    from joblib import cpu_count

    with warnings.catch_warnings(action="ignore"):  # where the system does not tell, logical ones are counted
        return int(cpu_count(only_physical_cores=True))


def beside_a_window() -> int:
    """Threads for work beside a window, which keeps a core for itself."""
    return max(1, cores() - 1)


def computes_bfloat16(cpuinfo: str | None = None) -> bool:
    """Whether this CPU multiplies bfloat16 itself, by the Linux kernel's list of its features; elsewhere not known."""
    path = Path("/proc/cpuinfo")
    text = cpuinfo if cpuinfo is not None else path.read_text() if path.exists() else ""
    return bool({"avx512_bf16", "amx_bf16"} & set(text.split()))
