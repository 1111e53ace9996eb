"""Names without end take no time: a regular expression that tries every start and end is a plain string method."""

import re
import time
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QMimeData, QUrl

from mmap_studio.data.tables.part_lists import part_of
from mmap_studio.data.tables.rows import _stems
from mmap_studio.method.grouping.text import read_groups, write_groups
from mmap_studio.ui.kit.paths import MOST_DROPPED, dropped_files
from mmap_studio.ui.window.header import FOLDERS

LONG, LIMIT_S = 12_000, 0.5
"""Characters; seconds of processor time, of which each took two or more."""
BLANK = " " * LONG


def stems(name: str) -> object:
    row, image = SimpleNamespace(label="0"), SimpleNamespace(path=f"{name}.jpg")
    return _stems(SimpleNamespace(task="art"), ["0"], [(row, image)] * 2, [])


@pytest.mark.parametrize("name", ["0" * LONG + "!", "_" * LONG + "!", "a/" * LONG, "a" * LONG, f"a{BLANK}b"])
def test_a_name_without_end_takes_no_time(name):
    began = time.thread_time()
    part_of(name)
    stems(name)
    assert read_groups(write_groups([[name, "b"]])) == [[name, "b"]]
    re.sub(FOLDERS, "", name)
    assert time.thread_time() - began < LIMIT_S


@pytest.mark.parametrize(
    ("name", "part"),
    [("Training_01", ("train", "01")), ("train1", ("train", "1")), ("test_", ("test", "")), ("art", (None, "")),
     ("train__2", ("train", "2")), ("12", (None, "12")), ("train_list_3", ("train", "3")), ("a\nb", (None, ""))],
)  # fmt: skip
def test_the_part_and_the_number_that_the_name_of_a_list_says(name, part):
    assert part_of(f"lists/{name}.txt") == part


@pytest.mark.parametrize("name", [" a", "a ", "  a b  ", "\ta\n", " ", "\u2003x"])
def test_blanks_around_a_name_come_back_from_the_text_of_a_grouping(name):
    assert read_groups(write_groups([[name], ["b"]])) == [[name], ["b"]]


@pytest.mark.parametrize(
    ("backbone", "short"),
    [("ViT-B-16", "ViT-B-16"), ("/a/b/w.pt", "w.pt"), ("C:\\a\\w.pt", "w.pt"), ("ViT-B-16:/a/w.pt", "ViT-B-16:w.pt"),
     ("ViT-B-16:C:\\a\\w.pt", "ViT-B-16:w.pt")],
)  # fmt: skip
def test_a_backbone_is_called_without_its_folders(backbone, short):
    assert re.sub(FOLDERS, "", backbone) == short


def test_a_drag_of_files_without_end_is_not_looked_at(tmp_path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / str(n))) for n in range(MOST_DROPPED)])
    assert len(dropped_files(mime)) == MOST_DROPPED
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / str(n))) for n in range(MOST_DROPPED + 1)])
    assert dropped_files(mime) == []
