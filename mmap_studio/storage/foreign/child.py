"""Python processes for work that may crash, hang or eat memory: a child of its own, with limits that it sets itself."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from io import BufferedReader
from pathlib import Path
from typing import Any

ROOT = str(Path(__file__).parents[3])
"""The folder that this package lies in."""


class UnansweredError(Exception):
    """A child that ended, stopped or answered nonsense: "a file that ..."."""


def command(module: str, arguments: Sequence[str] = ()) -> list[str]:
    """The command that runs a module of this package with the Python that runs now; nothing of the working folder is.

    Without -P the folder would come first on the path of modules, and a `json.py` in it would run without limits.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def environment() -> dict[str, str]:
    """The variables for `command`: this package is found there too, wherever it was found here; one thread a library.

    Every thread reserves address space, of which a child with a limit has little.
    """
    path = os.pathsep.join([ROOT, *filter(None, [os.environ.get("PYTHONPATH", "")])])
    return os.environ | {"PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


def asked(run: Sequence[str], given: bytes | BufferedReader, seconds: int) -> tuple[Any, bytes]:
    """The line of JSON and the bytes behind it that a child answers, as `answer` writes them.

    run : its command   given : what it reads as its standard input, bytes or an open file
    Raises UnansweredError when it takes longer, ends by itself or says something else.
    """
    source: dict[str, Any] = {"input": given} if isinstance(given, bytes) else {"stdin": given}
    try:
        done = subprocess.run(
            run, **source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment(), timeout=seconds,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise UnansweredError(f"a file that takes more than {seconds} s to read") from None
    if done.returncode:
        raise UnansweredError(f"a file that ends its reader (code {done.returncode})")
    head, _, body = done.stdout.partition(b"\n")
    try:
        return json.loads(head), body
    except ValueError:
        raise UnansweredError("a file that confuses its reader") from None


def answer(document: dict[str, Any]) -> None:
    """The child's line of JSON; bytes may follow on standard output."""
    sys.stdout.buffer.write(json.dumps(document).encode() + b"\n")


def leave() -> None:
    """End the child: what it holds is not taken apart."""
    sys.stdout.buffer.flush()
    os._exit(0)


def limit(memory: int, seconds: int) -> None:
    """From now on at most so many bytes of address space and seconds of processor; no core file, nothing written to a
    file, and neither file, pipe nor socket opened.

    What is open stays open; modules must be imported before.
    Where the system has no such limits (Windows), the parent's timeout alone is left.
    """
    try:
        import resource
    except ImportError:
        return
    limits = ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CPU, seconds), (resource.RLIMIT_CORE, 0),
              (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_NOFILE, 0))  # fmt: skip
    for which, most in limits:
        _, hard = resource.getrlimit(which)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(which, (most, most))
