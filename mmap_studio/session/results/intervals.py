"""Intervals of differences in accuracy, on the same test images: whether a gain is more than noise.

The model is that of `session.compare.statistics`: test images vary by subject, since images of several tasks that show
one subject go together, and seeds vary beyond what their images explain. There both are resampled; here the variance
over subjects is computed (linearised, with the correction for their number), since a table is drawn while a card moves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from mmap_studio.method.task import TaskSpec
from mmap_studio.session.results.results import TestScores

LEVEL = 0.95
STUDENT = (0.0, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""Student's factor of a 95 % interval, by degrees of freedom."""
NOTHING = float("nan")
KEPT = 512
"""Intervals that are kept: a table is drawn again with every edit and score, of which most change few rows."""
Scored = Mapping[str, TestScores]
"""Evaluations of one run by task; those that remember no predictions give no interval."""


@dataclass(frozen=True, eq=False)
class PairedTests:
    """What is tested: labels of the test images and what they show, by task."""

    labels: Mapping[str, np.ndarray]
    """int64 (N,)"""
    subjects: Mapping[str, np.ndarray]
    """int64 (N,), counted over all tasks"""
    split: str = ""
    """Of the results that these are the tests of."""
    _kept: dict[tuple[object, ...], tuple[object, np.ndarray]] = field(default_factory=dict, repr=False)
    """Intervals by the runs they are of, and those runs, so that no other takes their place in memory."""

    @classmethod
    def of(cls, tasks: Sequence[TaskSpec], tested: Sequence[np.ndarray] = (), split: str = "") -> "PairedTests":
        """Without subjects every image shows another one."""
        labels = {task.name: np.asarray(task.test.labels) for task in tasks}
        if len(tested) != len(tasks):
            ends = np.cumsum([len(one) for one in labels.values()])
            tested = [np.arange(end - len(one), end) for end, one in zip(ends, labels.values(), strict=True)]
        return cls(labels, dict(zip(labels, map(np.asarray, tested), strict=True)), split)

    def half_widths(self, own: Sequence[Scored], base: Sequence[Scored], tasks: Sequence[str]) -> np.ndarray:
        """float64 (T + 1,) in points: of the difference on every task, and of its mean over the tasks.

        own, base : one a run; where they are equally many the runs are paired, else each is compared with the mean of
        the others; none is changed afterwards. NaN where predictions are not known.
        """
        key = *tasks, *(tuple(map(id, runs)) for runs in (own, base))
        if key not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[key] = (*own, *base), self._half_widths(own, base, tasks)
        return self._kept[key][1].copy()

    def _half_widths(self, own: Sequence[Scored], base: Sequence[Scored], tasks: Sequence[str]) -> np.ndarray:
        apart = {task: self._apart(own, base, task) for task in tasks}
        known = {task: found for task, found in apart.items() if found is not None}
        each = [self._half({task: known[task]}) if task in known else NOTHING for task in tasks]
        return np.array([*each, self._half(known) if known and len(known) == len(tasks) else NOTHING])

    def _apart(self, own: Sequence[Scored], base: Sequence[Scored], task: str) -> np.ndarray | None:
        """float64 (runs, N): 1 where only `own` is right, -1 where only `base` is."""
        mine, others = ([self._right(one, task) for one in runs] for runs in (own, base))
        known = [one for one in mine if one is not None], [one for one in others if one is not None]
        if not known[0] or (len(known[0]), len(known[1])) != (len(mine), len(others)) or not known[1]:
            return None
        right, wrong = np.stack(known[0]), np.stack(known[1])
        found: np.ndarray = right - (wrong if len(right) == len(wrong) else wrong.mean(0))
        return found

    def _right(self, scored: Scored, task: str) -> np.ndarray | None:
        predictions = getattr(scored.get(task), "predictions", None)
        labels = self.labels.get(task)
        if predictions is None or labels is None or len(predictions) != len(labels) or not len(labels):
            return None
        right: np.ndarray = (predictions == labels).astype(np.float64)
        return right

    def _half(self, apart: Mapping[str, np.ndarray]) -> float:
        """Points; of the mean over these tasks."""
        weights = np.concatenate([np.full(one.shape[1], 1 / (one.shape[1] * len(apart))) for one in apart.values()])
        values = np.concatenate(list(apart.values()), axis=1) * weights  # (runs, N)
        centred = np.concatenate([one - one.mean(1, keepdims=True) for one in apart.values()], axis=1) * weights
        _, subject = np.unique(np.concatenate([self.subjects[task] for task in apart]), return_inverse=True)
        runs, count = len(values), int(subject.max()) + 1
        if count < 2:
            return NOTHING
        sums = np.stack([np.bincount(subject, weights=row, minlength=count) for row in centred])  # (runs, C)
        correction = count / (count - 1)
        images = float((sums.mean(0) ** 2).sum()) * correction
        per_run = values.sum(1)
        between = 0.0
        if runs > 1:
            explained = float(((sums - sums.mean(0)) ** 2).sum()) * correction / (runs * (runs - 1))
            between = max(float(per_run.var(ddof=1)) / runs - explained, 0.0)
        half = float(np.sqrt(NormalDist().inv_cdf(0.5 + LEVEL / 2) ** 2 * images + student(runs - 1) ** 2 * between))
        moved = np.bincount(subject, weights=values.mean(0), minlength=count)
        if 2.0 ** (1 - int((np.abs(moved) > 1e-12).sum())) > 1 - LEVEL:  # too few differ for a sign test to tell
            half = max(half, abs(float(per_run.mean())))
        return 100 * half


def student(freedom: int) -> float:
    """The factor of a 95 % interval; 0 without a degree of freedom.

    scipy has it, and takes half a second to import: too long between two frames of a window.
    """
    if freedom < len(STUDENT):
        return STUDENT[freedom]
    z = NormalDist().inv_cdf(0.5 + LEVEL / 2)  # Fisher's expansion (Abramowitz and Stegun 26.7.5)
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def within_noise(difference: float, half: float) -> bool:
    """Whether an interval holds zero; also where there is none."""
    return not abs(difference) > half
