"""LAMM: the first tokens of every class name are trained in the place of the words'; all else stays.

Gao et al., AAAI 2024, arXiv 2312.08212; gaojingsheng/LAMM, `vit_b16_ep50_ctxv1` with the context as it is: of every
name as many tokens as the shortest name has, SGD 0.002. Loss: cross-entropy + |E - E0|^2 / shots + mean(1 - cos(t_y,
t0_y)) + 0.05 T^2 CE(softmax(l0 / T), softmax(l / T)) with T = 2; E0, t0 and l0 are tokens, features and logits of the
plain words.

Otherwise than there: shots are those of the data (its scripts leave 1, whatever is asked for); the target of the
distillation is the frozen model (there it is the trained one, with a gradient); what is decayed is E - E0. Classes
without tokens of their own, such as new ones, are read as they are.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmap_studio.config import TrainSettings
from mmap_studio.errors import InputError
from mmap_studio.method.bank import PromptModule
from mmap_studio.method.batches import Batch
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import iterate_features, probabilities
from mmap_studio.method.prompt import PromptPair
from mmap_studio.method.rivals.method import Data, Learned, Predict, Values
from mmap_studio.method.rivals.prompts.prompt_method import OneForAll, PromptMethod
from mmap_studio.method.task import ImageSet, TaskSpec
from mmap_studio.method.training import Joint

FEATURE_WEIGHT, DISTILLATION, TEMPERATURE = 1.0, 0.05, 2.0


class ClassTokens(OneForAll):
    """What is added to the embeddings of the first m tokens of every class name: (C, m, d_l), at first zero."""

    def __init__(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...]) -> None:
        super().__init__(tasks)
        self.clip = clip
        self.rows = {name: row for row, name in enumerate(dict.fromkeys(n for t in tasks for n in t.class_names))}
        self.length = min(len(clip.token_ids(name)) for name in self.rows)
        self.moved = nn.Parameter(torch.zeros(len(self.rows), self.length, clip.text_width))

    def forward(self) -> PromptPair:
        """None: these are no prompts that all classes share."""
        return self.clip.no_prompts()

    def features(self, task: TaskSpec) -> Tensor:
        """Unit features (C, d) of the task's classes in its template."""
        place, text_ids = _place(self.clip, task), [self.clip.token_ids(text) for text in task.texts()]
        states = torch.stack([self.clip.word_states(ids[place : place + self.length], place) for ids in text_ids])
        none = self.moved.new_zeros(self.moved.shape[1:])
        rows = [self.rows.get(name) for name in task.class_names]
        moved = torch.stack([none if row is None else self.moved[row] for row in rows])  # (C, m, d_l)
        added = moved / states.pow(2).mean(-1, keepdim=True).sqrt()  # the tower adds in units of each state's size
        before = moved.new_zeros(len(rows), place, moved.shape[2])
        prompts = torch.cat([before, added], 1)[:, None]  # (C, 1, place + m, d_l)
        tokens = self.clip.tokenize(list(task.texts()))
        return self.clip.encode_text(tokens, prompts, torch.arange(len(rows)), on_words=True)


def _place(clip: FrozenClip, task: TaskSpec) -> int:
    """Words before the class name; InputError where a name is no words of its own in the template."""
    opening = clip.token_ids(task.template.partition("{}")[0])
    for name, text in zip(task.class_names, task.texts(), strict=True):
        own = clip.token_ids(name)[:1]
        if clip.token_ids(text)[: len(opening) + 1] != (*opening, *own):
            raise InputError(
                f"LAMM needs class names that are words of their own in the template of task {task.name!r}, such as "
                f"'a photo of a {{}}.'. Found {task.template!r} with {name!r}; put a space before the braces."
            )
    return len(opening)


class TokenJoint(Joint):
    """`Joint` with the losses of LAMM; images are those of the frozen tower."""

    def __init__(
        self, clip: FrozenClip, tasks: Sequence[TaskSpec], bank: PromptModule, settings: TrainSettings, seed: int
    ) -> None:
        super().__init__(clip, tasks, bank, settings, seed)
        images = sum(len(task.train) for task in tasks)
        self.shots = images / sum(len(np.unique(task.train.labels)) for task in tasks)
        with torch.no_grad():
            self.plain = [clip.encode_text(tokens) for tokens in self.lists.tokens]

    def backward(self, batches: Sequence[Batch]) -> Tensor:
        bank = self.bank
        assert isinstance(bank, ClassTokens)
        with torch.no_grad():
            encoded = self.clip.encode_image(torch.cat([batch.images for batch in batches]))
        texts: dict[int, Tensor] = {}
        for task, which in zip(self.tasks, self.lists.of_task, strict=True):
            if which not in texts:
                texts[which] = bank.features(task)
        losses = []
        images = encoded.split([len(batch.labels) for batch in batches])
        for image, batch, which in zip(images, batches, self.lists.of_task, strict=True):
            losses.append(self._loss(image, texts[which], self.plain[which], batch.labels))
        whole = torch.stack(losses)
        (whole.sum() + bank.moved.pow(2).sum() / self.shots).backward()
        return whole.detach()

    def _loss(self, image: Tensor, text: Tensor, plain: Tensor, labels: Tensor) -> Tensor:
        scale = self.clip.logit_scale
        logits, before = scale * image @ text.T, scale * image @ plain.T
        apart = (1 - (text[labels] * plain[labels]).sum(1)).mean()
        target = (before / TEMPERATURE).softmax(1)
        held = TEMPERATURE**2 * F.cross_entropy(logits / TEMPERATURE, target)
        return F.cross_entropy(logits, labels) + FEATURE_WEIGHT * apart + DISTILLATION * held


class Lamm(PromptMethod):
    """The first tokens of the class names, one set for all tasks or one a task."""

    name = "lamm"
    title = "LAMM"
    source = "Gao et al. 2024, arXiv 2312.08212; gaojingsheng/LAMM with its context frozen, SGD 0.002"
    candidates: tuple[Values, ...] = ({"learning_rate": 0.002}, {"learning_rate": 0.02}, {"learning_rate": 0.2})
    joint = TokenJoint
    towers = ("text",)

    def module(self, clip: FrozenClip, tasks: tuple[TaskSpec, ...], seed: int) -> PromptModule:
        return ClassTokens(clip, tasks).to(clip.device)

    def untrained(self, data: Data, seed: int) -> PromptModule:
        return self.module(data.clip, data.tasks, seed)

    def predictor(self, data: Data, learned: Learned) -> Predict:
        module, classes = self.loaded(data, learned), {}
        assert isinstance(module, ClassTokens)

        def predict(task: TaskSpec, images: ImageSet) -> np.ndarray:
            texts = task.texts()
            if texts not in classes:
                with torch.no_grad():
                    classes[texts] = module.features(task).cpu().numpy()
            found = [probabilities(data.clip, batch, classes[texts]) for batch in iterate_features(data.clip, images)]
            return np.concatenate(found) if found else np.zeros((0, len(texts)), np.float32)

        return predict
