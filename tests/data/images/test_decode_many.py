"""Many images by threads: in order, bounded, stoppable, the unreadable ones in their place."""

import threading
import time
from collections.abc import Iterator
from itertools import repeat

import numpy as np
import pytest

from mmap_studio.data.images.decode import AHEAD, decode_many
from mmap_studio.data.skipped import Skipped
from mmap_studio.method.task import Geometry
from tests.data.images import image_files as p

SIZE, WORKERS = 4, 2
TO = Geometry(SIZE)
RUST, BROKEN = p.save(p.solid()), b"broken"


def decoders() -> list[str]:
    return [t.name for t in threading.enumerate() if t.name.startswith("decode")]


@pytest.mark.parametrize("workers", [1, 3, None])
def test_results_come_in_the_order_of_the_files(workers, tmp_path):
    shades = [10 * i for i in range(20)]
    paths = [tmp_path / f"{shade}.png" for shade in shades]
    for path, shade in zip(paths, shades, strict=True):
        path.write_bytes(p.save(p.solid("L", shade)))
    found = list(decode_many(enumerate(paths), TO, workers))
    assert [position for position, _ in found] == list(range(20))
    assert [int(pixels[0, 0, 0]) for _, pixels in found] == shades
    assert not decoders()


def test_unreadable_images_keep_their_place_and_have_a_reason(tmp_path):
    (tmp_path / "x.png").write_bytes(BROKEN)
    found = [result for _, result in decode_many(enumerate([RUST, tmp_path / "x.png", BROKEN, RUST]), TO, WORKERS)]
    reason = "it is not a readable JPEG, PNG, WEBP, BMP, GIF, TIFF, PPM or AVIF image"
    assert found[1:3] == [Skipped(str(tmp_path / "x.png"), reason), Skipped("in memory", reason)]
    assert isinstance(found[0], np.ndarray)
    assert isinstance(found[3], np.ndarray)


def test_no_images_give_no_results():
    assert list(decode_many([], TO)) == []


def test_an_endless_list_is_read_no_further_than_needed_and_can_be_closed():
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        for source in repeat(RUST):
            taken += 1
            yield source

    work = decode_many(enumerate(endless()), TO, WORKERS)
    for _ in range(5):
        next(work)
    assert taken <= 5 + AHEAD
    work.close()
    assert not decoders()


def test_work_goes_on_while_whoever_takes_the_images_is_busy(monkeypatch):
    done = []

    def slow(source, to):
        done.append(source)
        return np.zeros((2, 2, 3), np.uint8)

    monkeypatch.setattr("mmap_studio.data.images.decode.decode", slow)
    work = decode_many(((n, RUST) for n in range(1000)), TO, WORKERS)
    next(work)
    deadline = time.monotonic() + 20
    while len(done) < AHEAD and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(done) == AHEAD
    work.close()


def test_large_files_in_memory_wait_in_small_numbers(monkeypatch):
    """As members of archives do: their bytes are what takes memory."""
    taken = 0

    def members() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield bytes(1000)

    monkeypatch.setattr("mmap_studio.data.images.decode.AHEAD_BYTES", 10_000)
    work = decode_many(enumerate(members()), TO, WORKERS)
    next(work)
    assert taken <= 12
    work.close()


def test_an_error_of_ours_is_not_swallowed(monkeypatch):
    def fails(source, to):
        raise RuntimeError("a bug")

    monkeypatch.setattr("mmap_studio.data.images.decode.decode", fails)
    with pytest.raises(RuntimeError, match="a bug"):
        list(decode_many([(0, RUST)], TO, WORKERS))
    assert not decoders()
