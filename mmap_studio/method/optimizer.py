"""One optimiser step that never keeps a number that is not finite, and the learning rate it takes.

A loss that is not finite leaves AdamW's averages NaN for ever, and clipping spreads one NaN to all gradients; so
losses and gradients are looked at before the step, and after a bad one the last good state comes back.
"""

import copy
import math
from typing import Any

import torch
from torch import Tensor, nn

from mmap_studio.config import TrainSettings
from mmap_studio.errors import TrainingError


def learning_rate(settings: TrainSettings, step: int, steps: int) -> float:
    """Linear warm-up, then cosine to zero, per step (Dassl steps per epoch and never reaches zero)."""
    warm = round(settings.warmup * steps)
    if step < warm:
        return settings.learning_rate * (step + 1) / (warm + 1)
    done = (step - warm) / max(1, steps - warm)
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def make_optimizer(settings: TrainSettings, module: nn.Module) -> torch.optim.Optimizer:
    """SGD with momentum or AdamW over everything the module declares."""
    parameters = list(module.parameters())
    if settings.optimizer == "sgd":
        return torch.optim.SGD(
            parameters, settings.learning_rate, momentum=settings.momentum, weight_decay=settings.weight_decay
        )
    return torch.optim.AdamW(parameters, settings.learning_rate, weight_decay=settings.weight_decay)


class SafeStepper:
    """Takes steps; after a bad one it goes back to the last good state and halves the rate, once.

    A good state is kept every `keep_every` steps: prompts are a few kilobytes, a whole CLIP is not.
    """

    def __init__(self, module: nn.Module, settings: TrainSettings, steps: int, keep_every: int = 1) -> None:
        self.module, self.settings, self.steps, self.keep_every = module, settings, steps, keep_every
        self.optimizer = make_optimizer(settings, module)
        self.scale = 1.0
        self._good = self._state()

    def rate(self, step: int) -> float:
        """Learning rate of this step, after any halving."""
        return self.scale * learning_rate(self.settings, step, self.steps)

    def take(self, step: int, losses: Tensor, names: tuple[str, ...]) -> bool:
        """Step on the gradients that were accumulated; False if the step was undone and the rate halved.

        Raises TrainingError with the numbers when a second step fails.
        """
        gradients = [p.grad for p in self.module.parameters() if p.grad is not None]
        if losses.isfinite().all() and all(g.isfinite().all() for g in gradients):
            for group in self.optimizer.param_groups:
                group["lr"] = self.rate(step)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
            if all(p.isfinite().all() for p in self.module.parameters()):
                if (step + 1) % self.keep_every == 0:
                    self._good = self._state()
                return True
        self._undo(step, losses, names)
        return False

    def _undo(self, step: int, losses: Tensor, names: tuple[str, ...]) -> None:
        module, optimizer = self._good
        self.module.load_state_dict(module)
        self.optimizer.load_state_dict(copy.deepcopy(optimizer))
        self.optimizer.zero_grad(set_to_none=True)
        if self.scale < 1:
            numbers = ", ".join(f"{name} {float(loss):.4g}" for name, loss in zip(names, losses, strict=True))
            raise TrainingError(
                f"Training stopped at step {step}: losses and gradients must be finite, but were not twice, even at "
                f"half the rate (losses: {numbers}); lower train.learning_rate (now {self.settings.learning_rate})."
            )
        self.scale = 0.5

    def _state(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return copy.deepcopy(self.module.state_dict()), copy.deepcopy(self.optimizer.state_dict())
