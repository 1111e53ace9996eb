"""Approximate search for a good partition of many items: clustering, then local moves.

Average linkage, because the value of a group *is* a mean over its pairs, and because one deterministic tree holds a
partition for every number of groups. (Affinity propagation picks its own number and may not converge; spectral
clustering wants weights >= 0, and ours can all be negative.) Each start is improved by the best single move, swap or
merge until none helps, then the best is shaken with a fixed seed and improved again. The value of a partition is that
of `partitions`; no step lowers it, so the answer is never worse than the clustering.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from mmap_studio.method.grouping.partitions import TIE, PartitionItems, group_value

SHAKES = 100  # finds the exact answer for nearly every random matrix of 12 items; most of the time spent
SHAKEN = 4  # items a shake puts elsewhere
BEST_STARTS = 8  # cuts of the tree that are improved, when the number of groups is free

Labels = np.ndarray
"""(N,) int64: the group of every item, from 0, every group used."""
Apply = Callable[[int, int], Labels]
"""Labels after the change that a cell of a gain matrix stands for."""


def clustered(items: PartitionItems) -> list[Labels]:
    """The cuts of the average-linkage tree into R, R+1, ..., N groups; R items are apart (1 if none), N >= 2."""
    from sklearn.cluster import AgglomerativeClustering

    similarity = items.pair / np.outer(items.size, items.size)
    distance = similarity.max() - similarity
    distance[np.ix_(items.apart, items.apart)] += len(items) ** 2 * (1 + distance.max())  # these merge last of all
    np.fill_diagonal(distance, 0.0)
    tree = AgglomerativeClustering(n_clusters=1, metric="precomputed", linkage="average", compute_full_tree=True)
    nodes = np.arange(len(items))
    cuts = [nodes]
    for step, merge in enumerate(tree.fit(distance).children_[: len(items) - max(1, items.apart.sum())]):
        nodes = np.where(np.isin(nodes, merge), len(items) + step, nodes)
        cuts.append(nodes)
    return [_relabelled(cut) for cut in reversed(cuts)]


def improved_partition(items: PartitionItems, groups: int | None = None) -> tuple[Labels, int]:
    """Clustering followed by local moves: labels, and how many partitions were compared on the way.

    N >= 2; `groups` None for any number.
    """
    search = LocalSearch(items, free=groups is None)
    starts = [cut for cut in clustered(items) if groups in (None, cut.max() + 1)]
    starts = sorted(starts, key=search.value, reverse=True)[:BEST_STARTS]
    best = search.best([search.climb(start) for start in starts])
    generator = np.random.default_rng(0)
    for _ in range(SHAKES):
        best = search.best([best, search.climb(_shaken(best, generator, groups, items.apart))])
    return best, search.compared


def best_neighbour(items: PartitionItems, groups: Sequence[Sequence[int]], free: bool) -> list[list[int]] | None:
    """The best of the partitions that a move, a swap or, if `free`, a merge makes of this one; None where none can."""
    labels = np.empty(len(items), dtype=np.int64)
    for number, members in enumerate(groups):
        labels[list(members)] = number
    changes = LocalSearch(items, free).neighbours(labels)
    gain, apply = max(((gain, apply) for gain, apply in changes), key=lambda change: change[0].max())
    if gain.max() == -np.inf:
        return None
    row, column = np.unravel_index(int(np.argmax(gain)), gain.shape)
    found = apply(int(row), int(column))
    return [np.flatnonzero(found == number).tolist() for number in np.unique(found)]


@dataclass
class LocalSearch:
    """Local search over labels; `free` when moves may open and close groups."""

    items: PartitionItems
    free: bool
    compared: int = 0

    def value(self, labels: Labels) -> float:
        return float(_Sums.of(self.items, labels).value.sum())

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
        sums = _Sums.of(self.items, labels)
        yield self._moves(sums)
        yield self._swaps(sums)
        if self.free:
            yield self._merges(sums)

    def _moves(self, sums: "_Sums") -> tuple[np.ndarray, Apply]:
        """(N, K+1): item to group; the last, empty group only when free."""
        own, rows, size, inner = sums.labels, np.arange(len(sums.labels)), self.items.size, self.items.inside
        leaves = self._group_value(sums.inside[own] - sums.links[rows, own] + inner, sums.size[own] - size)
        joins = self._group_value(sums.inside + sums.links + inner[:, None], sums.size + size[:, None])
        gain = (leaves - sums.value[own])[:, None] + joins - sums.value
        gain[rows, own] = gain[self.items.apart[:, None] & sums.apart] = -np.inf
        if not self.free:
            gain[:, -1] = gain[np.bincount(own)[own] == 1] = -np.inf

        def move(item: int, group: int) -> Labels:
            return np.where(rows == item, group, own)

        return gain, move

    def _swaps(self, sums: "_Sums") -> tuple[np.ndarray, Apply]:
        """(N, N): two items of different groups."""
        own, rows, size, inner = sums.labels, np.arange(len(sums.labels)), self.items.size, self.items.inside
        incoming = sums.links[:, own].T - self.items.pair + inner  # [i, j]: what j brings to i's group without i
        inside = (sums.inside[own] - sums.links[rows, own] + inner)[:, None] + incoming
        gain = self._group_value(inside, (sums.size[own] - size)[:, None] + size) - sums.value[own][:, None]
        gain = np.where(own[:, None] == own, -np.inf, gain + gain.T)
        if self.items.apart.any():  # one that is apart never joins another such one
            joins = self.items.apart[:, None] & ~self.items.apart & sums.apart[own]
            gain[joins | joins.T] = -np.inf

        def swap(a: int, b: int) -> Labels:
            return np.where(rows == a, own[b], np.where(rows == b, own[a], own))

        return gain, swap

    def _merges(self, sums: "_Sums") -> tuple[np.ndarray, Apply]:
        """(K+1, K+1): two groups, neither the empty one."""
        between = np.stack([sums.links[sums.labels == group].sum(axis=0) for group in range(len(sums.size))])
        inside = sums.inside[:, None] + sums.inside + between
        gain = self._group_value(inside, sums.size[:, None] + sums.size) - sums.value[:, None] - sums.value
        gain[np.tril_indices(len(gain))] = gain[:, -1] = gain[sums.apart[:, None] & sums.apart] = -np.inf
        return gain, lambda a, b: np.where(sums.labels == b, a, sums.labels)

    def _group_value(self, inside: np.ndarray, size: np.ndarray) -> np.ndarray:
        return group_value(inside, size, self.items.singleton)


@dataclass(frozen=True)
class _Sums:
    """What the gains of all moves are made of; one empty group comes last."""

    labels: Labels
    links: np.ndarray  # (N, K+1) sum of `pair` from an item to a group
    inside: np.ndarray  # (K+1,) sum of `pair` over the pairs in a group
    size: np.ndarray  # (K+1,) tasks
    apart: np.ndarray  # (K+1,) bool: the group holds an item that must be apart from others
    value: np.ndarray  # (K+1,)

    @classmethod
    def of(cls, items: PartitionItems, labels: Labels) -> "_Sums":
        member = np.eye(labels.max() + 2)[labels]  # (N, K+1)
        links, size = items.pair @ member, items.size @ member
        inside = (links * member).sum(axis=0) / 2
        return cls(labels, links, inside, size, items.apart @ member > 0, group_value(inside, size, items.singleton))


def _relabelled(labels: Labels) -> Labels:
    """Groups numbered from 0 in the order of their first items."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    numbered: Labels = np.argsort(np.argsort(first))[inverse]
    return numbered


def _shaken(labels: Labels, generator: np.random.Generator, groups: int | None, apart: np.ndarray) -> Labels:
    """A few items elsewhere; with a fixed number of groups nobody leaves a group of one."""
    shaken = labels.copy()
    for item in generator.choice(len(labels), size=min(SHAKEN, len(labels)), replace=False):
        if groups is None or np.count_nonzero(shaken == shaken[item]) > 1:
            group = generator.integers(groups or labels.max() + 2)
            if not (apart[item] and apart[shaken == group].any()):
                shaken[item] = group
    return _relabelled(shaken)
