"""Lists, tables, shards and files of names that somebody made to do harm end in a sentence, and within their limits."""

import json
import os
import random
import struct
import time
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmap_studio.data.id_names import with_names
from mmap_studio.data.listing import ListedImage
from mmap_studio.data.survey import survey
from mmap_studio.data.tables import annotations, delimited, lists
from mmap_studio.data.tables.annotations import json_rows
from mmap_studio.data.tables.arrow_files import opened_arrow
from mmap_studio.data.tables.delimited import csv_rows
from mmap_studio.data.tables.image_index import ImageIndex
from mmap_studio.data.tables.image_tables import read_images, read_tables
from mmap_studio.data.tables.lists import read_list, style_of
from mmap_studio.data.tables.manifests import columns_of, read_manifests, table_problem
from mmap_studio.data.tables.parquet import opened
from mmap_studio.data.tables.web_shards import is_shard, read_shards
from mmap_studio.errors import DataError
from tests.session.ingest.published import IDS, columns, domains, flat, lines, picture, shard, tar, write

TRIES = 150
QUICK = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["images", "annotations", "categories", "id", "image_id", "category_id", "file_name", "name", "label", "train",
         "test", "path", "a.png", "split"]) | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
PATHS = st.text(st.sampled_from("ab/\\. \u00e9\u0301\u0130\u00df\0\ud800:%"), max_size=8)


def mutated(data, seed):
    """The bytes with some of them changed, doubled, gone, or cut off."""
    chance, new = random.Random(seed), bytearray(data)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(new) or 1)
        kind = chance.random()
        if kind < 0.6 and new:
            new[place] = chance.randrange(256)
        elif kind < 0.75:
            new[place:place] = new[place : place + chance.randint(1, 40)]
        elif kind < 0.9:
            del new[place : place + chance.randint(1, 40)]
        else:
            del new[place:]
    return bytes(new)


def refused(work):
    """Whether it ends in a sentence; any other error goes on."""
    with suppress(DataError):
        work()
        return False
    return True


CSV = lines(["path,label,split", *(f"images/im_{i}.png,cat,train" for i in range(20)), '"a ""b"".png",dog,test'])
LINES = lines(json.dumps({"file_name": f"im_{i}.png", "label": i % 2}) for i in range(20))
COCO = json.dumps({
    "images": [{"id": i, "file_name": f"im_{i}.png"} for i in range(5)],
    "annotations": [{"image_id": i, "category_id": i % 2} for i in range(5)],
    "categories": [{"id": i, "name": name} for i, name in enumerate(("cat", "dog"))],
})  # fmt: skip
LIST = lines(f"Art/cat/{i}.png {i % 2}" for i in range(20))
NAMES = lines(f"{raw} goldfish, Carassius" for raw in IDS)


def everything_of_a_table(path):
    table_problem(path)
    columns_of(path)
    refused(lambda: style_of(path, ImageIndex(())))
    return refused(lambda: read_manifests(path.parent, [path.name], ImageIndex(()), lambda: None).rows)


@pytest.mark.parametrize(("name", "text"), [("t.csv", CSV), ("t.jsonl", LINES), ("t.json", COCO), ("t.tsv", CSV)])
def test_bytes_of_a_table_that_were_changed(name, text, tmp_path):
    found = set()
    for seed in range(TRIES):
        path = tmp_path / name
        path.write_bytes(mutated(text.encode(), seed))
        found.add(everything_of_a_table(path))
    assert True in found, "some of them are refused"


def test_bytes_of_a_list_that_were_changed(tmp_path):
    found = set()
    for seed in range(TRIES):
        path = tmp_path / "Art_train.txt"
        path.write_bytes(mutated(LIST.encode(), seed))
        style_of(path, ImageIndex(()))
        found.add(refused(lambda path=path: list(read_list(path))))
    assert found == {True, False}


def test_bytes_of_a_shard_that_were_changed(tmp_path):
    data, found = shard([0, 1, 0, 1], suffix="json"), set()
    for seed in range(TRIES):
        path = write(tmp_path, {"x-000000.tar": mutated(data, seed)}) / "x-000000.tar"
        is_shard(path)
        found.add(refused(lambda: read_shards(tmp_path, ["x-000000.tar"], lambda count: None)))
    assert found == {True, False}


@pytest.mark.parametrize("suffix", [".arrow", ".parquet"])
def test_bytes_of_a_table_of_columns_that_were_changed(suffix, tmp_path):
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    columns(tmp_path / f"good{suffix}", image=[{"bytes": picture(), "path": "a"} for _ in range(6)],
            label=([0, 1] * 3, ("cat", "dog")), split=["train", "test"] * 3)  # fmt: skip
    data, found = (tmp_path / f"good{suffix}").read_bytes(), set()
    for seed in range(TRIES):
        path = write(tmp_path, {f"t{suffix}": mutated(data, seed)}) / f"t{suffix}"
        columns_of(path)
        found.add(refused(lambda: read_tables(tmp_path, [f"t{suffix}"], lambda count: None)))
        refused(lambda path=path: list(read_images(path, {str(row): row for row in range(6)})))
    assert found == {True, False}


def test_an_arrow_file_that_says_it_is_huge(tmp_path):
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    for start in (b"\xff\xff\xff\xff" + struct.pack("<i", 0x7FFFFFF0), struct.pack("<i", 0x7FFFFFF0), b"ARROW1\0\0"):
        (tmp_path / "t.arrow").write_bytes(start + b"\0" * 64)
        for read in (opened_arrow, opened):
            with pytest.raises(DataError, match="must be an Arrow file, but is not"):
                read(tmp_path / "t.arrow")


@QUICK
@given(JSON)
def test_json_of_any_shape_is_rows_or_a_refusal(tmp_path_factory, found):
    path = tmp_path_factory.mktemp("json") / "t.json"
    path.write_text(json.dumps(found), "utf-8", "surrogatepass")
    refused(lambda: list(json_rows(path)))
    everything_of_a_table(path)
    lined = path.with_suffix(".jsonl")
    lined.write_text(json.dumps(found), "utf-8", "surrogatepass")
    refused(lambda: list(json_rows(lined)))
    everything_of_a_table(lined)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "1" * 9000, '[{"path": ' + "9" * 9000 + "}]"])
@pytest.mark.parametrize("suffix", [".json", ".jsonl"])
def test_json_that_is_deep_or_has_endless_numbers(text, suffix, tmp_path, monkeypatch):
    monkeypatch.setattr(annotations, "MAX_LINE", 1 << 20)
    path = write(tmp_path, {f"t{suffix}": text}) / f"t{suffix}"
    with pytest.raises(DataError, match="must be JSON, but is not"):
        list(json_rows(path))
    with_names(survey(write(tmp_path / "d", domains("Art", classes=IDS))), tmp_path, [path.name])


def test_a_row_and_a_line_have_limits(tmp_path):
    quoted = 'path,label\n"' + "x\n" * 1000
    for text in (quoted, "path,label\n" + "x" * (2 << 20), "x" * (2 << 20)):
        (tmp_path / "t.csv").write_text(text)
        tracemalloc.start()
        with pytest.raises(DataError, match=f"at most {delimited.MAX_LINES} lines of at most"):
            list(csv_rows(tmp_path / "t.csv"))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 1 << 20


@QUICK
@given(st.lists(PATHS, max_size=6), st.lists(PATHS, max_size=6))
def test_paths_of_any_letters_are_looked_up(there, asked):
    index = ImageIndex(ListedImage(path, 1, 1) for path in there)
    for path in there:
        assert index[path].path == path
    for path in asked:
        found = index.get(path)
        assert found is None or found.path in there
        for base in index.bases(path):
            assert any(one.startswith(base) for one in there)


def test_a_million_names_alike_are_looked_up_at_once():
    many = [f"{i // 1000}/{i}/im.png" for i in range(20_000)]
    index = ImageIndex(ListedImage(path, 1, 1) for path in many)
    assert index["7/7000/IM.PNG"].path == "7/7000/im.png"
    assert "im.png" not in index
    assert sum(1 for _ in index.bases("7000/im.png")) == 1


def test_bytes_of_names_that_were_changed_and_names_of_any_shape(tmp_path):
    found = survey(write(tmp_path / "d", domains("Art", classes=IDS)))
    for seed in range(TRIES):
        write(tmp_path, {"classnames.txt": mutated(NAMES.encode(), seed)})
        assert set(with_names(found, tmp_path, ["classnames.txt"]).names) <= set(IDS)
    odd = [[], {}, [1, None, ["n01443537", "x"]], {"n01443537": ["a", 1]}, {"0": ["n01443537", "\ud800"]}, "x", 7,
           {"n01443537": "x" * 100_000}, {"n01443537": "\n\0"}]  # fmt: skip
    for one in odd:
        write(tmp_path, {"names.json": json.dumps(one)})
        names = with_names(found, tmp_path, ["names.json"]).names
        assert all(len(name) <= 200 for name in names.values())
    evil = "n01443537 " + "a " * 40_000 + "\n" + "n01484850" + " " * 4000 + "\n" + "n" * 4000
    write(tmp_path, {"classnames.txt": evil})
    with_names(found, tmp_path, ["classnames.txt", "gone.txt", "../x"])


def test_a_line_of_names_that_never_ends_takes_no_longer_than_another(tmp_path):
    """Letters that may stand behind a name were tried anew from every letter of it."""
    found = survey(write(tmp_path / "d", domains("Art", classes=IDS)))
    times = {}
    for kind, line in {"plain": "n01443537 " + "x" * 3900 + "\n", "odd": "n01443537 x" + "," * 3900 + "x\n"}.items():
        write(tmp_path, {"words.txt": line * 20})
        began = time.perf_counter()
        assert set(with_names(found, tmp_path, ["words.txt"]).names) == {IDS[0]}
        times[kind] = time.perf_counter() - began
    assert times["odd"] < 20 * times["plain"]


@pytest.mark.parametrize("make", [
    lambda path, secret: path.symlink_to(secret), lambda path, secret: path.symlink_to("/dev/zero"),
    lambda path, secret: os.mkfifo(path),
])  # fmt: skip
def test_names_are_read_from_files_of_the_folder_alone(tmp_path, make):
    secret = tmp_path / "secret.txt"
    secret.write_text(lines(f"{one} taken" for one in IDS))
    root = write(tmp_path / "d", domains("Art", classes=IDS))
    make(root / "words.txt", secret)
    assert survey(root).names == {}


def test_names_that_cannot_be_printed_are_not_taken_and_of_two_the_last(tmp_path):
    text = f"{IDS[0]} \x1b[2Jevil\n{IDS[1]} a\u202eb\n{IDS[1]} <img src=x>\n{IDS[1]} last\n"
    root = write(tmp_path / "d", {**domains("Art", classes=IDS), "words.txt": text})
    assert survey(root).names == {IDS[1]: "last"}


def test_empty_lines_without_end_are_no_list_and_no_table(tmp_path):
    root = write(tmp_path / "d", domains("Art", classes=("cat", "dog")))
    write(root, {"list.txt": "\n" * lists.ALL_LINES + "Art/cat/0.png 0\n"})
    assert style_of(root / "list.txt", ImageIndex([])) is None
    write(root, {"rows.jsonl": "\n" * (annotations.MAX_EMPTY + 1) + '{"path": "a.png", "class": "x"}\n'})
    with pytest.raises(DataError, match=r"line 1001: .*more than 1,000 lines without anything"):
        list(json_rows(root / "rows.jsonl"))


@pytest.mark.parametrize(
    "cell", [b"\xff\xfe", b"\0", b"", b"x" * 70_000, b"[[[", b'{"label": NaN}', b'{"label": {}}', b'"']
)
@pytest.mark.parametrize("suffix", ["cls", "json", "txt"])
def test_classes_in_shards_of_any_bytes(cell, suffix, tmp_path):
    files = {f"{i}.{suffix}": cell if i else b"cat" for i in range(3)} | {f"{i}.jpg": picture("JPEG") for i in range(3)}
    write(tmp_path, {"x.tar": tar(files)})
    is_shard(tmp_path / "x.tar")
    refused(lambda: read_shards(tmp_path, ["x.tar"], lambda count: None))
    refused(lambda: survey(tmp_path))


@QUICK
@given(
    st.binary(max_size=60), st.sampled_from([".csv", ".tsv", ".json", ".jsonl", ".txt", ".parquet", ".arrow", ".tar"])
)
def test_any_bytes_beside_images_leave_the_folder_readable_or_end_in_a_sentence(tmp_path_factory, data, suffix):
    root = write(tmp_path_factory.mktemp("any") / "d", {**flat("images"), f"t{suffix}": data})
    refused(lambda: survey(root))
    refused(lambda: survey(root, "manifest"))
    refused(lambda: survey(root, "lists"))
