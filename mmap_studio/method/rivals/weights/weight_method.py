"""What the methods that change weights share: how changes are trained, kept and classified with.

Cross-entropy over all classes of a task with their texts encoded anew in every step (the "cross-entropy" form of FLYP;
its contrastive loss makes the images of one class negatives of each other), AdamW, same batches, augmentation and
budget as the prompts.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional as F

from mmap_studio.method.batches import Batch, JointBatches
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import class_text_features, iterate_features, probabilities
from mmap_studio.method.objective import ClassLists
from mmap_studio.method.optimizer import SafeStepper
from mmap_studio.method.rivals.method import Beyond, Data, Family, Fitting, Learned, Predict, Scope, Values
from mmap_studio.method.task import ImageSet, TaskSpec

Weights = Mapping[str, Tensor]


class Change(nn.Module, ABC):
    """Trained parameters, and the weights of CLIP that they make."""

    @abstractmethod
    def forward(self) -> dict[str, Tensor]:
        """Weights that are other than the frozen ones, by their name in the open_clip model."""


class ReplacedWeights(Change):
    """Some weights are trained as they are."""

    def __init__(self, clip: FrozenClip, names: list[str]) -> None:
        super().__init__()
        frozen = dict(clip.model.named_parameters())
        self.names = names
        self.values = nn.ParameterList(nn.Parameter(frozen[name].detach().clone()) for name in names)

    def forward(self) -> dict[str, Tensor]:
        return dict(zip(self.names, self.values, strict=True))


class WeightMethod(ABC):
    """A change of CLIP's weights that is trained on images."""

    family: Family = "weights"
    scopes: tuple[Scope, ...] = ("pooled", "per_task")
    beyond: tuple[Beyond, ...] = ("classes", "domains")
    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    candidates: tuple[Values, ...]
    weight_decay: ClassVar[float] = 0.01
    share = 1.0
    """Of the change that classifies; below 1 weights are interpolated with the frozen ones."""

    @abstractmethod
    def change(self, clip: FrozenClip, seed: int) -> Change:
        """Untrained, on the backbone's device; it changes nothing yet."""

    def parameters(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...]) -> int:
        return sum(one.numel() for one in self.change(clip, 0).parameters())

    def fit(self, data: Data, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        clip, tasks = data.clip, data.tasks
        own = {"optimizer": "adamw", "weight_decay": self.weight_decay, **values}
        settings = data.training.model_copy(update=own)
        change, towers = self.change(clip, seed), _Towers(clip)
        batches, lists = JointBatches(clip, tasks, settings, seed), ClassLists.of(clip, tasks)
        names = tuple(task.name for task in tasks)
        per_epoch = batches.steps_per_epoch
        steps, seen = settings.steps_of(per_epoch, batches.largest), 0
        stepper = SafeStepper(change, settings, steps, keep_every=per_epoch)
        clip.recompute = False  # a block computed again for the gradient would be computed with the frozen weights
        for step in range(steps):
            clip.watch()
            drawn = batches.draw()
            losses: Tensor = towers.call(change(), partial(_losses, clip, lists, drawn))
            losses.sum().backward()
            stepper.take(step, losses.detach(), names)
            seen += sum(len(batch.labels) for batch in drawn)
            yield Fitting(step + 1, steps, float(losses.detach().mean()))
        arrays = {name: value.detach().cpu().float().numpy() for name, value in change.named_parameters()}
        return Learned(arrays, sum(array.size for array in arrays.values()), steps, seen, dict(values))

    def predictor(self, data: Data, learned: Learned) -> Predict:
        return self.at(data, learned, self.share)

    def at(self, data: Data, learned: Learned, share: float) -> Predict:
        """A classifier with so much of the change: 0 is the frozen model, 1 what was trained."""
        clip, change = data.clip, self.change(data.clip, 0)
        wanted = {name: tuple(value.shape) for name, value in change.named_parameters()}
        if {name: array.shape for name, array in learned.arrays.items()} != wanted:
            raise ValueError(f"{self.title} must have the arrays {wanted}.")
        with torch.no_grad():
            for name, value in change.named_parameters():
                value.copy_(torch.from_numpy(np.array(learned.arrays[name])))
            weights, frozen = change(), dict(clip.model.named_parameters())
            if share < 1:
                weights = {name: frozen[name].lerp(value, share) for name, value in weights.items()}
        towers = _Towers(clip)
        classes: dict[tuple[str, ...], np.ndarray] = {}

        def predict(task: TaskSpec, images: ImageSet) -> np.ndarray:
            with torch.no_grad():
                texts = task.texts()
                if texts not in classes:
                    classes[texts] = towers.call(weights, partial(class_text_features, clip, texts))
                found: np.ndarray = towers.call(weights, partial(_probabilities, clip, classes[texts], images))
            return found

        return predict


class _Towers(nn.Module):
    """Computes something with other weights in the place of the frozen ones."""

    def __init__(self, clip: FrozenClip) -> None:
        super().__init__()
        self.model = clip.model

    def call(self, weights: Weights, compute: Callable[[], Any]) -> Any:
        """What `compute`, which uses the `FrozenClip`, gives with these weights."""
        return functional_call(self, {f"model.{name}": value for name, value in weights.items()}, (compute,))

    def forward(self, compute: Callable[[], Any]) -> Any:
        return compute()


def _losses(clip: FrozenClip, lists: ClassLists, batches: list[Batch]) -> Tensor:
    """Mean cross-entropy (T,) of every task's batch; all images go through the tower together."""
    texts = [clip.encode_text(tokens) for tokens in lists.tokens]
    images = clip.encode_image(torch.cat([batch.images for batch in batches])).split([len(b.labels) for b in batches])
    scale, parts = clip.logit_scale, zip(images, batches, lists.of_task, strict=True)
    return torch.stack([F.cross_entropy(scale * image @ texts[c].T, batch.labels) for image, batch, c in parts])


def _probabilities(clip: FrozenClip, classes: np.ndarray, images: ImageSet) -> np.ndarray:
    found = [probabilities(clip, batch, classes) for batch in iterate_features(clip, images)]
    return np.concatenate(found) if found else np.zeros((0, len(classes)), np.float32)
