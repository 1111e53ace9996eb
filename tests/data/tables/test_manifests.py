"""Tables that name images are recognised by their columns, and what does not fit is refused in one sentence."""

import csv
import itertools
import sys

import pytest

from mmap_studio.data.survey import survey
from mmap_studio.data.tables.manifests import COLUMNS
from mmap_studio.errors import DataError
from tests.data.test_survey import one_sentence, table
from tests.data.trees import domain, grow

ROWS = [("Art", "cat", "Art/cat/0.jpg", "train"), ("Art", "dog", "Art/dog/0.jpg", "test"),
        ("Clip", "cat", "Clip/cat/0.jpg", ""), ("Clip", "dog", "Clip/dog/0.jpg", "")]  # fmt: skip
HEADER = ("domain", "Class", "image_path", "split")


def most(row):
    """More rows that cannot be used than others."""
    return [*ROWS, *[row] * 5]


class TestManifests:
    def root(self, tmp_path):
        return grow(tmp_path, [*domain("Art", count=2), *domain("Clip")])

    def written(self, tmp_path, rows=ROWS, header=HEADER, name="images.csv", separator=","):
        with (self.root(tmp_path) / name).open("w", newline="", encoding="utf-8-sig") as file:
            csv.writer(file, delimiter=separator).writerows([header, *rows])
        return tmp_path / name

    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    def test_a_table_by_itself_or_in_its_folder(self, separator, tmp_path):
        path = self.written(tmp_path, separator=separator)
        expected = {"Art": (("cat", "dog"), (1, 0, 1, 0)), "Clip": (("cat", "dog"), (0, 0, 0, 2))}
        assert (
            table(survey(path)) == table(survey(tmp_path)) == table(survey(tmp_path, "manifest:images.csv")) == expected
        )
        assert survey(tmp_path).layout == "manifest:images.csv"

    def test_without_task_and_split_it_is_one_task_and_folders_come_first(self, tmp_path):
        path = self.written(tmp_path, [row[1:3] for row in ROWS], HEADER[1:3], "pets.csv")
        assert table(survey(path)) == {"pets": (("cat", "dog"), (0, 0, 0, 4))}
        assert survey(tmp_path).layout == "domains"
        assert survey(tmp_path).others == ("manifest:pets.csv",)

    @pytest.mark.parametrize("header", list(itertools.zip_longest(*COLUMNS.values())), ids=str)
    def test_every_name_that_a_column_may_have(self, header, tmp_path):
        names = dict(zip(COLUMNS, header, strict=True))
        names = {what: name or COLUMNS[what][0] for what, name in names.items()}
        order = [names[what].upper() for what in ("task", "class", "path", "split")]
        found = table(survey(self.written(tmp_path, header=order)))
        assert found == {"Art": (("cat", "dog"), (1, 0, 1, 0)), "Clip": (("cat", "dog"), (0, 0, 0, 2))}

    def test_a_superscript_is_a_class_of_that_name(self, tmp_path):
        self.written(tmp_path, [("Art/cat/0.jpg", "²"), ("Art/dog/0.jpg", "³")], ("path", "class"), "x.csv")
        assert survey(tmp_path, "manifest:x.csv").domains[0].classes == ("²", "³")

    def test_a_number_of_many_digits_is_a_class_of_that_name(self, tmp_path):
        names = ("1" * 900, "2" * 900)
        self.written(tmp_path, [("Art/cat/0.jpg", names[0]), ("Art/dog/0.jpg", names[1])], ("path", "class"), "x.csv")
        assert survey(tmp_path, "manifest:x.csv").domains[0].classes == names

    def test_a_table_of_something_else_is_no_layout(self, tmp_path):
        self.written(tmp_path, [("1", "2")], ("url", "author"), "ImageInfo.csv")
        assert survey(tmp_path).others == ()

    @pytest.mark.parametrize(
        ("rows", "text"),
        [
            (most(("Art", "cat", "/etc/x.jpg", "")), "line 6: a path must be relative"),
            (most(("Art", "cat", "../x.jpg", "")), "line 6: a path must stay inside"),
            (most(("Art", "", "Art/cat/1.jpg", "")), "line 6: every row must have a path and a class"),
            (most(("Art", "cat", "Art/cat/1.jpg", "tset")), "a split must be one of train, val"),
            (most(("Art", "cat")), "line 6: a row must have 4 cells as the header has. Got 2 instead"),
            ([], "must have rows, but has none"),
            (ROWS[:1], "must name images of at least 2 classes for 'Art'; found 'cat'"),
        ],
    )
    def test_rows_that_are_refused(self, rows, text, tmp_path):
        with pytest.raises(DataError) as error:
            survey(self.written(tmp_path, rows))
        assert text in one_sentence(error)

    @pytest.mark.parametrize(("data", "text"), [(b"caf\xe9,class\n", "must be UTF-8 text"),
                                                (b"a,b\n1,2\n", "must have a column for the path (path, image"),
                                                (b"", "must begin with a line of names of columns, but is empty"),
                                                (b'path,class\n"x', "line 2: it must be CSV")])  # fmt: skip
    def test_files_that_are_refused(self, data, text, tmp_path):
        (self.root(tmp_path) / "x.csv").write_bytes(data)
        with pytest.raises(DataError) as error:
            survey(tmp_path / "x.csv")
        assert text in one_sentence(error)

    def test_parquet_without_pyarrow_names_the_extra(self, tmp_path, monkeypatch):
        monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
        (self.root(tmp_path) / "x.parquet").write_bytes(b"PAR1")
        with pytest.raises(DataError, match=r"needs pyarrow .*`pip install 'mmap-studio\[parquet\]'") as error:
            survey(tmp_path / "x.parquet")
        one_sentence(error)
        (tmp_path / "set" / "data").mkdir(parents=True)
        (tmp_path / "set" / "data" / "train-00000-of-00001.parquet").write_bytes(b"PAR1")
        with pytest.raises(DataError, match=r"needs pyarrow .*`pip install 'mmap-studio\[parquet\]'"):
            survey(tmp_path / "set")  # a folder with nothing else in it

    def test_parquet(self, tmp_path):
        arrow = pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
        from pyarrow import parquet

        columns = dict(zip(HEADER, map(list, zip(*ROWS, strict=True)), strict=True)) | {"pixels": [None] * 4}
        parquet.write_table(arrow.table(columns), self.root(tmp_path) / "x.parquet")
        assert table(survey(tmp_path / "x.parquet"))["Art"] == (("cat", "dog"), (1, 0, 1, 0))
        (tmp_path / "bad.parquet").write_bytes(b"PAR1 no more")
        with pytest.raises(DataError, match="must be a Parquet file") as error:
            survey(tmp_path / "bad.parquet")
        one_sentence(error)
