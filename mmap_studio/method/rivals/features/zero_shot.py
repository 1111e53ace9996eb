"""Zero-shot: the class with the nearest text, in the task's template or averaged over several; nothing is trained.

Each task is read in its own templates, whatever the others have.
"""

from collections.abc import Generator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.evaluation import ENSEMBLE
from mmap_studio.method.rivals.features.feature_method import Arrays, FeatureMethod, Problem
from mmap_studio.method.rivals.method import Beyond, Data, Fitting, Learned, Predict, Scope, Values
from mmap_studio.method.task import ImageSet, TaskSpec


class ZeroShot(FeatureMethod):
    """CLIP as it is, with the task's template."""

    name = "zero_shot"
    title = "Zero-shot"
    source = "CLIP, Radford et al. 2021, arXiv 2103.00020"
    scopes: tuple[Scope, ...] = ("pooled",)
    beyond: tuple[Beyond, ...] = ("classes", "domains")
    solved = True

    def count(self, classes: int, width: int, images: int) -> int:
        return 0

    def shapes(self, classes: int, width: int) -> dict[str, tuple[int | None, ...]]:
        return {}

    def learn(self, problem: Problem, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        yield from ()
        return Learned({}, 0)

    def logits(self, arrays: Arrays, texts: Tensor, features: Tensor, scale: float) -> Tensor:
        return scale * features @ texts.T

    def predictor(self, data: Data, learned: Learned) -> Predict:
        self._check(learned.arrays, 0, data.clip.embed_width)

        of_classes: dict[tuple[str, tuple[str, ...]], Predict] = {}

        def predict(task: TaskSpec, images: ImageSet) -> np.ndarray:
            key = task.name, task.class_names
            if key not in of_classes:
                of_classes[key] = FeatureMethod.predictor(self, replace(data, tasks=(task,), asked=()), learned)
            return of_classes[key](task, images)

        return predict


class ZeroShotEnsemble(ZeroShot):
    """CLIP as it is, text features averaged over the task's `ensemble` of templates, or else `ENSEMBLE`."""

    name = "zero_shot_ensemble"
    title = "Zero-shot, ensemble"
    source = "CLIP, Radford et al. 2021, arXiv 2103.00020; Prompt_Engineering_for_ImageNet of openai/CLIP"

    def texts(self, data: Data) -> Tensor:
        (task,) = data.tasks
        each = [data.encoded_texts(data.clip, task.texts(one)) for one in task.ensemble or ENSEMBLE]
        return F.normalize(torch.from_numpy(np.mean(each, axis=0)), dim=-1)
