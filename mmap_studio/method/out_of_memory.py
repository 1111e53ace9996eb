"""What to do when the memory does not suffice: take back what was begun, so that the step can be tried in parts.

CUDA raises `torch.OutOfMemoryError`, the CPU's allocator a plain RuntimeError. The frames of a caught error hold its
tensors for as long as it is handled, so the next attempt must come after the `except` block.
"""

import gc
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

_CPU = ("can't allocate memory", "not enough memory", "Cannot allocate memory", "MPS backend out of memory")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory did not suffice, on whatever device."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _CPU)


def within_memory(step: Callable[[], Tensor], parameters: Iterable[nn.Parameter], again: bool) -> Tensor | None:
    """What `step` returns; None when memory did not suffice and `again` is true: gradients are then as they were.

    Every other error is raised, and a lack of memory too where `again` is false.
    """
    kept = [(one, None if one.grad is None else one.grad.clone()) for one in parameters]
    try:
        return step()
    except (RuntimeError, MemoryError) as error:
        if not again or not is_out_of_memory(error):
            raise
    for parameter, gradient in kept:
        parameter.grad = gradient
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return None
