"""Affinity: how much a step on one task lowers the loss of another.

After TAG (Fifty et al. 2021, "Efficiently Identifying Task Groupings for Multi-Task Learning"; public code
google-research `tag/`):  Z[i -> j] = 1 - L_j(theta - eta g_i) / L_j(theta), on the same batch. Ours deviates: plain
SGD with a fixed eta (TAG's two codes disagree on momentum), not divided by the learning rate, rows are the source and
columns the recipient (TAG stores the transpose), and no parameter is ever overwritten.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

Parameters = Mapping[str, Tensor]
Losses = Callable[[Sequence[Parameters], Sequence[tuple[int, int]]], Tensor]
"""``losses(sets, pairs)[k]`` is the loss of task ``pairs[k][1]`` under the parameter set ``sets[pairs[k][0]]``."""

SMALLEST_LOSS = 1e-12
"""A loss below this has no relative change worth a number: its column becomes NaN."""


@dataclass(frozen=True)
class Lookahead:
    """One measurement."""

    matrix: np.ndarray
    """float64 (T, T): rows source, columns recipient; NaN where the numbers were not usable."""
    losses: np.ndarray
    """float64 (T,): every task's loss before any step."""


def lookahead_affinity(
    losses: Losses,
    parameters: Parameters,
    step_size: float,
    tasks: int,
    order: Literal["exact", "first_order"] = "exact",
    chunk: int | None = None,
) -> Lookahead:
    """Measure Z for all pairs of `tasks` tasks at `parameters`, which are neither changed nor given gradients.

    exact : the losses of all tasks under T trial sets theta - eta g_i.
    first_order : eta (g_i . g_j) / L_j, the first term of the same, for the price of the gradients alone.
    chunk : trial sets evaluated at a time, which bounds memory; all of them by default.
    """
    before, gradients = _gradients(losses, parameters, tasks)
    usable = np.isfinite(before) & (np.abs(before) > SMALLEST_LOSS)
    divisor = np.where(usable, before, np.nan)
    if order == "first_order":
        flat = torch.stack([torch.cat([g.double().flatten() for g in one.values()]) for one in gradients])  # (T, n)
        change = step_size * (flat @ flat.T).cpu().numpy()
    else:
        change = before - _after(losses, parameters, gradients, step_size, chunk or tasks)
    with np.errstate(invalid="ignore"):
        matrix = change / divisor
    return Lookahead(np.where(np.isfinite(matrix), matrix, np.nan), before)


def _gradients(losses: Losses, parameters: Parameters, tasks: int) -> tuple[np.ndarray, list[dict[str, Tensor]]]:
    """Losses (T,) and the gradient of each with respect to the parameters.

    Every task gets a leaf copy of its own, so one backward pass of the sum yields all gradients apart.
    """
    leaves = [{k: p.detach().clone().requires_grad_() for k, p in parameters.items()} for _ in range(tasks)]
    with torch.enable_grad():
        before = losses(leaves, [(t, t) for t in range(tasks)])
        flat = torch.autograd.grad(before.sum(), [p for one in leaves for p in one.values()])
    names = list(parameters)
    grouped = [dict(zip(names, flat[t * len(names) : (t + 1) * len(names)], strict=True)) for t in range(tasks)]
    return before.detach().double().cpu().numpy(), grouped


@torch.no_grad()
def _after(
    losses: Losses, parameters: Parameters, gradients: list[dict[str, Tensor]], step_size: float, chunk: int
) -> np.ndarray:
    """float64 (T, T): loss of every task (column) after a trial step on every task (row)."""
    tasks = len(gradients)
    rows = []
    for start in range(0, tasks, chunk):
        trial = [{k: p - step_size * one[k] for k, p in parameters.items()} for one in gradients[start : start + chunk]]
        pairs = [(i, j) for i in range(len(trial)) for j in range(tasks)]
        rows.append(losses(trial, pairs).double().cpu().numpy().reshape(len(trial), tasks))
    return np.concatenate(rows)


@dataclass(frozen=True)
class AffinityEstimate:
    """Mean, standard error and number of the measurements so far; arrays are read-only."""

    tasks: tuple[str, ...]
    mean: np.ndarray
    """float64 (T, T): rows source, columns recipient; NaN where nothing was measured."""
    standard_error: np.ndarray
    """float64 (T, T): of the mean; NaN below two measurements."""
    count: np.ndarray
    """int64 (T, T): measurements of each cell."""
    latest: np.ndarray
    """float64 (T, T): the last measurement."""

    def normalised(self, latest: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Z[i -> j] / Z[j -> j] and its standard error, the diagonal taken as exact; NaN where it is not positive."""
        diagonal = np.diag(self.mean)
        divisor = np.where(diagonal > 0, diagonal, np.nan)
        return (self.latest if latest else self.mean) / divisor, self.standard_error / divisor

    def matrix(self, kind: Literal["mean", "latest"] = "mean", normalised: bool = False) -> np.ndarray:
        """float64 (T, T) as the window or the grouping wants it."""
        if normalised:
            return self.normalised(kind == "latest")[0]
        return self.latest if kind == "latest" else self.mean

    def significant(self, level: float = 2.0) -> np.ndarray:
        """bool (T, T): the mean is more than `level` standard errors from zero."""
        with np.errstate(invalid="ignore"):
            found: np.ndarray = np.abs(self.mean) > level * self.standard_error
        return found

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Everything but the tasks' names, for a store."""
        names = ("mean", "standard_error", "count", "latest")
        return {name: getattr(self, name) for name in names}

    @classmethod
    def from_arrays(cls, tasks: Sequence[str], arrays: Mapping[str, np.ndarray]) -> "AffinityEstimate":
        """Back from `to_arrays`."""
        names = ("mean", "standard_error", "count", "latest")
        return cls(tuple(tasks), **{name: _read_only(arrays[name]) for name in names})


class AffinityMeter:
    """Running mean and standard error of every cell (Welford 1962); a cell that is not finite is not counted."""

    def __init__(self, tasks: Sequence[str]) -> None:
        self.tasks = tuple(tasks)
        t = len(self.tasks)
        self.count = np.zeros((t, t), dtype=np.int64)
        self.latest = np.full((t, t), np.nan)
        self._mean, self._squares = np.zeros((t, t)), np.zeros((t, t))

    def update(self, matrix: np.ndarray) -> None:
        """Take one measurement (T, T)."""
        t = len(self.tasks)
        if matrix.shape != (t, t):
            raise ValueError(f"matrix must be ({t}, {t}). Got {matrix.shape} instead.")
        good = np.isfinite(matrix)
        values = np.where(good, matrix, self._mean)
        self.count += good
        delta = values - self._mean
        self._mean += np.divide(delta, self.count, out=np.zeros_like(delta), where=good)
        self._squares += delta * (values - self._mean)
        self.latest = np.where(good, matrix, np.nan)

    @property
    def mean(self) -> np.ndarray:
        """float64 (T, T), NaN where nothing was measured."""
        return np.where(self.count > 0, self._mean, np.nan)

    @property
    def standard_error(self) -> np.ndarray:
        """float64 (T, T), NaN below two measurements."""
        with np.errstate(invalid="ignore", divide="ignore"):
            variance = self._squares / (self.count - 1)
            return np.where(self.count > 1, np.sqrt(variance / self.count), np.nan)

    def snapshot(self) -> AffinityEstimate:
        """What is known now, as a value."""
        arrays = (self.mean, self.standard_error, self.count, self.latest)
        return AffinityEstimate(self.tasks, *(_read_only(array) for array in arrays))


def _read_only(array: np.ndarray) -> np.ndarray:
    copy = np.array(array)
    copy.flags.writeable = False
    return copy
