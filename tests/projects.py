"""Projects on disk, small enough to run in a second: generated images and a tiny CLIP of random weights."""

import copy
import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmap_studio.config import Settings, settings_from
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import SplitSettings, TaskEntry
from tests import tiny

DOMAINS, CLASSES, IMAGES = ("art", "clip art", "real"), ("Alarm_Clock", "fox", "red car"), 8
QUICK = {
    "prompt.parts": "both",
    "prompt.tokens": 2,
    "prompt.source_rows": 2,
    "prompt.source_columns": 8,
    "prompt.depth": 2,
    "train.epochs": 2,
    "train.batch_size": 8,
    "train.min_steps": 0,
    "train.optimizer": "sgd",
    "train.learning_rate": 0.5,
    "affinity.epochs": 2,
    "affinity.every": 1,
    "affinity.min_measurements": 0,
}


def write_backbone(folder: Path, seed: int = 0, **backbone: Any) -> Path:
    """A tiny CLIP as a config beside its weights; changes of its config as `tiny.config` takes them."""
    import torch
    from safetensors.numpy import save_file

    clip = tiny.clip(seed, **copy.deepcopy(backbone))
    config = folder / "tiny.json"
    folder.mkdir(parents=True, exist_ok=True)
    config.write_text(json.dumps(tiny.config(**copy.deepcopy(backbone))))
    weights = {name: value.detach().to(torch.float32).numpy() for name, value in clip.model.state_dict().items()}
    save_file(weights, folder / "tiny.safetensors")
    return config


def write_domains(
    root: Path, domains: tuple[str, ...] = DOMAINS, size: int = 20, classes: tuple[str, ...] = CLASSES
) -> Path:
    """`root/<domain>/<class>/<n>.png`, every class with a corner of its own."""
    for number, domain in enumerate(domains):
        for label, name in enumerate(classes):
            folder = root / domain / name
            folder.mkdir(parents=True)
            for index in range(IMAGES):
                image = tiny.image_set(
                    len(classes), len(classes), seed=100 * number + 10 * label + index, tint=25 * number, size=size
                )
                Image.fromarray(image.images[label].astype(np.uint8)).save(folder / f"{index}.png")
    return root


def quick_settings(**changes: object) -> Settings:
    """Settings for a run of seconds; ``**{"train.epochs": 3}`` on top."""
    return settings_from({}, QUICK | changes)


def make(
    folder: Path, domains: tuple[str, ...] = DOMAINS, model: dict[str, Any] | None = None,
    classes: tuple[str, ...] = CLASSES, **changes: object,
) -> Project:  # fmt: skip
    """A saved project in `folder/project` with its data and backbone beside it; model : of `write_backbone`."""
    data = write_domains(folder / "data", domains, classes=classes)
    backbone = write_backbone(folder / "model", **(model or {}))
    entries = [TaskEntry(name=name, folder=str(data / name), template="a photo of a {}.") for name in domains]
    return Project.new(
        folder / "project",
        entries,
        backbone=str(backbone),
        split=SplitSettings(kind="fraction", fractions=(0.5, 0.25, 0.25)),
        settings=quick_settings(**changes),
    )
