"""Weights between the frozen and the trained ones: the curve of WiSE-FT, for every method that changes weights.

W0 + share (W1 - W0) over every weight that the method changes (Wortsman et al. 2022, arXiv 2109.01903; mlfoundations/
wise-ft, `wise_ft.py`), with the share that has the best accuracy on validation images. It takes no training of its own.
Without validation images the share is 0.5, which its authors use where nothing is tuned.
"""

from collections.abc import Generator
from dataclasses import replace

import numpy as np

from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.rivals.method import Beyond, Data, Family, Fitting, Learned, Predict, Scope, Values
from mmap_studio.method.rivals.weights.weight_method import WeightMethod
from mmap_studio.method.task import ImageSet, TaskSpec

SHARES = tuple(n / 10 for n in range(11))
"""Of the change: 0 is zero-shot, 1 what was trained."""
UNTUNED = 0.5
SHARE = "share"
"""Name of the chosen one among the arrays, and among the values."""


class Interpolated:
    """Weights between those of zero-shot and the trained ones, the share chosen on validation."""

    family: Family = "weights"

    def __init__(self, of: WeightMethod) -> None:
        self.of = of
        self.name, self.title, self.trained_as = f"{of.name}_wise", f"{of.title}, interpolated", of.name
        self.source = f"Wortsman et al. 2022, arXiv 2109.01903, share chosen on validation; of {of.source}"
        self.scopes: tuple[Scope, ...] = of.scopes
        self.beyond: tuple[Beyond, ...] = of.beyond
        self.candidates: tuple[Values, ...] = of.candidates

    def parameters(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...]) -> int:
        return self.of.parameters(clip, tasks)

    def fit(self, data: Data, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        return self.derived(data, (yield from self.of.fit(data, values, seed)))

    def derived(self, data: Data, learned: Learned) -> Learned:
        """What is kept of a training of the other method: its arrays, and the share; of equal ones that nearest 0.5."""
        share = UNTUNED
        if all(len(task.val) for task in data.tasks):
            levels = np.mean([self.curve(data, learned, task, task.val) for task in data.tasks], axis=0)
            best = np.flatnonzero(levels >= levels.max() - 1e-9)
            share = min((SHARES[n] for n in best), key=lambda one: (abs(one - UNTUNED), one))
        arrays = {**learned.arrays, SHARE: np.array([share], np.float32)}
        return replace(learned, arrays=arrays, values={**learned.values, SHARE: share})

    def curve(self, data: Data, learned: Learned, task: TaskSpec, images: ImageSet) -> tuple[float, ...]:
        """Accuracy on images of a task with each of `SHARES`; what was learned with or without a share."""
        own = self._trained(learned)
        each = [self.of.at(data, own, share)(task, images) for share in SHARES]
        return tuple(float((found.argmax(1) == images.labels).mean()) for found in each)

    def predictor(self, data: Data, learned: Learned) -> Predict:
        share = learned.arrays.get(SHARE)
        if share is None or share.shape != (1,) or not 0 <= float(share[0]) <= 1:
            raise ValueError(f"{self.title} must have a {SHARE} from 0 to 1.")
        return self.of.at(data, self._trained(learned), round(float(share[0]), 6))

    def _trained(self, learned: Learned) -> Learned:
        return replace(learned, arrays={name: one for name, one in learned.arrays.items() if name != SHARE})
