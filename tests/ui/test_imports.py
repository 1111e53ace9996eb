"""Folders become tasks: dropped anywhere, added, or as a new project; and the report of what was found."""

import threading

import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QMessageBox

from mmap_studio.session.adding import entries_from, with_names_checked
from mmap_studio.session.project import Project
from mmap_studio.ui import previews
from mmap_studio.ui.import_dialog import ImportDialog
from mmap_studio.ui.new_dialog import NewDialog
from tests.ui.scripted import rest

LONG = "a_name_of_far_more_than_twenty_letters"
MUCH = 30


def domain(root, name, classes=("cat", "dog"), split="") -> str:
    for number, one in enumerate(classes):
        folder = root / name / split / one
        folder.mkdir(parents=True, exist_ok=True)
        for k in range(3 + number):
            Image.new("RGB", (8, 8), (40 * k, 10, 10)).save(folder / f"{k}.png")
    return str(root / name)


@pytest.fixture
def data(tmp_path):
    """Two domains, one with a class name too long and a file that is no image."""
    domain(tmp_path / "data", "art")
    domain(tmp_path / "data", "photo", ("cat", LONG))
    (tmp_path / "data" / "art" / "cat" / "notes.txt").write_text("x")
    return tmp_path / "data"


def reports() -> list[ImportDialog]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, ImportDialog) and w.isVisible()]


def wait_for_report(qtbot) -> ImportDialog:
    qtbot.waitUntil(lambda: bool(reports()), timeout=20000)
    return reports()[0]


def drop(widget, *paths) -> bool:
    """A drag that enters and drops; whether it was taken."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    middle, copy, left = widget.rect().center(), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(middle, copy, mime, left, none)
    enter.ignore()
    QApplication.sendEvent(widget, enter)
    if enter.isAccepted():
        QApplication.sendEvent(widget, QDropEvent(QPointF(middle), copy, mime, left, none))
    return enter.isAccepted()


def told(qtbot) -> QMessageBox:
    """The box that says what went wrong; closed already."""
    boxes = []
    qtbot.waitUntil(
        lambda: bool(boxes.extend(w for w in QApplication.topLevelWidgets() if isinstance(w, QMessageBox)) or boxes)
    )
    boxes[0].close()
    return boxes[0]


def test_the_report_names_tasks_classes_splits_what_was_skipped_and_what_clashes(qtbot, data, tmp_path):
    domain(tmp_path / "other", "art", ("cat", "dog"), "train")
    domain(tmp_path / "other", "art", ("cat", "dog"), "test")
    found = entries_from([str(data), str(tmp_path / "other")])
    assert [task.name for task in found.tasks] == ["art", "photo", "art 2"]
    assert [(one.folder, one.read_as, one.images) for one in found.tasks[0].classes] == [
        ("cat", "cat", 3),
        ("dog", "dog", 4),
    ]
    assert found.tasks[0].splits == ()
    assert found.tasks[2].splits == (7, 0, 7)
    assert [(path.endswith("notes.txt"), bool(reason)) for path, reason in found.skipped] == [(True, True)]
    assert any("'art' is taken" in notice for notice in found.notices)
    checked = with_names_checked(found, lambda task, names, template: [f"{task}: {n}" for n in names if len(n) > MUCH])
    dialog = ImportDialog(checked)
    qtbot.addWidget(dialog)
    titles = [dialog.tabs.tabText(i).split(" (")[0] for i in range(dialog.tabs.count())]
    assert titles == ["Tasks", "To put right", "Notes", "Skipped"]
    assert dialog.tabs.currentIndex() == 1
    row = dialog.tasks.topLevelItem(2)
    assert [row.text(column) for column in range(6)] == ["art 2", "2 classes", "14", "7", "0", "7"]
    dialog.tasks.expandItem(dialog.tasks.topLevelItem(0))
    assert [dialog.tasks.topLevelItem(0).child(i).text(0) for i in range(2)] == ["cat", "dog"]
    dialog.copy_button.click()
    copied = QGuiApplication.clipboard().text()
    assert copied == checked.text()
    assert all(part in copied for part in ("notes.txt", LONG, "art 2", "train 3", "1 file skipped"))


def test_adding_folders_is_one_step_and_is_reported(make, qtbot, data):
    window = make()
    window.add([str(data)])
    report = wait_for_report(qtbot)
    assert "2 tasks added with 14 images; 1 file skipped; 1 class name to put right." in report.sentence.text()
    assert [e.name for e in window.studio.project.file.tasks][-2:] == ["art", "photo"]
    report.close()
    rest(qtbot, window)
    window.registry["undo"].trigger()
    assert len(window.studio.project.file.tasks) == 6
    rest(qtbot, window)


def test_folders_of_a_project_that_was_left_meanwhile_are_refused(make, qtbot, data, tmp_path):
    window = make()
    Project.new(tmp_path / "mine", entries_from([str(data)]).entries)
    window.add([str(data)])
    window.open(str(tmp_path / "mine"))
    assert "another project is open" in told(qtbot).text()
    assert [entry.name for entry in window.studio.project.file.tasks] == ["art", "photo"]
    rest(qtbot, window)


def test_folders_that_are_read_when_a_run_begins_are_refused(make, qtbot, data, monkeypatch):
    window = make()
    window.add([str(data)])
    monkeypatch.setattr(window.studio, "doing", "running")
    assert "A run is under way" in told(qtbot).text()
    monkeypatch.setattr(window.studio, "doing", "")
    assert len(window.studio.project.file.tasks) == 6


def test_a_name_that_is_taken_while_folders_are_read_is_not_given_twice(make, qtbot, data):
    window = make()
    window.add([str(data)])
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


def test_what_is_no_folder_is_not_taken(make, tmp_path):
    window = make()
    (tmp_path / "a.txt").write_text("x")
    assert not drop(window, tmp_path / "a.txt")


def test_dropping_a_project_opens_it(make, qtbot, data, tmp_path):
    window = make()
    Project.new(tmp_path / "mine", entries_from([str(data)]).entries)
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
    window.add([str(tmp_path / "empty")])
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
    window.studio.edit_tasks("Add", [*window.studio.project.file.tasks, *entries_from([str(data)]).entries])
    qtbot.waitUntil(lambda: len(window.studio.known.tasks) == 8, timeout=20000)
    rest(qtbot, window)


def test_the_layout_is_shown_and_another_reading_makes_other_tasks_in_one_step(make, qtbot, tmp_path):
    root = tmp_path / "data"
    for name in ("art", "photo"):
        domain(root, name)
    (root / "index.csv").write_text("path,class,task\nart/cat/0.png,cat,ink\nphoto/dog/0.png,dog,ink\n")
    window = make()
    rest(qtbot, window)
    before = window.studio.board.tasks
    window.add([str(root)])
    first = wait_for_report(qtbot)
    (box,) = [box for box in first.findChildren(QComboBox) if box.accessibleName() == "Read as"]
    assert box.currentData() == "domains"
    assert any("<domain>/<class>/<image>" in label.text() for label in first.findChildren(QLabel))
    box.setCurrentIndex(box.findData("manifest:index.csv"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: [d for d in reports() if d is not first] != [], timeout=20000)
    second = next(d for d in reports() if d is not first)
    added = second.added.entries
    assert {entry.layout for entry in added} == {"manifest:index.csv"}
    assert set(window.studio.board.tasks) == {*before, "ink"}
    second.close()
    window.registry["undo"].trigger()
    assert {entry.layout for entry in window.studio.project.file.tasks} == {"auto"}
    assert set(window.studio.board.tasks) == {*before, "art", "photo"}
    rest(qtbot, window)


def test_tasks_of_one_folder_do_not_all_show_its_first_picture(tmp_path):
    domain(tmp_path, "art")
    project = Project.new(tmp_path / "project", entries_from([str(tmp_path / "art")]).entries, "p", "starter")
    (entry,) = project.file.tasks
    assert not previews.from_entry(project, entry).isNull()
    assert previews.from_entry(project, entry.model_copy(update={"layout": "one-task", "part": "art"})).isNull()


def thread() -> str:
    return threading.current_thread().name


def test_names_are_checked_with_the_prompt_tokens_that_a_run_counts_and_beside_the_window(make, qtbot, data):
    window, seen = make(), []
    window.studio.engine.name_problems = lambda task, names, template, tokens: seen.append((tokens, thread()))
    window.report(entries_from([str(data)]), window.studio.project.folder)
    wait_for_report(qtbot).close()
    assert seen == [(2 * window.studio.project.settings.prompt.tokens, "mmap-aside")] * 2


def test_a_new_project_and_a_copy_are_written_beside_the_window(make, qtbot, data, tmp_path, monkeypatch):
    window, seen, save = make(), [], Project.save
    monkeypatch.setattr(Project, "save", lambda project: seen.append((project.folder.name, thread())) or save(project))
    window.new([str(data)], str(tmp_path / "made"))
    wait_for_report(qtbot).close()
    rest(qtbot, window)
    window.save_copy(str(tmp_path / "copy"))
    qtbot.waitUntil(lambda: window.studio.project.folder == tmp_path / "copy", timeout=20000)
    rest(qtbot, window)
    assert set(seen) == {("made", "mmap-aside"), ("copy", "mmap-aside")}


def test_a_report_is_of_the_project_it_was_made_for_and_is_not_shown_in_another(make, qtbot, data, tmp_path):
    window, gate, other = make(), threading.Event(), Project.new(tmp_path / "mine", entries_from([str(data)]).entries)
    window.studio.engine.name_problems = lambda task, names, template, tokens: gate.wait(20) and []
    home, added = window.studio.project.folder, entries_from([str(data)])
    window.report(added, home)
    window.open(str(other.folder))
    gate.set()
    qtbot.waitUntil(lambda: not window.aside.busy, timeout=20000)
    assert reports() == []
    window.read_otherwise(added, home, added.read_as[0], "auto")
    assert "another project is open" in told(qtbot).text()
    assert window.studio.project.file.tasks == other.file.tasks
    rest(qtbot, window)


def test_a_new_project_that_is_not_opened_after_all_is_not_reported(make, qtbot, data, tmp_path, monkeypatch):
    window = make()
    with monkeypatch.context() as stay:
        stay.setattr(window.unsaved, "may_leave", lambda parent: False)
        window.new([str(data)], str(tmp_path / "made"))
        qtbot.waitUntil(lambda: not window.aside.busy, timeout=20000)
    assert (tmp_path / "made" / "project.toml").is_file()
    assert reports() == []
