"""After a session that died: the window says so, shows what there is to see, and offers the way back."""

import faulthandler
import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from mmap_studio.config import settings_from
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.project.lock import HOLDER
from mmap_studio.session.project.project import Project
from mmap_studio.session.results.interrupted import InterruptedRun
from mmap_studio.session.run.run_options import Asked
from mmap_studio.session.runtime.job import State
from mmap_studio.ui.curves.buffer import CurveKey
from mmap_studio.ui.curves.view import STAGES
from mmap_studio.ui.kit import log_files
from mmap_studio.ui.window import recent_projects
from mmap_studio.ui.window.recovery import COMPARE, CONTINUE
from tests import projects
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
    assert window.notice.buttons[0].text() == "Undo the recovered edit"
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


def stopped(groups="auto", training=False, state="interrupted", **settings) -> InterruptedRun:
    changed = settings_from({"preset": "auto"}, settings)
    return InterruptedRun("r1", state, datetime(2026, 5, 4, 12, tzinfo=UTC), Asked(groups=groups), changed, training)


def test_a_run_that_was_killed_is_offered_beside_the_edits_and_goes_on(make, qtbot):
    first = make()
    first.registry["separate"].trigger()
    rest(qtbot, first)
    die(first)
    groups = Grouping.together(first.studio.board.tasks).text()
    window = make(interrupted=stopped(groups, training=True, **{"train.epochs": 7}))
    assert "its one edit is here" in window.notice.words.text()
    assert "was interrupted while training its groups; it can go on from there" in window.notice.words.text()
    assert [one.text() for one in window.notice.buttons] == [CONTINUE, "Undo the recovered edit", "Details"]
    engine, opened = window.studio.engine, len(window.studio.engine.opened)
    window.notice.buttons[0].click()
    rest(qtbot, window)
    assert (engine.asked[-1], engine.resumed[-1].name) == (groups, "r1")
    assert not window.notice.isVisible()
    assert not window.registry["continue"].isEnabled()
    assert len(window.studio.board.grouping) == 6  # the board is the user's
    qtbot.waitUntil(lambda: len(engine.opened) > opened)  # shown are the project's settings again, not the run's
    rest(qtbot, window)


def test_a_run_that_goes_on_is_shown_from_its_first_step(make, qtbot):
    names = [entry.name for entry in Project.starter().file.tasks]
    window = make(interrupted=stopped(training=True, groups=Grouping.separate(names).text()))
    assert "Continue" in window.notice.buttons[0].text()
    window.registry["continue"].trigger()
    rest(qtbot, window)
    task = window.studio.board.tasks[0]
    stage = STAGES["training"]
    curve = window.views.curves.losses.of(stage)[CurveKey(stage, task)]
    steps, losses = curve.points()
    assert steps.tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert losses[:3].tolist() == [2.0, 1.5, 1.0]


def test_a_run_that_was_stopped_is_offered_once_a_project_that_is_opened(make, qtbot):
    window = make(interrupted=stopped(state="cancelled"))
    assert "was stopped while measuring the affinity" in window.notice.words.text()
    window.notice.close_button.click()
    window.studio.jobs.refresh()
    rest(qtbot, window)
    assert not window.notice.isVisible()
    assert window.registry["continue"].isEnabled()


def test_the_welcome_page_continues_the_run_of_a_recent_project(make, qtbot, tmp_path, monkeypatch):
    folder, run = str(projects.make(tmp_path / "mine").folder), stopped()
    monkeypatch.setattr(recent_projects, "interrupted_run", lambda project: run)
    window = make(first="", interrupted=run)
    assert not window.welcome.go_on.isVisible()
    assert window.welcome.start.property("kind") == "primary"
    window.recent.add(folder)
    qtbot.waitUntil(window.welcome.go_on.isVisible)
    assert window.welcome.start.property("kind") != "primary", "one button stands out"
    assert run.sentence in window.welcome.go_on.toolTip()
    window.welcome.go_on.setFocus()
    QTest.keyClick(window.welcome.go_on, Qt.Key.Key_Return)
    rest(qtbot, window)
    assert str(window.studio.project.folder) == folder
    assert [one.name for one in window.studio.engine.resumed] == ["r1"]


def test_a_comparison_that_was_under_way_is_said_and_goes_on(make, qtbot):
    first = make()
    first.studio.engine.trial_seconds = 0.05
    first.registry["compare_start"].trigger()
    qtbot.waitUntil(lambda: first.studio.comparisons.ledger.in_hand is not None, timeout=60000)
    die(first)  # it stops the comparison first
    qtbot.waitUntil(lambda: not first.isVisible(), timeout=60000)
    (first.studio.project.folder / HOLDER).write_text("999999")
    window = make()
    assert "A comparison of methods was not at its end." in window.notice.words.text()
    go_on = next(one for one in window.notice.buttons if one.text() == COMPARE)
    go_on.click()
    assert window.studio.comparisons.busy
    assert not window.notice.isVisible()
    assert window.views.compare.pages.currentWidget() is window.views.compare.table
    rest(qtbot, window)
    qtbot.waitUntil(lambda: window.studio.comparisons.ended is State.DONE, timeout=120_000)


def test_tab_goes_through_a_notice_from_left_to_right(make):
    window = make()
    window.notice.say("Something ended.", {name: ("tip", lambda: None, False) for name in ("Go on", "Undo")})
    window.registry["export"].setEnabled(True)
    window.header.buttons["export"].setFocus()
    QApplication.processEvents()
    wanted = [*window.notice.buttons, window.notice.close_button]
    found = []
    for _ in wanted:
        QTest.keyClick(window.focusWidget(), Qt.Key.Key_Tab)
        found.append(window.focusWidget())
    assert found == wanted
