"""CLIP's test geometry against open_clip's own transform, and grey that is wider than 8 bits."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mmap_studio.data.images.resize import LONG, to_geometry, to_rgb
from mmap_studio.method.task import Geometry
from tests.lazy import imported_later

with imported_later():
    import torch
    from open_clip import image_transform


SHAPES = [(1, 1), (2, 3), (300, 200), (200, 301), (481, 133), (64, 64), (65, 64), (64, 65), (100, 13), (447, 333)]
MODES = {
    "shortest": {},
    "shortest bilinear": {"interpolation": "bilinear"},
    "squash": {"resize_mode": "squash"},
    "squash bilinear": {"resize_mode": "squash", "interpolation": "bilinear"},
    "longest": {"resize_mode": "longest"},
    "longest grey": {"resize_mode": "longest", "fill_color": 127},
}


def reference(image: Image.Image, to: Geometry) -> np.ndarray:
    """open_clip's floats in [0, 1] are 255ths of the pixels; uint8 (S, S, 3)."""
    how = {"resize_mode": to.resize_mode, "interpolation": to.interpolation, "fill_color": to.fill_color}
    found = image_transform(to.size, is_train=False, mean=(0.0,) * 3, std=(1.0,) * 3, **how)(image)
    return (found * 255).round().to(torch.uint8).permute(1, 2, 0).numpy()


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8))


@pytest.mark.parametrize("size", [7, 32, 64, 65])
@pytest.mark.parametrize("how", MODES.values(), ids=MODES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_fit_is_open_clips_transform_bit_for_bit(shape, how, size):
    to = Geometry(size, **how)
    assert (to_geometry(noise(*shape), to) == reference(noise(*shape), to)).all()


@pytest.mark.parametrize("how", MODES.values(), ids=MODES)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_fast_resampling_is_at_most_two_grey_levels_off(shape, how):
    to = Geometry(32, **how)
    fast = to_geometry(noise(*shape), replace(to, resampling="fast")).astype(int)
    off = np.abs(fast - reference(noise(*shape), to))
    assert off.max() <= 2
    assert off.mean() < 0.1


@pytest.mark.parametrize("shape", [(3, 3 * LONG + 1), (3 * LONG + 4, 3), (10, 1000), (1000, 10)])
def test_a_very_long_image_is_cropped_first_to_the_same_pixels(shape):
    width, height = shape
    ramp = np.linspace(0, 255, width * height).reshape(height, width).astype(np.uint8)
    image = Image.fromarray(np.dstack([ramp, ramp[::-1], ramp]))
    to = Geometry(32)
    assert np.abs(to_geometry(image, to).astype(int) - reference(image, to)).max() <= 1


def test_of_a_very_long_image_a_pixel_is_left_beside_the_fill():
    line = to_geometry(Image.new("RGB", (1, 900), "white"), Geometry(8, resize_mode="longest"))
    assert line.any(axis=(0, 2)).sum() == 1


@pytest.mark.parametrize("how", [{"resize_mode": "stretch"}, {"interpolation": "lanczos"}, {"resampling": "quick"}])
def test_a_geometry_that_is_none(how):
    (word,) = how.values()
    with pytest.raises(ValueError, match=f"must be one of .* Got '{word}' instead"):
        Geometry(8, **how)


def grey(values: list[float], dtype: type) -> list[int]:
    return np.asarray(to_rgb(Image.fromarray(np.array([values], dtype))))[0, :, 0].tolist()


def test_floats_and_integers_are_scaled_by_their_range():
    assert grey([0.0, 0.5, 1.0], np.float32) == [0, 128, 255]
    assert grey([-1.0, 0.0, 1.0], np.float32) == [0, 128, 255]  # not in 0..1: by their own span
    assert grey([0, 32768, 65535], np.int32) == [0, 128, 255]
    assert grey([0, 100_000, 200_000], np.int32) == [0, 128, 255]
    assert grey([-70_000, -70_000], np.int32) == [0, 0]  # no span at all
