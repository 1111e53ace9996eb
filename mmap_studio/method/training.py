"""Training as a generator of reports: pausing is not asking for the next one, stopping is closing it.

Stage 1 (`train_shared`) trains one MmAP that all tasks share and measures affinity on the way. Stage 3 (`train`)
trains one bank a group; groups do not touch each other, so they come one after the other, and a group's result
depends on its members, its data, the settings and the seed alone.
"""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from mmap_studio.config import AffinitySettings, PromptSettings, TrainSettings
from mmap_studio.method.affinity.lookahead import AffinityEstimate, AffinityMeter, lookahead_affinity
from mmap_studio.method.bank import Adapters, PromptBank, PromptModule
from mmap_studio.method.batches import Batch, JointBatches
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import Evaluation, Predictions, cached_text_features, evaluate
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.objective import ClassFeatures, ClassLists, class_features_by_prompt, image_losses, pair_losses
from mmap_studio.method.optimizer import SafeStepper
from mmap_studio.method.out_of_memory import within_memory
from mmap_studio.method.prompt import PromptPair, at_zero_shot
from mmap_studio.method.prompt_shape import GATE
from mmap_studio.method.snapshot import Bookmark, go_on, maker
from mmap_studio.method.task import TaskSpec


@dataclass(frozen=True)
class TrainedGroup:
    """What the training of one group has given so far."""

    members: tuple[str, ...]
    final: Adapters
    """Arrays of every MmAP after the last step so far."""
    best: Adapters
    """The same at the epoch of the best mean validation accuracy; `final` where there is no validation image."""
    best_epoch: int
    validation: tuple[dict[str, float], ...]
    """Accuracy of every task on its validation images, epoch by epoch."""
    complete: bool
    """False for what a stopped training leaves."""
    losses: Mapping[str, np.ndarray] = field(default_factory=dict)
    """float32 (2, n) of every task, where they were kept: steps from 1, and mean cross-entropies."""
    zero_shot: Mapping[str, float] = field(default_factory=dict)
    """Accuracy of plain CLIP with the template on the validation images of every task that has any."""
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Class texts of every task, where classes have residuals: `PromptBank` says which row is whose."""

    def kept(self, keep: str) -> Adapters:
        """The arrays that the setting `keep` ("final" or "best") names; those of zero-shot where they are `worse`."""
        chosen = self.best if keep == "best" else self.final
        return {key: at_zero_shot(arrays) for key, arrays in chosen.items()} if self.worse(keep) else chosen

    def worse(self, keep: str) -> bool:
        """Whether zero-shot is better on validation than what `keep` names, and the prompts can be exactly that."""
        validated, zero_shot = self.validated(keep)
        return validated < zero_shot and all(GATE in arrays for arrays in self.final.values())

    def validated(self, keep: str) -> tuple[float, float]:
        """Mean accuracy on validation of what `keep` names and of zero-shot; both 0 where there is none."""
        epoch = self.best_epoch - 1 if keep == "best" else -1
        return (mean_accuracy(self.validation[epoch]), mean_accuracy(self.zero_shot)) if self.zero_shot else (0.0, 0.0)


@dataclass(frozen=True)
class StepReport:
    """One step of training."""

    members: tuple[str, ...]
    """Tasks that train together."""
    step: int
    """From 1."""
    steps: int
    epoch: int
    """From 1."""
    losses: dict[str, float]
    """Mean cross-entropy of every task's batch, before the step."""
    learning_rate: float
    undone: bool = False
    """The numbers were not finite: the step was taken back and the learning rate halved."""
    affinity: AffinityEstimate | None = None
    """Stage 1, at steps that measure: all measurements so far."""
    group: TrainedGroup | None = None
    """At the end of an epoch: the prompts and their validation accuracy so far."""
    parts: int = 1
    """Micro-batches it was computed in; more than were asked for where the memory did not suffice."""
    uncompiled: str = ""
    """Why it was computed as it stands, though it should have been compiled."""
    validated: Mapping[str, Predictions] = field(default_factory=dict)
    """At the end of an epoch: of every task with validation images the classes predicted for these, int64 (N,), and
    their probabilities, float32 (N,)."""


def new_bank(
    clip: FrozenClip, grouping: Grouping, settings: PromptSettings, seed: int, texts: Mapping[str, tuple[str, ...]] = {}
) -> PromptBank:
    """An untrained bank on the backbone's device; InputError where the settings do not fit its widths.

    texts : class texts of every task, needed where classes have residuals
    """
    shape = settings.shape(clip.text_width, clip.image_width, clip.embed_width)
    assert settings.parts != "auto"  # `shape` has refused it
    bank = PromptBank(shape, grouping, settings.parts, seed, settings.initialisation, settings.join, texts)
    return bank.to(clip.device)


def new_group_bank(clip: FrozenClip, tasks: Sequence[TaskSpec], settings: PromptSettings, seed: int) -> PromptBank:
    """As `new_bank`, of one group of tasks."""
    texts = {task.name: task.texts() for task in tasks} if settings.class_residual == "on" else {}
    return new_bank(clip, Grouping.together([task.name for task in tasks]), settings, seed, texts)


class Joint:
    """Tasks that train together on one bank: their batches and their losses."""

    def __init__(
        self, clip: FrozenClip, tasks: Sequence[TaskSpec], bank: PromptModule, settings: TrainSettings, seed: int
    ) -> None:
        clip.assert_frozen()
        self.clip, self.tasks, self.bank, self.settings = clip, tasks, bank, settings
        self.names = tuple(task.name for task in tasks)
        self.lists = ClassLists.of(clip, tasks)
        self.batches = JointBatches(clip, tasks, settings, seed)
        self.parts = settings.accumulate
        """Micro-batches a step is computed in; more than the setting where the memory did not suffice."""
        clip.recompute = settings.recompute

    def backward(self, batches: Sequence[Batch]) -> Tensor:
        """Accumulate the gradient of the sum over tasks; returns the losses (T,), detached.

        In `parts` parts: each part's loss counts by its share of the images, so that the step is the same. When the
        memory does not suffice, twice as many are taken from then on, as far as there are images.
        """
        largest = max(len(batch.labels) for batch in batches)
        compiles = self.settings.compiled and not self.settings.recompute
        while True:
            with self.clip.compiled() if compiles else nullcontext():
                losses = within_memory(partial(self._backward, batches), self.bank.parameters(), self.parts < largest)
            if losses is not None:
                return losses
            self.parts = min(2 * self.parts, largest)

    def _backward(self, batches: Sequence[Batch]) -> Tensor:
        """All class texts are read once: the micro-batches meet their features, and the image prompts, as leaves, and
        what these have collected goes the rest of the way back at the end."""
        prompts, row = self.bank(), self.bank.prompt_of
        pairs = [(row[name], t) for t, name in enumerate(self.names)]
        texts = class_features_by_prompt(self.clip, self.lists, prompts, pairs)
        gate = [] if prompts.gate is None else [prompts.gate]
        shared = [prompts.image, *gate, *texts.values()]
        leaves = [one.detach().requires_grad_(one.requires_grad) for one in shared]
        image = replace(prompts, image=leaves[0], gate=leaves[1] if gate else None)
        classes = dict(zip(texts, leaves[1 + len(gate) :], strict=True))
        losses = self._in_parts(batches, pairs, image, classes)
        learned = [(one, leaf.grad) for one, leaf in zip(shared, leaves, strict=True) if leaf.grad is not None]
        torch.autograd.backward([one for one, _ in learned], [grad for _, grad in learned])
        return losses

    def _in_parts(
        self, batches: Sequence[Batch], pairs: Sequence[tuple[int, int]], prompts: PromptPair, texts: ClassFeatures
    ) -> Tensor:
        """The losses (T,), detached; their gradient goes as far as image prompts and class features."""
        total = torch.zeros(len(batches), device=self.clip.device)
        parts = [batch.chunks(self.parts) for batch in batches]
        for part in range(max(len(chunks) for chunks in parts)):
            here = [t for t, chunks in enumerate(parts) if part < len(chunks)]
            chunk = [chunks[min(part, len(chunks) - 1)] for chunks in parts]
            losses = self.losses_of(chunk, prompts, texts, [pairs[t] for t in here])
            share = losses.new_tensor([len(chunk[t].labels) / len(batches[t].labels) for t in here])
            (losses * share).sum().backward()
            total[here] += (losses * share).detach()
        return total

    def losses_of(
        self, batches: Sequence[Batch], prompts: PromptPair, texts: ClassFeatures, pairs: Sequence[tuple[int, int]]
    ) -> Tensor:
        """What is minimised, for every pair of prompt and task: the mean cross-entropy."""
        return image_losses(self.clip, self.lists, batches, prompts, texts, pairs)

    @property
    def uncompiled(self) -> str:
        """Why steps are computed as they stand, though they should be compiled; empty otherwise.

        With `recompute` they are: the same piece may be another program the second time, or none any more.
        """
        if self.settings.compiled and self.settings.recompute:
            return "train.recompute is on, which needs every block twice alike"
        return self.clip.compiler.failure if self.settings.compiled and self.clip.compiler else ""

    def trial_losses(self, batches: Sequence[Batch]) -> Callable[..., Tensor]:
        """What `lookahead_affinity` asks: losses of any task under any set of the bank's parameters."""

        def losses(sets: Sequence[Mapping[str, Tensor]], pairs: Sequence[tuple[int, int]]) -> Tensor:
            prompts = PromptPair.stack([functional_call(self.bank, dict(one), ()) for one in sets])
            return pair_losses(self.clip, self.lists, batches, prompts, pairs)

        return losses


class Measuring:
    """Affinity, measured in some of the steps of stage 1."""

    def __init__(self, joint: Joint, affinity: AffinitySettings, warm: int) -> None:
        self.meter = AffinityMeter(joint.names)
        self._joint, self._affinity, self._warm = joint, affinity, warm

    def due(self, step: int) -> bool:
        """Whether step `step`, counted from 0, measures."""
        return step >= self._warm and (step - self._warm) % self._affinity.every == 0

    def steps(self, done: int) -> list[int]:
        """Of the first `done` steps those that measured, counted from 1."""
        return [step + 1 for step in range(done) if self.due(step)]

    def measure(self, step: int, batches: Sequence[Batch]) -> AffinityEstimate | None:
        if not self.due(step):
            return None
        joint, affinity = self._joint, self._affinity
        with joint.clip.exact_arithmetic():
            parameters = dict(joint.bank.named_parameters())
            look = lookahead_affinity(
                joint.trial_losses(batches), parameters, affinity.step_size, len(joint.tasks), affinity.order
            )
        self.meter.update(look.matrix)
        return self.meter.snapshot()


def train_shared(
    clip: FrozenClip,
    tasks: Sequence[TaskSpec],
    prompt: PromptSettings,
    training: TrainSettings,
    affinity: AffinitySettings,
    seed: int,
    bookmark: Bookmark | None = None,
) -> Iterator[StepReport]:
    """Stage 1: one MmAP for all tasks, without class residuals.

    Affinity is measured every `affinity.every` steps after the warm-up.
    """
    bank = new_group_bank(clip, tasks, prompt.model_copy(update={"parts": "group", "class_residual": "off"}), seed)
    joint = Joint(clip, tasks, bank, training, seed)
    per_epoch = joint.batches.steps_per_epoch
    epochs = affinity.epochs_of(per_epoch, training.warmup)
    joint.settings = training.by_epochs(epochs)
    return fit(joint, bookmark, Measuring(joint, affinity, round(training.warmup * per_epoch * epochs)))


def train(
    clip: FrozenClip,
    tasks: Sequence[TaskSpec],
    grouping: Grouping,
    prompt: PromptSettings,
    training: TrainSettings,
    seed: int,
    bookmark: Bookmark | None = None,
) -> Iterator[StepReport]:
    """Stage 3: every group's bank, one group after the other; a report with a complete `group` ends each.

    bookmark : where it begins, if not at the first step, and where it is; of the group that is in training
    """
    by_name = {task.name: task for task in tasks}
    for members in grouping.groups:
        some = [by_name[name] for name in members]
        yield from fit(Joint(clip, some, new_group_bank(clip, some, prompt, seed), training, seed), bookmark)


def fit(joint: Joint, bookmark: Bookmark | None = None, measuring: Measuring | None = None) -> Iterator[StepReport]:
    """The loop: draw, measure, step, report; at the end of an epoch validate (stage 3 only)."""
    per_epoch = joint.batches.steps_per_epoch
    steps = joint.settings.steps_of(per_epoch, joint.batches.largest)
    stepper = SafeStepper(joint.bank, joint.settings, steps)
    bookmark = bookmark or Bookmark()
    start = bookmark.begin(partial(go_on, joint, stepper, measuring, steps), joint.names)
    done, group = (start.step, start.group) if start else (0, None)
    validated: dict[str, Evaluation]
    told = array("d", start.losses.ravel() if start else ())
    for step in range(done, steps):
        batches = joint.batches.draw()
        estimate = measuring.measure(step, batches) if measuring else None
        losses = joint.backward(batches)
        taken = stepper.take(step, losses, joint.names)
        epoch = step // per_epoch + 1
        ended = ((step + 1) % per_epoch == 0 or step + 1 == steps) and measuring is None
        group, validated = _validated(joint, group, epoch, step + 1 == steps) if ended else (group, {})
        values = losses.tolist()
        told.extend(values)
        if step + 1 < steps:
            bookmark.place(maker(joint, stepper, measuring, told, group, step + 1, steps))
        yield StepReport(
            joint.names, step + 1, steps, epoch, dict(zip(joint.names, values, strict=True)),
            stepper.rate(step), not taken, estimate, group if ended else None, joint.parts, joint.uncompiled,
            {name: (one.predictions, one.confidence) for name, one in validated.items()},
        )  # fmt: skip


def _validated(
    joint: Joint, before: TrainedGroup | None, epoch: int, complete: bool
) -> tuple[TrainedGroup, dict[str, Evaluation]]:
    """The group's prompts now, and whether they are the best so far on the validation images; and what these gave."""
    assert isinstance(joint.bank, PromptBank)
    arrays = joint.bank.adapters()
    found = evaluations(joint.clip, joint.tasks, joint.bank)
    scores = {name: one.accuracy for name, one in found.items()}
    now = TrainedGroup(joint.names, arrays, arrays, epoch, (scores,), complete)
    if before is None:
        return replace(now, zero_shot=validate(joint.clip, joint.tasks), texts=joint.bank.texts), found
    now = replace(now, zero_shot=before.zero_shot, texts=joint.bank.texts)
    history = (*before.validation, scores)
    best = max(mean_accuracy(v) for v in before.validation)
    if mean_accuracy(scores) > best or not scores:
        return replace(now, validation=history), found
    return replace(before, final=arrays, validation=history, complete=complete), found


def validate(clip: FrozenClip, tasks: Sequence[TaskSpec], bank: PromptModule | None = None) -> dict[str, float]:
    """Accuracy on the validation images of every task that has any; without a bank of plain CLIP."""
    return {name: one.accuracy for name, one in evaluations(clip, tasks, bank).items()}


def evaluations(clip: FrozenClip, tasks: Sequence[TaskSpec], bank: PromptModule | None = None) -> dict[str, Evaluation]:
    """As `validate`, with predictions and all scores."""
    prompts, rows = prompts_and_rows(clip, tasks, bank)
    classes = cached_text_features(clip, prompts)
    return {
        t.name: evaluate(clip, t, prompts[rows[t.name]], "val", classes(rows[t.name], t.texts()))
        for t in tasks
        if len(t.val)
    }


@torch.no_grad()
def prompts_and_rows(
    clip: FrozenClip, tasks: Sequence[TaskSpec], bank: PromptModule | None
) -> tuple[PromptPair, Mapping[str, int]]:
    """A bank's prompts and which of them each task has; without a bank none, which all have."""
    if bank is None:
        return clip.no_prompts(), dict.fromkeys((task.name for task in tasks), 0)
    return bank(), bank.prompt_of


def mean_accuracy(scores: Mapping[str, float]) -> float:
    """Mean over tasks of what `validate` gives; 0 without any."""
    return sum(scores.values()) / len(scores) if scores else 0.0
