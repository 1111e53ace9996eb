"""Python processes for work that may crash, hang or eat memory: a child of its own, with limits that it sets itself."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = str(Path(__file__).parents[3])
"""The folder that this package lies in."""


def command(module: str, arguments: Sequence[str] = ()) -> list[str]:
    """The command that runs a module of this package with the Python that runs now."""
    return [sys.executable, "-m", module, *arguments]


def environment() -> dict[str, str]:
    """The variables for `command`: this package is found there too, wherever it was found here; one thread a library.

    Every thread reserves address space, of which a child with a limit has little.
    """
    path = os.pathsep.join([ROOT, *filter(None, [os.environ.get("PYTHONPATH", "")])])
    return os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def limit(memory: int, seconds: int) -> None:
    """From now on at most so many bytes of address space and seconds of processor, no core file, no file written.

    Where the system has no such limits (Windows), the parent's timeout alone is left.
    """
    try:
        import resource
    except ImportError:
        return
    limits = ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0),
              (resource.RLIMIT_FSIZE, 0))  # fmt: skip
    for which, most in limits:
        _, hard = resource.getrlimit(which)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))
