"""What the prompt methods share: how their prompts are trained, kept and classified with."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from mmap_studio.errors import InputError
from mmap_studio.formatting import counted, shown, shown_value
from mmap_studio.method.bank import PromptModule
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import cached_text_features, iterate_features, probabilities
from mmap_studio.method.optimizer import SafeStepper
from mmap_studio.method.rivals.method import Beyond, Data, Family, Fitting, Learned, Predict, Scope, Values
from mmap_studio.method.task import ImageSet, TaskSpec
from mmap_studio.method.training import Joint

PROMPT_STD = 0.02
"""Standard deviation of prompts at the start: N(0, 0.02) in the code of CoOp, MaPLe and PromptSRC."""
MOMENTUM, WEIGHT_DECAY = 0.9, 5e-4
"""Of SGD in Dassl, on which the published codes stand."""
NAME_ONLY = "{}."
"""Template of the methods whose prompts stand in the template's place."""


class PromptMethod(ABC):
    """Prompts that are trained on images by SGD, with the budget and the augmentation of the project's settings.

    Joint training of several tasks sums their losses, as MmAP's does.
    """

    family: Family = "prompts"
    scopes: tuple[Scope, ...] = ("per_task", "pooled")
    beyond: tuple[Beyond, ...] = ("classes", "domains")
    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[str]
    candidates: tuple[Values, ...]
    template: ClassVar[str] = ""
    """Around class names; empty: the task's own."""
    joint: type[Joint] = Joint
    towers: tuple[str, ...] = ("text", "image")
    """Whose prompts it trains: a backbone must take them."""

    @abstractmethod
    def module(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...], seed: int) -> PromptModule:
        """Untrained prompts of these tasks, on the backbone's device; their names and class texts are looked at."""

    def parameters(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...]) -> int:
        return sum(one.numel() for one in self.module(clip, self.read(tasks), 0).parameters())

    def read(self, tasks: tuple[TaskSpec, ...]) -> tuple[TaskSpec, ...]:
        """The tasks with the template that this method reads class names in."""
        return tuple(replace(task, template=self.template or task.template) for task in tasks)

    def fit(self, data: Data, values: Values, seed: int) -> Generator[Fitting, None, Learned]:
        tasks = self.read(data.tasks)
        own = {"optimizer": "sgd", "momentum": MOMENTUM, "weight_decay": WEIGHT_DECAY, **values}
        settings = data.training.model_copy(update=own)
        module = self.made(data, seed)
        joint = self.joint(data.clip, tasks, module, settings, seed)
        per_epoch, largest = joint.batches.steps_per_epoch, joint.batches.largest
        steps, seen = settings.steps_of(per_epoch, largest), 0
        epochs = settings.epochs_of(per_epoch, largest)
        stepper = SafeStepper(module, settings, steps)
        average: list[Tensor] = []
        for step in range(steps):
            batches = joint.batches.draw()
            losses = joint.backward(batches)
            stepper.take(step, losses, joint.names)
            seen += sum(len(batch.labels) for batch in batches)
            if (step + 1) % per_epoch == 0 or step + 1 == steps:
                average = self.averaged(module, step // per_epoch + 1, epochs, average)
            yield Fitting(step + 1, steps, float(losses.mean()))
        with torch.no_grad():
            for own_value, mean in zip(module.parameters(), average, strict=bool(average)):
                own_value.copy_(mean)
        parameters = sum(one.numel() for one in module.parameters())
        return Learned(_arrays(module), parameters, steps, seen, dict(values))

    def untrained(self, data: Data, seed: int) -> PromptModule:
        """Prompts of the tasks; of what is asked about beside them the names of tasks alone have a part in it.

        A new class that shortened the prompts would change what is trained.
        """
        asked = tuple(replace(task, class_names=()) for task in data.asked)
        return self.module(data.clip, self.read((*data.tasks, *asked)), seed)

    def made(self, data: Data, seed: int) -> PromptModule:
        """The same as training begins with."""
        return self.untrained(data, seed)

    def loaded(self, data: Data, learned: Learned) -> PromptModule:
        """The prompts that were learned; ValueError for arrays of other names and shapes."""
        module = self.untrained(data, 0)
        wanted = {name: array.shape for name, array in _arrays(module).items()}
        if {name: array.shape for name, array in learned.arrays.items()} != wanted:
            raise ValueError(f"{self.title} must have the arrays {wanted}.")
        module.load_state_dict({name: torch.from_numpy(np.array(one)) for name, one in learned.arrays.items()})
        return module

    def check_fits(self, clip: FrozenClip, task: TaskSpec, tokens: int) -> None:
        """InputError where so many text prompts leave no room for a class, which can only be a new one."""
        for name, text in zip(task.class_names, task.texts(), strict=True):
            if tokens and clip.token_count(text) > clip.context_length - tokens:
                raise InputError(
                    f"A class of task {shown(task.name)} must fit the {clip.context_length} tokens of the context "
                    f"beside the {counted(tokens, 'prompt')} of {self.title}. Found {shown_value(name)}, which does "
                    "not; give it a shorter name."
                )

    def averaged(self, module: PromptModule, epoch: int, epochs: int, before: list[Tensor]) -> list[Tensor]:
        """Of a method that averages its parameters over epochs the weighted sum up to this one (from 1); else none."""
        return []

    def predictor(self, data: Data, learned: Learned) -> Predict:
        module = self.loaded(data, learned)
        with torch.no_grad():
            prompts = module()
        rows = module.prompt_of
        features = cached_text_features(data.clip, prompts)

        def predict(task: TaskSpec, images: ImageSet) -> np.ndarray:
            pair = prompts[rows[task.name]]
            (read,) = self.read((task,))
            self.check_fits(data.clip, read, prompts.text.shape[-2])
            classes = features(rows[task.name], read.texts())
            found = [probabilities(data.clip, batch, classes) for batch in iterate_features(data.clip, images, pair)]
            return np.concatenate(found) if found else np.zeros((0, len(classes)), np.float32)

        return predict


def _arrays(module: PromptModule) -> dict[str, np.ndarray]:
    """Everything that a module has of its own: float32, and int64 where it counts."""
    values = {name: value.detach().cpu() for name, value in module.state_dict().items()}
    return {name: (one.float() if one.is_floating_point() else one).numpy() for name, one in values.items()}


class OneForAll(PromptModule):
    """Prompts that all tasks of a model share: the first row is everybody's."""

    def __init__(self, tasks: tuple[TaskSpec, ...]) -> None:
        super().__init__()
        self.names = tuple(task.name for task in tasks)

    @property
    def prompt_of(self) -> dict[str, int]:
        return dict.fromkeys(self.names, 0)


def room(clip: FrozenClip, tasks: tuple[TaskSpec, ...], wanted: int) -> int:
    """Tokens of text prompts that fit the context beside the longest class text, at most `wanted`, at least one."""
    longest = max(clip.token_count(text) for task in tasks for text in task.texts())
    return max(1, min(wanted, clip.context_length - longest))


def words(clip: FrozenClip, text: str, tokens: int) -> Tensor | None:
    """float32 (tokens, d_l) on the CPU: embeddings of the first words of a text; None where it has fewer."""
    ids = clip.token_ids(text)[:tokens]
    if len(ids) < tokens:
        return None
    return clip.word_embeddings(ids).cpu()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """The global generator of the CPU seeded while the block lasts, for layers that draw from no other."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield
