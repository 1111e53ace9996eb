"""Made-up comparisons whose answer is known."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mmap_studio.session.compare.trial import Comparison, Trial

TASKS = ("art", "clipart")
CLASSES = 4


def labels_of(per_class: int, classes: int = CLASSES) -> np.ndarray:
    return np.repeat(np.arange(classes), per_class)


def trial(method: str, amount: str, seed: int, right: Mapping[str, np.ndarray], labels: np.ndarray,
          classes: int = CLASSES, family: str = "features", subjects: str = "own", **more: Any) -> "Trial":  # fmt: skip
    """A trial that is right where it says so.

    subjects : ``own`` for every image, or ``shared`` by the n-th images of all tasks
    """
    from mmap_studio.session.compare.trial import Amount, TaskScores, Trial

    per_task = {}
    for place, (task, hits) in enumerate(right.items()):
        said = np.where(hits, labels, (labels + 1) % classes)
        confidence = np.where(hits, 0.9, 0.6).astype(np.float32)
        numbers = np.arange(len(labels)) + (0 if subjects == "shared" else place * len(labels))
        per_task[task] = TaskScores(labels, said, confidence, numbers, classes)
    about = {"title": method, "parameters": 0 if family == "zero_shot" else 1000, "bytes": 4000} | more
    return Trial(method, family=family, amount=Amount.parse(amount), seed=seed, per_task=per_task, **about)  # type: ignore[arg-type]


def comparison(trials: "Sequence[Trial]", **more: Any) -> "Comparison":
    """Of these trials, with what they have in common."""
    from mmap_studio.session.compare.trial import Comparison

    asked = {
        "methods": tuple(dict.fromkeys(one.method for one in trials)),
        "amounts": tuple(sorted({one.amount for one in trials})),
        "seeds": tuple(sorted({one.seed for one in trials})),
        "tasks": tuple(trials[0].per_task),
    }
    return Comparison(project="Made up", trials=tuple(trials), **(asked | more))


def drawn(rates: Mapping[str, float], seeds: Sequence[int] = (1, 2, 3), amount: str = "4", rng: int = 0,
          per_class: int = 25, tasks: Sequence[str] = TASKS, seed_spread: float = 0.0, common: float = 0.7,
          subjects: str = "own", classes: int = CLASSES) -> "Comparison":  # fmt: skip
    """Methods with these true accuracies; images differ in how hard they are, and seeds by `seed_spread`.

    common : correlation of what decides whether an image is classified correctly, between methods and seeds
    """
    from scipy.stats import norm

    chance = np.random.default_rng(rng)
    labels = labels_of(per_class, classes)
    shared = chance.standard_normal(len(labels))
    hard = {
        task: (0.8 * shared + 0.6 * chance.standard_normal(len(labels)))
        if subjects == "shared"
        else chance.standard_normal(len(labels))
        for task in tasks
    }
    trials = []
    still: dict[str, dict[str, np.ndarray]] = {}
    for method, rate in rates.items():
        for seed in seeds:
            shift = seed_spread * chance.standard_normal() if method != "zero_shot" else 0.0
            right = {
                task: common**0.5 * hard[task] + (1 - common) ** 0.5 * chance.standard_normal(len(labels))
                < norm.ppf(np.clip(rate + shift, 0.001, 0.999))
                for task in tasks
            }
            zero = method == "zero_shot"
            right = still.setdefault(method, right) if zero else right
            family = "zero_shot" if zero else "mmap" if method.startswith("mmap") else "features"
            trials.append(trial(method, amount, seed, right, labels, classes, family, subjects))
    return comparison(trials)


def with_trials(made: "Comparison", **changes: Any) -> "Comparison":
    """The same with every trial changed."""
    return replace(made, trials=tuple(replace(one, **changes) for one in made.trials))


def rare_class_gained(seeds: Sequence[int] = (1, 2, 3), **more: Any) -> "Comparison":
    """Of 180 images of a class and 20 of another, ``mmap`` loses 40 of the first and gains all of the second."""
    labels = np.repeat([0, 1], [180, 20])
    rows = np.arange(200)
    before, after = labels == 0, (rows >= 40)
    each = (("zero_shot", before, "zero_shot"), ("mmap", after, "mmap"))
    trials = [
        trial(name, "4", seed, {"art": right, "clipart": right}, labels, 2, family)
        for name, right, family in each
        for seed in seeds
    ]
    return comparison(trials, **more)
