import csv
import json

import numpy as np
import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.results.export_files import save
from mmap_studio.session.results.formats import matrix_json, matrix_text, table_json, table_text

MATRIX = np.array([[1.5, np.nan], [0.25, 3.0]])


def test_a_table_keeps_all_digits_and_leaves_the_unknown_empty():
    assert table_text(["method", "Art, oil"], [["a", 1 / 3], ["b", float("nan")], ["c", None]]) == (
        'method,"Art, oil"\na,0.3333333333333333\nb,\nc,\n'
    )


def test_a_table_as_tsv():
    assert table_text(["a", "b"], [["x", 1]], "\t") == "a\tb\nx\t1\n"


def test_json_says_null_for_the_unknown():
    assert json.loads(table_json(["m", "v"], [["a", float("nan")]])) == [{"m": "a", "v": None}]
    assert json.loads(matrix_json(["r"], ["c"], np.array([[np.inf]]))) == {
        "rows": ["r"],
        "columns": ["c"],
        "values": [[None]],
    }


def test_a_matrix_carries_its_names():
    assert matrix_text(["a", "b"], ["a", "b"], MATRIX, "source") == "source,a,b\na,1.5,\nb,0.25,3.0\n"


def test_saving_writes_text_and_bytes(tmp_path):
    assert save(tmp_path / "t.csv", "é\n").read_bytes() == "é\n".encode()
    assert save(tmp_path / "p.PNG", b"\x89").read_bytes() == b"\x89"


def test_an_unknown_suffix_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(InputError, match=r"must end in one of .*\.png.* Got 'figure.exe' instead"):
        save(tmp_path / "figure.exe", b"x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "  =1+1", "\uff1d1+1", "fox;=1+1", "a; -1;b", "\t=1"])
def test_no_cell_of_a_table_is_a_formula_whether_commas_or_semicolons_part_them(name):
    (_, line) = table_text(["class", "n"], [[name, 1]]).splitlines()
    for delimiter in ",;":
        for cell in next(csv.reader([line], delimiter=delimiter)):
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d")), (delimiter, cell)


def test_names_that_are_no_formula_stay_as_they_are():
    names = ["well-known", "a+b", "x@y", "1 = 2", "art; real", "it's"]
    assert table_text(names, []) == ",".join(names) + "\n"
