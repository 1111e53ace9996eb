"""Paired differences of methods, with intervals that know of both sources of chance: test images and seeds.

Test images are resampled by a stratified cluster bootstrap: within a class and task, and images of several tasks that
show one subject go together. All seeds that were tested on the same images get the same resample: the design is
crossed, and a test set that happens to be easy for a method is so for each of its seeds. What seeds add is the
variance of their means beyond what their images explain; it has one less degree of freedom than there are seeds, so it
enters the interval with Student's factor (4.30 for three seeds), and the images with the normal one (Cochran 1964).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from zlib import crc32

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.formatting import counted, shown
from mmap_studio.session.compare.protocols.protocol import SHOTS, Protocol
from mmap_studio.session.compare.trial import Amount, Comparison, Measure, Trial

LEVEL = 0.95
"""Of all intervals."""
RESAMPLES = 2000
SEED = 20_24
"""Of the resampling: the same comparison has the same intervals."""
ZERO_SHOT = "zero_shot"
SMALLEST_P = 1e-12
"""What any smaller p-value is stated as: the normal distribution holds no further."""


@dataclass(frozen=True)
class Estimate:
    """A share or a difference of shares in [-1, 1], with its interval."""

    mean: float
    low: float
    high: float
    p: float = float("nan")
    """Two-sided, of the mean being zero: the level at which the interval ends there."""

    @property
    def includes_zero(self) -> bool:
        return self.low <= 0 <= self.high


@dataclass(frozen=True)
class Difference:
    """A method less the baseline, on the same test images."""

    method: str
    baseline: str
    amount: Amount
    seeds: tuple[int, ...]
    mean: Estimate
    """Of the one figure that the comparison ranks by; its `p` is not adjusted."""
    per_task: Mapping[str, Estimate]
    per_seed: tuple[float, ...]
    """The same difference, seed by seed."""
    over_seeds: Estimate
    """Student's interval over the seeds, which takes the test images for granted; NaN for one seed."""
    mcnemar: tuple[float, ...]
    """Exact p-value seed by seed, over the images of all tasks, each for itself."""
    adjusted: float
    """`mean.p` after Holm, over the methods at this amount."""


# -- trials that can be compared -----------------------------------------------------------------------------------


def trials_at(comparison: Comparison, method: str, amount: Amount) -> dict[int, Trial]:
    """A method's trials at an amount, by seed. One that trains nothing stands for every amount and seed."""
    found = {one.seed: one for one in comparison.of(method, amount)}
    untrained = [one for one in comparison.trials if one.method == method and one.family == "zero_shot"]
    if not untrained:
        return found
    return dict.fromkeys(comparison.seeds, untrained[0]) | {one.seed: one for one in untrained} | found


def methods_at(comparison: Comparison, amount: Amount) -> list[str]:
    """The methods with a trial at an amount, in the order asked for."""
    known = dict.fromkeys([*comparison.methods, *(one.method for one in comparison.trials)])
    return [method for method in known if trials_at(comparison, method, amount)]


@dataclass(frozen=True)
class TestImages:
    """The test images of all tasks, one after another."""

    tasks: tuple[str, ...]
    task_of: np.ndarray
    """int64 (N,): index into `tasks`."""
    labels: np.ndarray
    """int64 (N,)"""
    subjects: np.ndarray
    """int64 (N,)"""

    @classmethod
    def of(cls, trial: Trial, tasks: Sequence[str]) -> "TestImages":
        scores = [trial.per_task[task] for task in tasks]
        counts = [len(one.labels) for one in scores]
        return cls(
            tuple(tasks),
            np.repeat(np.arange(len(tasks)), counts),
            np.concatenate([np.asarray(one.labels, np.int64) for one in scores]),
            np.concatenate([np.asarray(one.subjects, np.int64) for one in scores]),
        )

    @cached_property
    def key(self) -> bytes:
        """Equal where the images are."""
        return b"".join(part.tobytes() for part in (self.task_of, self.labels, self.subjects))

    def counting(self, measure: Measure) -> np.ndarray:
        """float32 (N,): how much each image counts; for balanced accuracy one over those of its class and task."""
        if measure == "accuracy":
            return np.ones(len(self.labels), np.float32)
        kinds = np.stack([self.task_of, self.labels])
        _, kind, sizes = np.unique(kinds, axis=1, return_inverse=True, return_counts=True)
        weights: np.ndarray = (1 / sizes[kind.reshape(-1)]).astype(np.float32)
        return weights

    def generator(self, seed: int) -> np.random.Generator:
        """Random numbers that depend on which images there are, and not on their order."""
        order = np.lexsort((self.labels, self.subjects, self.task_of))
        return np.random.default_rng(
            [seed, crc32(np.stack([self.labels, self.subjects, self.task_of])[:, order].tobytes())]
        )

    @cached_property
    def clusters(self) -> tuple[np.ndarray, np.ndarray]:
        """Each image's subject int64 (N,), counted from 0, and each subject's stratum int64 (subjects,).

        A stratum holds subjects with equally many images of each class in each task, so that a resample keeps the
        number of images of every class. Subjects that are alone in theirs join others whose first image has the same
        class, else all who are left over.
        """
        _, cluster = np.unique(self.subjects, return_inverse=True)
        cluster = cluster.reshape(-1)
        order = np.lexsort((self.labels, self.task_of, cluster))
        starts = np.flatnonzero(np.diff(cluster[order], prepend=-1))
        kinds = np.stack([self.task_of[order], self.labels[order]], axis=1)  # (N, 2)
        fine = [tuple(map(tuple, part.tolist())) for part in np.split(kinds, starts[1:])]
        coarse = [("class", kind[0][1]) for kind in fine]
        stratum: list[object] = list(fine)
        for wider in (coarse, ["left over"] * len(fine)):
            sizes: dict[object, int] = {}
            for one in stratum:
                sizes[one] = sizes.get(one, 0) + 1
            stratum = [one if sizes[one] > 1 else other for one, other in zip(stratum, wider, strict=True)]
        place: dict[object, int] = {}
        return cluster, np.array([place.setdefault(one, len(place)) for one in stratum], dtype=np.int64)

    def resampled(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        """float32 (draws, N): how often each image counts.

        Of a stratum's n subjects n - 1 are drawn and scaled by n / (n - 1) (Rao and Wu 1988): drawing n would make the
        variance of small strata, such as four test images of a class, too small by that factor.
        """
        cluster, stratum = self.clusters
        weights = np.ones((draws, len(stratum)), np.float32)
        for one in range(int(stratum.max(initial=-1)) + 1):
            members = np.flatnonzero(stratum == one)
            if (n := len(members)) > 1:
                weights[:, members] = rng.multinomial(n - 1, np.full(n, 1 / n), draws) * (n / (n - 1))
        return weights[:, cluster]

    def halves(self, draws: int, rng: np.random.Generator) -> np.ndarray:
        """bool (draws, N): a random half of the subjects of each stratum; of an odd one either part is larger."""
        cluster, stratum = self.clusters
        rank = rng.random((draws, len(stratum)))
        chosen = np.zeros((draws, len(stratum)), bool)
        for one in range(int(stratum.max(initial=-1)) + 1):
            members = np.flatnonzero(stratum == one)
            size = (len(members) + rng.integers(0, 2, (draws, 1))) // 2
            chosen[:, members] = rank[:, members].argsort(1).argsort(1) < size
        return chosen[:, cluster]


def tested_tasks(comparison: Comparison, trial: Trial) -> list[str]:
    """The tasks of a trial that have test images, in the comparison's order."""
    known = dict.fromkeys([*comparison.tasks, *trial.per_task])
    return [task for task in known if task in trial.per_task and len(trial.per_task[task].labels)]


def same_images(one: Trial, other: Trial, tasks: Sequence[str]) -> None:
    """InputError unless two trials were tested on the same images."""
    if set(one.per_task) != set(other.per_task):
        raise InputError(
            f"Methods that are compared must have the same tasks. {shown(one.title)} has {', '.join(one.per_task)} and "
            f"{shown(other.title)} has {', '.join(other.per_task)}; run both again."
        )
    for task in tasks:
        mine, others = one.per_task[task], other.per_task[task]
        found = [counted(len(side.predictions), "image") for side in (mine, others)]
        equal = all(np.array_equal(getattr(mine, part), getattr(others, part)) for part in ("labels", "subjects"))
        if not equal or len(mine.predictions) != len(mine.labels) or len(others.predictions) != len(others.labels):
            raise InputError(
                f"Methods that are compared must be tested on the same images. Those of task {shown(task)} differ "
                f"between {shown(one.title)} ({found[0]}, seed {one.seed}) "
                f"and {shown(other.title)} ({found[1]}, seed {other.seed}); run both again."
            )


# -- resampled accuracies ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sampled:
    """Accuracies of the trials at one amount, as observed and under resampled test images.

    They are balanced accuracies where the comparison ranks by these.
    """

    tasks: tuple[str, ...]
    methods: tuple[str, ...]
    trials: Mapping[tuple[str, int], Trial]
    """By method and seed."""
    observed: Mapping[tuple[str, int], np.ndarray]
    """float64 (T,)"""
    resampled: Mapping[tuple[str, int], np.ndarray]
    """float32 (T, draws); the d-th resample is the same of all trials that were tested on the same images."""
    protocol: Protocol = SHOTS

    def seeds(self, *methods: str) -> tuple[int, ...]:
        """The seeds that all of these methods have."""
        each = [{seed for name, seed in self.trials if name == method} for method in methods]
        return tuple(sorted(set.intersection(*each)))

    def overall(self, method: str, baseline: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The one figure (S,) by common seed, less the baseline's if there is one; resampled (S, draws)."""
        values, resampled = self.paired(method, baseline)
        if baseline is None or not self.protocol.halves:  # a mean of differences is the difference of the means
            return self.protocol.overall(values, self.tasks, 1), self.protocol.overall(resampled, self.tasks, 1)
        seeds = self.seeds(method, baseline)
        mine, other = (
            [
                self.protocol.overall(np.stack([found[name, seed] for seed in seeds]), self.tasks, 1)
                for found in (self.observed, self.resampled)
            ]
            for name in (method, baseline)
        )
        return mine[0] - other[0], mine[1] - other[1]

    def paired(self, method: str, baseline: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Accuracies (S, T) by common seed and task, less the baseline's if there is one; resampled (S, T, draws)."""
        names = (method,) if baseline is None else (method, baseline)
        seeds = self.seeds(*names)
        found = [np.stack([each[method, seed] for seed in seeds]) for each in (self.observed, self.resampled)]
        if baseline is not None:
            for seed in seeds:
                same_images(self.trials[method, seed], self.trials[baseline, seed], self.tasks)
            others = [np.stack([each[baseline, seed] for seed in seeds]) for each in (self.observed, self.resampled)]
            found = [mine - other for mine, other in zip(found, others, strict=True)]
        return found[0], found[1]


def sampled(comparison: Comparison, amount: Amount, draws: int = RESAMPLES) -> Sampled:
    """Resample the test images of all trials at an amount; InputError where a method lacks a task of the others.

    Accuracies are those that the comparison ranks by.
    """
    return reweighted(comparison, amount, lambda images: images.resampled(draws, images.generator(SEED)))


def reweighted(comparison: Comparison, amount: Amount, weights: Callable[[TestImages], np.ndarray]) -> Sampled:
    """Accuracies of all trials at an amount, with weights float32 (draws, N) of their test images for resamples.

    weights : asked once for each set of test images
    """
    trials = {(method, s): trial for method in methods_at(comparison, amount)
              for s, trial in trials_at(comparison, method, amount).items()}  # fmt: skip
    tasks: list[str] = []
    by_images: dict[bytes, list[tuple[str, int]]] = {}
    images: dict[bytes, TestImages] = {}
    for place, trial in trials.items():
        tasks = tasks or tested_tasks(comparison, trial)
        if tested_tasks(comparison, trial) != tasks:
            same_images(next(iter(trials.values())), trial, tasks)
        found = TestImages.of(trial, tasks)
        images.setdefault(found.key, found)
        by_images.setdefault(found.key, []).append(place)
    observed: dict[tuple[str, int], np.ndarray] = {}
    resampled: dict[tuple[str, int], np.ndarray] = {}
    for key, places in by_images.items():
        right = np.stack(
            [np.concatenate([trials[place].per_task[task].right for task in tasks]) for place in places], axis=1
        ).astype(np.float32)  # (N, places)
        counts = images[key].counting(comparison.measure)
        means = _means(images[key], counts[None], right)
        again = _means(images[key], counts * weights(images[key]), right)
        observed |= {place: means[:, 0, n].astype(np.float64) for n, place in enumerate(places)}
        resampled |= {place: again[:, :, n] for n, place in enumerate(places)}
    methods = tuple(methods_at(comparison, amount))
    return Sampled(tuple(tasks), methods, trials, observed, resampled, comparison.protocol)


def _means(images: TestImages, weights: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Weighted accuracies (T, draws, trials) by task, of weights (draws, N) and right (N, trials)."""
    each = []
    for task in range(len(images.tasks)):
        rows = images.task_of == task
        total = weights[:, rows].sum(1, keepdims=True)
        each.append(weights[:, rows] @ right[rows] / np.where(total > 0, total, np.nan))
    return np.stack(each)


# -- estimates -----------------------------------------------------------------------------------------------------


def estimate(per_seed: np.ndarray, resampled: np.ndarray, differing: int | None = None) -> Estimate:
    """Mean over seeds with its interval, from values (S,) and the same under resampled images (S, draws).

    differing : subjects that the two methods differ in, where the values are differences. Few images that all differ
                the same way have no variance; p is never below that of the exact sign test of so many, and where that
                is above 5 % the interval holds zero
    """
    from scipy.stats import norm, t

    mean, seeds = float(per_seed.mean()), len(per_seed)
    images, between = variances(per_seed, resampled)
    z = norm.ppf(0.5 + LEVEL / 2)
    factor = t.ppf(0.5 + LEVEL / 2, seeds - 1) if seeds > 1 else 0.0
    half = float(np.sqrt(z**2 * images + factor**2 * between))
    low, high, p = mean - half, mean + half, _p(abs(mean), images, between, seeds)
    if differing is not None:
        least = smallest_sign_test(differing)
        p = max(p, least)
        if least > 1 - LEVEL:
            low, high = min(low, 0.0), max(high, 0.0)
    return Estimate(mean, low, high, p)


def smallest_sign_test(count: int) -> float:
    """The smallest two-sided p-value of an exact sign test of so many differences: all of them of one sign."""
    return float(min(1.0, 2.0 ** (1 - count)))


def variances(per_seed: np.ndarray, resampled: np.ndarray) -> tuple[float, float]:
    """Variances of the mean over seeds: of the test images, and of the seeds beyond what their images explain.

    per_seed  : (S,)
    resampled : (S, draws)
    """
    seeds = len(per_seed)
    images = float(np.nanvar(resampled.mean(0, dtype=np.float64)))
    if seeds == 1:
        return images, 0.0
    apart = resampled - resampled.mean(0)
    explained = float(np.nanvar(apart, axis=1, dtype=np.float64).sum()) / (seeds * (seeds - 1))
    return images, max(float(per_seed.var(ddof=1)) / seeds - explained, 0.0)


def _p(distance: float, images: float, between: float, seeds: int) -> float:
    """The level at which an interval of these variances ends at this distance."""
    from scipy.optimize import brentq
    from scipy.stats import norm, t

    if distance == 0:
        return 1.0
    if images + between == 0:
        return SMALLEST_P

    def beyond(p: float) -> float:
        factor = t.ppf(1 - p / 2, seeds - 1) if seeds > 1 and between else 0.0
        return float(norm.ppf(1 - p / 2) ** 2 * images + factor**2 * between - distance**2)

    return SMALLEST_P if beyond(SMALLEST_P) < 0 else float(brentq(beyond, SMALLEST_P, 1.0))


def over_seeds(per_seed: Sequence[float]) -> Estimate:
    """Student's interval of a mean over seeds; NaN for one seed. p of equal values is that of the sign test."""
    from scipy.stats import t

    values = np.asarray(per_seed, float)
    mean, n = float(values.mean()), len(values)
    if n == 1:
        return Estimate(mean, float("nan"), float("nan"))
    error = float(values.std(ddof=1)) / n**0.5
    half = float(t.ppf(0.5 + LEVEL / 2, n - 1)) * error
    same = error <= 1e-9  # of equal values rounding leaves an error that is not quite zero
    p = float(2 * t.sf(abs(mean) / error, n - 1)) if not same else smallest_sign_test(n) if mean else 1.0
    return Estimate(mean, mean - half, mean + half, p)


def mcnemar(right: np.ndarray, other: np.ndarray) -> float:
    """Exact two-sided p-value of McNemar's test, from two bool arrays (N,): binomial over the images they differ in."""
    from scipy.stats import binom

    gained, lost = int((right & ~other).sum()), int((other & ~right).sum())
    return float(min(1.0, 2 * binom.cdf(min(gained, lost), gained + lost, 0.5))) if gained + lost else 1.0


def holm(p: Sequence[float]) -> list[float]:
    """p-values adjusted by Holm's step-down method; NaN stays NaN and counts for nothing."""
    values = np.asarray(p, float)
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    adjusted = values.copy()
    steps = values[order] * (len(order) - np.arange(len(order)))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return [float(one) for one in adjusted]


# -- what is asked -------------------------------------------------------------------------------------------------


def difference(found: Sampled, amount: Amount, method: str, baseline: str) -> Difference:
    """One method less another, from resampled accuracies; not adjusted. InputError where no seed has both."""
    seeds = found.seeds(method, baseline)
    if not seeds:
        raise InputError(
            f"Two methods that are compared must have a seed in common. {shown(method)} and {shown(baseline)} have "
            f"none at {amount.words}; finish the comparison first."
        )
    apart, resampled = found.paired(method, baseline)  # (S, T), (S, T, draws)
    each_task = {task: _differing(found, method, baseline, [task]) for task in found.tasks}
    per_task = {task: estimate(apart[:, n], resampled[:, n], each_task[task]) for n, task in enumerate(found.tasks)}
    per_seed, of_all = found.overall(method, baseline)
    mean = estimate(per_seed, of_all, _differing(found, method, baseline, found.tasks))
    rights = [
        [np.concatenate([found.trials[name, seed].per_task[task].right for task in found.tasks])
         for name in (method, baseline)]
        for seed in seeds
    ]  # fmt: skip
    tests = tuple(mcnemar(mine, other) for mine, other in rights)
    each = tuple(float(one) for one in per_seed)
    return Difference(method, baseline, amount, seeds, mean, per_task, each, over_seeds(each), tests, mean.p)


def _differing(found: Sampled, method: str, baseline: str, tasks: Sequence[str]) -> int:
    """Subjects that two methods classify differently often, all seeds and these tasks together."""
    subjects, gained = [], []
    for seed in found.seeds(method, baseline):
        for task in tasks:
            mine, other = (found.trials[name, seed].per_task[task] for name in (method, baseline))
            subjects.append(mine.subjects)
            gained.append(mine.right.astype(np.int64) - other.right)
    _, subject = np.unique(np.concatenate(subjects), return_inverse=True)
    return int(np.count_nonzero(np.bincount(subject.reshape(-1), np.concatenate(gained))))


def differences(comparison: Comparison, amount: Amount, found: Sampled | None = None) -> dict[str, Difference]:
    """Every method at an amount less the comparison's baseline, p-values adjusted over them; empty without a baseline.

    A method that has no seed in common with the baseline is left out.
    """
    found = found or sampled(comparison, amount)
    baseline = comparison.baseline
    if baseline not in found.methods:
        return {}
    others = [one for one in found.methods if one != baseline and found.seeds(one, baseline)]
    each = [difference(found, amount, method, baseline) for method in others]
    adjusted = holm([one.mean.p for one in each])
    return {one.method: replace(one, adjusted=p) for one, p in zip(each, adjusted, strict=True)}


def balanced_differences(comparison: Comparison, amount: Amount) -> dict[str, Difference]:
    """`differences` of balanced accuracy, whatever the comparison ranks by."""
    return differences(replace(comparison, measure="balanced_accuracy"), amount)


def accuracies(found: Sampled) -> dict[str, Estimate]:
    """Each method's one figure."""
    each = {}
    for method in found.methods:
        each[method] = estimate(*found.overall(method))
    return each
