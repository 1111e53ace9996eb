"""Folders become tasks: dropped anywhere, added, or as a new project."""

import threading
import time
import zipfile

import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox

from mmap_studio.session.ingest import report as survey
from mmap_studio.session.ingest.report import import_report
from mmap_studio.session.project.project import Project
from mmap_studio.ui.dialogs.new_dialog import NewDialog
from mmap_studio.ui.dialogs.try_dialog import TryDialog
from mmap_studio.ui.export.dialog import ExportDialog
from mmap_studio.ui.kit.paths import MOST_DROPPED
from mmap_studio.ui.panels import previews
from tests.ui.folders import domain, drop, thread, told, wait_for_report
from tests.ui.scripted import rest


def test_adding_folders_is_one_step_and_is_reported(make, qtbot, data):
    window = make()
    window.import_commands.add([str(data)])
    report = wait_for_report(qtbot)
    assert "2 tasks added with 14 images; 1 file skipped; 1 class name to fix." in report.sentence.text()
    assert [e.name for e in window.studio.project.file.tasks][-2:] == ["art", "photo"]
    report.close()
    rest(qtbot, window)
    window.registry["undo"].trigger()
    assert len(window.studio.project.file.tasks) == 6
    rest(qtbot, window)


def test_folders_of_a_project_that_was_left_meanwhile_are_refused(make, qtbot, data, tmp_path):
    window = make()
    Project.new(tmp_path / "mine", import_report([str(data)]).entries)
    window.import_commands.add([str(data)])
    window.open(str(tmp_path / "mine"))
    assert "another project is open" in told(qtbot).text()
    assert [entry.name for entry in window.studio.project.file.tasks] == ["art", "photo"]
    rest(qtbot, window)


def test_folders_that_are_read_when_a_run_begins_are_refused(make, qtbot, data, monkeypatch):
    window = make()
    window.import_commands.add([str(data)])
    monkeypatch.setattr(type(window.studio.jobs), "doing", "running")
    assert "A run is under way" in told(qtbot).text()
    monkeypatch.setattr(type(window.studio.jobs), "doing", "")
    assert len(window.studio.project.file.tasks) == 6


def test_a_name_that_is_taken_while_folders_are_read_is_not_given_twice(make, qtbot, data):
    window = make()
    window.import_commands.add([str(data)])
    entries = window.studio.project.file.tasks
    window.studio.edit_tasks("Rename", [entries[0].model_copy(update={"name": "art"}), *entries[1:]])
    report = wait_for_report(qtbot)
    assert [entry.name for entry in window.studio.project.file.tasks][-2:] == ["art 2", "photo"]
    report.close()
    rest(qtbot, window)


@pytest.mark.parametrize("where", ["tasks", "heatmap", "board", "log", "header"])
def test_folders_can_be_dropped_anywhere_on_the_window(make, qtbot, data, where):
    window = make()
    target = window.header if where == "header" else getattr(window.views, where)
    target = target.body if where == "board" else target
    taken = drop(target, data) or drop(window, data)
    assert taken
    report = wait_for_report(qtbot)
    assert "art" in window.studio.board.tasks
    report.close()
    rest(qtbot, window)


@pytest.mark.parametrize("where", ["window", "new project", "try"])
def test_a_drag_of_too_many_files_says_so_and_takes_none(make, qtbot, tmp_path, where):
    window = make()
    files = [tmp_path / f"{number}.png" for number in range(MOST_DROPPED + 1)]
    sentence = "At most 1,000 files and folders can be dropped at once. Found 1,001; drop the folder that they are in."
    if where == "window":
        tasks = window.studio.board.tasks
        assert drop(window, *files)
        assert told(qtbot).text() == sentence
        assert window.studio.board.tasks == tasks
        return
    dialog = NewDialog() if where == "new project" else TryDialog(window.studio, window)
    qtbot.addWidget(dialog)
    assert drop(dialog, *files)
    if where == "new project":
        assert (dialog.problem.text(), dialog.folders) == (sentence, [])
    else:
        qtbot.wait(1)
        assert dialog.state.text().startswith(sentence)
        assert dialog.list.topLevelItemCount() == 0


def test_a_drag_of_too_many_files_is_said_while_it_is_over_the_window(make, tmp_path):
    window, mime = make(), QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / str(number))) for number in range(MOST_DROPPED + 1)])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dragEnterEvent(QDragEnterEvent(window.rect().center(), Qt.DropAction.CopyAction, mime, left, none))
    assert "Found 1,001; drop the folder" in window.status.note.text()
    window.dragLeaveEvent(QDragLeaveEvent())
    assert "1,001" not in window.status.note.text()


def test_an_archive_and_a_table_are_dropped_or_added_like_folders(make, qtbot, data, tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        for path in (data / "art").rglob("*.png"):
            archive.write(path, path.relative_to(data / "art"))
    (data / "list.csv").write_text("path,class,task\nart/cat/0.png,cat,ink\nart/dog/0.png,dog,ink\n")
    window = make()
    assert drop(window, tmp_path / "packed.zip")
    wait_for_report(qtbot).close()
    rest(qtbot, window)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(data / "list.csv")], ""))
    window.registry["add_files"].trigger()
    wait_for_report(qtbot).close()
    rest(qtbot, window)
    assert [entry.name for entry in window.studio.project.file.tasks][-2:] == ["packed", "ink"]
    dialog = NewDialog()
    qtbot.addWidget(dialog)
    assert drop(dialog, tmp_path / "packed.zip")
    dialog.file_button.click()
    assert dialog.folders == [str(tmp_path / "packed.zip"), str(data / "list.csv")]
    assert dialog.name.text() == "packed"


def test_what_is_no_folder_is_not_taken(make, tmp_path):
    window = make()
    (tmp_path / "a.txt").write_text("x")
    assert not drop(window, tmp_path / "a.txt")


def test_dropping_a_project_opens_it(make, qtbot, data, tmp_path):
    window = make()
    Project.new(tmp_path / "mine", import_report([str(data)]).entries)
    assert drop(window, tmp_path / "mine")
    qtbot.waitUntil(lambda: window.studio.project.folder == tmp_path / "mine", timeout=20000)
    rest(qtbot, window)


def test_a_drop_on_the_welcome_page_offers_a_new_project(make, qtbot, data, tmp_path, monkeypatch):
    window = make(first=None)
    seen = []

    def answer(dialog) -> int:
        seen.append(dialog.folders)
        dialog.home.setText(str(tmp_path / "made"))
        dialog.accept()
        return dialog.result()

    monkeypatch.setattr(NewDialog, "exec", answer)
    assert drop(window, data)
    report = wait_for_report(qtbot)
    assert seen == [[str(data)]]
    assert Project.open(tmp_path / "made").name == "data"
    assert window.studio.project.folder == tmp_path / "made"
    report.close()
    rest(qtbot, window)


def test_a_new_project_is_refused_in_the_dialog(qtbot, data, tmp_path):
    Project.new(tmp_path / "there", [])
    dialog = NewDialog()
    qtbot.addWidget(dialog)
    dialog.show()

    def says(part: str) -> bool:
        dialog.accept()
        return dialog.isVisible() and part in dialog.problem.text()

    assert says("needs folders")
    dialog.take(str(data))
    assert dialog.name.text() == "data"
    assert dialog.home.text().endswith("data")
    dialog.name.clear()
    assert says("needs a name")
    dialog.name.setText("mine")
    dialog.home.setText("relative/place")
    assert says("whole path")
    dialog.home.setText(str(tmp_path / "there"))
    assert says("holds a project already")
    dialog.home.setText(str(tmp_path / "free"))
    dialog.backbone.combo.setCurrentText("ViT-B-99:openai")
    assert says("ViT-B-99")
    dialog.backbone.combo.setCurrentText("starter")
    dialog.accept()
    assert not dialog.isVisible()


def test_a_folder_without_images_is_refused_in_one_sentence(make, qtbot, tmp_path):
    window = make()
    (tmp_path / "empty").mkdir()
    window.import_commands.add([str(tmp_path / "empty")])
    boxes = []
    qtbot.waitUntil(
        lambda: bool(boxes.extend(w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)) or boxes)
    )
    assert "empty" in boxes[0].text()
    boxes[0].close()
    assert window.status.phase.text() == "Ready"


def test_another_backbone_is_one_step_and_what_was_measured_on_the_old_one_goes(make, qtbot):
    window = make()
    window.registry["run"].trigger()
    rest(qtbot, window)
    assert window.studio.known.estimate is not None
    window.studio.set_backbone("ViT-B-32:random")
    rest(qtbot, window)
    assert window.studio.project.file.backbone == "ViT-B-32:random"
    assert window.studio.known.estimate is None
    assert window.studio.board.score is None
    window.registry["undo"].trigger()
    rest(qtbot, window)
    assert window.studio.project.file.backbone == "starter"


def test_tasks_added_while_the_old_ones_are_read_are_read_too(make, qtbot, data):
    window = make(first=None)
    window.open("starter")
    window.studio.edit_tasks("Add", [*window.studio.project.file.tasks, *import_report([str(data)]).entries])
    qtbot.waitUntil(lambda: len(window.studio.known.tasks) == 8, timeout=20000)
    rest(qtbot, window)


def test_tasks_of_one_folder_do_not_all_show_its_first_image(tmp_path):
    domain(tmp_path, "art")
    project = Project.new(tmp_path / "project", import_report([str(tmp_path / "art")]).entries, "p", "starter")
    (entry,) = project.file.tasks
    assert not previews.from_entry(project, entry).isNull()
    assert previews.from_entry(project, entry.model_copy(update={"layout": "one-task", "part": "art"})).isNull()


def test_a_new_project_and_a_copy_are_written_beside_the_window(make, qtbot, data, tmp_path, monkeypatch):
    window, seen, save = make(), [], Project.save
    monkeypatch.setattr(Project, "save", lambda project: seen.append((project.folder.name, thread())) or save(project))
    window.import_commands.new([str(data)], str(tmp_path / "made"))
    wait_for_report(qtbot).close()
    rest(qtbot, window)
    window.project_commands.save_copy(str(tmp_path / "copy"))
    qtbot.waitUntil(lambda: window.studio.project.folder == tmp_path / "copy", timeout=20000)
    rest(qtbot, window)
    assert set(seen) == {("made", "mmap-aside"), ("copy", "mmap-aside")}


@pytest.mark.parametrize("follow", [False, True])
def test_links_that_lead_out_of_the_folder_are_followed_where_that_is_said(follow, make, qtbot, tmp_path, monkeypatch):
    domain(tmp_path / "elsewhere", "art")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "art").symlink_to(tmp_path / "elsewhere" / "art", target_is_directory=True)

    def answer(dialog):
        dialog.home.setText(str(tmp_path / "made"))
        dialog.follow.setChecked(follow)
        return NewDialog.DialogCode.Accepted

    monkeypatch.setattr(NewDialog, "exec", answer)
    window = make(first=None)
    window.import_commands.ask_new([str(tmp_path / "here")])
    if follow:
        wait_for_report(qtbot).close()
        assert [entry.follow_links for entry in window.studio.project.file.tasks] == [True]
    else:
        assert "Follow links in New project reads what links lead to" in told(qtbot).text()
        assert not (tmp_path / "made").exists()
    rest(qtbot, window)


def test_closing_ends_a_scan(make, qtbot, data, tmp_path, monkeypatch):
    window, scanning = make(), threading.Event()

    def endless(*_, tick, **__):
        scanning.set()
        while True:
            time.sleep(0.001)
            tick(1)

    commands, home, report = window.import_commands, window.studio.project.folder, import_report([str(data)])
    monkeypatch.setattr(survey, "import_report", endless)
    for scan in (
        lambda: commands.add([str(data)]),
        lambda: commands.new([str(data)], str(tmp_path / "made")),
        lambda: commands.read_otherwise(report, home, report.readings[0], "auto"),
    ):
        scanning.clear()
        scan()
        assert scanning.wait(20)
        window.background.close()
        assert "mmap-aside" not in [one.name for one in threading.enumerate()]
    rest(qtbot, window)


UNSEEN = ("/" + "x" * 300, "~nobody_of_this_name/images", "/no\0path")
"""Longer than any file system takes, the home of nobody, and no path at all: a look at them raises."""


@pytest.mark.parametrize("path", UNSEEN)
def test_paths_that_cannot_be_looked_at_raise_nothing(make, qtbot, path):
    window = make()
    assert not drop(window, path)
    assert not drop(window, f"{path}/project.toml")
    dialog = NewDialog()
    qtbot.addWidget(dialog)
    dialog.take(path)
    dialog.home.setText(path)
    dialog.accept()
    export = ExportDialog(window.studio, window.views, window.background, window)
    export.folder.setText(path)
    assert export.said.text()
    assert not export.show_folder.isEnabled()
    export.deleteLater()
    window.import_commands.take_drop([path])
    assert told(qtbot).text()
