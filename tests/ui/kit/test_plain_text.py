"""Names that look like HTML: Qt shows them as they are, wherever it shows a text; it opens no file and has no link."""

import ast
from pathlib import Path

import pytest
from PySide6.QtCore import QAbstractItemModel, QModelIndex
from PySide6.QtGui import QAction, QGuiApplication, Qt
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QTextEdit, QToolTip, QWidget

from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import TaskEntry
from mmap_studio.ui.kit.plain_text import as_text, copy_text, escaped, plain_box, plain_label
from mmap_studio.ui.window.error_dialog import tell

UI = Path(__file__).parents[3] / "mmap_studio" / "ui"
HOSTILE = '<img src="/dev/zero"><a href="file:///etc/passwd">{}</a>'


@pytest.mark.parametrize("text", ["", "plain", "a < b", "a\nb", "Art & Photo", "1 < 2 > 0"])
def test_a_text_that_qt_takes_as_it_is_stays(text):
    assert as_text(text) == text


@pytest.mark.parametrize("text", [HOSTILE, "<b>x</b>", "a\n<img src=x>", "<html>", "<qt>x</qt>", "<p>"])
def test_any_other_is_shown_letter_by_letter(qtbot, text):
    shown = QLabel(as_text(text))
    qtbot.addWidget(shown)
    document = QTextEdit()
    qtbot.addWidget(document)
    if Qt.mightBeRichText(shown.text()):
        document.setHtml(shown.text())
        assert "<img" not in shown.text()
        assert "<a " not in shown.text()
    else:
        document.setPlainText(shown.text())
    assert document.toPlainText() == text


def test_control_signs_are_written_as_escapes():
    assert as_text("a\x1b[2J\u202eb\nc\td") == "a\\x1b[2J\\u202eb\nc\td"
    assert escaped("<a\x1b>") == "&lt;a\\x1b&gt;"


def test_labels_and_boxes_are_plain(qtbot):
    label = plain_label(HOSTILE)
    box = plain_box(QMessageBox.Icon.Warning, HOSTILE, QMessageBox.StandardButton.Close)
    error = tell(None, HOSTILE, HOSTILE)
    for one in (label, box, error):
        qtbot.addWidget(one)
        assert not problems(one)
    error.close()


def test_what_is_copied_has_no_control_signs(qtbot):
    """A terminal acts on those of a text that is pasted into it: Ctrl+C, then a line of its own."""
    copy_text("a\x03b\x1b[201~\u202e\nc\td")
    assert QGuiApplication.clipboard().text() == "a\\x03b\\x1b[201~\\u202e\nc\td"


def html_in(text: str) -> bool:
    """Whether Qt would make something of the name, and not only show it."""
    return Qt.mightBeRichText(text) and ("<img" in text or "<a " in text)


def problems(root: QWidget) -> list[str]:
    """Every text at or below a widget of which Qt would make a picture or a link."""
    found = []
    for widget in (root, *root.findChildren(QWidget)):
        name = f"{type(widget).__name__} {widget.objectName()!r}"
        found += [f"{name}: tip {tip}" for tip in (widget.toolTip(), widget.statusTip(), widget.whatsThis())
                  if html_in(tip)]  # fmt: skip
        if isinstance(widget, QLabel) and widget.textFormat() != Qt.TextFormat.PlainText and html_in(widget.text()):
            found.append(f"{name}: label {widget.text()}")
    for action in root.findChildren(QAction):
        found += [f"action: {tip}" for tip in (action.toolTip(), action.statusTip()) if html_in(tip)]
    for model in root.findChildren(QAbstractItemModel):
        found += [f"{type(model).__name__}: {tip}" for tip in tips(model) if html_in(tip)]
    return found


def columns(model: QAbstractItemModel, parent: QModelIndex) -> int:
    try:
        return min(model.columnCount(parent), 30)
    except TypeError:  # private in lists
        return 1


def tips(model: QAbstractItemModel, parent: QModelIndex | None = None) -> list[str]:
    parent = parent or QModelIndex()
    found = []
    for row in range(min(model.rowCount(parent), 50)):
        for column in range(columns(model, parent)):
            index = model.index(row, column, parent)
            found.append(str(model.data(index, Qt.ItemDataRole.ToolTipRole) or ""))
            found += tips(model, index) if column == 0 and model.rowCount(index) else []
    for section in range(columns(model, parent)):
        for way in (Qt.Orientation.Horizontal, Qt.Orientation.Vertical):
            found.append(str(model.headerData(section, way, Qt.ItemDataRole.ToolTipRole) or ""))
    return found


@pytest.mark.slow
def test_a_window_of_hostile_names_shows_no_picture_and_no_link(make, qtbot, tmp_path, monkeypatch):
    """Project, folder, tasks, a kept grouping, runs, their notes and tags are called like HTML; every view of the
    window, and the dialogs that show names, are looked at."""
    from mmap_studio.session.events import Notice
    from mmap_studio.session.runs.about import RunAbout
    from mmap_studio.session.runs.differences import SettingDifference
    from mmap_studio.session.runs.listing import RunEntry
    from mmap_studio.storage.runs import RunFolder
    from mmap_studio.ui.actions.palette import ActionSearch
    from mmap_studio.ui.dialogs.classes_dialog import ClassesDialog
    from mmap_studio.ui.dialogs.controls_dialog import ControlsDialog
    from mmap_studio.ui.dialogs.sweep_dialog import SweepDialog
    from tests.ui.scripted import rest

    shown = []
    monkeypatch.setattr(QToolTip, "showText", lambda place, text, *_: shown.append(text))
    names = [HOSTILE.format(letter) for letter in "abc"]
    folder = tmp_path / "<img src=x>"
    Project.new(folder, [TaskEntry(name=name, folder=name.replace("/", "-")) for name in names], HOSTILE.format("p"))
    window = make(first=str(folder))
    window.studio.jobs.run()
    rest(qtbot, window)
    window.studio.board.keep(HOSTILE.format("kept"))
    window.studio.job.mailbox.post(window.studio.job.run, Notice(HOSTILE.format("notice"), "warning"))
    qtbot.waitUntil(lambda: not len(window.studio.job.mailbox), timeout=30000)
    said = RunAbout(name=HOSTILE.format("run"), note=HOSTILE.format("note"), tags=[HOSTILE.format("tag")], pinned=True)
    runs = [RunEntry(RunFolder(tmp_path / one), said, HOSTILE.format("state"), None, None, 1, HOSTILE.format("clip"),
                     None, 0.5, 0.25, HOSTILE.format("problem")) for one in ("a", "b")]  # fmt: skip
    view = window.views.runs
    view.show_entries(runs)
    view.table.selectAll()
    view.show_differences("a", "b", [SettingDifference(HOSTILE.format("s"), HOSTILE.format("1"), HOSTILE.format("2"))])
    entry = TaskEntry(name=names[0], folder="x")
    ClassesDialog(entry, names, lambda texts: [1 for _ in texts], window)
    ControlsDialog(window.studio, window)
    SweepDialog(window.studio, window)
    ActionSearch(list(window.registry.by_key.values()), window)
    for widget in QApplication.topLevelWidgets():
        assert not problems(widget), "\n".join(problems(widget))
    assert not [text for text in shown if html_in(text)]
    assert window.findChildren(QLabel)


# -- nothing passes the helper by ----------------------------------------------------------------------------------

HELPER = "kit/plain_text.py"


def is_plain(node: ast.expr) -> bool:
    """A text without a name in it, or one that went through the helper."""
    if isinstance(node, ast.IfExp):
        return is_plain(node.body) and is_plain(node.orelse)
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        return called == "as_text" or called.endswith(".toolTip") or called == "help_text"
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id.strip("_").isupper())


@pytest.mark.parametrize("path", sorted(UI.rglob("*.py")), ids=lambda path: path.relative_to(UI).as_posix())
def test_no_text_passes_the_helper_by(path):
    if path.relative_to(UI).as_posix() == HELPER:
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func).rpartition(".")[2]
        assert called not in ("QLabel", "QMessageBox", "setHtml"), f"{path}:{node.lineno}: {called}"
        if called == "setText":
            assert "clipboard" not in ast.unparse(node.func), f"{path}:{node.lineno}: {ast.unparse(node)}"
        if called == "setTextFormat":
            assert ast.unparse(node.args[0]).endswith(".PlainText"), f"{path}:{node.lineno}: {ast.unparse(node)}"
        if called in ("setToolTip", "setStatusTip", "setWhatsThis", "setLabelText"):
            assert is_plain(node.args[-1]), f"{path}:{node.lineno}: {ast.unparse(node)}"
        if called == "showText":
            assert is_plain(node.args[1]), f"{path}:{node.lineno}: {ast.unparse(node)}"
