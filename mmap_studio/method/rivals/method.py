"""What a method is: how many parameters it trains, how it fits them, and how it classifies with what it has learned."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

import numpy as np

from mmap_studio.config import TrainSettings
from mmap_studio.errors import InputError
from mmap_studio.method.budget import AS_SET, Budget
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import class_text_features, image_features
from mmap_studio.method.task import ImageSet, Part, TaskSpec

Values = Mapping[str, float]
"""Hyper-parameters of a method by name."""
Family = Literal["features", "prompts", "weights"]
Scope = Literal["per_task", "pooled"]
"""One model a task, or one for all tasks together."""
SCOPES: tuple[Scope, ...] = ("per_task", "pooled")
Beyond = Literal["classes", "domains"]
"""What a model may have an answer for that it was not trained on: other classes of its tasks, or other tasks."""


@dataclass(frozen=True)
class Fitting:
    """One step of a method's training."""

    step: int
    """From 1."""
    steps: int
    loss: float
    """Mean cross-entropy, before the step."""


@dataclass(frozen=True)
class Learned:
    """What a method has learned: enough to classify with again, and to be stored and exported."""

    arrays: Mapping[str, np.ndarray]
    """float32 or int64; by names that are the method's own."""
    parameters: int
    """Trained."""
    steps: int = 0
    images_seen: int = 0
    """Images whose loss was taken, with repetition; an image of cached features counts as often as it is used."""
    values: Values = field(default_factory=dict)
    """Hyper-parameters it was trained with."""

    @property
    def bytes(self) -> int:
        """Size of the arrays."""
        return sum(array.nbytes for array in self.arrays.values())


@dataclass(frozen=True)
class Data:
    """What a method is trained on: tasks that share one model, and features that are computed once."""

    clip: FrozenClip
    tasks: tuple[TaskSpec, ...]
    training: TrainSettings = field(default_factory=TrainSettings)
    """Budget and augmentation of the methods that read images: the same for all of them."""
    encoded: Callable[[FrozenClip, ImageSet], np.ndarray] = image_features
    """Frozen unit features float32 (N, d) of images."""
    encoded_texts: Callable[[FrozenClip, tuple[str, ...]], np.ndarray] = class_text_features
    """Frozen unit features float32 (C, d) of one sentence a class."""
    asked: tuple[TaskSpec, ...] = ()
    """What the model is asked about beside the tasks it is trained on: their other classes, or other tasks. Names and
    classes alone are looked at."""

    budget: Budget = AS_SET
    """Of the methods on features; that of the others is in `training`."""
    affinity: Callable[[], np.ndarray] | None = None
    """Measures the affinity of the tasks (T, T), rows the source; for methods that say `needs_affinity`."""

    @property
    def known(self) -> tuple[TaskSpec, ...]:
        """The tasks, and what is asked about beside them."""
        return (*self.tasks, *self.asked)

    def features_of(self, images: ImageSet) -> np.ndarray:
        """Frozen unit features float32 (N, d); of a `Part` rows of those of the whole."""
        if isinstance(images, Part):
            found: np.ndarray = self.features_of(images.whole)[images.rows]
            return found
        return self.encoded(self.clip, images)

    def texts_of(self, task: TaskSpec) -> np.ndarray:
        """Frozen unit features float32 (C, d) of the task's classes in its template."""
        return self.encoded_texts(self.clip, task.texts())


Predict = Callable[[TaskSpec, ImageSet], np.ndarray]
"""Class probabilities float32 (N, C) of images of a task."""


def checked(method: "Method", probabilities: np.ndarray, task: TaskSpec, images: int) -> np.ndarray:
    """Class probabilities (N, C) as they came; InputError, naming the method, for other shapes or numbers.

    Methods of other packages are nobody's to trust.
    """
    shape = (images, len(task.class_names))
    found = np.asarray(probabilities)
    if found.shape != shape or found.dtype.kind != "f" or not np.isfinite(found).all() or (found < 0).any():
        raise InputError(
            f"Method {method.name!r} must give finite class probabilities {shape} for task {task.name!r}. Got "
            f"{found.dtype} {found.shape} instead; mend it, or leave it out."
        )
    return found.astype(np.float32, copy=False)


def goes_beyond(method: "Method") -> tuple[Beyond, ...]:
    """What the method has an answer for that it was not trained on."""
    return tuple(getattr(method, "beyond", ()))


@runtime_checkable
class Method(Protocol):
    """One method of the field.

    Third parties add one: an object with these attributes, named by an entry point of the group `mmap_studio.methods`.
    One whose `predictor` also takes tasks that are in `Data.asked` says so by an attribute `beyond`, a tuple of
    "classes", "domains" or both; without it, protocols that ask for that leave the method out. One that is solved to
    its end, or trains nothing, says so by an attribute `solved`: no budget applies to it.
    """

    @property
    def name(self) -> str:
        """In commands and documents: lower case and underscores."""

    @property
    def title(self) -> str:
        """In tables."""

    @property
    def family(self) -> Family: ...

    @property
    def source(self) -> str:
        """Publication, and the public code that the defaults are anchored on."""

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Where it makes sense; the first is the usual one."""

    @property
    def candidates(self) -> tuple[Values, ...]:
        """Hyper-parameters to choose among; the first are the published ones. A single one: nothing is chosen."""

    def parameters(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...]) -> int:
        """Trainable parameters for one model of these tasks."""

    def fit(self, data: Data, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        """Train on the training images of `data.tasks`; validation and test are not looked at."""

    def predictor(self, data: Data, learned: Learned) -> Predict:
        """A classifier of the tasks' images; ValueError for arrays that are not of this method and these tasks."""
