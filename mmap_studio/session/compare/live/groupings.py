"""What the trials of MmAP say of groups: how the suggested ones rank, and what pairs of tasks gained from each other.

Both are of the largest amount of training images that has the trials, and paired by seed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np

from mmap_studio.session.compare.protocols.protocol import SHOTS
from mmap_studio.session.compare.trial import Amount, Comparison, Trial

WAYS = ("mmap_suggested", "mmap_board", "mmap_together", "mmap_separate", "mmap_random")
"""How groups are made; all other things are equal in them."""
Affinity = Mapping[tuple[str, str], float]
"""Measured, by source and recipient."""


def with_groupings(comparison: Comparison, affinity: Affinity | None = None) -> Comparison:
    """The same with the two lists about groups filled from its trials, where they are empty.

    affinity : of ordered pairs of tasks, where it was measured
    """
    if comparison.protocol != SHOTS:
        return comparison
    ranked = comparison.partitions or partitions_of(comparison)
    gains = comparison.affinity_gains or gains_of(comparison, affinity or {})
    return replace(comparison, partitions=ranked, affinity_gains=gains)


def partitions_of(comparison: Comparison) -> tuple[tuple[str, float, bool], ...]:
    """Mean test accuracy of each way of making groups, over the seeds that all of them have.

    Nothing without the suggested groups, or where they are the groups of every other way too.
    """
    for amount in sorted(comparison.amounts, reverse=True):
        each = {way: _by_seed(comparison, way, amount) for way in WAYS}
        each = {way: trials for way, trials in each.items() if trials}
        seeds = sorted(set.intersection(*({*trials} for trials in each.values()))) if each else []
        if "mmap_suggested" not in each or not seeds:
            continue
        found: dict[tuple[str, ...], tuple[str, float, bool]] = {}
        for way, trials in each.items():
            groups = tuple(trials[seed].grouping for seed in seeds)
            mean = float(np.mean([trials[seed].accuracy for seed in seeds]))
            title = comparison.titles.get(way, way)
            found.setdefault(groups, (title, mean, way == "mmap_suggested"))  # the suggested ones come first
        if len(found) > 1:
            return tuple(found.values())
    return ()


def gains_of(comparison: Comparison, affinity: Affinity) -> tuple[tuple[str, str, float, float], ...]:
    """Of ordered pairs of tasks that were trained together by themselves: affinity, and gain over training apart."""
    for amount in sorted(comparison.amounts, reverse=True):
        apart = _by_seed(comparison, "mmap_separate", amount)
        gains: dict[tuple[str, str], list[float]] = {}
        for way in ("mmap_suggested", "mmap_board", "mmap_together", "mmap_random"):
            for seed, trial in _by_seed(comparison, way, amount).items():
                if seed in apart:
                    for pair, gain in _pairs(trial, apart[seed]):
                        gains.setdefault(pair, []).append(gain)
        known = {pair: found for pair, found in gains.items() if np.isfinite(affinity.get(pair, float("nan")))}
        if known:
            return tuple((*pair, float(affinity[pair]), float(np.mean(found))) for pair, found in known.items())
    return ()


def _pairs(trial: Trial, apart: Trial) -> Iterable[tuple[tuple[str, str], float]]:
    """Source, recipient and the recipient's gain, of every group of two."""
    for group in _groups(trial):
        if len(group) == 2:
            for source, recipient in (group, group[::-1]):
                both = (one.per_task[recipient].evaluation.accuracy for one in (trial, apart))
                together, alone = both
                yield (source, recipient), together - alone


def _groups(trial: Trial) -> list[tuple[str, str]]:
    from mmap_studio.method.grouping.grouping import Grouping

    found = Grouping.parse(trial.grouping, list(trial.per_task)).groups if trial.grouping else ()
    return [tuple(group) for group in found]  # type: ignore[misc]


def _by_seed(comparison: Comparison, method: str, amount: Amount) -> dict[int, Trial]:
    return {trial.seed: trial for trial in comparison.of(method, amount)}
