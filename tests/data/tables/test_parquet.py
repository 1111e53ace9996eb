"""Parquet tables that are small on the disk and large in memory: refused by what they say, or read within limits."""

import tracemalloc

import pytest

from mmap_studio.data.tables import parquet
from mmap_studio.data.tables.image_index import ImageIndex
from mmap_studio.data.tables.image_tables import read_tables
from mmap_studio.data.tables.manifests import read_manifests, table_problem
from mmap_studio.errors import DataError

arrow = pytest.importorskip("pyarrow")


def write(path, columns, **how):
    from pyarrow import parquet as written

    written.write_table(arrow.table(columns), path, **how)
    return path


def repeated(text, rows):
    """A column of one text that is stored once."""
    return arrow.DictionaryArray.from_arrays(arrow.array([0] * rows, arrow.int8()), arrow.array([text]))


@pytest.mark.parametrize("column", ["path", "class"])
def test_a_long_word_that_is_repeated_is_kept_once_and_refused(tmp_path, column):
    words = {"path": repeated("a.png", 20_000), "class": repeated("fox", 20_000)}
    words[column] = repeated("x" * 1_000_000, 20_000)  # 20 GB where every row has its own
    path = write(tmp_path / "t.parquet", words, compression="zstd")
    assert path.stat().st_size < 5_000
    tracemalloc.start()
    with pytest.raises(DataError, match=r"unpack|at most 4,096 bytes"):
        read_manifests(path.parent, [path.name], ImageIndex(()), lambda: None)
    assert tracemalloc.get_traced_memory()[1] < 200e6
    tracemalloc.stop()


def test_rows_that_are_only_counted_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(parquet, "MAX_ROWS", 1000)
    path = write(tmp_path / "t.parquet", {"path": repeated("a.png", 1001), "class": repeated("fox", 1001)})
    assert table_problem(path)
    with pytest.raises(DataError, match=r"at most 1,000 rows .* Got 1,001"):
        parquet.opened(path)


def test_a_column_that_unpacks_to_far_more_than_it_has(tmp_path):
    path = write(
        tmp_path / "t.parquet", {"path": ["a.png"], "class": ["x" * 50_000_000]}, compression="zstd",
        use_dictionary=False,
    )  # fmt: skip
    with pytest.raises(DataError, match=r"it must unpack to at most 1000 times its size"):
        parquet.opened(path)


def test_ordinary_words_are_read(tmp_path):
    path = write(tmp_path / "t.parquet", {"path": [f"{n}.png" for n in range(9)], "class": ["fox", "car", "dog"] * 3})
    (rows,) = read_manifests(path.parent, [path.name], ImageIndex(()), lambda: None).rows
    assert [row.label for row in rows.rows[:3]] == ["fox", "car", "dog"]
    images = arrow.array([{"bytes": b"x", "path": "p"}] * 3)
    write(tmp_path / "i.parquet", {"image": images, "label": ["fox", None, "car"], "domain": [1, 2, 1]})
    found, _, skipped, _ = read_tables(tmp_path, ["i.parquet"], lambda n: None)
    assert [row.label for rows in found for row in rows.rows] == ["fox", "car"]
    assert len(skipped) == 1


@pytest.mark.parametrize("kind", ["pipe", "/dev/zero"])
def test_what_is_no_file(tmp_path, kind):
    import os

    path = tmp_path / "t.parquet"
    os.mkfifo(path) if kind == "pipe" else path.symlink_to(kind)
    with pytest.raises(DataError, match="must be a file"):
        parquet.opened(path)
