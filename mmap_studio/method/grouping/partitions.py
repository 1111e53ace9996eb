"""Exact search for the best partition of a few items, by dynamic programming over subsets.

An item is a task, or a block of tasks that are locked together. The value of a partition is the sum over its groups:
``singleton`` for a group of one task, else the sum of the affinities inside the group over (tasks - 1). Over the number
of tasks, that is the score of `score.score_grouping`.

A group's value depends on the group alone, so the best partition of a set S is the best group around the lowest item
of S and the best partition of what is left: 3^(N-1) / 2 pairs of sets, where listing partitions takes the Bell number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from math import comb

import numpy as np

TIE = 1e-13  # values closer than this, relative to their size, differ by rounding only


@dataclass(frozen=True, eq=False)
class PartitionItems:
    """What is partitioned: N items made of T tasks."""

    tasks: tuple[tuple[int, ...], ...]
    """The tasks of every item, as indices; items come by their first task."""
    pair: np.ndarray
    """(..., N, N) symmetric float64: affinity between two items, both ways; on the diagonal that inside an item."""
    apart: np.ndarray
    """(N,) bool: items no two of which may share a group."""
    singleton: float
    """Value of a group of one task."""

    @classmethod
    def of(cls, affinity: np.ndarray, singleton: float, blocks: Sequence[Sequence[int]] = ()) -> "PartitionItems":
        """The tasks of affinity matrices, (..., T, T); those of one block are one item, and blocks are apart."""
        count = affinity.shape[-1]
        free = set(range(count)).difference(*blocks)
        tasks = sorted([(task,) for task in free] + [tuple(sorted(block)) for block in blocks])
        member = np.zeros((count, len(tasks)))
        for item, held in enumerate(tasks):
            member[list(held), item] = 1
        both_ways = np.where(np.eye(count, dtype=bool), 0.0, affinity + affinity.swapaxes(-1, -2))  # may be NaN there
        apart = np.array([item[0] not in free for item in tasks])
        return cls(tuple(tasks), member.T @ both_ways @ member, apart, singleton)

    @cached_property
    def size(self) -> np.ndarray:
        """(N,) int64: tasks in the item."""
        return np.array([len(item) for item in self.tasks])

    @cached_property
    def inside(self) -> np.ndarray:
        """(..., N) float64: sum of the affinities between the tasks of an item."""
        inside: np.ndarray = np.diagonal(self.pair, axis1=-2, axis2=-1) / 2
        return inside

    def __len__(self) -> int:
        return len(self.tasks)


def best_partition(items: PartitionItems, groups: int | None = None) -> list[list[int]]:
    """The partition of greatest value into `groups` groups, or into any number (None).

    N >= 1, up to about 14: time grows by 3^N, memory by 2^N. Among equals the one with fewest groups, then the first
    one: item by item, who is with the lowest free item comes before who is not. Groups come by their lowest item.
    """
    count = len(items)
    value = _subset_values(items)
    total = _best_totals(value, count, groups or count)
    everything = len(value) - 1
    best = total[everything, groups or slice(None)].max()
    near = TIE * (np.abs(items.pair).max() * count + abs(best))
    k = groups or int(np.argmax(total[everything] >= best - near))
    found, left = [], everything
    for number in range(k, 0, -1):
        around = _subsets_with_lowest(left)
        equal = around[value[around] + total[left ^ around, number - 1] >= total[left, number] - near]
        found.append(max((_members(mask) for mask in equal.tolist()), key=lambda members: _order(members, count)))
        left ^= sum(1 << item for item in found[-1])
    return found


def greatest_values(items: PartitionItems, groups: int | None = None) -> np.ndarray:
    """(...,): the value of `best_partition` for each matrix of `items`, all in one pass over the subsets."""
    value = _subset_values(items)
    total = _best_totals(value, len(items), groups or len(items), free=groups is None)
    greatest: np.ndarray = total[-1, 0 if groups is None else groups]
    return greatest


def second_partition(
    items: PartitionItems, groups: int | None, best: Sequence[Sequence[int]]
) -> list[list[int]] | None:
    """The partition of greatest value but `best`, which is that of `best_partition`; None where there is no other.

    It parts from `best` at some group: the groups before are the same, that one is another, and the rest is the best.
    """
    count, value = len(items), _subset_values(items)
    total = _best_totals(value, count, groups or count)
    masks = [sum(1 << item for item in group) for group in best]
    found, most, left, before = None, -np.inf, len(value) - 1, 0.0
    for number, own in enumerate(masks):
        around = _subsets_with_lowest(left)
        rest = total[left ^ around]
        after = rest.max(axis=1) if groups is None else rest[:, groups - number - 1]
        sums = np.where(around == own, -np.inf, before + value[around] + after)
        if sums.max() > most:
            most, other = sums.max(), int(around[sums.argmax()])
            found = [*masks[:number], other, *_traced(value, total, left ^ other, groups and groups - number - 1)]
        before, left = before + value[own], left ^ own
    return None if found is None else [_members(mask) for mask in found]


def _traced(value: np.ndarray, total: np.ndarray, left: int, groups: int | None) -> list[int]:
    """The groups of the best partition of the subset `left`, as masks."""
    found = []
    number = int(total[left].argmax()) if groups is None else groups
    while left:
        around = _subsets_with_lowest(left)
        found.append(int(around[(value[around] + total[left ^ around, number - 1]).argmax()]))
        left, number = left ^ found[-1], number - 1
    return found


def _subset_values(items: PartitionItems) -> np.ndarray:
    """(2^N, ...): the value of every subset as a group, bit i standing for item i; -inf where items must be apart."""
    many = items.pair.shape[:-2]
    inside, size, held = np.zeros((1, *many)), np.zeros(1), np.zeros(1)
    for item in range(len(items)):
        links = items.inside[None, ..., item]  # from every subset of the items before to this one
        for other in range(item):
            links = np.concatenate([links, links + items.pair[..., item, other]])
        inside = np.concatenate([inside, inside + links])
        size = np.concatenate([size, size + items.size[item]])
        held = np.concatenate([held, held + items.apart[item]])
    size, held = (one.reshape(-1, *[1] * len(many)) for one in (size, held))
    return np.where(held > 1, -np.inf, group_value(inside, size, items.singleton))


def group_value(inside: np.ndarray, size: np.ndarray, singleton: float) -> np.ndarray:
    """Value of groups of `size` tasks whose affinities sum up to `inside`; both of one shape."""
    several: np.ndarray = inside / np.maximum(size - 1, 1)
    return np.where(size > 1, several, np.where(size == 1, singleton, 0.0))


@cache
def partition_count(items: int, groups: int | None = None, apart: int = 0) -> int:
    """The number of partitions: Stirling's number of the second kind, or Bell's (None).

    With `apart` further items no two of which share a group: the r-Stirling and r-Bell numbers (Broder 1984).
    """
    if apart:  # `own` items in groups of their own, each of the others with one of those that are apart
        rest = None if groups is None else groups - apart
        return sum(partition_count(own, rest) * apart ** (items - own) * comb(items, own) for own in range(items + 1))
    if groups is None:
        return sum(partition_count(items, k) for k in range(items + 1))
    if groups <= 0 or items == 0:
        return int(groups == items)
    return sum(comb(items - 1, mates) * partition_count(items - 1 - mates, groups - 1) for mates in range(items))


def _best_totals(value: np.ndarray, items: int, groups: int, free: bool = False) -> np.ndarray:
    """(2^N, K+1, ...): greatest value of a partition of the subset into exactly k groups, -inf where there is none.

    free : (2^N, 1, ...) instead, into any number of groups
    Rows that no partition of the whole passes through (with item 0, except the whole itself) stay unfilled.
    """
    total = np.full((len(value), 1 if free else groups + 1, *value.shape[1:]), -np.inf)
    total[0, 0] = 0.0
    into, out_of = (slice(None), slice(None)) if free else (slice(1, None), slice(None, -1))
    for subset in [*range(2, len(value), 2), len(value) - 1]:
        around = _subsets_with_lowest(subset)
        total[subset, into] = (value[around, None] + total[subset ^ around, out_of]).max(axis=0)
    return total


def _subsets_with_lowest(mask: int) -> np.ndarray:
    """Every subset of `mask` that holds its lowest item, (2^(size-1),) int64."""
    lowest = mask & -mask
    subsets, rest = np.array([lowest]), mask ^ lowest
    while rest:
        bit = rest & -rest
        subsets, rest = np.concatenate([subsets, subsets | bit]), rest ^ bit
    return subsets


def _members(mask: int) -> list[int]:
    return [item for item in range(mask.bit_length()) if mask >> item & 1]


def _order(members: list[int], count: int) -> int:
    return sum(1 << (count - 1 - item) for item in members)  # an early item weighs more than all later ones
