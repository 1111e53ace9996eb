"""Decoded images are stored by a thread of its own, and the index says only what is there."""

import threading

import numpy as np
import pytest

from mmap_studio.data.folders import survey_folders
from mmap_studio.data.images.decode import NewImage, hash_of
from mmap_studio.errors import StorageError
from mmap_studio.storage.store import MemoryStore
from tests.data.trees import domain, grow
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.cache.cache import Cached
    from mmap_studio.session.dataset.pixel_index import NOT_CACHED, PixelIndex, PixelWriter

SIZE, PER_SHARD = 4, 2


class Slow(MemoryStore):
    """A store that writes when it is let, and tells who writes."""

    def __init__(self):
        super().__init__()
        self.gate, self.threads, self.error = threading.Event(), set(), None

    def put(self, *what):
        self.gate.wait(10)
        self.threads.add(threading.current_thread().name)
        if self.error is not None:
            raise self.error
        super().put(*what)


@pytest.fixture
def index(tmp_path):
    return PixelIndex.empty(survey_folders(grow(tmp_path / "d", domain("Art", count=3))).domains[0])


def image(number):
    pixels = np.full((SIZE, SIZE, 3), number, np.uint8)
    return NewImage(bytes([number]) * 32, pixels, hash_of(pixels))


def test_the_next_images_are_taken_while_a_shard_is_written(index):
    store = Slow()
    with PixelWriter(Cached(store), index, index, PER_SHARD) as writer:
        for number in range(3):
            writer.take(number, image(number))
        assert (writer.index.shard == NOT_CACHED).all(), "nothing is there yet"
        store.gate.set()
        writer.flush()
        assert writer.index.shard.tolist() == [0, 0, 1, *[NOT_CACHED] * 3]
        assert writer.index.row.tolist()[:3] == [0, 1, 0]
        for number in range(3):
            found = store.get("pixels", writer.index.shards[writer.index.shard[number]])
            assert (found.arrays["pixels"][writer.index.row[number]] == number).all()
    assert all(name.startswith("pixels") for name in store.threads)
    assert not any(thread.name.startswith("pixels") for thread in threading.enumerate())


def test_what_could_not_be_written_is_told_and_is_not_said_to_be_there(index):
    store = Slow()
    store.error = StorageError("the disk is full")
    store.gate.set()
    with PixelWriter(Cached(store), index, index, PER_SHARD) as writer:
        writer.take(0, image(0))
        writer.take(1, image(1))
        with pytest.raises(StorageError, match="the disk is full"):
            writer.flush()
        assert (writer.index.shard == NOT_CACHED).all()
        store.error = None
        writer.take(2, image(2))
        writer.flush()
        assert writer.index.shard.tolist() == [NOT_CACHED, NOT_CACHED, 0, *[NOT_CACHED] * 3]
