"""One rule for every method: hyper-parameters are chosen on validation images, or by folds of the training images.

Candidates are compared by the mean accuracy over tasks; the earlier one wins a tie, and the first are the published
ones. Whoever does not choose takes these.
"""

from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np

from mmap_studio.errors import TrainingError
from mmap_studio.method.folds import folds
from mmap_studio.method.rivals.method import Data, Fitting, Learned, Method, Values, checked
from mmap_studio.method.task import ImageSet

FOLDS = 3


@dataclass(frozen=True)
class Choice:
    """What was learned with the hyper-parameters that were chosen."""

    learned: Learned
    validation: float | None
    """Mean accuracy over the tasks on validation images; None where there are none, or nothing was looked at."""
    losses: np.ndarray
    """float64 (2, n): steps and losses of the training that was chosen, as `Fitting` says them."""


def fitted(method: Method, data: Data, seed: int, choose: bool = True) -> Generator[Fitting, None, Choice]:
    """Train with the candidate that is best on validation, or with the first where there is no `choose`.

    A candidate whose training fails is none; TrainingError where all of them do.
    """
    candidates = tuple(method.candidates) if choose else tuple(method.candidates[:1])
    validated = all(len(task.val) for task in data.tasks)
    if len(candidates) > 1 and not validated:
        best = yield from _best_by_folds(method, data, candidates, seed)
        candidates = (best,)
    choice: Choice | None = None
    failure: TrainingError | None = None
    for values in candidates:
        try:
            learned, losses = yield from _followed(method.fit(data, values, seed))
        except TrainingError as error:
            failure = error
            continue
        found = accuracy(method, data, learned, {t.name: t.val for t in data.tasks}) if validated else None
        if choice is None or (found is not None and choice.validation is not None and found > choice.validation):
            choice = Choice(learned, found, losses)
    if choice is None:
        raise failure or TrainingError(
            f"Method {method.name!r} must have hyper-parameters to train with, and has none."
        )
    return choice


def accuracy(method: Method, data: Data, learned: Learned, images: dict[str, ImageSet]) -> float:
    """Mean over tasks of the top-1 accuracy on these images of each."""
    predict = method.predictor(data, learned)
    found = []
    for task in data.tasks:
        own = images[task.name]
        probabilities = checked(method, predict(task, own), task, len(own))
        found.append((probabilities.argmax(1) == own.labels).mean())
    return float(np.mean(found))


def _followed(training: Generator[Fitting, None, Learned]) -> Generator[Fitting, None, tuple[Learned, np.ndarray]]:
    """A training, with its losses (2, n)."""
    points: list[tuple[int, float]] = []
    while True:
        try:
            fitting = next(training)
        except StopIteration as end:
            return end.value, np.array(points, float).reshape(-1, 2).T
        points.append((fitting.step, fitting.loss))
        yield fitting


def _best_by_folds(
    method: Method, data: Data, candidates: tuple[Values, ...], seed: int
) -> Generator[Fitting, None, Values]:
    """The candidate of the best mean accuracy over `FOLDS` folds; the first where there are no folds."""
    total = np.zeros(len(candidates))
    for part, held in folds(data.tasks, FOLDS, seed):
        rest = replace(data, tasks=part)
        for place, values in enumerate(candidates):
            try:
                learned = yield from method.fit(rest, values, seed)
            except TrainingError:
                total[place] -= 1
                continue
            total[place] += accuracy(method, rest, learned, held)
    return candidates[int(total.argmax())]
