"""The folder of a report: whole, new or in the place of an earlier one, and never over other files."""

import pytest

from mmap_studio.errors import StorageError
from mmap_studio.session.results.report_folder import without_folders, write_report_folder

FILES = {"table.md": b"new", "trials.csv": b"1"}


def test_a_report_takes_the_place_of_an_earlier_one_where_that_is_wanted(tmp_path):
    folder = tmp_path / "reports" / "one"
    write_report_folder(folder, {"table.md": b"old"})
    with pytest.raises(StorageError):
        write_report_folder(folder, FILES)
    assert (folder / "table.md").read_bytes() == b"old"
    write_report_folder(folder, FILES, replace=True)
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == FILES


def test_a_folder_with_other_files_is_left_as_it_is(tmp_path):
    (tmp_path / "mine\x1b.txt").write_text("mine")
    with pytest.raises(StorageError, match=r"new folder or hold an earlier report\. Found mine\\x1b\.txt; choose"):
        write_report_folder(tmp_path, FILES, replace=True)
    assert [one.name for one in tmp_path.iterdir()] == ["mine\x1b.txt"]


@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("/srv/Jane Doe/models/tiny.json", "tiny.json"),
        (r"C:\Users\Jane Doe\tiny.json", "tiny.json"),
        ("~/my models/tiny.json", "tiny.json"),
        ("/srv/jane/tiny.json must be a file, not /srv/jane/x.", "tiny.json must be a file, not x."),
        ("mmap-studio compare '/srv/Jane Doe/my project' --seeds 1", "mmap-studio compare 'my project' --seeds 1"),
        ("/home/jane doe/data set/a.png cannot be read (b).", "a.png cannot be read (b)."),
        ("one/two and 1/2 of it, https://example.org/a/b", "one/two and 1/2 of it, https://example.org/a/b"),
        ("ViT-B-16:openai", "ViT-B-16:openai"),
    ],
)
def test_of_paths_only_the_last_part_is_handed_on(monkeypatch, text, without):
    monkeypatch.setenv("HOME", "/home/jane doe")
    assert without_folders(text) == without
