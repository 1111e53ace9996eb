"""A classifier from a prompt folder and the backbone that its prompts were trained for."""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import torch
from PIL.Image import Image, fromarray

from mmap_studio.data.images.decode import decode
from mmap_studio.data.images.resize import to_geometry, to_rgb, upright
from mmap_studio.data.names import check_class_names
from mmap_studio.data.paths import real
from mmap_studio.errors import BackboneError, CorruptError, InputError, StudioError
from mmap_studio.formatting import kind_of, shown_value
from mmap_studio.method.bank import PromptBank, PromptKey
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import BATCH_SIZE, class_text_features, encode_pixels, probabilities
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.prompt import PromptPair
from mmap_studio.method.training import new_bank
from mmap_studio.session.backbones.loading import open_backbone
from mmap_studio.session.backbones.public_names import known, public_name
from mmap_studio.session.backbones.resolve import FORMER_STARTERS, locate, preprocessing
from mmap_studio.session.dataset.tasks import name_room
from mmap_studio.session.project.project_file import FILE_NAME, read_project_file
from mmap_studio.session.run.exported import PromptMeta, exported_folder, read_prompts
from mmap_studio.storage.prompt_folder import PromptFolder


@dataclass(frozen=True)
class Prediction:
    """The most probable class of one image."""

    class_name: str
    probability: float
    """Softmax over the task's classes, in [0, 1]."""
    index: int
    """Of the class in the task's list."""


class Classifier(ABC):
    """A frozen CLIP with something that was learned for some tasks; `load_classifier` makes one from any export."""

    def __init__(self, clip: FrozenClip, classes: Mapping[str, Mapping[str, Any]]) -> None:
        self.clip, self.classes = clip, classes

    @property
    def tasks(self) -> tuple[str, ...]:
        """Names of the tasks it was trained for."""
        return tuple(self.classes)

    def class_names(self, task: str | None = None) -> tuple[str, ...]:
        """The classes of a task."""
        return tuple(self.classes[self._task(task)]["class_names"])

    def predict(
        self, images: "AnImage | Iterable[AnImage]", task: str | None = None, classes: Sequence[str] | None = None
    ) -> list[Prediction]:
        """The most probable class of every image; of one image a list of one.

        images : a file by its path, a PIL image or a uint8 array (H, W), (H, W, 3) or (H, W, 4), or any number of
            these; an array (N, S, S, 3) is N images in the backbone's geometry
        task : may be left out where there is only one
        classes : other class names than those that were trained, for prompts alone; `index` counts in them

        Raises InputError for another array or task, DataError for a file that is no image, and for class names that
        are too long for the text tower or that it cannot tell apart.
        """
        return [best[0] for best in self.top(images, 1, task, classes)]

    def top(
        self,
        images: "AnImage | Iterable[AnImage]",
        count: int,
        task: str | None = None,
        classes: Sequence[str] | None = None,
    ) -> list[tuple[Prediction, ...]]:
        """The `count` most probable classes of every image, the best first; arguments and errors as `predict`."""
        names = self.class_names(task) if classes is None else tuple(classes)
        found = self.probabilities(images, task, classes)
        order = np.argsort(-found, axis=1, kind="stable")[:, : max(1, count)]  # (N, count)
        return [
            tuple(Prediction(names[i], float(row[i]), int(i)) for i in best)
            for best, row in zip(order, found, strict=True)
        ]

    def probabilities(
        self, images: "AnImage | Iterable[AnImage]", task: str | None = None, classes: Sequence[str] | None = None
    ) -> np.ndarray:
        """float32 (N, C): softmax over the task's classes, or those given; arguments and errors as `predict`."""
        task = self._task(task)
        given = None if classes is None else self.checked_classes(classes, task)
        many, rows = _many(images), []
        for start in range(0, len(many), BATCH_SIZE):
            pixels = np.stack([self._pixels(one) for one in many[start : start + BATCH_SIZE]])
            rows.append(self._of_pixels(pixels, task, given))
        return np.concatenate(rows) if rows else np.zeros((0, len(given or self.class_names(task))), np.float32)

    @abstractmethod
    def _of_pixels(self, pixels: np.ndarray, task: str, classes: tuple[str, ...] | None) -> np.ndarray:
        """float32 (N, C) of uint8 images (N, S, S, 3), at most `BATCH_SIZE` of them.

        classes : in place of the task's own, as `checked_classes` gives them
        """

    @abstractmethod
    def checked_classes(self, classes: Sequence[str], task: str) -> tuple[str, ...]:
        """Class names in place of the task's own; InputError or DataError for those that cannot be used."""

    def _pixels(self, image: "AnImage") -> np.ndarray:
        if isinstance(image, str | Path):
            return decode(image, self.clip.geometry)
        if isinstance(image, Image):
            return to_geometry(to_rgb(upright(image)), self.clip.geometry)
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8:
            raise _no_image(image)
        if image.ndim < 2 or image.shape[2:] not in ((), (3,), (4,)):
            raise _no_image(image)
        if 0 in image.shape:
            raise InputError(f"An image must have pixels. Got an array {image.shape} instead; give a file.")
        size = self.clip.image_size
        fits = image.shape == (size, size, 3)
        return image if fits else to_geometry(to_rgb(fromarray(image)), self.clip.geometry)

    def _task(self, task: str | None) -> str:
        if task is None and len(self.tasks) == 1:
            return self.tasks[0]
        if task not in self.tasks:
            raise InputError(f"task must be one of {', '.join(self.tasks)}. Got {task!r} instead.")
        return task


AnImage = str | Path | Image | np.ndarray
"""A file, a PIL image, or uint8 (H, W), (H, W, 3) or (H, W, 4): grey, RGB, or RGB with opacity."""


def _many(images: AnImage | Iterable[AnImage]) -> Sequence[AnImage] | np.ndarray:
    """As a sequence; an array of one image is one image, and so is a path, which is no sequence of letters."""
    if isinstance(images, np.ndarray):
        return images if images.ndim == 4 or (images.ndim and images.dtype == object) else [images]
    if isinstance(images, str | Path | Image):
        return [images]
    if isinstance(images, bytes | Mapping) or not isinstance(images, Iterable):
        raise _no_image(images)
    return list(images)


def _no_image(found: object) -> InputError:
    what = f"{found.dtype} {found.shape}" if isinstance(found, np.ndarray) else kind_of(found)
    return InputError(
        "An image must be a path, a PIL image or a uint8 array (H, W), (H, W, 3) or (H, W, 4). "
        f"Got {what} instead; give a file."
    )


class PromptedClassifier(Classifier):
    """A frozen CLIP with trained prompts. Make one with `load`."""

    def __init__(self, clip: FrozenClip, folder: PromptFolder) -> None:
        super().__init__(clip, folder.classes)
        self.folder = folder
        self._prompts = {task: pair for bank in _banks(clip, folder) for task, pair in _pairs(bank).items()}
        self._features: dict[tuple[str, tuple[str, ...]], np.ndarray] = {}

    @classmethod
    def load(
        cls, path: Path | str, backbone: str | FrozenClip | None = None, device: str = "auto"
    ) -> "PromptedClassifier":
        """From a prompt folder, or a folder that the window's Export wrote, or a run's; the backbone that the prompts
        name is opened unless one is given, by name or loaded.

        Raises CorruptError where there is no such folder or it is not whole, and BackboneError, naming
        both, when the weights are not those the prompts were trained with.
        """
        path = exported_folder(path)
        folder, meta = read_prompts(path)
        clip = opened_for(path, meta, backbone, device)
        try:
            return cls(clip, folder)
        except StudioError:
            raise
        except (ValueError, RuntimeError, KeyError) as error:
            raise CorruptError(
                f"{path} must hold prompts that fit its settings and {clip.name!r}, but does not ({error}); "
                "export again."
            ) from None

    def _of_pixels(self, pixels: np.ndarray, task: str, classes: tuple[str, ...] | None) -> np.ndarray:
        features = encode_pixels(self.clip, pixels, self._prompts[task])
        return probabilities(self.clip, features.cpu().numpy(), self._class_features(task, classes))

    def checked_classes(self, classes: Sequence[str], task: str) -> tuple[str, ...]:
        if isinstance(classes, str) or not classes or not all(isinstance(name, str) for name in classes):
            raise InputError(f"classes must be a list of class names. Got {shown_value(classes)} instead.")
        tokens = PromptMeta.model_validate(self.folder.meta).prompt.inserted
        room = name_room(self.clip, self.folder.classes[task]["template"], tokens)
        check_class_names(task, tuple(classes), self.clip.token_ids, room)
        return tuple(classes)

    def _class_features(self, task: str, classes: tuple[str, ...] | None) -> np.ndarray:
        """Unit features float32 (C, d) of the class names under the task's prompts, computed once."""
        entry = self.folder.classes[task]
        names = tuple(entry["class_names"]) if classes is None else classes
        if (task, names) not in self._features:
            texts = _texts(entry["template"], names)
            self._features[task, names] = class_text_features(self.clip, texts, self._prompts[task])
        return self._features[task, names]


class TrainedOn(Protocol):
    """What an export says of the backbone it belongs to."""

    @property
    def backbone(self) -> str: ...
    @property
    def backbone_digest(self) -> str: ...
    @property
    def precision(self) -> Literal["float32", "bfloat16"]: ...
    @property
    def preprocessing(self) -> dict[str, Any] | None: ...


def opened_for(path: Path, meta: TrainedOn, backbone: str | FrozenClip | None, device: str) -> FrozenClip:
    """The backbone that an export belongs to, or the one given; BackboneError where its weights are others."""
    clip = backbone if isinstance(backbone, FrozenClip) else _open(path, meta, backbone, device)
    if clip.digest != meta.backbone_digest:
        raise BackboneError(_other_weights(path, meta, clip))
    return clip


def _open(path: Path, meta: TrainedOn, backbone: str | None, device: str) -> FrozenClip:
    """The backbone with the preprocessing that the prompts were trained under, which a file of weights does not say."""
    name, near = (backbone, None) if backbone else _named_by(path, meta)
    trained = preprocessing(meta.preprocessing) if meta.preprocessing is not None else _older(name)
    return open_backbone(name, device, meta.precision, near, preprocess=trained)


def _named_by(path: Path, meta: TrainedOn) -> tuple[str, Path | None]:
    """What opens the backbone that the prompts were trained on, and the folder its file may lie beside.

    A prompt folder says a file's name and no place: the place is known to the project it lies in, or to this computer.
    """
    for folder in list(real(path).parents)[:4]:
        if (folder / FILE_NAME).is_file():
            with suppress(StudioError):
                named = read_project_file(folder / FILE_NAME).backbone
                if public_name(named) == public_name(meta.backbone):
                    return named, folder
    if os.path.exists(meta.backbone) or (place := known(meta.backbone_digest)) is None:
        return meta.backbone, None
    return place, None


def _other_weights(path: Path | str, meta: TrainedOn, clip: FrozenClip) -> str:
    """Why prompts cannot be used with a backbone."""
    name, trained, found = meta.backbone, meta.backbone_digest, clip.digest[:12]
    if version := FORMER_STARTERS.get(trained):
        return (
            f"The prompts in {path} were trained on the starter of version {version} with weights {trained[:12]}, but "
            f"{clip.name!r} has weights {found}; train again, or name as the backbone the `backbone.json` of that "
            "version beside its weights."
        )
    return (
        f"The prompts in {path} were trained on {name!r} with weights {trained[:12]}, but {clip.name!r} has weights "
        f"{found}; open them with the backbone they belong to."
    )


def _older(name: str) -> dict[str, Any]:
    """Of prompt folders that do not say: they are from when every image was resized as CLIP's own."""
    said = locate(name).preprocess
    return {key: said[key] for key in ("mean", "std") if key in said}


def _texts(template: str, names: Sequence[str]) -> tuple[str, ...]:
    """What the text tower reads of these classes."""
    return tuple(template.replace("{}", name) for name in names)


def _banks(clip: FrozenClip, folder: PromptFolder) -> list[PromptBank]:
    settings = PromptMeta.model_validate(folder.meta).prompt
    groups = [one.members for one in folder.adapters.values() if one.kind == "group"]
    groups = groups or [(task,) for task in folder.classes]
    keys = {PromptKey(one.kind, one.members): one.arrays for one in folder.adapters.values()}
    banks = []
    for members in groups:
        texts = {
            task: _texts(folder.classes[task]["template"], folder.classes[task]["class_names"]) for task in members
        }
        bank = new_bank(clip, Grouping.together(members), settings, 0, texts)
        bank.load_adapters(keys)
        banks.append(bank)
    return banks


def _pairs(bank: PromptBank) -> dict[str, PromptPair]:
    with torch.no_grad():
        prompts = bank()
    return {task: prompts[row] for task, row in bank.prompt_of.items()}
