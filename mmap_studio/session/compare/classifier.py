"""A classifier from anything that is exported: a prompt folder, or the folder of another method."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mmap_studio.data.images.image_sets import ArrayImages
from mmap_studio.errors import CorruptError, InputError, StudioError
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.rivals.method import Data, Learned, Predict
from mmap_studio.method.task import TaskSpec
from mmap_studio.session.compare.catalogue import catalogue, zero_shot_method
from mmap_studio.session.run.classifier import Classifier, PromptedClassifier, opened_for
from mmap_studio.session.run.exported import MethodMeta, exported_folder, read_method
from mmap_studio.storage.method_folder import MethodFolder, is_method_folder


class MethodClassifier(Classifier):
    """A frozen CLIP with what a method of the field has learned. Make one with `load_classifier`."""

    def __init__(self, clip: FrozenClip, folder: MethodFolder, meta: MethodMeta) -> None:
        super().__init__(clip, folder.classes)
        self._method = meta.method
        method, entry = meta.method, catalogue().get(meta.method)
        if entry is None or entry.method is None:
            raise InputError(f"The method {method!r} must be installed to be used, and is not; install its package.")
        none = ArrayImages(np.zeros((0, clip.image_size, clip.image_size, 3), np.uint8), np.zeros(0, np.int64))
        self._tasks = {
            name: TaskSpec(name, tuple(one["class_names"]), none, none, none, one["template"], tuple(one["ensemble"]))
            for name, one in folder.classes.items()
        }
        self._predict: dict[str, Predict] = {}
        for model in folder.models:
            data = Data(clip, tuple(self._tasks[name] for name in model.tasks))
            learned = entry.method.predictor(data, Learned(model.arrays, 0))
            plain = zero_shot_method().predictor(data, Learned({}, 0))
            self._predict |= {name: plain if name in meta.at_zero_shot else learned for name in model.tasks}

    def _of_pixels(self, pixels: np.ndarray, task: str, classes: tuple[str, ...] | None) -> np.ndarray:
        images = ArrayImages(pixels, np.zeros(len(pixels), np.int64))
        return self._predict[task](self._tasks[task], images)

    def checked_classes(self, classes: Sequence[str], task: str) -> tuple[str, ...]:
        raise InputError(
            f"Other class names can be given to prompts alone, but {self._method!r} learned the classes of {task!r}; "
            "leave them out."
        )


def load_classifier(path: Path | str, backbone: str | FrozenClip | None = None, device: str = "auto") -> Classifier:
    """From a prompt folder, a folder that holds one as `prompts`, or a method folder.

    The backbone that it names is opened unless one is given.

    Raises CorruptError where there is no such folder or it is not whole, BackboneError, naming both, when the weights
    are not those it was trained with, and InputError for a method of another package that is not installed.
    """
    path = exported_folder(path)
    if not is_method_folder(path):
        return PromptedClassifier.load(path, backbone, device)
    folder, meta = read_method(path)
    clip = opened_for(path, meta, backbone, device)
    try:
        return MethodClassifier(clip, folder, meta)
    except StudioError:
        raise
    except (ValueError, RuntimeError, KeyError) as error:
        raise CorruptError(
            f"{path} must hold what {meta.method!r} learned on {clip.name!r}, but does not ({error}); export again."
        ) from None
