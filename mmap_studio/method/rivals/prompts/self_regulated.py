"""PromptSRC: independent prompts of both towers that are held at what the frozen towers say, and averaged over epochs.

Loss: cross-entropy + 25 mean|t - t0| + 10 mean|f - f0| + KL(p0 || p) / (images x classes), with t0 the features of the
classes in plain CLIP averaged over templates, f0 and p0 those of the frozen tower on the same augmented image. The
divergence is divided by the classes too, as the published code has it. Prompts alone are averaged, in float32; the
epochs' weights are those of the few-shot configuration, N(e; 30, 30) over 50 epochs, stretched to as many as there are.
"""

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional as F

from mmap_studio.method.bank import PromptModule
from mmap_studio.method.batches import Batch
from mmap_studio.method.evaluation import ENSEMBLE, ensemble_features
from mmap_studio.method.objective import ClassFeatures, encode_images
from mmap_studio.method.prompt import PromptPair
from mmap_studio.method.rivals.prompts.free import IndependentPrompts
from mmap_studio.method.training import Joint

TEXT_WEIGHT, IMAGE_WEIGHT = 25.0, 10.0
MEAN, STD, EPOCHS = 30.0, 30.0, 50
"""Of the weights of the epochs in the average (few-shot configuration of muzairkhattak/PromptSRC)."""


class ConsistentJoint(Joint):
    """`Joint` with the losses that hold features and predictions at those of plain CLIP."""

    @cached_property
    def frozen_texts(self) -> tuple[Tensor, ...]:
        """Of every task unit features (C, d) of its classes, averaged over templates."""
        made = [ensemble_features(self.clip, t.class_names, t.ensemble or ENSEMBLE) for t in self.tasks]
        return tuple(torch.from_numpy(one).to(self.clip.device) for one in made)

    def losses_of(
        self, batches: Sequence[Batch], prompts: PromptPair, texts: ClassFeatures, pairs: Sequence[tuple[int, int]]
    ) -> Tensor:
        images, scale = encode_images(self.clip, batches, prompts, pairs), self.clip.logit_scale
        losses = []
        for image, (p, t) in zip(images, pairs, strict=True):
            text, frozen_text = texts[p, self.lists.of_task[t]], self.frozen_texts[t]
            with torch.no_grad():
                frozen = self.clip.encode_image(batches[t].images)
                before = (scale * frozen @ frozen_text.T).log_softmax(1)
            logits = scale * image @ text.T
            held = TEXT_WEIGHT * (text - frozen_text).abs().mean() + IMAGE_WEIGHT * (image - frozen).abs().mean()
            divergence = F.kl_div(logits.log_softmax(1), before, reduction="sum", log_target=True) / logits.numel()
            losses.append(F.cross_entropy(logits, batches[t].labels) + held + divergence)
        return torch.stack(losses)


class SelfRegulated(IndependentPrompts):
    """Independent prompts with the losses and the average of PromptSRC."""

    name = "promptsrc"
    title = "PromptSRC"
    source = "Khattak et al. 2023, arXiv 2307.06948; muzairkhattak/PromptSRC: 4 + 4 tokens, depth 9, SGD 0.0025"
    joint = ConsistentJoint

    def averaged(self, module: PromptModule, epoch: int, epochs: int, before: list[Tensor]) -> list[Tensor]:
        weights = torch.exp(-((torch.linspace(1, EPOCHS, epochs) - MEAN) ** 2) / (2 * STD**2))
        share = float(weights[epoch - 1] / weights.sum())
        now = [share * one.detach() for one in module.parameters()]
        return [old + new for old, new in zip(before, now, strict=True)] if before else now
