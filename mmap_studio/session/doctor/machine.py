"""Check of the computer: cores, memory, what a container lets the process have of them, text encoding, variables."""

import locale
import math
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from mmap_studio.formatting import counted, printable, size
from mmap_studio.session.doctor.finding import Finding
from mmap_studio.session.runtime.cgroups import free_memory, read
from mmap_studio.session.runtime.cores import allowed, cores

MEMORY = Path("/proc/meminfo")
LITTLE, NEARLY_NONE = 2 * 10**9, 7 * 10**8
"""Bytes of free memory: less is a warning, or a problem. PyTorch, Qt and the starter take about 0.7 GB."""
VARIABLES = (
    "MMAP_STUDIO_CACHE", "MMAP_STUDIO_HOME", "MMAP_STUDIO_MODELS", "HF_HUB_OFFLINE", "HF_ENDPOINT", "HF_TOKEN",
    "QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES",
    "PYTORCH_CUDA_ALLOC_CONF", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "PYTHONPATH", "LANG", "LC_ALL", "LC_CTYPE",
)  # fmt: skip
"""Environment variables that are told, and no others."""
SHOWN = {"HF_HUB_OFFLINE", "QT_QPA_PLATFORM", "XDG_SESSION_TYPE", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES",
         "PYTORCH_CUDA_ALLOC_CONF", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "LANG", "LC_ALL", "LC_CTYPE"}  # fmt: skip
"""Those of them whose values are told too; of the others, which may name hosts and folders, only that they are set."""


def machine() -> Iterator[Finding]:
    """Findings on cores, memory, encoding and variables."""
    yield processor()
    yield memory()
    yield from encoding()
    yield variables(os.environ)


def processor() -> Finding:
    share = allowed()
    limited = "" if math.isinf(share) else f"; a control group allows {share:g} of them"
    return Finding("processor", "ok", f"{counted(cores(), 'core')} to compute on, of {os.cpu_count()}{limited}.")


def memory(about: Path = MEMORY, limit: int | None = None) -> Finding:
    """Free memory, of the machine or of the control group, whichever is less.

    limit : what a control group leaves; None asks
    """
    lines = dict(line.split(":", 1) for line in read(about).splitlines() if ":" in line)
    total, free = (_kilobytes(lines.get(name, "")) for name in ("MemTotal", "MemAvailable"))
    group = free_memory() if limit is None else limit
    if free is None and group is None:
        return Finding("memory", "ok", "This system does not say how much memory is free.")
    least = min(one for one in (free, group) if one is not None)
    known = f" of {size(total)}" if total else ""
    bound = ", as a control group allows" if group is not None and least == group else ""
    said = f"{size(least)}{known} of memory are free{bound}."
    if least < LITTLE:
        return Finding("memory", "problem" if least < NEARLY_NONE else "warning", said,
                       "close other programs, give the container more, or use --set train.batch_size=4")  # fmt: skip
    return Finding("memory", "ok", said)


def _kilobytes(text: str) -> int | None:
    first = text.split()[:1]
    return int(first[0]) * 1024 if first and first[0].isdecimal() else None


def encoding() -> Iterator[Finding]:
    """Whether names of any script can be used as file names and printed, and whether the locale exists."""
    files, out = sys.getfilesystemencoding(), getattr(sys.stdout, "encoding", None) or "unknown"
    try:
        locale.getlocale()
        text = locale.getpreferredencoding(False)
    except (ValueError, locale.Error) as error:
        text = f"none ({error})"
    names = {files.lower(), text.lower()}
    if all(name.replace("-", "") == "utf8" for name in names):
        yield Finding("encoding", "ok", f"File names and texts are UTF-8, output is {out}.")
    else:
        yield Finding("encoding", "warning", f"File names are {files} and texts {printable(text)}, not UTF-8: names of "
                      "other scripts may be refused.", "set LANG=C.UTF-8, or PYTHONUTF8=1")  # fmt: skip


def variables(given: Mapping[str, str]) -> Finding:
    """The few variables that matter, one line; hosts, folders and tokens as "set"."""
    told = [f"{name}={printable(given[name]) if name in SHOWN else '(set)'}" for name in VARIABLES if given.get(name)]
    if given.get("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "").lower() in ("1", "y", "yes", "true"):
        return Finding("variables", "warning", f"{', '.join(told)}.",
                       "unset TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD: with it, other programs load pickles")  # fmt: skip
    return Finding("variables", "ok", f"{', '.join(told)}." if told else "None of those that matter is set.")
