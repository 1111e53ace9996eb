"""What a training needs to go on after any of its steps as if it had never been stopped, bit for bit.

Weights, moments, the halved rate, measurements and validation are kept as they are. What is drawn at random is not: it
follows from the seed and the number of steps, so a training that goes on draws it once more, without the images.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmap_studio.formatting import counted
from mmap_studio.method.bank import PromptBank
from mmap_studio.method.optimizer import SafeStepper, state_arrays

if TYPE_CHECKING:
    from mmap_studio.method.bank import Adapters
    from mmap_studio.method.training import Joint, Measuring, TrainedGroup


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A training after one of its steps but the last. Its arrays are its own."""

    members: tuple[str, ...]
    """Tasks that train together."""
    step: int
    """Steps that are done."""
    steps: int
    """Of the whole training."""
    scale: float
    """Of the learning rate: 0.5 after a step that was undone."""
    parts: int
    """Micro-batches of a step."""
    module: Mapping[str, np.ndarray]
    """What is trained, by the names of its `state_dict`."""
    optimizer: Mapping[str, np.ndarray]
    """Moments, by number of the parameter and name, such as "0/momentum_buffer"."""
    losses: np.ndarray
    """float64 (step, T): mean cross-entropy of every task's batch in every step, as `StepReport` has them."""
    measured: np.ndarray
    """float64 (n, T, T): the measurements of affinity, NaN where not finite; none in stage 3."""
    measured_at: np.ndarray
    """int64 (n,): their steps, from 1."""
    group: TrainedGroup | None
    """As the last epoch left it; None in the first one, and in stage 1."""


class Bookmark:
    """Where a training is: asked for a `Snapshot` between two steps, or after a stop in the middle of one.

    Asking is what costs. The training itself only says where everything is that it keeps anyway.
    """

    def __init__(self, start: Snapshot | None = None) -> None:
        self.start = start
        """Where the training is to go on. Where this is not a snapshot of it, it begins anew, and `refusal` is set."""
        self.begun: Snapshot | None = None
        """The start, once the training has gone on from there."""
        self.refusal = ""
        """Why the start was not used."""
        self._make: Callable[[], Snapshot] | None = None

    def snapshot(self) -> Snapshot | None:
        """Of the last step that is done, the very last one excepted; None before the first that this process does."""
        return self._make() if self._make else None

    # ---- for the training

    def begin(self, take: Callable[[Snapshot], None], members: tuple[str, ...]) -> Snapshot | None:
        """The start, if it is of these members and `take` took it, which raises ValueError where it does not fit."""
        self._make = None
        if self.start is None or self.start.members != members:
            return None
        try:
            take(self.start)
        except (ValueError, TypeError) as error:
            self.refusal = str(error)
            return None
        self.begun = self.start
        return self.begun

    def place(self, make: Callable[[], Snapshot]) -> None:
        """Another step is done, of which `make` makes a snapshot, now or later."""
        self._make = make


def maker(
    joint: Joint, stepper: SafeStepper, measuring: Measuring | None, losses: array[float],
    group: TrainedGroup | None, step: int, steps: int,
) -> Callable[[], Snapshot]:  # fmt: skip
    """What makes a snapshot of the step that was just done, at any later time: of values that nothing changes."""
    good, scale, parts, names = stepper.good, stepper.scale, joint.parts, joint.names
    measurements = measuring.meter.measurements if measuring else ()

    def make() -> Snapshot:
        module, optimizer = state_arrays(good)
        told = np.array(losses[: step * len(names)]).reshape(step, len(names))
        measured = np.array(measurements).reshape(-1, len(names), len(names))
        at = [] if measuring is None else measuring.steps(step)
        return Snapshot(
            names, step, steps, scale, parts, module, optimizer, told, measured, np.array(at, dtype=np.int64), group
        )

    return make


def go_on(joint: Joint, stepper: SafeStepper, measuring: Measuring | None, steps: int, start: Snapshot) -> None:
    """Go on from a snapshot; ValueError, with nothing changed, where it is not one of this training."""
    settings, count = joint.settings, len(joint.names)
    at = [] if measuring is None else measuring.steps(start.step)
    shapes = (start.losses.shape, start.measured.shape) == ((start.step, count), (len(at), count, count))
    if start.steps != steps or not 0 < start.step < steps or not shapes or start.measured_at.tolist() != at:
        raise ValueError(f"step {start.step} of {start.steps} with {counted(len(start.measured), 'measurement')}")
    if not settings.accumulate <= start.parts <= max(settings.accumulate, settings.batch_size):
        raise ValueError(f"a step in {start.parts} parts")
    epochs = 0 if measuring else start.step // joint.batches.steps_per_epoch
    if (start.group is not None) != (epochs > 0):
        raise ValueError(f"step {start.step} with {'' if start.group else 'no '}epoch")
    if start.group is not None:
        _check_group(joint, start.group, epochs)
    stepper.load(start.module, start.optimizer, start.scale)
    joint.batches.skip(start.step)
    joint.parts = start.parts
    if measuring is not None:
        for matrix in start.measured:
            measuring.meter.update(matrix)


def _check_group(joint: Joint, group: TrainedGroup, epochs: int) -> None:
    """ValueError for one that this training cannot have left after so many epochs."""
    validated = {task.name for task in joint.tasks if len(task.val)}
    scores = (*group.validation, group.zero_shot)
    if group.complete or len(group.validation) != epochs or not 0 < group.best_epoch <= epochs:
        raise ValueError(f"epoch {group.best_epoch} of {len(group.validation)} in place of {epochs}")
    if any(set(one) != validated or not all(0 <= value <= 1 for value in one.values()) for one in scores):
        raise ValueError("validation of other tasks")
    assert isinstance(joint.bank, PromptBank)
    for adapters in (group.final, group.best):
        _check_adapters(adapters, joint.bank.adapters())


def _check_adapters(found: Adapters, own: Adapters) -> None:
    """ValueError for other MmAPs, arrays, shapes or types, or numbers that are not finite."""
    if {key: set(arrays) for key, arrays in found.items()} != {key: set(arrays) for key, arrays in own.items()}:
        raise ValueError("other prompts")
    for key, arrays in own.items():
        for name, like in arrays.items():
            one = found[key][name]
            if (one.dtype, one.shape) != (like.dtype, like.shape) or not np.isfinite(one).all():
                raise ValueError(f"array {name!r} of {one.dtype} {one.shape}")
