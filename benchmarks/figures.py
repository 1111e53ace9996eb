"""Figures and how they are measured: both sides in one process, turn by turn, a ratio a pair.

Absolute times say more of the machine than of the program. Two runs side by side see the same machine, so a figure is
the median of ratios A/B of a sequence A B A B ..., and its spread stands beside it.
"""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

Clock = Callable[[], float]
Action = Callable[[], object]


@dataclass(frozen=True)
class Figure:
    """One line of a benchmark's answer."""

    figure: str
    value: float | None
    """Median of n ratios or differences; None where it cannot be measured here, and `against` says why."""
    unit: str
    against: str
    n: int
    min: float | None
    max: float | None

    def line(self) -> str:
        """One line of JSON, numbers at four significant digits."""
        rounded = {key: float(f"{v:.4g}") if isinstance(v, float) else v for key, v in asdict(self).items()}
        return json.dumps(rounded)


def median_of(figure: str, values: Sequence[float], unit: str, against: str) -> Figure:
    """The figure of some repetitions."""
    return Figure(figure, statistics.median(values), unit, against, len(values), min(values), max(values))


def not_measured(figure: str, unit: str, reason: str) -> Figure:
    """A figure that this machine cannot give."""
    return Figure(figure, None, unit, reason, 0, None, None)


def paired(
    first: Action, second: Action, pairs: int, warm_up: Action | None = None, clock: Clock | None = None
) -> list[float]:
    """Time of `first` over time of `second`, a pair at a time.

    warm_up : done before and not counted; by default both actions once.
    """
    tell = clock or fitting_clock()
    if warm_up is not None:
        warm_up()
    else:
        first(), second()
    return [seconds(first, tell) / seconds(second, tell) for _ in range(pairs)]


def fitting_clock() -> Clock:
    """With one thread the processor time of this process, which others on the core do not lengthen; else wall time."""
    import torch

    return time.process_time if torch.get_num_threads() == 1 else time.perf_counter


def seconds(action: Action, clock: Clock = time.perf_counter) -> float:
    """What an action takes; wall time by default."""
    start = clock()
    action()
    return clock() - start


def resident(which: str) -> int:
    """Bytes of this process in memory: VmRSS now, VmHWM at the most so far (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith(which))
