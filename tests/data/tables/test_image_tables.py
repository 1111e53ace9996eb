"""Parquet tables with the images in them, as Hugging Face data sets are published. Needs the extra `parquet`."""

import io
import json
import os

import numpy as np
import pytest

from mmap_studio.data.domain_finder import DomainFinder
from mmap_studio.data.images.decode import decode_many
from mmap_studio.data.images.sources import sources
from mmap_studio.data.skipped import Skipped
from mmap_studio.data.survey import survey
from mmap_studio.data.tables.image_columns import find_columns
from mmap_studio.errors import DataError
from mmap_studio.method.task import Geometry
from mmap_studio.session.ingest.report import entry_for, import_report
from tests.data import drawn

arrow = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
CLASSES = ("dog", "elephant", "alarm clock")
TRAIN, TEST = "train-00000-of-00001.parquet", "test-00000-of-00001-0123456789abcdef.parquet"
HUGGING = {"label": CLASSES}


def png(domain, label, seed):
    file = io.BytesIO()
    drawn.image(domain, label, seed).save(file, "png")
    return file.getvalue()


def write(path, labels, named=HUGGING, *, look_of="photo", plain=False, **columns):
    """A table of an image a label; `named` columns are ClassLabels."""
    from pyarrow import parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    cells = [png(look_of, label if label in range(7) else 0, seed) for seed, label in enumerate(labels)]
    kind = arrow.binary() if plain else arrow.struct({"bytes": arrow.binary(), "path": arrow.string()})
    images = arrow.array(cells if plain else [{"bytes": one, "path": "x.png"} for one in cells], kind)
    features = {"image": {"_type": "Image"}} | {
        name: {"names": list(names), "_type": "ClassLabel"} for name, names in named.items()
    }
    table = arrow.table({"image": images, "label": labels} | columns)
    about = {b"huggingface": json.dumps({"info": {"features": features}}).encode()}
    parquet.write_table(table.replace_schema_metadata(about), path, row_group_size=2)
    return path


def summary(found):
    """Name -> classes, images of train, val, test and none."""
    return {d.name: (d.classes, tuple(d.given_splits.count(part) for part in ("train", "val", "test", None)))
            for d in found.domains}  # fmt: skip


def decoded_images(domain):
    """Row -> the image or why there is none, in whatever order they come."""
    return dict(decode_many(sources(domain, range(len(domain.files))), Geometry(16), 1))


def test_classes_by_number_come_in_the_order_of_the_numbers_whatever_else_is_there(tmp_path):
    names = {"10": "ten", "2": "two", "0": "nil", "\xb2": "odd", "9" * 5000: "endless"}
    about = {"info": {"features": {"label": {"_type": "ClassLabel", "names": names}}}}
    path = write(tmp_path / "t.parquet", [0, 1, 2])
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(path)
    parquet.write_table(table.replace_schema_metadata({b"huggingface": json.dumps(about).encode()}), path)
    found = find_columns(path, parquet.read_schema(path))
    assert found.label.names == ("nil", "odd", "endless", "two", "ten")


def test_one_task_in_shards_by_part(tmp_path):
    write(tmp_path / "set" / "data" / TRAIN, [0, 1, 2, 0])
    write(tmp_path / "set" / "data" / TEST, [1, 2])
    found = survey(tmp_path / "set")
    assert found.layout == "parquet"
    assert summary(found) == {"set": (("alarm clock", "dog", "elephant"), (4, 0, 2, 0))}
    domain = found.domains[0]
    assert [len(one.shape) for one in decoded_images(domain).values()] == [3] * 6
    row = [domain.files.path(n) for n in range(6)].index(f"data/{TRAIN}/3")
    (alone,) = decode_many(sources(domain, [row]), Geometry(16), 1)
    assert (alone[1] == np.asarray(drawn.image("photo", 0, 3).resize((16, 16), 3))).all()


@pytest.mark.parametrize(
    "column", [{"domain": ["art", "sketch"] * 3}, {"Style": ["art", "sketch"] * 3}, {"domain": [0, 1] * 3}], ids=str
)
def test_a_column_of_domains(tmp_path, column):
    write(tmp_path / "data" / TRAIN, [0, 0, 1, 1, 2, 2], HUGGING | {"domain": ("art", "sketch")}, **column)
    expected = ("alarm clock", "dog", "elephant"), (3, 0, 0, 0)
    assert summary(survey(tmp_path)) == {"art": expected, "sketch": expected}


@pytest.mark.parametrize(
    "files",
    [
        ("art/train-00000-of-00001.parquet", "clip art/train-00000-of-00001.parquet"),
        ("data/art-00000-of-00001.parquet", "data/clip art-00000-of-00001.parquet"),
        ("default/art/0000.parquet", "default/clip art/0000.parquet"),
        ("art_train.parquet", "clip art_train.parquet"),
        ("pets-art.parquet", "pets/clip art.parquet"),
    ],
)
def test_one_folder_or_file_a_domain(tmp_path, files):
    for file in files:
        write(tmp_path / file, [0, 1])
    names = {name.rpartition("/")[2].removeprefix("pets-") for name in summary(survey(tmp_path))}
    assert names == {"art", "clip art"}
    assert survey(tmp_path).domains[0].has_given_split == any("train" in file for file in files)


def test_a_part_by_a_column_and_a_class_by_words(tmp_path):
    write(tmp_path / "pets.parquet", ["cat", "dog", "cat"], {}, plain=True, split=["train", "test", None])
    found = survey(tmp_path / "pets.parquet")
    assert found.layout == "parquet:pets.parquet"
    assert summary(found) == {"pets": (("cat", "dog"), (1, 0, 1, 1))}
    write(tmp_path / "pets.parquet", ["cat", "dog"] * 2, {}, split=["train", "tset", "tset", "tset"])
    with pytest.raises(DataError, match=r"'pets.parquet', row 2: a split must be one of train, .* Got 'tset'"):
        survey(tmp_path)


def test_a_row_that_cannot_be_used_stops_no_other(tmp_path):
    write(tmp_path / "pets.parquet", ["cat", "dog", "cat"], {}, split=["train", "test", "tset"])
    found = survey(tmp_path)
    assert summary(found) == {"pets": (("cat", "dog"), (1, 0, 1, 0))}
    said = "1 row is left out: Table 'pets.parquet', row 3: a split must be one of train,"
    assert any(text.startswith(said) for text in found.notices)


def test_numbers_without_names_keep_their_number(tmp_path):
    write(tmp_path / "a.parquet", [0, 1], {})
    found = survey(tmp_path)
    assert found.domains[0].classes == ("0", "1")


def test_numbers_in_shards_by_class_are_not_called_as_the_shards(tmp_path):
    write(tmp_path / "train-00000-of-00002.parquet", [0, 0], {})
    write(tmp_path / "train-00001-of-00002.parquet", [1, 1], {})
    found = survey(tmp_path)
    assert found.domains[0].classes == ("0", "1")


def test_a_damaged_shard_is_refused_by_name(tmp_path):
    write(tmp_path / "data" / "train-00000-of-00002.parquet", [0, 1])
    os.truncate(write(tmp_path / "data" / "train-00001-of-00002.parquet", [0, 1]), 40)
    for layout in ("auto", "parquet"):
        with pytest.raises(DataError, match=r"'data/train-00001-of-00002.parquet' must be a whole Parquet file"):
            survey(tmp_path, layout)


@pytest.mark.parametrize(
    ("there", "said"),
    [
        (["train-00000-of-00002"], "1 of 2 shards is not there, and the images in it: "
         "'train-00001-of-00002.parquet'"),
        (["data/train-00001-of-00003", "data/test-00000-of-00001"], "2 of 3 shards are not there, and the images in "
         "them: 'data/train-00000-of-00003.parquet', 'data/train-00002-of-00003.parquet'"),
        (["train-2-of-2"], "1 of 2 shards is not there, and the images in it: 'train-1-of-2.parquet'"),
        (["train-00000-of-00009-0123456789abcdef"], "'train-00005-of-00009.parquet' and 3 more"),
        (["train-00000-of-00002", "train-00001-of-00002", "0000", "art-2-of-a-kind"], None),
    ],
)  # fmt: skip
def test_shards_that_are_not_there_are_said(tmp_path, there, said):
    for name in there:
        write(tmp_path / f"{name}.parquet", [0, 1])
    notices = [text for text in survey(tmp_path).notices if "not there" in text]
    assert len(notices) == (said is not None)
    assert said is None or notices[0].endswith(f"{said}.")


def test_a_shard_that_is_asked_for_alone_is_whole_where_the_others_lie_beside_it(tmp_path):
    for number in (0, 1):
        write(tmp_path / f"train-0000{number}-of-00002.parquet", [0, 1])
    asked = tmp_path / "train-00000-of-00002.parquet"
    assert not any("not there" in text for text in survey(asked).notices)
    (tmp_path / "train-00001-of-00002.parquet").unlink()
    assert "1 of 2 shards is not there" in survey(asked).notices[0]


def test_another_damaged_table_is_reported(tmp_path):
    write(tmp_path / "art.parquet", [0, 1])
    os.truncate(write(tmp_path / "real.parquet", [0, 1]), 40)
    found = survey(tmp_path)
    assert len(found.domains) == 1
    assert [(one.path, one.reason) for one in found.skipped] == [("real.parquet", "it is no whole Parquet file")]
    assert "1 entry left out, it is no whole Parquet file: 'real.parquet'." in found.skipped_notices


def test_one_table_of_a_folder_is_asked_for_by_name(tmp_path):
    for name in ("art", "real"):
        write(tmp_path / "set" / f"{name}.parquet", [0, 1])
    root, layout = str(tmp_path), "parquet:set/art.parquet"
    report = import_report([root], layouts={root: layout})
    assert (report.readings[0].layout, [one.name for one in report.tasks]) == (layout, ["art"])
    again, _ = DomainFinder().find(tmp_path, report.entries[0].layout, report.entries[0].part)
    assert again.fingerprint == report.tasks[0].domain.fingerprint
    with pytest.raises(DataError, match=r"there is 'parquet:set/art.parquet', 'parquet:set/real.parquet'; name one"):
        survey(tmp_path, "parquet:art.parquet")
    os.truncate(tmp_path / "set" / "art.parquet", 40)
    with pytest.raises(DataError, match=r"art.parquet' must be a Parquet file, but is not"):
        survey(tmp_path, "parquet:set/art.parquet")


@pytest.mark.parametrize("names", [("site_1", "site_2"), ("2019", "2020"), ("art_2019", "art_2020"), ("1", "2")])
def test_a_number_in_a_name_makes_no_shard(tmp_path, names):
    for name in names:
        write(tmp_path / f"{name}.parquet", [0, 1])
    assert tuple(summary(survey(tmp_path))) == names


@pytest.mark.parametrize("name", ["train-0000{}", "train-1200{}", "train-{}-of-4", "000{}", "part-{}", "train.shard{}"])
def test_shards_are_one_domain(tmp_path, name):
    for number in (1, 2):
        write(tmp_path / "art" / f"{name.format(number)}.parquet", [0, 1])
    assert [len(domain.files) for domain in survey(tmp_path).domains] == [4]


def test_rows_without_a_class_are_counted(tmp_path):
    write(tmp_path / "a.parquet", [0, 1, -1, None])
    found = survey(tmp_path)
    assert [len(domain.files) for domain in found.domains] == [2]
    assert "2 entries left out, the row has no class: 'a.parquet/2' and 1 more." in found.skipped_notices


def test_numbers_beyond_the_names_are_refused_where_most_are_so(tmp_path):
    write(tmp_path / "a.parquet", [0, 1, 3])
    said = "1 row is left out: Table 'a.parquet', row 3: 'label' must be a number below 3"
    assert any(text.startswith(said) for text in survey(tmp_path).notices)
    write(tmp_path / "a.parquet", [0, 1, 3, 3, 3])
    with pytest.raises(DataError, match=r"'a.parquet', row 3: 'label' must be a number below 3.* Got 3 instead"):
        survey(tmp_path)


def test_a_table_of_images_without_a_class_is_refused(tmp_path):
    from pyarrow import parquet

    parquet.write_table(arrow.table({"image": [b"x"], "caption": ["a dog"]}), tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"one of classes \(class, label, .*found the columns 'image', 'caption'"):
        survey(tmp_path / "a.parquet")


def test_a_row_without_an_image_is_skipped_by_name(tmp_path):
    from pyarrow import parquet

    kind = arrow.struct({"bytes": arrow.binary(), "path": arrow.string()})
    images = arrow.array([{"bytes": png("photo", 0, 0), "path": None}, {"bytes": None, "path": "x.png"}, None], kind)
    parquet.write_table(arrow.table({"image": images, "label": ["cat", "dog", "dog"]}), tmp_path / "a.parquet")
    found = decoded_images(survey(tmp_path).domains[0])
    assert [type(found[row]) for row in range(3)] == [np.ndarray, Skipped, Skipped]
    assert found[1].reason == "the row has no image in it"


def test_a_table_that_broke_off_meanwhile_skips_what_was_not_reached(tmp_path):
    domain = survey(write(tmp_path / "a.parquet", [0, 1, 2])).domains[0]
    os.truncate(tmp_path / "a.parquet", 40)
    assert all("must be a Parquet file" in one.reason for one in decoded_images(domain).values())


def test_a_changed_table_is_other_files(tmp_path):
    first = survey(write(tmp_path / "a.parquet", [0, 1, 2])).domains[0]
    assert survey(tmp_path / "a.parquet").domains[0].fingerprint == first.fingerprint
    write(tmp_path / "a.parquet", [0, 1, 2], look_of="sketch")
    assert survey(tmp_path / "a.parquet").domains[0].fingerprint != first.fingerprint


@pytest.mark.parametrize("at", ["", "data/train-00000-of-00001.parquet"])
def test_a_project_finds_its_domain_again(tmp_path, at):
    write(tmp_path / "data" / TRAIN, [0, 0, 1, 1], style=["art", "real"] * 2)
    report = import_report([str(tmp_path / at)])
    for entry, one in zip(report.entries, report.tasks, strict=True):
        again, _ = DomainFinder().find(tmp_path / at, entry.layout, entry.part)
        assert again.fingerprint == one.domain.fingerprint
    assert entry_for(tmp_path / at, survey(tmp_path / at), report.tasks[0].domain).part == "art"
