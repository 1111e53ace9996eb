"""The bundled starter: six styles of the same pictograms, split by pictogram."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmap_studio.data.images.starter import load_starter
from mmap_studio.errors import CorruptError
from mmap_studio.method.task import SPLITS, Geometry

BUNDLED = Path(__file__).parents[3] / "resources" / "starter"
SIZE, COLUMNS = 4, 3


@pytest.fixture
def folder(tmp_path):
    """Two styles of five pictograms; pictogram k has the colour 40 k, inverted in the second style."""
    table = {
        "format": 1,
        "size": SIZE,
        "columns": COLUMNS,
        "template": "an icon of a {}.",
        "tasks": [{"name": "Plain", "sheet": "a.png"}, {"name": "Inverted", "sheet": "b.png"}],
        "classes": ["dog", "cat"],
        "pictograms": {"class": [0, 0, 1, 1, 0], "split": ["train", "test", "train", "val", "test"]},
    }
    (tmp_path / "data.json").write_text(json.dumps(table))
    sheet = np.full((2, SIZE, COLUMNS, SIZE, 3), 255, np.uint8)
    for k in range(5):
        sheet[k // COLUMNS, :, k % COLUMNS] = 40 * k
    for name, pixels in (("a.png", sheet), ("b.png", 255 - sheet)):
        Image.fromarray(pixels.reshape(2 * SIZE, COLUMNS * SIZE, 3)).save(tmp_path / name)
    return tmp_path


def test_cells_become_tasks(folder):
    plain, inverted = load_starter(folder)
    assert (plain.name, inverted.name) == ("Plain", "Inverted")
    assert plain.class_names == ("dog", "cat")
    assert plain.texts()[1] == "an icon of a cat."
    assert plain.test.pixels([0, 1])[:, 0, 0, 0].tolist() == [40, 160]
    assert inverted.train.pixels([0, 1])[:, 3, 3, 2].tolist() == [255, 175]
    assert [plain.split(name).labels.tolist() for name in SPLITS] == [[0, 1], [1], [0, 0]]


def test_another_size_is_resized(folder):
    task = load_starter(folder, Geometry(6))[0]
    assert task.train.pixels([1]).shape == (1, 6, 6, 3)
    assert (task.train.pixels([1]) == 80).all()


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", 2, "it has format 2, required is 1"),
        ("columns", 5, "'.*a.png' must be 20 x 4 pixels. Got 12 x 8 instead"),
        ("size", 0, "not of their kind"),
        ("classes", ["dog"], "a class index is outside"),
        ("pictograms", {"class": [0], "split": []}, "1 class for 0 splits"),
        ("pictograms", {"class": [0], "split": ["dev"]}, r"must be train, val, test, found \['dev'\]"),
        ("tasks", [{"name": "Plain"}], "cannot be read"),
        ("tasks", [{"name": "Plain", "sheet": "gone.png"}], "'.*gone.png' cannot be read: it cannot be opened"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(folder, key, value, message):
    table = json.loads((folder / "data.json").read_text())
    (folder / "data.json").write_text(json.dumps(table | {key: value}))
    with pytest.raises(CorruptError, match=message):
        load_starter(folder)


@pytest.mark.parametrize("content", [None, "", "[]", '{"format": 1}'])
def test_a_table_that_is_none_is_refused(folder, content):
    (folder / "data.json").unlink()
    if content is not None:
        (folder / "data.json").write_text(content)
    with pytest.raises(CorruptError, match=r"Starter table '.*data.json' cannot be used"):
        load_starter(folder)


@pytest.fixture(scope="module")
def tasks():
    return load_starter(BUNDLED)


@pytest.mark.skipif(not (BUNDLED / "data.json").exists(), reason="the starter has not been built")
class TestBundled:
    def test_all_styles_have_the_same_split_and_classes(self, tasks):
        assert len(tasks) == 6
        first = tasks[0]
        assert len(first.class_names) == 31
        for task in tasks[1:]:
            assert task.class_names == first.class_names
            for name in SPLITS:
                assert (task.split(name).labels == first.split(name).labels).all()

    def test_no_pictogram_is_in_two_parts(self, tasks):
        pictograms = json.loads((BUNDLED / "data.json").read_text())["pictograms"]
        parts = [{c for c, s in zip(pictograms["code"], pictograms["split"], strict=True) if s == n} for n in SPLITS]
        assert sum(map(len, parts)) == len(set.union(*parts)) == len(pictograms["code"])
        assert [len(tasks[0].split(name)) for name in SPLITS] == [len(part) for part in parts]

    def test_every_class_is_in_every_part_and_ten_times_in_all(self, tasks):
        counts = np.stack([np.bincount(tasks[0].split(name).labels, minlength=31) for name in SPLITS])
        assert (counts > 0).all()
        assert (counts.sum(0) >= 10).all()

    def test_the_styles_differ(self, tasks):
        assert len({task.test.digest for task in tasks}) == 6

    def test_a_damaged_sheet_is_refused_by_name(self, tmp_path):
        shutil.copytree(BUNDLED, tmp_path / "s")
        sheet = tmp_path / "s" / "noto.webp"
        sheet.write_bytes(sheet.read_bytes()[:-5000])
        with pytest.raises(CorruptError, match=r"'.*noto.webp' cannot be read"):
            load_starter(tmp_path / "s")
