"""Every image of a task knows the file it was read from, and all of it is there again."""

import shutil

import numpy as np
import pytest

from mmap_studio.data.images.decode import decode
from mmap_studio.errors import DataError
from mmap_studio.method.task import SPLITS, Geometry
from mmap_studio.session.project.project_file import TaskEntry
from mmap_studio.storage.store import FolderStore
from tests import projects
from tests.data import drawn
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.cache.cache import Cached
    from mmap_studio.session.dataset.image_files import original
    from mmap_studio.session.dataset.pixels import path_of
    from tests.session.dataset.one_task import read_task


SIDE, TO = 20, Geometry(16)


@pytest.fixture
def folder(tmp_path):
    for label, name in enumerate(("dog", "elephant")):
        for number in range(5):
            drawn.write(tmp_path / "art" / name / f"{number}.png", drawn.image("sketch", label, number, SIDE))
    return tmp_path / "art"


def read(tmp_path, folder):
    entry = TaskEntry(name="Art", folder=str(folder))
    project = projects.make(tmp_path / "p").with_tasks([entry])
    return read_task(project, entry, TO, Cached(FolderStore(tmp_path / "cache")))


def test_every_image_knows_its_own_file(tmp_path, folder):
    task = read(tmp_path, folder)
    seen = set()
    for split in SPLITS:
        images = task.split(split)
        for index in range(len(images)):
            path = path_of(images, index)
            np.testing.assert_array_equal(decode(path, TO), images.pixels([index])[0])
            assert original(path).shape == (SIDE, SIDE, 3)
            seen.add(path)
    assert len(seen) == 10


def test_an_image_in_an_archive_has_a_place_and_one_that_went_is_refused(tmp_path, folder):
    shutil.make_archive(str(tmp_path / "packed"), "zip", folder)
    path = path_of(read(tmp_path, tmp_path / "packed.zip").test, 0)
    assert tmp_path / "packed.zip" in path.parents
    assert original(path) is None
    with pytest.raises(DataError, match="cannot be opened"):
        original(folder / "dog" / "gone.png")
