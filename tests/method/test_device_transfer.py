"""What goes to a device: bytes, without waiting where the device is CUDA, and the same crops everywhere."""

import numpy as np

from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.batches import augment
    from mmap_studio.method.device_transfer import normalised, to_device, to_floats


class Asked:
    """A tensor that remembers what was asked of it."""

    def __init__(self):
        self.calls = []

    def pin_memory(self):
        self.calls.append("pin")
        return self

    def to(self, device, **more):
        self.calls.append((device.type, more))
        return self


def test_only_cuda_gets_pinned_memory_and_is_not_waited_for():
    for kind, calls in (
        ("cuda", ["pin", ("cuda", {"non_blocking": True})]), ("mps", [("mps", {})]), ("cpu", [("cpu", {})]),
    ):  # fmt: skip
        asked = Asked()
        assert to_device(asked, torch.device(kind)) is asked
        assert asked.calls == calls


def test_images_are_cropped_on_the_device_with_boxes_drawn_on_the_cpu():
    pixels, there = np.zeros((3, 8, 8, 3), np.uint8), torch.device("meta")
    first, second = torch.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    made = augment(pixels, 0.5, True, first, there)
    assert (made.device.type, made.shape, made.dtype) == ("meta", (3, 3, 8, 8), torch.float32)
    augment(pixels, 0.5, True, second)
    assert torch.equal(first.get_state(), second.get_state())


def test_mps_gets_images_that_were_cropped_on_the_cpu(monkeypatch):
    moved = []
    monkeypatch.setattr(torch.Tensor, "to", lambda tensor, device: moved.append((tensor.ndim, device.type)) or tensor)
    augment(np.zeros((3, 8, 8, 3), np.uint8), 0.5, True, torch.Generator(), torch.device("mps"))
    assert moved == [(4, "cpu"), (3, "cpu"), (4, "mps")]


def test_bytes_become_floats_between_0_and_1():
    pixels = np.array([[[[0, 51, 255]]], [[[102, 153, 204]]]], np.uint8)
    floats = to_floats(pixels, torch.device("cpu"))
    assert (floats.shape, floats.dtype) == ((2, 3, 1, 1), torch.float32)
    assert torch.equal(floats.flatten(), torch.tensor([0, 51, 255, 102, 153, 204]) / 255)


def test_normalised_has_the_same_bits_however_images_lie_in_memory():
    mean, std = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
    pixels = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), np.uint8)
    images = to_floats(pixels, torch.device("cpu"))
    means, stds = (torch.tensor(of)[:, None, None] for of in (mean, std))
    before = images.clone()
    for lying in (images, images.contiguous(), images[1:4], images[..., 2:9]):
        found, wanted = normalised(lying, mean, std), (lying - means) / stds
        assert torch.equal(found, wanted)
        assert found.stride() == wanted.stride(), "what reads it is as fast as before"
    assert torch.equal(images, before), "what was given stays as it is"
    assert normalised(images[:0], mean, std).shape == (0, 3, 16, 16)
