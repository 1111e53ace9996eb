"""Affinity over many measurements: how often, how large, how sure. numpy only, so that the values travel everywhere.

All matrices are (T, T) with rows the source and columns the recipient.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Self

import numpy as np

from mmap_studio.errors import InputError

ARRAYS = ("mean", "standard_error", "count", "missing", "latest")
HISTORY = "history"
"""Name of the single measurements among arrays, (n, T, T); they may be missing."""


@dataclass(frozen=True, eq=False)
class AffinityEstimate:
    """What is known after some measurements; arrays are read-only copies."""

    tasks: tuple[str, ...]
    mean: np.ndarray
    """float64 (T, T): mean of the finite measurements; NaN where there is none."""
    standard_error: np.ndarray
    """float64 (T, T): of the mean; NaN below two measurements."""
    count: np.ndarray
    """int64 (T, T): finite measurements of each cell."""
    missing: np.ndarray
    """int64 (T, T): measurements of each cell that were not finite and do not count."""
    latest: np.ndarray
    """float64 (T, T): the last measurement; NaN where it was not finite."""
    measurements: tuple[np.ndarray, ...] = field(default=(), repr=False)
    """n arrays, float64 (T, T): every measurement, shared and read-only, NaN where not finite; none where they were not
    kept. Together they take 8 n T^2 bytes: 29 kB for 100 of 6 tasks, 3.3 MB of 64."""

    def __post_init__(self) -> None:
        shape = (len(self.tasks), len(self.tasks))
        for name in ARRAYS:
            whole = name in ("count", "missing")
            array = np.array(getattr(self, name), dtype=np.int64 if whole else np.float64)
            if array.shape != shape:
                raise InputError(f"{name} must be {shape}, one row and column a task. Got {array.shape} instead.")
            array.flags.writeable = False
            object.__setattr__(self, name, array)

    def scaled(self, normalised: bool = False) -> np.ndarray | None:
        """(n, T, T): every measurement, divided by the diagonals of the mean or not; None where they were not kept."""
        if not self.measurements:
            return None
        stacked = np.stack(self.measurements)
        return stacked / _positive_diagonal(self.mean) if normalised else stacked

    def normalised(self) -> tuple[np.ndarray, np.ndarray]:
        """``mean[i, j] / mean[j, j]`` and its standard error; NaN in columns whose diagonal is not positive.

        The error is first order (delta method) and takes a cell and its recipient's diagonal as independent:
        (r / m)^2 = (se_ij / m_ij)^2 + (se_jj / m_jj)^2. They come from the same batches, so it is an approximation,
        too large where the two rise and fall together. The diagonal is 1 by definition, with error 0.
        """
        diagonal = _positive_diagonal(self.mean)
        ratio = self.mean / diagonal
        error = np.hypot(self.standard_error, ratio * np.diag(self.standard_error)) / diagonal
        np.fill_diagonal(error, np.where(np.isnan(diagonal), np.nan, 0.0))
        return ratio, error

    def matrix(self, kind: Literal["mean", "latest"] = "mean", normalised: bool = False) -> np.ndarray:
        """float64 (T, T): the mean or the last measurement, divided by its own diagonal or not."""
        if kind not in ("mean", "latest"):
            raise InputError(f"kind must be mean or latest. Got {kind!r} instead.")
        chosen = self.latest if kind == "latest" else self.mean
        return chosen / _positive_diagonal(chosen) if normalised else chosen

    def significant(self, level: float = 2.0) -> np.ndarray:
        """bool (T, T): the mean is more than `level` standard errors from zero; False below two measurements."""
        sure: np.ndarray = np.abs(self.mean) > level * self.standard_error
        return sure

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Everything but the names of the tasks, for a store of arrays."""
        kept = {HISTORY: np.stack(self.measurements)} if self.measurements else {}
        return {name: getattr(self, name) for name in ARRAYS} | kept

    @classmethod
    def from_arrays(cls, tasks: Sequence[str], arrays: Mapping[str, np.ndarray]) -> Self:
        """Back from `to_arrays`; other arrays are left alone. InputError for a missing one or a wrong shape."""
        lacking = [name for name in ARRAYS if name not in arrays]
        if lacking:
            raise InputError(f"arrays must hold {', '.join(ARRAYS)}. Got none of {', '.join(lacking)} instead.")
        measurements = tuple(_frozen(one) for one in arrays.get(HISTORY, ()))
        return cls(tuple(tasks), **{name: arrays[name] for name in ARRAYS}, measurements=measurements)


class AffinityMeter:
    """Running mean and variance of every cell (Welford 1962, Technometrics 4(3)), and the measurements themselves.

    The measurements are kept so that they can be resampled (`grouping.evidence`); estimates share them.
    `update` is the only way in; `snapshot` the way out, a value that later updates leave alone.
    """

    def __init__(self, tasks: Sequence[str]) -> None:
        self.tasks = tuple(tasks)
        shape = (len(self.tasks), len(self.tasks))
        self._mean, self._squares = np.zeros(shape), np.zeros(shape)
        self._count, self._missing = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        self._latest = np.full(shape, np.nan)
        self._measurements: tuple[np.ndarray, ...] = ()

    def update(self, matrix: np.ndarray) -> None:
        """Take one measurement (T, T); a cell that is not finite counts as missing and changes nothing else."""
        matrix = np.asarray(matrix, dtype=np.float64)
        if matrix.shape != self._mean.shape:
            raise InputError(f"matrix must be {self._mean.shape}. Got {matrix.shape} instead.")
        finite = np.isfinite(matrix)
        self._count += finite
        self._missing += ~finite
        self._latest = _frozen(np.where(finite, matrix, np.nan))
        self._measurements = (*self._measurements, self._latest)
        change = np.where(finite, matrix, self._mean) - self._mean  # 0 where there is nothing to take
        self._mean += change / np.maximum(self._count, 1)
        self._squares += change * (np.where(finite, matrix, self._mean) - self._mean)

    @property
    def measurements(self) -> tuple[np.ndarray, ...]:
        """All that `update` took, float64 (T, T), read-only; NaN where not finite."""
        return self._measurements

    def snapshot(self) -> AffinityEstimate:
        """All that is known now."""
        return AffinityEstimate(
            self.tasks, self.mean, self.standard_error, self._count, self._missing, self._latest, self._measurements
        )

    @property
    def count(self) -> np.ndarray:
        """int64 (T, T): finite measurements of each cell."""
        return self._count.copy()

    @property
    def missing(self) -> np.ndarray:
        """int64 (T, T): measurements of each cell that were not finite."""
        return self._missing.copy()

    @property
    def mean(self) -> np.ndarray:
        """float64 (T, T): NaN where nothing was measured."""
        return np.where(self._count > 0, self._mean, np.nan)

    @property
    def standard_error(self) -> np.ndarray:
        """float64 (T, T): sample standard deviation over sqrt(n); NaN below two measurements."""
        several = self._count > 1
        n = np.where(several, self._count, 2)
        return np.where(several, np.sqrt(self._squares / (n - 1) / n), np.nan)

    @property
    def latest(self) -> np.ndarray:
        """float64 (T, T): the last measurement; NaN where it was not finite, or nothing was measured."""
        return self._latest.copy()

    def normalised(self) -> tuple[np.ndarray, np.ndarray]:
        """`AffinityEstimate.normalised` of what is known now."""
        return self.snapshot().normalised()

    def matrix(self, kind: Literal["mean", "latest"] = "mean", normalised: bool = False) -> np.ndarray:
        """`AffinityEstimate.matrix` of what is known now."""
        return self.snapshot().matrix(kind, normalised)

    def significant(self, level: float = 2.0) -> np.ndarray:
        """`AffinityEstimate.significant` of what is known now."""
        return self.snapshot().significant(level)


def _frozen(matrix: np.ndarray) -> np.ndarray:
    array = np.array(matrix, dtype=np.float64)
    array.flags.writeable = False
    return array


def _positive_diagonal(matrix: np.ndarray) -> np.ndarray:
    diagonal = np.diag(matrix)
    with np.errstate(invalid="ignore"):
        return np.where(diagonal > 0, diagonal, np.nan)
