"""The best partition of a few items, exactly: dynamic programming over subsets.

The value of a partition is the sum over its groups: ``singleton`` for a group of one, else the sum of `pair` inside
the group over (size - 1). With ``pair = Z + Z.T`` and over T, that is the score of `grouping_score`.

A group's value depends on the group alone, so the best partition of a set S is the best group around the lowest item
of S and the best partition of what is left: 3^(T-1) / 2 pairs of sets, where listing partitions takes the Bell number.
"""

from functools import cache
from math import comb

import numpy as np

TIE = 1e-13  # values closer than this, relative to their size, differ by rounding only


def best_partition(pair: np.ndarray, singleton: float, groups: int | None = None) -> list[list[int]]:
    """The partition of greatest value into `groups` groups, or into any number (None).

    pair : (T, T) symmetric float64 with a diagonal of 0. T >= 1, up to about 14: time grows by 3^T, memory by 2^T.
    Among equals the one with fewest groups, then the first one: item by item, who is with the lowest free item
    comes before who is not. Groups come by their lowest item.
    """
    value = subset_values(pair, singleton)
    total = _best_totals(value, len(pair), groups or len(pair))
    everything = len(value) - 1
    best = total[everything, groups or slice(None)].max()
    near = TIE * (np.abs(pair).max() * len(pair) + abs(best))
    k = groups or int(np.argmax(total[everything] >= best - near))
    found, left = [], everything
    for count in range(k, 0, -1):
        around = _subsets_with_lowest(left)
        equal = around[value[around] + total[left ^ around, count - 1] >= total[left, count] - near]
        found.append(max((_items(mask) for mask in equal.tolist()), key=lambda items: _order(items, len(pair))))
        left ^= sum(1 << item for item in found[-1])
    return found


def subset_values(pair: np.ndarray, singleton: float) -> np.ndarray:
    """(2^T,): the value of every subset as a group, bit i standing for item i; 0 for the empty one."""
    inside, size = np.zeros(1), np.zeros(1)
    for item in range(len(pair)):
        links = np.zeros(1)  # from every subset of the items before to this one
        for other in range(item):
            links = np.concatenate([links, links + pair[item, other]])
        inside = np.concatenate([inside, inside + links])
        size = np.concatenate([size, size + 1])
    return group_value(inside, size, singleton)


def group_value(inside: np.ndarray, size: np.ndarray, singleton: float) -> np.ndarray:
    """Value of groups of `size` items whose pairs sum up to `inside`; both of one shape."""
    several: np.ndarray = inside / np.maximum(size - 1, 1)
    return np.where(size > 1, several, np.where(size == 1, singleton, 0.0))


@cache
def partition_count(items: int, groups: int | None = None) -> int:
    """How many partitions there are: Stirling's number of the second kind, or Bell's (None)."""
    if groups is None:
        return sum(partition_count(items, k) for k in range(items + 1))
    if groups == 0 or items == 0:
        return int(groups == items)
    return sum(comb(items - 1, mates) * partition_count(items - 1 - mates, groups - 1) for mates in range(items))


def _best_totals(value: np.ndarray, items: int, groups: int) -> np.ndarray:
    """(2^T, K+1): greatest value of a partition of the subset into exactly k groups, -inf where there is none.

    Rows that no partition of the whole passes through (with item 0, except the whole itself) stay unfilled.
    """
    total = np.full((len(value), groups + 1), -np.inf)
    total[0, 0] = 0.0
    for subset in [*range(2, len(value), 2), len(value) - 1]:
        around = _subsets_with_lowest(subset)
        total[subset, 1:] = (value[around, None] + total[subset ^ around, :-1]).max(axis=0)
    return total


def _subsets_with_lowest(mask: int) -> np.ndarray:
    """Every subset of `mask` that holds its lowest item, (2^(size-1),) int64."""
    lowest = mask & -mask
    subsets, rest = np.array([lowest]), mask ^ lowest
    while rest:
        bit = rest & -rest
        subsets, rest = np.concatenate([subsets, subsets | bit]), rest ^ bit
    return subsets


def _items(mask: int) -> list[int]:
    return [item for item in range(mask.bit_length()) if mask >> item & 1]


def _order(items: list[int], count: int) -> int:
    return sum(1 << (count - 1 - item) for item in items)  # an early item weighs more than all later ones
