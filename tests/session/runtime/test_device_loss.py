"""The loss of the device is one sentence, and no other error is touched."""

import pytest

from mmap_studio.errors import DeviceLostError, TrainingError
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.session.runtime.device_loss import device_loss_said


@pytest.mark.parametrize(
    ("text", "why"),
    [("CUDA error: unspecified launch failure\nCompile with ...", r"failure\)"), ("", "AcceleratorError")],
)
def test_a_lost_device_is_said(text, why):
    with (
        pytest.raises(TrainingError, match=rf"whole run, but was lost \(.*{why}.*start again") as raised,
        device_loss_said("run"),
    ):
        raise torch.AcceleratorError(text)
    assert raised.type is DeviceLostError


@pytest.mark.parametrize("kind", ["RuntimeError", "OutOfMemoryError"])
def test_another_error_stays_as_it_is(kind):
    error = RuntimeError("no kernel image") if kind == "RuntimeError" else torch.OutOfMemoryError("8 GiB")
    with pytest.raises(RuntimeError) as raised, device_loss_said("run"):
        raise error
    assert raised.value is error
