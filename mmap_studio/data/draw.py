"""Draws the splits of several tasks together: a subject that several images show is in one part everywhere.

Every class of a task is shuffled by a generator of its own, seeded with (seed, task, class name). Where every image is
its own subject, a split so depends on nothing but its own task, and one class's on no other. The order comes from the
raw 64-bit stream of PCG64, which numpy promises never to change, and not from its `permutation`, which it does not.

Subjects of several images go first, those of most images before the others, each into the part that it fits into and
that lacks most; images that are alone fill what is left, so the numbers of a plan hold wherever there are enough of
these. (scikit-learn's StratifiedGroupKFold cuts equal folds of one table; it has neither fractions, nor shots, nor
parts that are decided already, nor classes of several tasks at once.)
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

import numpy as np

from mmap_studio.data.split import Split, SplitPlan
from mmap_studio.method.task import SPLITS

TRAIN, VAL, TEST = SPLITS
STRICTEST = (TEST, VAL, TRAIN)
"""A subject that several parts have already is kept from training before all."""


def draw(
    plans: Sequence[SplitPlan],
    *,
    seed: int,
    subjects: Sequence[np.ndarray] | None = None,
    decided: Mapping[int, str] | None = None,
) -> list[Split]:
    """The splits of these tasks, in their order.

    subjects : per task int64 (N,), what every image shows; None: every image something else
    decided : subject -> the part that other tasks have it in
    """
    cells = [_cells(plan, seed) for plan in plans]
    if subjects is not None:
        _place_subjects(_found(plans, cells, subjects, decided or {}))
    for one in cells:
        for cell in one:
            cell.fill()
    splits = []
    for plan, own in zip(plans, cells, strict=True):
        parts = {part: [i for cell in own for i in cell.parts[part]] for part in SPLITS}
        splits.append(plan.made(parts))
    return splits


def parts_of(splits: Sequence[Split], subjects: Sequence[np.ndarray]) -> dict[int, str]:
    """Subject -> the part it is in; of several parts the one that keeps it furthest from training."""
    decided: dict[int, str] = {}
    for part in reversed(STRICTEST):
        for split, ids in zip(splits, subjects, strict=True):
            decided |= dict.fromkeys(ids[list(split.part(part))].tolist(), part)
    return decided


def leaked_images(splits: Sequence[Split], subjects: Sequence[np.ndarray]) -> list[int]:
    """Of every task the test images whose subject is trained on, in whichever task."""
    trained = [ids[list(split.train)] for split, ids in zip(splits, subjects, strict=True)]
    known = np.unique(np.concatenate([np.zeros(0, np.int64), *trained]))
    return [int(np.isin(ids[list(split.test)], known).sum()) for split, ids in zip(splits, subjects, strict=True)]


class _Cell:
    """One class of one task: how many images each part is to have, and which it has."""

    def __init__(self, plan: SplitPlan, pools: Mapping[str, list[int]], own_val: bool, before: Mapping[str, Set[int]]):
        self.free, self.exact, self.before, self._own_val = plan.given is None, plan.exact, before, own_val
        self.open, self._open_val = pools[TRAIN], pools[VAL]
        """To be drawn from, shuffled."""
        self.pool = {image: part for part in SPLITS for image in pools[part]}
        train, val = plan.rule(len(self.open))
        self.quota = {TRAIN: train, VAL: val, TEST: len(self.open) - train - val if self.free else 0}
        self.parts: dict[str, list[int]] = {TRAIN: [], VAL: [], TEST: list(pools[TEST])}
        self.placed: set[int] = set()

    def may(self, image: int, part: str) -> bool:
        """Whether the image can be in a part; in test what is not drawn is, or is unused."""
        pool = self.pool[image]
        return pool == part or (pool == TRAIN and (self.free or (part == VAL and not self._own_val)))

    def left(self, part: str) -> int:
        """Images that the part still lacks; below 0 where it has too many. Of a given test none."""
        return self.quota[part] - len(self.parts[part]) if self.free or part != TEST else 0

    def take(self, image: int, part: str) -> None:
        """Into a part, if it may be there and is not one too many; else it is unused."""
        self.placed.add(image)
        full = self.exact and part != TEST and self.left(part) <= 0
        if self.pool[image] != TEST and self.may(image, part) and not full:
            self.parts[part].append(image)

    def give_back(self, image: int, part: str) -> None:
        """Undo `take`."""
        if self.pool[image] != TEST and image in self.parts[part]:
            self.parts[part].remove(image)

    def fill(self) -> None:
        """With the images that are alone: training, then validation, the rest is test or unused; a test image stays."""
        alone = [i for i in self.open if i not in self.placed]
        kept = 1 if self.free and not self.parts[TEST] and len(alone) + len(self.parts[TRAIN]) > 1 else 0
        wanted = max(0, min(self.left(TRAIN), len(alone) - kept))
        train = _preferring(alone, self.before[TRAIN], self.before[VAL])[:wanted]
        rest = [i for i in self._open_val if i not in self.placed] if self._own_val else _without(alone, train)
        val = _preferring(rest, self.before[VAL])[: max(0, min(self.left(VAL), len(rest) - kept))]
        self.parts[TRAIN] += train
        self.parts[VAL] += val
        if self.free:
            self.parts[TEST] += _without(rest, val)


@dataclass(eq=False)
class _Subject:
    """A subject of several images, or one that is in a part already."""

    images: list[tuple[_Cell, int]] = field(default_factory=list)
    decided: str | None = None
    first: tuple[str, str] = ("", "")
    """The first of its tasks by name, and its class there: in the order of this it is drawn."""
    place: int = 0
    part: str = TEST

    def counts(self, part: str) -> list[tuple[_Cell, int]]:
        """How many of its images each class would have in a part."""
        return list(Counter(cell for cell, image in self.images if cell.may(image, part)).items())

    @property
    def earlier(self) -> str | None:
        """The part that an earlier draw had it in."""
        return next((p for p in (TRAIN, VAL) if any(image in cell.before[p] for cell, image in self.images)), None)

    def move(self, part: str) -> None:
        """From its part to another."""
        for cell, image in self.images:
            cell.give_back(image, self.part)
            cell.take(image, part)
        self.part = part


def _found(
    plans: Sequence[SplitPlan],
    cells: Sequence[Sequence[_Cell]],
    subjects: Sequence[np.ndarray],
    decided: Mapping[int, str],
) -> list[_Subject]:
    """The subjects of several images in the order in which they are placed."""
    count: Counter[int] = Counter()
    for own, ids in zip(cells, subjects, strict=True):
        for cell in own:
            count.update(ids[list(cell.pool)].tolist())
    found: dict[int, _Subject] = defaultdict(_Subject)
    for plan, own, ids in sorted(zip(plans, cells, subjects, strict=True), key=lambda one: one[0].task_name):
        for name, cell in zip(plan.class_names, own, strict=True):
            for place, image in enumerate(cell.pool):
                subject = int(ids[image])
                if count[subject] == 1 and subject not in decided:
                    continue
                one = found[subject]
                if not one.images:
                    one.first, one.place, one.decided = (plan.task_name, name), place, decided.get(subject)
                one.images.append((cell, image))
                if cell.pool[image] == TEST:
                    one.decided = TEST
    rank = {TRAIN: 0, VAL: 1, None: 2}
    return sorted(found.values(), key=lambda one: (rank[one.earlier], -len(one.images), one.place, one.first))


def _place_subjects(found: Sequence[_Subject]) -> None:
    """Each into one part: those that are decided, then the others; then classes without an image get one."""
    for one in found:
        if one.decided is not None:
            _put(one, one.decided)
    loose = [one for one in found if one.decided is None]
    for one in loose:
        _put(one, _fitting(one))
    for part in (TRAIN, TEST):
        for cell in {cell: None for one in loose for cell, _ in one.images}:
            _help(cell, part, loose)


def _put(one: _Subject, part: str) -> None:
    one.part = part
    for cell, image in one.images:
        cell.take(image, part)


def _fitting(one: _Subject) -> str:
    """The part that lacks most of what the subject has, among those it fits into; else where it does least harm."""
    scores: dict[str, float] = {}
    for part in (one.earlier, *SPLITS) if one.earlier else SPLITS:
        counts = one.counts(part)
        if counts and all(count <= cell.left(part) for cell, count in counts):
            if part == one.earlier:
                return part
            scores[part] = sum(count * cell.left(part) / max(cell.quota[part], 1) for cell, count in counts)
    if scores:
        return max(scores, key=lambda part: scores[part])
    if any(cell.exact for cell, _ in one.images):
        return TEST  # or unused
    return max(STRICTEST, key=lambda part: _gain(one, part))


def _gain(one: _Subject, part: str) -> int:
    """Images that the part lacks and gets, less those that it gets beyond."""
    return sum(min(count, 2 * max(cell.left(part), 0) - count) for cell, count in one.counts(part))


def _help(cell: _Cell, part: str, loose: Sequence[_Subject]) -> None:
    """A class without a training or a test image gets one of a subject, where no other class loses its last by it."""
    if cell.parts[part] or (part == TEST and not cell.free):
        return
    if any(image not in cell.placed for image in cell.open):
        return  # those that are alone come yet
    for one in sorted(loose, key=lambda one: len(one.images)):
        own = [image for other, image in one.images if other is cell]
        if one.part == part or not own or not any(cell.may(image, part) for image in own):
            continue
        spared = (VAL,) if part == TEST else (VAL, TEST)
        if all(len(other.parts[one.part]) > count or one.part == VAL or (other is cell and one.part in spared)
               for other, count in one.counts(one.part)):  # fmt: skip
            one.move(part)
            return


def _cells(plan: SplitPlan, seed: int) -> list[_Cell]:
    """One a class, its images shuffled."""
    pools = {TRAIN: range(len(plan.labels)), VAL: (), TEST: ()} if plan.given is None else plan.given
    by_class = {part: _by_class(plan, pools[part]) for part in SPLITS}
    before = {part: set(plan.before.part(part)) if plan.before else set[int]() for part in (TRAIN, VAL)}
    cells = []
    for label, name in enumerate(plan.class_names):
        own = {part: by_class[part][label] for part in SPLITS}
        for part in (TRAIN, VAL):
            own[part] = own[part][_order(len(own[part]), seed, plan.task_name, name)]
        listed = {part: images.tolist() for part, images in own.items()}
        cells.append(_Cell(plan, listed, bool(len(pools[VAL])), before))
    return cells


def _by_class(plan: SplitPlan, pool: Sequence[int]) -> list[np.ndarray]:
    """The images of a pool, each class in the order that they have."""
    indices = np.asarray(pool, np.int64)
    labels = plan.labels[indices]
    ends = np.cumsum(np.bincount(labels, minlength=len(plan.class_names)))[:-1]
    return np.split(indices[np.argsort(labels, kind="stable")], ends)


def _without(images: Sequence[int], gone: Sequence[int]) -> list[int]:
    taken = set(gone)
    return [image for image in images if image not in taken]


def _order(n: int, seed: int, task_name: str, class_name: str) -> np.ndarray:
    """int64 (n,): a permutation, the same on every machine and with every numpy."""
    key = hashlib.sha256(f"{seed}\0{task_name}\0{class_name}".encode()).digest()
    return np.argsort(np.random.PCG64(int.from_bytes(key)).random_raw(n), kind="stable")


def _preferring(members: list[int], first: Set[int], last: Set[int] = frozenset()) -> list[int]:
    """In the same order, but some before all others, and some behind."""
    return sorted(members, key=lambda i: 0 if i in first else 2 if i in last else 1)
