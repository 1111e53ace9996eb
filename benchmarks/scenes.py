"""What is measured on: a ViT-B/16 of random weights with Office-Home's classes, and the starter."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from benchmarks import plain
from benchmarks.backbones import SIGLIP, VIT
from benchmarks.office_home import CLASSES
from mmap_studio.config import Settings, settings_from
from mmap_studio.data.images.starter import load_starter
from mmap_studio.data.names import clean_class_name
from mmap_studio.method.batches import Batch
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.objective import pair_losses
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import Joint, new_bank
from mmap_studio.resources import resource
from mmap_studio.session.backbones.loading import open_backbone
from mmap_studio.session.backbones.open_clip_configs import configs

PAPER_SIZE = settings_from({"preset": "paper-size"})
"""16 group and 16 task tokens in 9 layers, batches of 4."""


@dataclass(frozen=True)
class Noise:
    """An `ImageSet` of random pixels: times do not depend on what an image shows."""

    labels: np.ndarray
    size: int
    digest: str = "noise"

    def __len__(self) -> int:
        return len(self.labels)

    def pixels(self, indices: Any) -> np.ndarray:
        """uint8 (B, S, S, 3)"""
        shape = (len(indices), self.size, self.size, 3)
        return np.random.default_rng(int(indices[0])).integers(0, 256, shape, dtype=np.uint8)


def office_home_tasks(size: int, classes: int = len(CLASSES)) -> tuple[TaskSpec, ...]:
    """Four tasks with the 65 classes, or more of that kind, and one (noise) image a class."""
    more = (f"old {name}" for name in CLASSES)
    names = tuple(clean_class_name(name) for name in (*CLASSES, *more))[:classes]
    images = Noise(np.arange(len(names)), size)
    return tuple(TaskSpec(name, names, images, images, images) for name in ("art", "clipart", "product", "real"))


def one_group(clip: FrozenClip, tasks: tuple[TaskSpec, ...], settings: Settings) -> Joint:
    """All tasks training together from the start."""
    bank = new_bank(clip, Grouping.together([task.name for task in tasks]), settings.prompt, seed=1)
    return Joint(clip, tasks, bank, settings.train, seed=1)


def office_home_step(
    precision: str = "float32", classes: int = len(CLASSES), base: Settings = PAPER_SIZE, backbone: str = VIT,
    **training: Any,
) -> tuple[Joint, list[Batch]]:  # fmt: skip
    """A training step of four tasks on the CPU (of four images each at the paper's size), and its batches."""
    clip = siglip(precision) if backbone == SIGLIP else open_backbone(backbone, "cpu", precision)
    settings = base.model_copy(update={"train": base.train.model_copy(update=training)})
    joint = one_group(clip, office_home_tasks(clip.image_size, classes), settings)
    return joint, joint.batches.draw()


def siglip(precision: Any = "float32") -> FrozenClip:
    """ViT-B-16-SigLIP2 of random weights, with CLIP's tokens, whose files are everywhere: work and memory are the same
    but for the table of words."""
    config = configs()[SIGLIP]
    text = config["text_cfg"] | {"hf_tokenizer_name": None, "vocab_size": 49408}
    return FrozenClip.build({**config, "text_cfg": text}, name=SIGLIP, precision=precision)


def plain_step(joint: Joint, batches: list[Batch]) -> None:
    """What `Joint.backward` does, one task at a time and with the plain towers."""
    clip, lists = joint.clip, joint.lists
    autocast = torch.autocast(clip.device.type, torch.bfloat16, enabled=clip.precision == "bfloat16")
    for t, (task, batch) in enumerate(zip(joint.tasks, batches, strict=True)):
        prompts = joint.bank()[joint.bank.prompt_of[task.name]]
        with autocast:
            images = plain.encode_image(clip.model, batch.images, prompts.image[0])
            texts = plain.encode_text(clip.model, lists.tokens[lists.of_task[t]], prompts.text[0])
        F.cross_entropy(clip.logit_scale * images.float() @ texts.float().T, batch.labels).backward()


def reading_texts_again(joint: Joint, batches: list[Batch]) -> None:
    """What `Joint.backward` does in micro-batches, each on its own: the texts are read again in every one."""
    parts, rows = [batch.chunks(joint.parts) for batch in batches], joint.bank.prompt_of
    for chunk in zip(*parts, strict=True):
        pairs = [(rows[name], t) for t, name in enumerate(joint.names)]
        losses = pair_losses(joint.clip, joint.lists, chunk, joint.bank(), pairs)
        share = losses.new_tensor([len(c.labels) / len(b.labels) for c, b in zip(chunk, batches, strict=True)])
        (losses * share).sum().backward()


def starter_scene(count: int = 6) -> tuple[FrozenClip, tuple[TaskSpec, ...]]:
    """The starter's backbone and its tasks; beyond six, the first ones again under other names."""
    clip = open_backbone("starter", "cpu")
    tasks = load_starter(resource("starter"), clip.geometry)
    again = tuple(replace(task, name=f"{task.name} again") for task in tasks)
    return clip, (*tasks, *again)[:count]
