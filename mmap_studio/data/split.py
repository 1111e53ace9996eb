"""Which images of a task are trained on, chosen by, and judged by: given by folders or lists, or planned.

Plans are seeded fractions, k shots a class (CoOp's protocol, per domain: a shot of one domain is never counted for
another), and a share of each class (10 and 20 %, or 1 and 2 % of a large set). A plan says how many images of a class
go where; `data.draw` says which.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from mmap_studio.errors import DataError, InputError
from mmap_studio.formatting import counted, shown, some
from mmap_studio.method.task import SPLITS

Labels = Sequence[int] | np.ndarray
MAX_VAL_SHOTS = 4
"""Dassl: val = min(k, 4) a class."""
UNVALIDATED = (
    "the prompts of the last epoch are kept, methods that are compared choose their settings by folds of the training "
    "images, and a sweep cannot choose; add images, or give validation a larger part"
)
"""What follows where a task has no validation images, and what to do."""
NO_TEST = "no test images are given, so the validation images are the test"
"""Said of a task whose given parts are training and validation alone."""


@dataclass(frozen=True)
class Split:
    """Indices of one task's images, sorted, in at most one part each. Equal when the parts are."""

    train: tuple[int, ...]
    val: tuple[int, ...]
    test: tuple[int, ...]
    notices: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        every = np.array([*self.train, *self.val, *self.test], np.int64)
        if len(np.unique(every)) != len(every) or (len(every) and every.min() < 0):
            raise ValueError("The parts of a split must be disjoint, each index 0 or more and given once.")

    @classmethod
    def of(cls, parts: Mapping[str, Sequence[int]], notices: Sequence[str] = ()) -> "Split":
        """From lists in any order."""
        train, val, test = (tuple(sorted(int(i) for i in parts[name])) for name in SPLITS)
        return cls(train, val, test, tuple(notices))

    def part(self, name: str) -> tuple[int, ...]:
        if name not in SPLITS:
            raise ValueError(f"split must be one of {', '.join(SPLITS)}. Got {name!r} instead.")
        indices: tuple[int, ...] = getattr(self, name)
        return indices

    @property
    def digest(self) -> str:
        """Hex digest of the three lists, notices aside."""
        return hashlib.sha256(json.dumps([self.train, self.val, self.test]).encode()).hexdigest()

    def without(self, unreadable: Collection[int]) -> "Split":
        """The same split less images that turned out unreadable; the rest keep their indices and their part."""
        gone = set(unreadable)
        parts = {name: [i for i in self.part(name) if i not in gone] for name in SPLITS}
        return Split.of(parts, self.notices)


def given_split(given: Sequence[str | None], labels: Labels, class_names: Sequence[str], task_name: str) -> Split:
    """The split the folders give: (N,) of train, val, test; None is in no part.

    Without test images the validation images are the test, and a notice says so. Raises DataError without training
    images, or with neither test nor validation images.
    """
    parts, notices = _given_parts(given, task_name)
    whole = np.asarray(labels, np.int64)
    return Split.of(parts, (*_notices(parts, whole, class_names, task_name), *notices))


class Rule(Protocol):
    def __call__(self, n: int, /) -> tuple[int, int]:
        """How many of a class's n images are for train and val; the rest is test, or unused."""


@dataclass(frozen=True)
class SplitPlan:
    """What is to be drawn of one task's images. Made by `fraction_plan`, `few_shot_plan`, `share_plan`."""

    task_name: str
    labels: np.ndarray
    """int64 (N,): class indices."""
    class_names: tuple[str, ...]
    rule: Rule
    given: Mapping[str, Sequence[int]] | None = None
    """Images by given part: test stays, the others are drawn from. None: drawn from all."""
    before: Split | None = None
    """An earlier draw from given parts; what may stay in its part stays."""
    notices: tuple[str, ...] = ()
    shots: int | None = None
    exact: bool = True
    """More training and validation images than the rule says stay unused."""

    def made(self, parts: Mapping[str, Sequence[int]]) -> Split:
        """The split with these parts, and what is unusual about it."""
        own = _notices(parts, self.labels, self.class_names, self.task_name, self.shots)
        return Split.of(parts, (*own, *self.notices))


def fraction_plan(
    labels: Labels,
    class_names: Sequence[str],
    fractions: tuple[float, float, float] = (0.6, 0.2, 0.2),
    *,
    task_name: str,
) -> SplitPlan:
    """Every class is cut into train, val and test by the same fractions.

    labels : (N,) class indices   fractions : 0 to 1 each, train and test above 0, together 1

    Rounded by largest remainder. From 2 images on a class has a training and a test image, whatever the fractions;
    a single image is trained on. Raises InputError for fractions that are none.
    """
    train, val, test = fractions
    if not (train > 0 and val >= 0 and test > 0 and abs(train + val + test - 1) < 1e-6):
        raise InputError(
            f"Task {shown(task_name)}: fractions must be train, val, test, with train and test above 0 and 1 together. "
            f"Got {fractions} instead."
        )
    return replace(_plan(labels, class_names, task_name, lambda n: _shares(n, fractions)), exact=False)


def few_shot_plan(
    labels: Labels,
    class_names: Sequence[str],
    shots: int,
    *,
    task_name: str,
    given: Sequence[str | None] | None = None,
    before: Split | None = None,
) -> SplitPlan:
    """k images a class to train on, min(k, 4) to validate, the rest to test.

    labels : (N,) class indices   shots : k, 1 or more   given : (N,) what the folders say, if they do
    before : an earlier draw from given parts; what may stay in its part stays

    With a given test part, that is the test, and k are drawn from the given training part, validation from the given
    validation part or else from the rest of training. Without one, a class of n <= k images keeps one for the test
    (n >= 2), so it gives fewer than k. A training part alone is as good as no given split. Raises InputError for k
    below 1.
    """
    if shots < 1:
        raise InputError(f"Task {shown(task_name)}: shots must be 1 or more a class. Got {shots} instead.")
    if given is None or not says_more_than_train(given):
        return _plan(labels, class_names, task_name, lambda n: _shots(n, shots), shots=shots)
    wanted = min(shots, MAX_VAL_SHOTS)
    return _plan(labels, class_names, task_name, lambda n: (shots, wanted), given, before, shots)


def share_plan(
    labels: Labels,
    class_names: Sequence[str],
    share: float,
    *,
    task_name: str,
    given: Sequence[str | None] | None = None,
    before: Split | None = None,
    rest: str = "val",
) -> SplitPlan:
    """A share of each class to train on, as many again to validate, the rest to test.

    labels : (N,) class indices   share : between 0 and 1   given : (N,) what folders or lists say, if they do
    before : an earlier draw from given parts; what may stay in its part stays
    rest : "val", or "test": of all images of a class that share trains, all the rest is test (VMTL's Office-Home)

    At least one image of a class is trained on, whatever the share. With a given test part, that is the test, and the
    share is of the given training part; validation as for shots. Without one, a class of 2 images or more keeps one
    for the test. Raises InputError for a share that is none.
    """
    if not 0 < share < 1:
        raise InputError(f"Task {shown(task_name)}: a share must lie between 0 and 1. Got {share} instead.")
    if rest == "test":
        return _plan(labels, class_names, task_name, lambda n: (_share(n, share)[0], 0))
    if given is None or not says_more_than_train(given):
        return _plan(labels, class_names, task_name, lambda n: _share(n, share))
    return _plan(labels, class_names, task_name, lambda n: (_count(n, share),) * 2, given, before)


def _plan(
    labels: Labels, class_names: Sequence[str], task_name: str, rule: Rule,
    given: Sequence[str | None] | None = None, before: Split | None = None, shots: int | None = None,
) -> SplitPlan:  # fmt: skip
    """Of all images, or of those that are given for training and validation."""
    parts, notices = _given_parts(given, task_name) if given is not None else (None, [])
    whole = np.asarray(labels, np.int64)
    if len(whole) and not 0 <= whole.min() <= whole.max() < len(class_names):
        raise ValueError(f"labels must lie in 0..{len(class_names) - 1}. Got {whole.min()}..{whole.max()} instead.")
    return SplitPlan(task_name, whole, tuple(class_names), rule, parts, before, tuple(notices), shots)


def says_more_than_train(given: Sequence[str | None]) -> bool:
    """Whether there is a part to draw from and one to keep apart: a lone train folder says nothing of either."""
    return any(part in ("val", "test") for part in given)


def _shares(n: int, fractions: tuple[float, float, float]) -> tuple[int, int]:
    """Largest remainder, ties to train, then test; then a training image, and a test image from n = 2 on."""
    exact = [n * f for f in fractions]
    counts = [int(e + 1e-9) for e in exact]
    for k in sorted((0, 2, 1), key=lambda k: counts[k] - exact[k] + 1e-9 * (0, 2, 1)[k])[: n - sum(counts)]:
        counts[k] += 1
    for needy in (0, 2)[: min(n, 2)]:
        if counts[needy] == 0:
            counts[max((2 - needy, 1), key=lambda k: counts[k])] -= 1
            counts[needy] = 1
    return counts[0], counts[1]


def _shots(n: int, shots: int) -> tuple[int, int]:
    train = min(shots, max(n - 1, 1)) if n else 0
    return train, min(shots, MAX_VAL_SHOTS, max(n - train - 1, 0))


def _share(n: int, share: float) -> tuple[int, int]:
    train = min(_count(n, share), max(n - 1, 1)) if n else 0
    return train, min(_count(n, share), max(n - train - 1, 0))


def _count(n: int, share: float) -> int:
    """A share of n, rounded to the nearest, and at least one of what is there."""
    return max(int(n * share + 0.5), min(n, 1))


def _given_parts(given: Sequence[str | None], task_name: str) -> tuple[dict[str, list[int]], list[str]]:
    parts = {name: [i for i, g in enumerate(given) if g == name] for name in SPLITS}
    if not parts["train"] or not (parts["val"] or parts["test"]):
        found = ", ".join(name for name, part in parts.items() if part) or "none of them"
        raise DataError(
            f"Task {shown(task_name)}: a given split needs images in train and in test (or val); found {found}; "
            "use fractions or shots instead."
        )
    if parts["test"]:
        return parts, []
    moved = {"train": parts["train"], "val": [], "test": parts["val"]}
    return moved, [f"Task {shown(task_name)}: {NO_TEST}."]


def _notices(
    parts: Mapping[str, Sequence[int]],
    labels: np.ndarray,
    class_names: Sequence[str],
    task_name: str,
    shots: int | None = None,
) -> list[str]:
    """What is unusual: classes that a part misses, and those with fewer than `shots` training images."""
    n = len(class_names)
    counts = {name: np.bincount(labels[np.asarray(parts[name], np.int64)], minlength=n) for name in SPLITS}
    unusual = {"no training image": counts["train"] == 0, "no test image": counts["test"] == 0}
    if len(parts["val"]):
        unusual["no validation image"] = counts["val"] == 0
    if shots is not None:
        unusual[f"fewer than {counted(shots, 'training image')}"] = (counts["train"] > 0) & (counts["train"] < shots)
    start = f"Task {shown(task_name)}:"
    notices = [
        f"{start} {counted(int(mask.sum()), 'class has', 'classes have')} {what}: "
        f"{some([name for name, hit in zip(class_names, mask, strict=True) if hit])}."
        for what, mask in unusual.items()
        if mask.any()
    ]
    return notices if len(parts["val"]) else [*notices, f"{start} there are no validation images: {UNVALIDATED}."]
