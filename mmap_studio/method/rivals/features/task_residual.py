"""TaskRes: a residual that is added to the text features of the classes.

Yu et al., CVPR 2023, arXiv 2211.10277; geekyutao/TaskRes, `trainers/taskres.py` and `adam_lr2e-3_B256_ep200.yaml`:
logits = s cos(f, t + 0.5 x), x = 0 at the start, Adam at 0.002 with L2 of 0.0005, cosine, one warm-up epoch at 1e-5,
100 epochs up to 4 images a class and 200 beyond, batches of 256. Left out: its "enhanced base", a projection trained
before, which makes it another method.

The texts have unit length here, CLIP's own are about 10 long: a step of Adam, which is as long as its rate, turns them
ten times as far. Hence the candidates.
"""

from collections.abc import Generator

import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.rivals.features.epochs import LENGTH, cosines, epochs
from mmap_studio.method.rivals.features.feature_method import Arrays, FeatureMethod, Problem
from mmap_studio.method.rivals.method import Fitting, Learned, Values

SHARE = 0.5
DECAY = 5e-4
FEW, EPOCHS_OF_FEW, EPOCHS = 4, 100, 200
RATES = (2e-3, 2e-4, 2e-2)
"""The first is the published one, the second that of ImageNet."""


class TaskResidual(FeatureMethod):
    """TaskRes, one for all tasks or one a task."""

    name = "task_residual"
    title = "TaskRes"
    source = "Yu et al. 2023, arXiv 2211.10277, and geekyutao/TaskRes"
    candidates = tuple({"learning_rate": rate} for rate in RATES)

    def count(self, classes: int, width: int, images: int) -> int:
        return classes * width

    def shapes(self, classes: int, width: int) -> dict[str, tuple[int | None, ...]]:
        return {"residual": (classes, width)}

    def learn(self, problem: Problem, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        residual = torch.zeros_like(problem.texts).requires_grad_()
        optimizer = torch.optim.Adam([residual], values["learning_rate"], weight_decay=DECAY)

        def objective(rows: Tensor) -> tuple[Tensor, Tensor]:
            fit = problem.cross_entropy(cosines(problem, LENGTH * problem.texts + SHARE * residual, rows), rows)
            return fit, fit

        length = EPOCHS_OF_FEW if problem.images_a_class <= FEW else EPOCHS
        steps, seen = yield from epochs(problem, optimizer, objective, seed, length)
        return Learned({"residual": residual.detach().numpy()}, 0, steps, seen)

    def logits(self, arrays: Arrays, texts: Tensor, features: Tensor, scale: float) -> Tensor:
        head = LENGTH * texts + SHARE * torch.from_numpy(arrays["residual"])
        return scale * features @ F.normalize(head, dim=-1).T
