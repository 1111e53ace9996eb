"""Which benchmarks there are: `benchmarks/NAME.py` holds one function marked `@benchmark`."""

import importlib
from collections.abc import Callable, Iterator

from benchmarks.figures import Figure

Benchmark = Callable[[bool], Iterator[Figure]]
"""``measure(quick)`` gives one figure after the other; quick: fewer repetitions, the same question."""

NAMES = (
    "text_tower", "train_step", "full_step", "compiled", "affinity", "memory", "cache", "initialisation", "start",
    "scan", "pipeline", "evaluate", "estimate", "snapshot", "stop", "scale", "ui",
)  # fmt: skip
BENCHMARKS: dict[str, Benchmark] = {}


def benchmark(function: Benchmark) -> Benchmark:
    """Enter a function under the name of its file."""
    BENCHMARKS[function.__module__.rpartition(".")[2]] = function
    return function


def find(name: str) -> Benchmark:
    """The benchmark called `name`; its file is imported now, so that one benchmark does not load all."""
    importlib.import_module(f"benchmarks.{name}")
    return BENCHMARKS[name]
