"""CSV tables without an end: one line, one row or one file of any size is refused before it is in memory."""

import tracemalloc

import pytest

from mmap_studio.data.tables import manifests
from mmap_studio.data.tables.image_index import ImageIndex
from mmap_studio.data.tables.lists import read_list
from mmap_studio.data.tables.manifests import read_manifests, table_problem
from mmap_studio.errors import DataError

HEAD = "path,class\n"


@pytest.mark.parametrize(
    "text",
    [HEAD + "," * 30_000_000, HEAD + '"a\n' + '","\n' * 5_000_000, HEAD + '"' + "x\n" * 9_000_000, "," * 30_000_000],
    ids=["cells", "cells over lines", "a cell over lines", "a header"],
)
def test_a_row_without_an_end(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    tracemalloc.start()
    with pytest.raises(DataError, match=r"a row must have at most 100 lines of at most 65,536 letters|column for the"):
        read_manifests(tmp_path, ["t.csv"], ImageIndex(()), lambda: None)
    assert tracemalloc.get_traced_memory()[1] < 20e6
    tracemalloc.stop()
    table_problem(tmp_path / "t.csv")


def test_a_sparse_file_of_many_gigabytes(tmp_path):
    for name in ("t.csv", "art_train.txt"):
        with (tmp_path / name).open("wb") as file:
            file.write(HEAD.encode())
            file.truncate(6 << 30)
    assert table_problem(tmp_path / "t.csv")
    with pytest.raises(DataError, match="at most 1,073,741,824 bytes"):
        read_manifests(tmp_path, ["t.csv"], ImageIndex(()), lambda: None)
    with pytest.raises(DataError, match="at most 1,073,741,824 bytes"):
        list(read_list(tmp_path / "art_train.txt"))


def test_a_cell_may_have_line_ends(tmp_path):
    (tmp_path / "t.csv").write_text(HEAD + '"a\nb.png",fox\n' + "c.png,car\n")
    (rows,) = read_manifests(tmp_path, ["t.csv"], ImageIndex(()), lambda: None).rows
    assert [row.path for row in rows.rows] == ["a\nb.png", "c.png"]
    assert manifests.MAX_LINES > 2


def test_three_hundred_thousand_classes(tmp_path):
    from mmap_studio.data.survey import survey

    (tmp_path / "art").mkdir()
    (tmp_path / "art" / "a.png").write_bytes(b"x")
    rows = "".join(f"art/a{n}.png,class {n}\n" for n in range(300_000))
    (tmp_path / "t.csv").write_text(HEAD + "art/a.png,fox\n" + rows)
    for n in range(12_000):
        (tmp_path / "art" / f"a{n}.png").write_bytes(b"x")
    with pytest.raises(DataError, match=r"must have at most 10,000 classes\. Got \d\d,\d\d\d instead"):
        survey(tmp_path / "t.csv")
