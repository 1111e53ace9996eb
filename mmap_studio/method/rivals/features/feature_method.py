"""What the methods on frozen features share: which classes the tasks of a model have in common, and their features."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.budget import AS_SET, Budget
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.rivals.method import Beyond, Data, Family, Fitting, Learned, Predict, Scope, Values
from mmap_studio.method.task import ImageSet, TaskSpec

Arrays = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Problem:
    """Training images of the tasks that share a model, as frozen features, over the union of their classes.

    Classes of several tasks are one where their names are equal. All tensors are on the CPU.
    """

    features: Tensor
    """float32 (N, d), unit length: the images of all tasks, task by task."""
    labels: Tensor
    """int64 (N,): class in the union."""
    texts: Tensor
    """float32 (C, d), unit length: of every class the mean over its tasks' templates, normalised."""
    own: Tensor
    """bool (N, C): the classes that the image's own task has; a loss runs over these alone."""
    scale: float
    """exp(logit_scale) of the backbone."""
    largest: int = 0
    """Images of the task that has most of them; 0: all are of one task."""
    budget: Budget = AS_SET

    @property
    def classes(self) -> int:
        return len(self.texts)

    @property
    def counts(self) -> Tensor:
        """int64 (C,): training images of each class."""
        return torch.bincount(self.labels, minlength=self.classes)

    @property
    def images_a_class(self) -> float:
        """On average over the classes that have any: the shots, where all have equally many."""
        return len(self.labels) / int((self.counts > 0).sum())

    def steps(self, batch: int, usual: int) -> int:
        """Steps of a training in batches of so many images of all tasks: as the budget says, else as usual.

        Images of a budget are those of the largest task; the others' are drawn in proportion to theirs. The last
        batch of an epoch is what is left of the images.
        """
        if self.budget.kind != "images":
            return self.budget.number or usual
        images = len(self.labels)
        epochs, rest = divmod(-(-self.budget.number * images // (self.largest or images)), images)
        return epochs * -(-len(self.labels) // batch) + -(-rest // batch)

    def cross_entropy(self, logits: Tensor, rows: Tensor | None = None) -> Tensor:
        """Mean cross-entropy of logits (n, C) of all images, or of these `rows`, over the classes of their tasks."""
        own, labels = (self.own, self.labels) if rows is None else (self.own[rows], self.labels[rows])
        return F.cross_entropy(logits.masked_fill(~own, -torch.inf), labels)


class FeatureMethod(ABC):
    """A method on frozen features. Subclasses say how many parameters they train, how, and what the logits are."""

    family: Family = "features"
    scopes: tuple[Scope, ...] = ("pooled", "per_task")
    beyond: tuple[Beyond, ...] = ("domains",)
    """A class that was not trained has no weights; another task of the same classes has."""
    solved: bool = False
    """Whether nothing is trained, or to the end whatever it takes, so that there is no budget."""
    candidates: tuple[Values, ...] = ({},)
    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]

    @abstractmethod
    def count(self, classes: int, width: int, images: int) -> int:
        """Trainable parameters with so many classes and training images of features of this width."""

    @abstractmethod
    def shapes(self, classes: int, width: int) -> dict[str, tuple[int | None, ...]]:
        """Shapes of what is learned, by name; None for a length that the training images give."""

    @abstractmethod
    def learn(self, problem: Problem, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        """Train; `parameters` may be left 0, it is filled in."""

    @abstractmethod
    def logits(self, arrays: Arrays, texts: Tensor, features: Tensor, scale: float) -> Tensor:
        """Logits (N, C) of features (N, d), from what was learned and the text features (C, d) of the union."""

    def texts(self, data: Data) -> Tensor:
        """float32 (C, d): unit text features of the union that `logits` is given."""
        return union_texts(data)

    def probabilities(self, logits: Tensor, zero_shot: Tensor) -> Tensor:
        """float32 (N, c) of a task's own classes: their logits (N, c), and those of zero-shot (N, c)."""
        return logits.softmax(1)

    def parameters(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...]) -> int:
        classes, images = len(union(tasks)), sum(len(task.train) for task in tasks)
        return self.count(classes, clip.embed_width, images)

    def fit(self, data: Data, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        learned = yield from self.learn(problem_of(data), values, seed)
        parameters = self.parameters(data.clip, data.tasks)
        return Learned(learned.arrays, parameters, learned.steps, learned.images_seen, dict(values))

    def predictor(self, data: Data, learned: Learned) -> Predict:
        texts, places, scale = self.texts(data), union(data.known), float(data.clip.logit_scale)
        self._check(learned.arrays, len(union(data.tasks)), texts.shape[1])

        def predict(task: TaskSpec, images: ImageSet) -> np.ndarray:
            features = torch.tensor(data.features_of(images))
            rows = [places[name] for name in task.class_names]
            with torch.no_grad():
                logits = self.logits(learned.arrays, texts, features, scale)[:, rows]
                found: np.ndarray = self.probabilities(logits, scale * features @ texts[rows].T).numpy()
            return found

        return predict

    def _check(self, arrays: Arrays, classes: int, width: int) -> None:
        """ValueError unless these arrays are what the method learns of so many classes."""
        wanted = self.shapes(classes, width)
        if set(arrays) != set(wanted):
            raise ValueError(f"{self.title} must have learned {sorted(wanted)}. Got {sorted(arrays)} instead.")
        for name, shape in wanted.items():
            found = arrays[name]
            fits = len(found.shape) == len(shape) and all(
                want in (None, have) for want, have in zip(shape, found.shape, strict=True)
            )
            if not fits:
                raise ValueError(f"{name} of {self.title} must have shape {shape}. Got {found.shape} instead.")
            if found.dtype not in (np.float32, np.int64):
                raise ValueError(f"{name} of {self.title} must be float32 or int64. Got {found.dtype} instead.")
            if found.dtype.kind == "i" and len(found) and not 0 <= found.min() <= found.max() < classes:
                raise ValueError(f"{name} of {self.title} must be classes from 0 to {classes - 1}.")
        open_lengths = {len(arrays[name]) for name, shape in wanted.items() if shape[:1] == (None,)}
        if len(open_lengths) > 1:
            raise ValueError(f"arrays of {self.title} must be of one length. Got {sorted(open_lengths)} instead.")


def union(tasks: tuple[TaskSpec, ...]) -> dict[str, int]:
    """Every class name of the tasks, with its place in their union."""
    names = dict.fromkeys(name for task in tasks for name in task.class_names)
    return {name: place for place, name in enumerate(names)}


def union_texts(data: Data) -> Tensor:
    """float32 (C, d): unit text features of the union, averaged over the templates of the tasks that have a class.

    Classes that are asked about alone come behind those that are trained, in the templates of the tasks asked about.
    """
    places, trained = union(data.known), union(data.tasks)
    total = torch.zeros(len(places), data.clip.embed_width)
    for number, task in enumerate(data.known):
        is_trained = number < len(data.tasks)
        own = [c for c, name in enumerate(task.class_names) if is_trained or name not in trained]
        rows = torch.tensor([places[task.class_names[c]] for c in own], dtype=torch.long)
        total.index_add_(0, rows, torch.tensor(data.texts_of(task))[own])
    return F.normalize(total, dim=-1)


def problem_of(data: Data) -> Problem:
    """The training images of all tasks as one problem."""
    places = union(data.tasks)
    features, labels, own = [], [], []
    for task in data.tasks:
        rows = torch.tensor([places[name] for name in task.class_names])
        features.append(torch.tensor(data.features_of(task.train)))
        labels.append(rows[torch.tensor(task.train.labels)])
        mask = torch.zeros(len(places), dtype=torch.bool).index_fill(0, rows, True)
        own.append(mask.expand(len(task.train), -1))
    return Problem(
        torch.cat(features), torch.cat(labels), union_texts(replace(data, asked=())), torch.cat(own),
        float(data.clip.logit_scale), max(len(task.train) for task in data.tasks), data.budget,
    )  # fmt: skip
