"""Methods times tasks, without Qt: means over runs, differences to a baseline, the best of every column."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmap_studio.session.methods import method_title
from mmap_studio.session.results.intervals import PairedTests, within_noise
from mmap_studio.session.results.results import TestScores

Metric = Literal["accuracy", "macro_f1", "ece"]

METRICS: dict[Metric, str] = {"accuracy": "Accuracy, %", "macro_f1": "Macro-F1, %", "ece": "Calibration error, %"}
LOWER_IS_BETTER: frozenset[Metric] = frozenset({"ece"})


@dataclass(frozen=True)
class Outcome:
    """Test scores of one method in one run."""

    method: str
    per_task: Mapping[str, TestScores]
    parameters: int
    """Trainable ones."""
    run: str = ""
    """Name of the run; several runs of a method become mean and spread."""
    title: str = ""
    """How the row is called; after the method if empty."""
    settings: str = ""
    """Settings in which the rows differ, with the values of this one."""
    seeds: str = ""
    when: str = ""
    """Time of the newest run; sorts as text."""
    ground: str = ""
    """Backbone, precision and split: equal where zero-shot is the same."""
    split: str = ""
    """Which images were tested; empty where that is not known."""
    zero_shot: str = ""
    """Which zero-shot this is, if it is one: compared with, it stands for the same of every ground."""
    kind: str = ""
    """The method by its own name, which several rows can have."""
    on_board: bool = False
    """These are the groups on the board."""
    tip: str = ""
    """More to be said of the row."""


@dataclass(frozen=True)
class Figure:
    """One cell, in percent."""

    mean: float
    """NaN where nothing was measured."""
    spread: float
    """Standard deviation over the runs (n - 1); NaN for fewer than two."""
    runs: int
    delta: float
    """To the baseline; NaN for the baseline itself and where one of both is missing."""
    best: bool
    half: float = float("nan")
    """Half the width of the 95 % interval of `delta`; NaN where it is not known."""

    @property
    def real(self) -> bool:
        """Whether `delta` is more than noise."""
        return not within_noise(self.delta, self.half)


@dataclass(frozen=True)
class TableRow:
    method: str
    title: str
    figures: tuple[Figure, ...]
    """One a task, then their mean."""
    parameters: int
    runs: int
    baseline: bool
    about: Outcome
    """The newest of its outcomes, for all that is not a figure."""


def table(
    outcomes: Sequence[Outcome],
    tasks: Sequence[str],
    metric: Metric = "accuracy",
    baseline: str = "zero_shot",
    tests: PairedTests | None = None,
) -> tuple[TableRow, ...]:
    """One row a method, in the order they came; differences to `baseline`, if it is there.

    baseline : a row's method, or a kind of zero-shot, which for every row is that of its own ground
    tests : for intervals of differences in accuracy; none without, nor for rows of another split
    """
    by_method: dict[str, dict[str, Outcome]] = {}
    for outcome in outcomes:
        by_method.setdefault(outcome.method, {})[outcome.run] = outcome
    values = {m: _values(tuple(runs.values()), tasks, metric) for m, runs in by_method.items()}  # (runs, T + 1)
    means = {m: _mean(v) for m, v in values.items()}  # (T + 1,)
    best = _best(means, metric)
    runs_of = {m: tuple(runs.values()) for m, runs in by_method.items()}
    zero = {m: _baseline(m, {method: runs[-1] for method, runs in runs_of.items()}, baseline) for m in by_method}
    rows = []
    for m, runs in runs_of.items():
        halves = np.full(len(tasks) + 1, np.nan)
        others = runs_of.get(zero[m], ())
        paired = tests is not None and all(one.split == tests.split for one in (*runs, *others))
        if tests is not None and paired and metric == "accuracy" and others and zero[m] != m:
            halves = tests.half_widths([one.per_task for one in runs], [one.per_task for one in others], tasks)
        rows.append(_row(m, runs, values[m], best[m], means.get(zero[m]), m == zero[m], halves))
    return tuple(rows)


def _baseline(method: str, newest: Mapping[str, Outcome], chosen: str) -> str:
    """The row that this one is compared with; empty for none."""
    kind = newest[chosen].zero_shot if chosen in newest else chosen
    own = (m for m, one in newest.items() if kind and (one.zero_shot, one.ground) == (kind, newest[method].ground))
    return next(own, "" if kind else chosen)


def _values(runs: Sequence[Outcome], tasks: Sequence[str], metric: Metric) -> np.ndarray:
    """float64 (runs, T + 1) in percent: every task, then the mean over the tasks, if all are there."""
    rows = [[_percent(outcome, task, metric) for task in tasks] for outcome in runs]
    values = np.array(rows, dtype=float).reshape(len(runs), len(tasks))
    mean = values.mean(1, keepdims=True) if tasks else np.full((len(runs), 1), np.nan)
    return np.concatenate([values, mean], axis=1)


def _percent(outcome: Outcome, task: str, metric: Metric) -> float:
    found = outcome.per_task.get(task)
    return float("nan") if found is None else 100 * float(getattr(found, metric))


def _mean(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    means: np.ndarray = np.where(known, values, 0).sum(0) / np.where(known.any(0), known.sum(0), np.nan)
    return means


def _spread(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    n = known.sum(0)
    squares = (np.where(known, values - _mean(values), 0) ** 2).sum(0)
    spreads: np.ndarray = np.sqrt(squares / np.where(n > 1, n - 1, np.nan))
    return spreads


def _best(means: dict[str, np.ndarray], metric: Metric) -> dict[str, np.ndarray]:
    """bool (T + 1,) a method: whether it shows the best figure of the column; ties at the shown digit share it."""
    if len(means) < 2:
        return {method: np.zeros(len(row), dtype=bool) for method, row in means.items()}
    sign = -1 if metric in LOWER_IS_BETTER else 1
    stack = np.round(np.stack(list(means.values())), 1) * sign
    top = np.where(np.isfinite(stack), stack, -np.inf).max(0)
    return {method: np.isfinite(row) & (row == top) for method, row in zip(means, stack, strict=True)}


def _row(
    method: str,
    runs: Sequence[Outcome],
    values: np.ndarray,
    best: np.ndarray,
    zero: np.ndarray | None,
    is_zero: bool,
    halves: np.ndarray,
) -> TableRow:
    means, spreads = _mean(values), _spread(values)
    deltas = np.full(len(means), np.nan) if zero is None or is_zero else means - zero
    counts = np.isfinite(values).sum(0)
    figures = tuple(
        Figure(float(means[c]), float(spreads[c]), int(counts[c]), float(deltas[c]), bool(best[c]), float(halves[c]))
        for c in range(len(means))
    )
    title = runs[-1].title or method_title(method)
    return TableRow(method, title, figures, runs[-1].parameters, len(runs), is_zero, runs[-1])
