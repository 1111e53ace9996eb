"""Images that were moved: the window says so, finds them where it is told, and keeps their split."""

import json

import pytest
from PySide6.QtWidgets import QFileDialog

from mmap_studio.data.domain_finder import DomainFinder
from mmap_studio.session.dataset.saved_splits import chosen_splits
from tests import projects
from tests.ui.folders import told
from tests.ui.scripted import rest


@pytest.fixture
def moved(make, tmp_path):
    """A window on a project whose tasks were split, and whose images lie elsewhere since."""
    project = projects.make(tmp_path / "home")
    finder = DomainFinder()
    found = [(entry, finder.find(project.folder_of(entry))[0]) for entry in project.file.tasks]
    chosen_splits(project, found)
    assert splits(project.folder)
    (tmp_path / "home" / "data").rename(tmp_path / "elsewhere")
    return make(first=str(project.folder)), project.folder, tmp_path / "elsewhere"


def splits(folder):
    return {file.name: json.loads(file.read_text())["files"] for file in (folder / "splits").glob("*.json")}


def missing(window):
    project = window.studio.project
    return [entry.name for entry in project.file.tasks if project.is_missing(entry)]


def test_missing_images_are_told_with_a_button_that_finds_them(moved, qtbot, monkeypatch):
    window, folder, elsewhere = moved
    drawn = splits(folder)
    qtbot.waitUntil(lambda: window.notice.isVisible())
    assert "are not there any more: there is no" in window.notice.words.text()
    (button,) = window.notice.buttons
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(elsewhere))
    button.click()
    qtbot.waitUntil(lambda: not missing(window), timeout=20_000)
    rest(qtbot, window)
    assert not window.notice.isVisible()
    assert splits(folder) == drawn
    window.registry["undo"].trigger()
    assert len(missing(window)) == len(projects.DOMAINS)


def test_a_folder_without_the_images_is_refused(moved, qtbot, monkeypatch, tmp_path):
    window, _, _ = moved
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "empty"))
    before = window.studio.project.file.tasks
    window.registry["find_moved"].trigger()
    assert "must hold the images of" in told(qtbot).text()
    assert window.studio.project.file.tasks == before
