"""CLIP's test geometry against torchvision's, and grey that is wider than 8 bits."""

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

from mmap_studio.data.pixels import LONG, fit, to_rgb

SHAPES = [(1, 1), (2, 3), (300, 200), (200, 301), (481, 133), (64, 64), (65, 64), (64, 65), (100, 13), (447, 333)]


def reference(image: Image.Image, size: int) -> np.ndarray:
    steps = Compose([Resize(size, interpolation=InterpolationMode.BICUBIC), CenterCrop(size)])
    return np.asarray(steps(image))


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


@pytest.mark.parametrize("size", [7, 32, 64, 65])
@pytest.mark.parametrize("shape", SHAPES)
def test_fit_is_torchvisions_bit_for_bit(shape, size):
    assert (np.asarray(fit(noise(*shape), size)) == reference(noise(*shape), size)).all()


@pytest.mark.parametrize("shape", [(3, 3 * LONG + 1), (3 * LONG + 4, 3), (10, 1000), (1000, 10)])
def test_a_very_long_picture_is_cropped_first_to_the_same_pixels(shape):
    width, height = shape
    ramp = np.linspace(0, 255, width * height).reshape(height, width).astype(np.uint8)
    image = Image.fromarray(np.dstack([ramp, ramp[::-1], ramp]))
    assert np.abs(np.asarray(fit(image, 32)).astype(int) - reference(image, 32)).max() <= 1


def grey(values: list[float], dtype: type) -> list[int]:
    return np.asarray(to_rgb(Image.fromarray(np.array([values], dtype))))[0, :, 0].tolist()


def test_floats_and_integers_are_scaled_by_their_range():
    assert grey([0.0, 0.5, 1.0], np.float32) == [0, 128, 255]
    assert grey([-1.0, 0.0, 1.0], np.float32) == [0, 128, 255]  # not in 0..1: by their own span
    assert grey([0, 32768, 65535], np.int32) == [0, 128, 255]
    assert grey([0, 100_000, 200_000], np.int32) == [0, 128, 255]
    assert grey([-70_000, -70_000], np.int32) == [0, 0]  # no span at all
