"""Evidence for a grouping: whether it beats "all together" by more than noise, and by more than the search alone gains.

The score of a partition is a mean over mates, so where it makes no difference who shares a group, every partition
without singletons scores the same in expectation, and the best of many is above "all together" by chance alone. Two
things are therefore measured, both by resampling whole measurements with replacement (Efron 1979):

- the standard error of the difference between the grouping and "all together", the grouping held;
- what the best of all groupings gains where there is nothing to gain: the search is repeated on resampled measurements
  from which their own mean was taken (White 2000, "A Reality Check for Data Snooping", Econometrica 68(5)). More than
  `EXACT_TASKS` tasks are searched too slowly for that: there the grouping is chosen on every second measurement and
  scored on the others, both ways round, and what it loses is the gain by chance.

There is evidence where the difference exceeds two standard errors and also the gain by chance by two of its standard
deviations. Measured on matrices without groups (the noise of tests/method/grouping/test_evidence.py, 150 trials for
each of 3, 4, 6, 8 tasks, 5, 10, 20, 40 measurements and six kinds of noise): evidence in 1.6 % of all trials, 0.8 to
2.6 % by the number of tasks, 6.7 % at most (2.3 % is nominal). Two standard errors of the best grouping alone would
have claimed it in 25 to 61 % with 6 tasks. Groups planted 0.3 above and below cells whose noise has standard deviation
1 were found in 98 to 100 % with 20 measurements and 20 to 42 % with 5 (4, 6 and 8 tasks, two groups). numpy only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, isfinite, log10
from typing import Any

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.formatting import counted, fixed
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.partitions import PartitionItems, greatest_values, partition_count, second_partition
from mmap_studio.method.grouping.score import score_weights
from mmap_studio.method.grouping.search import EXACT_TASKS, GroupingResult, best_grouping, locked_rows

LEVEL = 2.0
"""Standard errors that a difference must exceed."""
LEAST = 5
"""Measurements below which nothing is evidence: their spread says too little of itself."""
FEW = 20
"""Measurements below which a report says that they are few, and how many would tell."""
RESAMPLES = 300
LONGEST = 100
"""Characters up to which a sentence names the groups."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a grouping compares with "all together"; scores are in the units of the measurements."""

    grouping: Grouping
    """The best one: of any number of groups, or of the number that was asked for."""
    groups: int | None
    """The number of groups that was asked for; None for any."""
    margin: float
    """Score of `grouping` minus score of "all together"; 0 where they are the same."""
    standard_error: float
    """Of `margin`, the grouping held; NaN below two measurements."""
    by_chance: float
    """What the best of all groupings gains on average where company makes no difference."""
    needed: float
    """What `margin` must exceed: two standard errors, and the gain by chance and two of its standard deviations."""
    probability: float
    """Share of resamples in which `grouping` is the best of all groupings again."""
    runner_up: Grouping | None
    """The second best; None where there is no other."""
    runner_up_margin: float
    """Of `runner_up`, as `margin`; NaN without one."""
    measurements: int
    """How many it is based on: those in which every pair of tasks has a finite affinity."""

    @property
    def found(self) -> bool:
        """Whether the groups are better than "all together" beyond chance."""
        return len(self.grouping) > 1 and self.supports(self.margin)

    def supports(self, margin: float) -> bool:
        """Whether another of the groupings is better than "all together" beyond chance, with this margin."""
        return self.measurements >= LEAST and margin > self.needed

    @property
    def measurements_needed(self) -> int | None:
        """How many would be evidence if the margin stayed as it is; None where no number would.

        What is needed falls with the square root of their number.
        """
        if not self.margin > 0 or not isfinite(self.needed):
            return None
        return max(LEAST, ceil(self.measurements * (self.needed / self.margin) ** 2))

    @property
    def sentence(self) -> str:
        """What follows from it, in one or two sentences."""
        best = f"{self._best} scores {self.difference} all together"
        if self.groups is not None:
            return self._obeyed(best)
        if self.found:
            return f"Evidence for groups: {best}; chance alone would reach {self._written(self.needed)}."
        said = "No evidence for groups: train together."
        if self.measurements < LEAST:
            return f"{said} {counted(self.measurements, 'measurement')} cannot tell; at least {LEAST} are needed."
        if len(self.grouping) == 1:
            return f"{said} No grouping scores more."
        reach = f"the best of all groupings would reach {self._written(self.needed)} by chance alone"
        return f"{said} {best}, but {reach}.{self._few}"

    @property
    def difference(self) -> str:
        """The margin in words: ``0.126 ± 0.035 more than``."""
        error = f" ± {self._written(self.standard_error)}" if isfinite(self.standard_error) else ""
        return f"{self._written(abs(self.margin))}{error} {'less' if self.margin < 0 else 'more'} than"

    def verdict(self, margin: float, error: float, parted: bool) -> str:
        """One line on a grouping with this margin and standard error, `parted` into groups or all together."""
        said = "Evidence for groups" if self.found else "No evidence for groups"
        if self.groups is not None:
            said = f"{counted(self.groups, 'group')}, as asked for"
        if not parted:
            return said if self.found or self.groups is not None else f"{said}: train together"
        spread = f" ± {self._written(error)}" if isfinite(error) else ""
        doubt = ", maybe by chance" if self.found and margin > 0 and not self.supports(margin) else ""
        return f"{said} · {self._written(abs(margin))}{spread} {'below' if margin < 0 else 'above'} together{doubt}"

    @property
    def _best(self) -> str:
        text = self.grouping.text()
        if len(text) <= LONGEST:
            return text
        return in_words("best", self.grouping) if self.groups is None else "the best"  # how many is said before it

    def to_json(self) -> dict[str, Any]:
        """For a JSON document; numbers that are not finite are null."""
        numbers = {
            name: float(value) if isfinite(value := getattr(self, name)) else None
            for name in ("margin", "standard_error", "by_chance", "needed", "probability", "runner_up_margin")
        }
        return {
            "found": bool(self.found),
            "grouping": self.grouping.to_json(),
            **numbers,
            "runner_up": self.runner_up.to_json() if self.runner_up else None,
            "measurements": self.measurements,
            "measurements_needed": self.measurements_needed,
            "sentence": self.sentence,
        }

    def _obeyed(self, best: str) -> str:
        asked = f"{counted(len(self.grouping), 'group')}, as asked for"
        if len(self.grouping) == 1:
            return f"{asked}: all together."
        if self.margin <= 0 or self.found:
            return f"{asked}: {best}."
        if self.measurements < LEAST:
            return f"{asked}: {best}; {counted(self.measurements, 'measurement')} cannot tell whether by chance."
        reach = f"the best of all such groupings would reach {self._written(self.needed)} by chance alone"
        return f"{asked}: {best}, but {reach}.{self._few}"

    @property
    def _few(self) -> str:
        more = self.measurements_needed
        if self.measurements >= FEW or more is None:
            return ""
        return f" {counted(self.measurements, 'measurement')} are few: about {more:,} would tell."

    def _written(self, value: float) -> str:
        """With as many digits as the standard error has sense for."""
        error = self.standard_error if self.standard_error > 0 else abs(self.margin) / 10
        return fixed(value, min(6, max(2, 1 - floor(log10(error)))) if error > 0 else 2)


def suggested_grouping(
    affinity: np.ndarray,
    measurements: np.ndarray | None,
    tasks: Sequence[str],
    groups: int | None = None,
    singleton_score: float = 0.0,
    locked: Sequence[Sequence[str]] = (),
) -> GroupingResult:
    """`best_grouping` with its evidence; with a free number of groups, all together where there is none.

    measurements : (n, T, T), whose mean is `affinity`, or None: then the evidence is not known (None) and the best
        grouping is the answer
    locked : as in `best_grouping`; tasks that are locked apart cannot be together, so the best grouping is the answer

    Raises InputError as `best_grouping`.
    """
    found = best_grouping(affinity, tasks, groups, singleton_score, locked)
    if measurements is None:
        return found
    evidence = evidence_of(measurements, tasks, found.grouping, groups, singleton_score, locked)
    if groups is not None or evidence.found or len(locked_rows(locked, tasks)) > 1:
        return replace(found, evidence=evidence)
    together = best_grouping(affinity, tasks, 1, singleton_score)
    return replace(found, grouping=together.grouping, score=together.score, evidence=evidence)


def evidence_of(
    measurements: np.ndarray,
    tasks: Sequence[str],
    grouping: Grouping,
    groups: int | None = None,
    singleton_score: float = 0.0,
    locked: Sequence[Sequence[str]] = (),
) -> Evidence:
    """The evidence for `grouping`, which is the best one of those that `groups` and `locked` allow.

    measurements : (n, T, T), rows the source, columns the recipient, in the order of `tasks`; those with a cell off the
        diagonal that is not finite are left out
    Deterministic: the resamples have a fixed seed. InputError for measurements of a wrong shape.
    """
    values = usable(measurements, tasks)
    n, margins = len(values), margins_of(values, tasks, grouping, singleton_score)
    margin, error = mean_and_error(margins)
    search = _Search(tasks, groups, singleton_score, locked_rows(locked, tasks))
    if n < 2 or len(tasks) < 2:
        unknown = float("nan")
        return Evidence(grouping, groups, margin, error, unknown, unknown, unknown, None, unknown, n)
    second = search.second(values.mean(axis=0), grouping)
    runner_up_margins = np.full(n, np.nan) if second is None else margins_of(values, tasks, second, singleton_score)
    weights = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=RESAMPLES) / n
    if search.exact:
        chance, spread, best = search.by_resampling(values, weights)
    else:
        held_out = search.held_out(values)
        chance, spread = margin - held_out.mean(), mean_and_error(held_out)[1]
        best = weights @ np.fmax(runner_up_margins, 0.0)
    near = 1e-9 * np.abs(margins).max()
    return Evidence(
        grouping, groups, margin, error, float(chance), float(max(LEVEL * error, chance + LEVEL * spread)),
        float((weights @ margins >= best - near).mean()), second, float(runner_up_margins.mean()), n,
    )  # fmt: skip


def in_words(which: str, grouping: Grouping) -> str:
    """Such as ``The second best grouping, a+b,c,``; a long one by its number of groups."""
    text = grouping.text()
    said = text if len(text) <= LONGEST else f"of {counted(len(grouping), 'group')}"
    return f"The {which} grouping, {said},"


def usable(measurements: np.ndarray, tasks: Sequence[str]) -> np.ndarray:
    """(m, T, T) float64: the measurements in which every cell off the diagonal is finite; the diagonal is 0."""
    values = np.array(measurements, dtype=np.float64)
    if values.ndim != 3 or values.shape[1:] != (len(tasks), len(tasks)):
        wanted = ("n", len(tasks), len(tasks))
        raise InputError(f"measurements must be {wanted}, rows and columns tasks. Got {values.shape} instead.")
    values[:, np.eye(len(tasks), dtype=bool)] = 0.0
    kept: np.ndarray = values[np.isfinite(values).all(axis=(1, 2))]
    return kept


def margins_of(
    values: np.ndarray, tasks: Sequence[str], grouping: Grouping, singleton_score: float = 0.0
) -> np.ndarray:
    """(n,): by each measurement, the score of a grouping minus that of "all together"; `values` from `usable`."""
    weights, constant = score_weights(tasks, grouping, singleton_score)
    together, alone = score_weights(tasks, Grouping.together(tasks), singleton_score)
    found: np.ndarray = np.tensordot(values, weights - together, axes=2) + (constant - alone)
    return found


def mean_and_error(values: np.ndarray) -> tuple[float, float]:
    """Mean and its standard error of (n,): sample standard deviation over sqrt(n), NaN below two values.

    It is what the bootstrap of a mean converges to, times sqrt(n / (n - 1)).
    """
    n = len(values)
    mean = float(values.mean()) if n else float("nan")
    return mean, float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")


@dataclass(frozen=True)
class _Search:
    """The groupings that a best one is chosen from."""

    tasks: Sequence[str]
    groups: int | None
    singleton_score: float
    blocks: Sequence[Sequence[int]]

    @property
    def exact(self) -> bool:
        return len(self.tasks) - sum(len(block) - 1 for block in self.blocks) <= EXACT_TASKS

    def by_resampling(self, values: np.ndarray, weights: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Mean and standard deviation of the best margin where there is nothing to find, and the best of each resample.

        weights : (R, n), the share of every measurement in a resample
        """
        mean, n = values.mean(axis=0), len(values)
        drawn = np.tensordot(weights, values, axes=1)  # (R, T, T)
        centred = (drawn - mean) * np.sqrt(n / (n - 1))  # a resample's variance is (n - 1) / n of the sample's
        null = self._best(centred, 0.0)
        return float(null.mean()), float(null.std(ddof=1)), self._best(drawn, self.singleton_score)

    def _best(self, matrices: np.ndarray, singleton: float) -> np.ndarray:
        """(R,): the greatest margin in each of (R, T, T)."""
        count = len(self.tasks)
        best = greatest_values(PartitionItems.of(matrices, singleton, self.blocks), self.groups)
        margins: np.ndarray = (best - matrices.sum(axis=(1, 2)) / (count - 1)) / count
        return margins

    def held_out(self, values: np.ndarray) -> np.ndarray:
        """(n,): every measurement's margin of the grouping that is best by the other half of them."""
        found = np.empty(len(values))
        for half in (0, 1):
            names = [[self.tasks[row] for row in block] for block in self.blocks]
            chosen = best_grouping(
                values[1 - half :: 2].mean(axis=0), self.tasks, self.groups, self.singleton_score, names
            )
            found[half::2] = margins_of(values[half::2], self.tasks, chosen.grouping, self.singleton_score)
        return found

    def second(self, matrix: np.ndarray, best: Grouping) -> Grouping | None:
        """The best grouping but `best`; of many tasks, of those that are one change away from it."""
        items = PartitionItems.of(matrix, self.singleton_score, self.blocks)
        row = {self.tasks[task]: index for index, item in enumerate(items.tasks) for task in item}
        parts = sorted(sorted({row[task] for task in group}) for group in best)
        if self.exact:
            if partition_count(len(items) - len(self.blocks), self.groups, len(self.blocks)) < 2:
                return None
            found = second_partition(items, self.groups, parts)
        else:
            from mmap_studio.method.grouping.local_search import best_neighbour

            found = best_neighbour(items, parts, free=self.groups is None)
        if found is None:
            return None
        return Grouping.of(
            [self.tasks[task] for task in sorted(task for item in group for task in items.tasks[item])]
            for group in found
        )
