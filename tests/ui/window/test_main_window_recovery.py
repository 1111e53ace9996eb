"""After a session that died: the window says so, shows what there is to see, and offers the way back."""

import faulthandler
import os
import subprocess
import sys

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from mmap_studio.session.project.lock import HOLDER
from mmap_studio.session.project.project import Project
from mmap_studio.ui.kit import log_files
from tests.ui.scripted import rest

CRASHER = """
import faulthandler, sys
from mmap_studio.ui.kit.log_files import keep_log
import mmap_studio.ui.kit.log_files as logs
from pathlib import Path
logs.log_folder = lambda: Path(sys.argv[1])
file = keep_log()
faulthandler._sigsegv()
"""


def die(window, pid: int = 999_999) -> None:
    """Leave the project as a process does that is killed: edits written, nothing closed."""
    folder = window.studio.project.folder
    window.studio._autosave.end = lambda *args: None
    window._may_stop = lambda: True
    window.close()
    (folder / HOLDER).write_text(str(pid))


def test_a_session_that_died_is_said_and_can_be_taken_back(make, qtbot):
    first = make()
    first.registry["separate"].trigger()
    rest(qtbot, first)  # or it closes, and leaves the project properly, only later
    die(first)
    window = make()
    assert window.notice.isVisible()
    assert "its one edit is here" in window.notice.words.text()
    assert len(window.studio.board.grouping) == 6
    window.notice.buttons[0].click()
    rest(qtbot, window)
    assert not window.notice.isVisible()
    assert len(window.studio.board.grouping) == 1
    window.registry["undo"].trigger()
    assert len(window.studio.board.grouping) == 6


def test_details_hold_the_crash_and_can_be_copied(make, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(log_files, "log_folder", lambda: tmp_path / "state")
    dead = subprocess.run([sys.executable, "-c", CRASHER, str(tmp_path / "state")], check=False, capture_output=True)
    assert dead.returncode != 0
    pid = int(next((tmp_path / "state").glob("crash-*.log")).stem.split("-")[1])
    die(make(), pid)
    window = make()
    assert [b.text() for b in window.notice.buttons] == ["Details"]
    window.notice.buttons[0].click()
    box = next(w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox) and w.isVisible())
    assert "Segmentation fault" in box.detailedText()
    copy = next(b for b in box.buttons() if b.text() == "Copy details")
    copy.click()
    assert "Segmentation fault" in QApplication.clipboard().text()
    box.close()


def test_a_session_that_ended_properly_leaves_no_notice(make, qtbot):
    first = make()
    first.registry["separate"].trigger()
    first.close()
    qtbot.waitUntil(lambda: not first.isVisible())
    assert not make().notice.isVisible()


def test_the_crash_file_of_a_process_that_ends_properly_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(log_files, "log_folder", lambda: tmp_path)
    was = faulthandler.is_enabled()
    file = log_files.keep_log()
    name = log_files.CRASH.format(os.getpid())
    assert (tmp_path / name).exists()
    log_files.end_log(file)
    assert not (tmp_path / name).exists()
    if was:
        faulthandler.enable()
    assert "killed from outside" in log_files.crash_report(os.getpid())


def test_save_says_that_and_where_everything_is_saved(make):
    window = make()
    window.registry["save"].trigger()
    assert str(window.studio.project.folder) in window.status.note.text()


@pytest.mark.parametrize("edit", ["separate", "keep as it is"])
def test_a_copy_is_a_project_of_its_own(make, qtbot, tmp_path, monkeypatch, edit):
    window = make()
    if edit == "separate":
        window.registry["separate"].trigger()
    grouping, settings = window.studio.board.grouping, window.studio.project.settings
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *args: str(tmp_path / "copy"))
    window.registry["save_copy"].trigger()
    qtbot.waitUntil(lambda: window.studio.project.folder == tmp_path / "copy", timeout=20000)
    assert not window.studio.project.built_in
    assert window.studio.board.grouping == grouping
    assert Project.open(tmp_path / "copy").settings == settings
