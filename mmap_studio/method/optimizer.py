"""One optimiser step that never keeps a number that is not finite, and the learning rate it takes.

A loss that is not finite leaves AdamW's averages NaN for ever, and clipping spreads one NaN to all gradients; so
losses and gradients are looked at before the step, and after a bad one the last good state comes back.
"""

import copy
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmap_studio.config import TrainSettings
from mmap_studio.errors import TrainingError

MOMENTS = {"sgd": ("momentum_buffer",), "adamw": ("step", "exp_avg", "exp_avg_sq")}
"""What each optimizer remembers of a parameter: arrays of its shape, and of AdamW the number of its steps."""
State = tuple[dict[str, Any], dict[str, Any]]
"""State of the module and of the optimizer, as their `state_dict` has it; never changed once it is made."""


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
        """Of the learning rate: 0.5 after a step that was undone."""
        self.good = self._state()
        """To which a bad step goes back."""

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
                    self.good = self._state()
                return True
        self._undo(step, losses, names)
        return False

    def _undo(self, step: int, losses: Tensor, names: tuple[str, ...]) -> None:
        module, optimizer = self.good
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

    def load(self, module: Mapping[str, np.ndarray], optimizer: Mapping[str, np.ndarray], scale: float) -> None:
        """Go on from what `state_arrays` made of a good state; ValueError, with nothing changed, where it does not fit.

        scale : 1, or 0.5 where a step was undone before
        """
        weights = _tensors(module, self.module.state_dict())
        moments: dict[int, dict[str, Tensor]] = {}
        for number, parameter in enumerate(self.module.parameters()):
            shapes = {
                name: torch.zeros(()) if name == "step" else parameter for name in MOMENTS[self.settings.optimizer]
            }
            found = {
                key.partition("/")[2]: one for key, one in optimizer.items() if key.partition("/")[0] == str(number)
            }
            if found:
                moments[number] = _tensors(found, shapes)
        if sum(map(len, moments.values())) != len(optimizer) or scale not in (1.0, 0.5):
            raise ValueError(f"moments {sorted(optimizer)[:4]} at {scale} times the learning rate")
        self.module.load_state_dict(weights)
        self.optimizer.load_state_dict({**self.optimizer.state_dict(), "state": moments})
        self.scale, self.good = scale, self._state()

    def _state(self) -> State:
        return copy.deepcopy(self.module.state_dict()), copy.deepcopy(self.optimizer.state_dict())


def state_arrays(state: State) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Arrays of a good state: of the module by name, of the optimizer by number of the parameter, such as "0/step"."""
    module, optimizer = state
    moments = {f"{n}/{name}": value for n, kept in optimizer["state"].items() for name, value in kept.items()}
    return {name: _array(value) for name, value in module.items()}, {
        name: _array(value) for name, value in moments.items() if value is not None
    }


def _array(value: Tensor) -> np.ndarray:
    return value.detach().cpu().numpy().copy()


def _tensors(arrays: Mapping[str, np.ndarray], like: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The arrays as tensors, where names, shapes and types are those of `like` and numbers finite; else ValueError."""
    if set(arrays) != set(like):
        raise ValueError(f"arrays {sorted(arrays)[:4]} in place of {sorted(like)[:4]}")
    made = {name: torch.from_numpy(np.array(array)) for name, array in arrays.items()}
    for name, model in like.items():
        if (made[name].shape, made[name].dtype) != (model.shape, model.dtype) or not made[name].isfinite().all():
            found, wanted = f"{made[name].dtype} {list(made[name].shape)}", f"{model.dtype} {list(model.shape)}"
            raise ValueError(f"array {name!r} of {found} in place of finite numbers, {wanted}")
    return made
