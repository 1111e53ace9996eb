"""A good partition of many items: clustering, then local moves.

Average linkage, because the value of a group *is* a mean over its pairs, and because one deterministic tree holds a
partition for every number of groups. (Affinity propagation picks its own number and may not converge; spectral
clustering wants weights >= 0, and ours can all be negative.) Each start is improved by the best single move, swap or
merge until none helps, then the best is shaken with a fixed seed and improved again. The value of a partition is that
of `partitions`; no step lowers it, so the answer is never worse than the clustering.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from mmap_studio.method.grouping.partitions import TIE, group_value

SHAKES = 100  # finds the exact answer for nearly every random matrix of 12 items; most of the time spent
SHAKEN = 4  # items a shake puts elsewhere
BEST_STARTS = 8  # cuts of the tree that are improved, when the number of groups is free

Labels = np.ndarray
"""(T,) int64: the group of every item, from 0, every group used."""
Apply = Callable[[int, int], Labels]
"""Labels after the change that a cell of a gain matrix stands for."""


def clustered(pair: np.ndarray) -> list[Labels]:
    """The cuts of the average-linkage tree into 1, 2, ..., T groups; `pair` (T, T) is the similarity, T >= 2."""
    from sklearn.cluster import AgglomerativeClustering

    tree = AgglomerativeClustering(n_clusters=1, metric="precomputed", linkage="average", compute_full_tree=True)
    merges = tree.fit(pair.max() - pair).children_
    nodes = np.arange(len(pair))
    cuts = [nodes]
    for step, merge in enumerate(merges):
        nodes = np.where(np.isin(nodes, merge), len(pair) + step, nodes)
        cuts.append(nodes)
    return [_relabelled(cut) for cut in reversed(cuts)]


def improved_partition(pair: np.ndarray, singleton: float, groups: int | None = None) -> tuple[Labels, int]:
    """Clustering followed by local moves: labels, and how many partitions were compared on the way.

    pair : (T, T) symmetric float64 with a diagonal of 0, T >= 2; `groups` None for any number.
    """
    search = LocalSearch(pair, singleton, free=groups is None)
    starts = clustered(pair) if groups is None else [clustered(pair)[groups - 1]]
    starts = sorted(starts, key=search.value, reverse=True)[:BEST_STARTS]
    best = search.best([search.climb(start) for start in starts])
    generator = np.random.default_rng(0)
    for _ in range(SHAKES):
        best = search.best([best, search.climb(_shaken(best, generator, groups))])
    return best, search.compared


@dataclass
class LocalSearch:
    """Local search over labels; `free` when moves may open and close groups."""

    pair: np.ndarray
    singleton: float
    free: bool
    compared: int = 0

    def value(self, labels: Labels) -> float:
        return float(_Sums.of(self.pair, labels, self.singleton).value.sum())

    def best(self, found: list[Labels]) -> Labels:
        """The greatest value; among equals the fewest groups, then the first one given."""
        values = [self.value(labels) for labels in found]
        near = max(values) - TIE * (1 + abs(max(values)))
        return min((f for f, v in zip(found, values, strict=True) if v >= near), key=lambda labels: labels.max())

    def climb(self, labels: Labels) -> Labels:
        """The local optimum above `labels`."""
        higher: Labels | None = labels
        while higher is not None:
            labels, higher = higher, self._higher(higher)
        return labels

    def _higher(self, labels: Labels) -> Labels | None:
        """After the best single move that raises the value, else the best swap, else the best merge, else None.

        A merge may leave the value as it is: among equals the fewest groups.
        """
        rounding = TIE * (1 + abs(self.value(labels)))
        for (gain, apply), least in zip(self.neighbours(labels), (rounding, rounding, -rounding / 2), strict=False):
            self.compared += int(np.isfinite(gain).sum())
            row, column = np.unravel_index(int(np.argmax(gain)), gain.shape)
            if gain[row, column] > least:
                return _relabelled(apply(int(row), int(column)))
        return None

    def neighbours(self, labels: Labels) -> Iterator[tuple[np.ndarray, Apply]]:
        """Kind by kind, what every change of it adds to the value (-inf: no such change), and how to make one."""
        sums = _Sums.of(self.pair, labels, self.singleton)
        yield self._moves(sums)
        yield self._swaps(sums)
        if self.free:
            yield self._merges(sums)

    def _moves(self, sums: "_Sums") -> tuple[np.ndarray, Apply]:
        """(T, K+1): item to group; the last, empty group only when free."""
        own, rows = sums.labels, np.arange(len(sums.labels))
        leaves = group_value(sums.inside[own] - sums.links[rows, own], sums.size[own] - 1, self.singleton)
        joins = group_value(sums.inside + sums.links, sums.size + 1, self.singleton)
        gain = (leaves - sums.value[own])[:, None] + joins - sums.value
        gain[rows, own] = -np.inf
        if not self.free:
            gain[:, -1] = gain[sums.size[own] == 1] = -np.inf

        def move(item: int, group: int) -> Labels:
            return np.where(rows == item, group, own)

        return gain, move

    def _swaps(self, sums: "_Sums") -> tuple[np.ndarray, Apply]:
        """(T, T): two items of different groups."""
        own, rows = sums.labels, np.arange(len(sums.labels))
        incoming = sums.links[:, own].T - self.pair  # [i, j]: what j brings to i's group without i
        inside = (sums.inside[own] - sums.links[rows, own])[:, None] + incoming
        gain = group_value(inside, sums.size[own][:, None], self.singleton) - sums.value[own][:, None]
        gain = np.where(own[:, None] == own, -np.inf, gain + gain.T)

        def swap(a: int, b: int) -> Labels:
            return np.where(rows == a, own[b], np.where(rows == b, own[a], own))

        return gain, swap

    def _merges(self, sums: "_Sums") -> tuple[np.ndarray, Apply]:
        """(K+1, K+1): two groups, neither the empty one."""
        between = np.stack([sums.links[sums.labels == group].sum(axis=0) for group in range(len(sums.size))])
        inside = sums.inside[:, None] + sums.inside + between
        gain = group_value(inside, sums.size[:, None] + sums.size, self.singleton) - sums.value[:, None] - sums.value
        gain[np.tril_indices(len(gain))] = gain[:, -1] = -np.inf
        return gain, lambda a, b: np.where(sums.labels == b, a, sums.labels)


@dataclass(frozen=True)
class _Sums:
    """What the gains of all moves are made of; one empty group comes last."""

    labels: Labels
    links: np.ndarray  # (T, K+1) sum of `pair` from an item to a group
    inside: np.ndarray  # (K+1,) sum of `pair` over the pairs in a group
    size: np.ndarray  # (K+1,)
    value: np.ndarray  # (K+1,)

    @classmethod
    def of(cls, pair: np.ndarray, labels: Labels, singleton: float) -> "_Sums":
        member = np.eye(labels.max() + 2)[labels]  # (T, K+1)
        links, size = pair @ member, member.sum(axis=0)
        inside = (links * member).sum(axis=0) / 2
        return cls(labels, links, inside, size, group_value(inside, size, singleton))


def _relabelled(labels: Labels) -> Labels:
    """Groups numbered from 0 in the order of their first items."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    numbered: Labels = np.argsort(np.argsort(first))[inverse]
    return numbered


def _shaken(labels: Labels, generator: np.random.Generator, groups: int | None) -> Labels:
    """A few items elsewhere; with a fixed number of groups nobody leaves a group of one."""
    shaken = labels.copy()
    for item in generator.choice(len(labels), size=min(SHAKEN, len(labels)), replace=False):
        if groups is None or np.count_nonzero(shaken == shaken[item]) > 1:
            shaken[item] = generator.integers(groups or labels.max() + 2)
    return _relabelled(shaken)
