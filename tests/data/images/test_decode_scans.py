"""Progressive JPEGs: as many scans as programs write, and no thousands."""

import io
import time

import numpy as np
import pytest
from PIL import Image

from mmap_studio.data.images.decode import MAX_SCANS, ImageError, decode
from mmap_studio.method.task import Geometry

TO = Geometry(16)


def progressive(side=64):
    out = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (side, side, 3), np.uint8)
    Image.fromarray(noise).save(out, "JPEG", progressive=True, quality=90)
    return out.getvalue()


def with_scans(count, side=64):
    """The same with its last scan so often."""
    data = progressive(side)
    last = data.rindex(b"\xff\xda")
    return data[:last] + data[last:-2] * count + data[-2:]


def test_a_progressive_jpeg_is_decoded():
    assert decode(progressive(), TO).shape == (16, 16, 3)
    assert progressive().count(b"\xff\xda") < MAX_SCANS // 2


def test_thousands_of_scans_are_refused_at_once(tmp_path):
    data = with_scans(3000, 512)
    began = time.process_time()
    for source in (data, tmp_path / "bomb.jpg"):
        if source is not data:
            source.write_bytes(data)
        with pytest.raises(ImageError, match=r"it has 3,0\d\d scans, more than the 100 allowed"):
            decode(source, TO)
    assert time.process_time() - began < 5
