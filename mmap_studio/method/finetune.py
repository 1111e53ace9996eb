"""Full fine-tuning, the control that trains every weight of a copy of CLIP: per task, or jointly for all tasks.

Same data, augmentation, batches, schedule and evaluation as the prompts; its own optimiser: AdamW with a small
learning rate (WiSE-FT and FLYP fine-tune CLIP with AdamW at 1e-5, weight decay 0.1).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.nn import functional as F

from mmap_studio.config import FineTuneSettings, TrainSettings
from mmap_studio.method.batches import JointBatches
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import Evaluation, evaluate
from mmap_studio.method.objective import ClassLists
from mmap_studio.method.optimizer import SafeStepper
from mmap_studio.method.task import TaskSpec


@dataclass(frozen=True)
class FineTuneReport:
    """One step; `scores` (test scores of every task) come with the last one."""

    step: int
    steps: int
    losses: dict[str, float]
    scores: dict[str, Evaluation] | None = None


def fine_tune(
    clip: FrozenClip, tasks: Sequence[TaskSpec], training: TrainSettings, own: FineTuneSettings, seed: int
) -> Iterator[FineTuneReport]:
    """Train one copy of the model on all `tasks` together (give one task for fine-tuning per task)."""
    settings = training.model_copy(
        update={"optimizer": "adamw", "learning_rate": own.learning_rate, "weight_decay": own.weight_decay}
    )
    model: Any = clip.copy_model()
    batches, lists = JointBatches(clip, tasks, settings, seed), ClassLists.of(clip, tasks)
    names = tuple(task.name for task in tasks)
    steps = settings.steps_of(batches.steps_per_epoch, batches.largest)
    stepper = SafeStepper(model, settings, steps, keep_every=batches.steps_per_epoch)
    for step in range(steps):
        clip.watch()
        texts = [F.normalize(model.encode_text(tokens).float(), dim=-1) for tokens in lists.tokens]
        drawn = batches.draw()
        images = F.normalize(model.encode_image(torch.cat([b.images for b in drawn])).float(), dim=-1)
        scale = model.logit_scale.exp().clamp(max=100)
        parts = zip(images.split([len(b.labels) for b in drawn]), drawn, lists.of_task, strict=True)
        losses = torch.stack([F.cross_entropy(scale * part @ texts[c].T, b.labels) for part, b, c in parts])
        losses.sum().backward()
        stepper.take(step, losses.detach(), names)
        last = step + 1 == steps
        scores = _scores(clip.with_model(model), tasks) if last else None
        yield FineTuneReport(step + 1, steps, dict(zip(names, losses.tolist(), strict=True)), scores)


def _scores(tuned: FrozenClip, tasks: Sequence[TaskSpec]) -> dict[str, Evaluation]:
    return {task.name: evaluate(tuned, task) for task in tasks}
