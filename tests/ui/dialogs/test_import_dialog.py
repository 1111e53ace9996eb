"""The report of an import: what it says, in which project it is shown, and what another reading makes."""

import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLabel, QStyleOptionViewItem

from mmap_studio.errors import InputError
from mmap_studio.session.ingest.examples import PACKED, Example
from mmap_studio.session.ingest.report import import_report
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import SplitSettings
from mmap_studio.session.window_words import in_window
from mmap_studio.ui.dialogs.import_dialog import ImportDialog
from mmap_studio.ui.dialogs.import_examples import ExampleImages
from tests.data import drawn
from tests.ui.folders import LONG, domain, reports, thread, told, wait_for_report
from tests.ui.scripted import rest

MUCH = 30


def test_the_report_names_tasks_classes_splits_what_was_skipped_and_what_clashes(qtbot, data, tmp_path):
    domain(tmp_path / "other", "art", ("cat", "dog"), "train")
    domain(tmp_path / "other", "art", ("cat", "dog"), "test")
    found = import_report([str(data), str(tmp_path / "other")])
    assert [task.name for task in found.tasks] == ["art", "photo", "art 2"]
    assert [(one.name, one.text, one.images) for one in found.tasks[0].classes] == [
        ("cat", "cat", 3),
        ("dog", "dog", 4),
    ]
    assert sum(found.tasks[0].parts) == 7
    assert found.tasks[2].parts == (7, 0, 7)
    assert [(path.endswith("notes.txt"), bool(reason)) for path, reason in found.skipped] == [(True, True)]
    assert any("'art' is taken" in notice for notice in found.notices)
    checked = found.with_names_checked(lambda task, names, template: [f"{task}: {n}" for n in names if len(n) > MUCH])
    dialog = ImportDialog(checked)
    qtbot.addWidget(dialog)
    titles = [dialog.tabs.tabText(i).split(" (")[0] for i in range(dialog.tabs.count())]
    assert titles == ["Tasks", "Examples", "To fix", "Notes", "Skipped"]
    assert dialog.tabs.currentIndex() == 2
    row = dialog.tasks.topLevelItem(2)
    cells = ["art 2", "2 classes: cat, dog", "14", "7 (3–4)", "0 (0)", "7 (3–4)"]
    assert [row.text(column) for column in range(6)] == cells
    dialog.tasks.expandItem(dialog.tasks.topLevelItem(0))
    qtbot.waitUntil(lambda: dialog.tasks.topLevelItem(0).childCount() == 2)
    assert [dialog.tasks.topLevelItem(0).child(i).text(0) for i in range(2)] == ["cat", "dog"]
    dialog.copy_button.click()
    copied = QGuiApplication.clipboard().text()
    assert copied == in_window(checked.text())
    assert all(part in copied for part in ("notes.txt", LONG, "art 2", "train 3", "1 file skipped"))


def test_the_report_counts_the_parts_of_the_first_run_as_the_command_line_does(tmp_path):
    root = str(drawn.pacs(tmp_path))  # whose lists name no test images of their own
    planned = import_report([root]).tasks[0]
    given = planned.domain.counts.sum(0).tolist()
    assert (given[2] > 0, given[3]) == (True, 0)
    assert planned.parts == (given[1], 0, given[2])
    shots = import_report([root], SplitSettings(kind="shots", shots=1)).tasks[0]
    assert shots.parts == (len(shots.classes), len(shots.classes), given[2])
    domain(tmp_path / "bare", "art", ("cat", "dog"))
    bare = [str(tmp_path / "bare")]
    assert sum(import_report(bare).tasks[0].parts) == 7
    with pytest.raises(InputError, match="domain 'art' was read without"):
        import_report(bare, SplitSettings(kind="given"))


def test_the_layout_is_shown_and_another_reading_makes_other_tasks_in_one_step(make, qtbot, tmp_path):
    root = tmp_path / "data"
    for name in ("art", "photo"):
        domain(root, name)
    (root / "index.csv").write_text("path,class,task\nart/cat/0.png,cat,ink\nphoto/dog/0.png,dog,ink\n")
    window = make()
    rest(qtbot, window)
    before = window.studio.board.tasks
    window.import_commands.add([str(root)])
    first = wait_for_report(qtbot)
    (box,) = [box for box in first.findChildren(QComboBox) if box.accessibleName() == "Read as"]
    assert box.currentData() == "domains"
    assert any("<domain>/<class>/<image>" in label.text() for label in first.findChildren(QLabel))
    box.setCurrentIndex(box.findData("manifest:index.csv"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: [d for d in reports() if d is not first] != [], timeout=20000)
    second = next(d for d in reports() if d is not first)
    added = second.report.entries
    assert {entry.layout for entry in added} == {"manifest:index.csv"}
    assert set(window.studio.board.tasks) == {*before, "ink"}
    second.close()
    window.registry["undo"].trigger()
    assert {entry.layout for entry in window.studio.project.file.tasks} == {"auto"}
    assert set(window.studio.board.tasks) == {*before, "art", "photo"}
    rest(qtbot, window)


def test_names_are_checked_with_the_prompt_tokens_that_a_run_counts_and_beside_the_window(make, qtbot, data):
    window, seen = make(), []
    window.studio.engine.name_problems = lambda task, names, template, tokens: seen.append((tokens, thread()))
    window.import_commands.report(import_report([str(data)]), window.studio.project.folder)
    wait_for_report(qtbot).close()
    assert seen == [(2 * window.studio.project.settings.prompt.tokens, "mmap-aside")] * 2


def test_a_report_is_of_the_project_it_was_made_for_and_is_not_shown_in_another(make, qtbot, data, tmp_path):
    window, gate, other = make(), threading.Event(), Project.new(tmp_path / "mine", import_report([str(data)]).entries)
    window.studio.engine.name_problems = lambda task, names, template, tokens: gate.wait(20) and []
    home, added = window.studio.project.folder, import_report([str(data)])
    window.import_commands.report(added, home)
    window.open(str(other.folder))
    gate.set()
    qtbot.waitUntil(lambda: not window.background.busy, timeout=20000)
    assert reports() == []
    window.import_commands.read_otherwise(added, home, added.readings[0], "auto")
    assert "another project is open" in told(qtbot).text()
    assert window.studio.project.file.tasks == other.file.tasks
    rest(qtbot, window)


def test_a_new_project_that_is_not_opened_after_all_is_not_reported(make, qtbot, data, tmp_path, monkeypatch):
    window = make()
    with monkeypatch.context() as stay:
        stay.setattr(window.unsaved, "may_leave", lambda parent: False)
        window.import_commands.new([str(data)], str(tmp_path / "made"))
        assert window.status.phase.text().startswith("Scanning")
        qtbot.waitUntil(lambda: not window.background.busy, timeout=20000)
    assert window.status.phase.text() == "Ready"
    assert (tmp_path / "made" / "project.toml").is_file()
    assert reports() == []


def test_all_tasks_are_unfolded_at_once(qtbot, data):
    dialog = ImportDialog(import_report([str(data)]))
    qtbot.addWidget(dialog)
    dialog.show()
    tasks = [dialog.tasks.topLevelItem(row) for row in range(2)]
    dialog.tasks.setCurrentItem(tasks[0])
    qtbot.keyClick(dialog.tasks, Qt.Key.Key_Asterisk)
    dialog.tasks.expandAll()
    qtbot.waitUntil(lambda: [task.childCount() for task in tasks] == [2, 2])
    assert all(task.isExpanded() for task in tasks)


def test_a_long_name_of_a_class_leaves_the_names_of_tasks_their_room(qtbot, tmp_path):
    for name in ("art", "photo"):
        domain(tmp_path, name, ("a_very_" + "long_and_winding_" * 6 + "name", "dog"))
    dialog = ImportDialog(import_report([str(tmp_path)]))
    qtbot.addWidget(dialog)
    dialog.show()
    before = dialog.tasks.columnWidth(0)
    dialog.tasks.expandItem(dialog.tasks.topLevelItem(0))
    qtbot.waitUntil(lambda: dialog.tasks.topLevelItem(0).childCount() == 2)
    assert before > 150
    assert dialog.tasks.columnWidth(0) == before


def test_long_names_of_tasks_stay_apart(qtbot, tmp_path):
    for n in range(1, 4):
        domain(tmp_path, f"plants in the garden of the hospital, camera {n} of site A")
    dialog = ImportDialog(import_report([str(tmp_path)]))
    qtbot.addWidget(dialog)
    column, option, shown = dialog.tasks.itemDelegateForColumn(0), QStyleOptionViewItem(), set()
    for row in range(3):
        index = dialog.tasks.model().index(row, 0)
        option.text = index.data()
        shown.add(column.cut(option, 150, index))
    assert len(shown) == 3


def test_examples_come_after_the_dialog_and_say_what_cannot_be_read(make, qtbot, data):
    (data / "art" / "cat" / "0.png").write_bytes(b"no image")
    window = make()
    rest(qtbot, window)
    window.import_commands.add([str(data)])
    dialog = wait_for_report(qtbot)
    dialog.tabs.setCurrentWidget(dialog.examples)

    def images():
        return {label.accessibleName(): label for label in dialog.examples.findChildren(QLabel)}

    qtbot.waitUntil(lambda: "cat of art" in images(), timeout=20000)
    found = {name: not label.pixmap().isNull() for name, label in images().items() if " of " in name}
    broken = [name for name, is_shown in found.items() if not is_shown]
    assert (len(found), broken) == (4, ["cat of art"])
    assert images()["cat of art"].text() == "cannot be read"
    assert "is not a readable JPEG" in images()["cat of art"].accessibleDescription()
    dialog.close()
    rest(qtbot, window)


def test_more_tasks_than_have_examples_are_counted(qtbot):
    view = ExampleImages(14)
    qtbot.addWidget(view)
    view.show_examples([Example("art", "cat", np.zeros((4, 8, 3), np.uint8)), Example("clip", "cat", said=PACKED)])
    texts = [label.text() for label in view.findChildren(QLabel)]
    assert texts.count("cat") == 2
    assert "not shown" in texts
    assert "12 more tasks without examples here" in texts
