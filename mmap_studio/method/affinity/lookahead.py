"""Affinity: how much a step on one task would lower the loss of another, and never taking that step.

    Z[i -> j] = 1 - L_j(theta - eta g_i) / L_j(theta),    g_i = dL_i / dtheta,    both on the same batch

After TAG (Fifty et al. 2021, "Efficiently Identifying Task Groupings for Multi-Task Learning", code in google-research
`tag/`). Where we deviate: a plain SGD step (TAG's two programs disagree on momentum: one uses it, one never finds its
buffer), a fixed eta and no division by the learning rate, rows are the source and columns the recipient (TAG stores
the transpose), and trial parameters are new tensors, where TAG overwrites the real ones and puts them back.

The sign carries no threshold: rank, and compare after dividing by the recipient's own diagonal (`meter`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from mmap_studio.errors import InputError
from mmap_studio.method.affinity.meter import AffinityEstimate, AffinityMeter

__all__ = ["AffinityEstimate", "AffinityMeter", "Lookahead", "Losses", "Parameters", "lookahead_affinity"]

Parameters = Mapping[str, Tensor]
Losses = Callable[[Sequence[Parameters], Sequence[tuple[int, int]]], Tensor]
"""``losses(sets, pairs)`` -> (len(pairs),): for a pair (s, t) the loss of task t under ``sets[s]``, differentiable with
respect to the tensors of the sets. Deterministic: the same batch, no dropout. It sees as many sets at a time as fit."""

SMALLEST_LOSS = 1e-6
"""A loss up to this has no relative change worth a number (float32 cross entropy there is rounding): NaN."""


@dataclass(frozen=True, eq=False)
class Lookahead:
    """One measurement at one theta on one batch."""

    matrix: np.ndarray
    """float64 (T, T): Z, rows source, columns recipient; NaN where a loss or gradient was not usable."""
    losses: np.ndarray
    """float64 (T,): every task's loss at theta."""


def lookahead_affinity(
    losses: Losses,
    parameters: Parameters,
    step_size: float,
    tasks: int,
    order: Literal["exact", "first_order"] = "exact",
    chunk: int | None = None,
) -> Lookahead:
    """Measure Z between all pairs of `tasks` tasks at `parameters`.

    step_size : eta > 0, the same at every measurement so that they can be averaged.
    order : "exact" evaluates all T^2 pairs of trial step and task; "first_order" is its first term in eta,
        eta (g_i . g_j) / L_j, and costs the T gradients only.
    chunk : trial steps evaluated in one call of `losses`, to bound memory; all T by default.

    Parameters keep their values, their `.grad` and whatever an optimizer knows of them; half-precision ones are
    measured in float32. A loss that is not finite or at most `SMALLEST_LOSS` makes NaN cells, never an exception.
    Raises InputError for an argument out of range or losses of a wrong shape.
    """
    _check(parameters, step_size, tasks, order, chunk)
    start, gradients = _gradients(losses, parameters, tasks)
    with np.errstate(all="ignore"):
        usable = np.where(np.isfinite(start) & (start > SMALLEST_LOSS), start, np.nan)
        if order == "first_order":
            flat = np.stack([np.concatenate([_float64(g) for g in one.values()]) for one in gradients])  # (T, n)
            matrix = step_size * (flat @ flat.T) / usable
        else:
            matrix = 1 - _trial_losses(losses, parameters, gradients, step_size, chunk or tasks) / usable
    return Lookahead(np.where(np.isfinite(matrix), matrix, np.nan), start)


def _gradients(losses: Losses, parameters: Parameters, tasks: int) -> tuple[np.ndarray, list[dict[str, Tensor]]]:
    """Every task's loss (T,) and gradient, in one forward and one backward pass.

    Each task reads leaves of its own, so the gradient of the sum with respect to the i-th leaves is g_i alone.
    `autograd.grad` rather than `backward`: nothing else collects a gradient.
    """
    leaves = [{name: _copy(p).requires_grad_() for name, p in parameters.items()} for _ in range(tasks)]
    with torch.enable_grad():
        found = _called(losses, leaves, [(task, task) for task in range(tasks)])
        flat = torch.autograd.grad(found.sum(), [p for one in leaves for p in one.values()], materialize_grads=True)
    parts = iter(flat)
    return _float64(found), [{name: next(parts) for name in parameters} for _ in range(tasks)]


def _trial_losses(
    losses: Losses, parameters: Parameters, gradients: list[dict[str, Tensor]], step_size: float, chunk: int
) -> np.ndarray:
    """float64 (T, T): the loss of every task (column) after a step on every task (row)."""
    rows = []
    with torch.no_grad():
        for first in range(0, len(gradients), chunk):
            some = gradients[first : first + chunk]
            trials = [{name: _copy(p) - step_size * one[name] for name, p in parameters.items()} for one in some]
            pairs = [(trial, task) for trial in range(len(trials)) for task in range(len(gradients))]
            rows.append(_float64(_called(losses, trials, pairs)).reshape(len(trials), len(gradients)))
    return np.concatenate(rows)


def _called(losses: Losses, sets: Sequence[Parameters], pairs: Sequence[tuple[int, int]]) -> Tensor:
    found = losses(sets, pairs)
    if found.shape != (len(pairs),):
        raise InputError(f"losses must return one number a pair, ({len(pairs)},). Got {tuple(found.shape)} instead.")
    return found


def _copy(parameter: Tensor) -> Tensor:
    """A new tensor with its values, in float32 or better: a look-ahead is lost in the rounding of half precision."""
    return parameter.detach().to(torch.promote_types(parameter.dtype, torch.float32), copy=True)


def _float64(tensor: Tensor) -> np.ndarray:
    found: np.ndarray = tensor.detach().cpu().double().flatten().numpy()  # first to the CPU: MPS has no float64
    return found


def _check(parameters: Parameters, step_size: float, tasks: int, order: str, chunk: int | None) -> None:
    if not parameters:
        raise InputError("parameters must be at least one tensor. Got none instead.")
    if not 0 < step_size < float("inf"):
        raise InputError(f"step_size must be a positive number. Got {step_size} instead.")
    if tasks < 1:
        raise InputError(f"tasks must be at least 1. Got {tasks} instead.")
    if order not in ("exact", "first_order"):
        raise InputError(f"order must be exact or first_order. Got {order!r} instead.")
    if chunk is not None and chunk < 1:
        raise InputError(f"chunk must be at least 1, or None for all tasks at once. Got {chunk} instead.")
