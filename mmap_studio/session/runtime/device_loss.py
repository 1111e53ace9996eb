"""The loss of the device, said in a sentence: what computes many things is to end with it, and to leave out none."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from mmap_studio.errors import DeviceLostError


@contextmanager
def device_loss_said(what: str) -> Iterator[None]:
    """DeviceLostError for the error by which torch tells that the device is gone.

    what : is computed and could not be finished: ``run``, ``comparison``
    """
    try:
        yield
    except torch.AcceleratorError as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise DeviceLostError(
            f"The device must last for the whole {what}, but was lost ({why}); what was done is kept: start again once "
            "it is back, or with the setting device=cpu."
        ) from error
