"""Images that are in no task: dropped, chosen, asked again when something changes, and out of the way of a run."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog

from mmap_studio.ui.dialogs import try_dialog
from mmap_studio.ui.dialogs.try_dialog import IMAGE, PROMPTED, ZERO_SHOT, TryDialog
from tests.ui.scripted import rest


@pytest.fixture
def images(tmp_path) -> list[Path]:
    made = [tmp_path / "mine" / name for name in ("one.png", "two.jpg", "broken.png")]
    made[0].parent.mkdir()
    for file in (*made, made[0].with_name("notes.txt")):
        file.touch()
    return made


def opened(window) -> TryDialog:
    window.registry["try"].trigger()
    return window.findChild(TryDialog)


def rows(dialog) -> dict[str, tuple[str, str]]:
    items = [dialog.list.topLevelItem(n) for n in range(dialog.list.topLevelItemCount())]
    return {item.text(IMAGE): (item.text(ZERO_SHOT), item.text(PROMPTED)) for item in items}


def drop(dialog, *paths) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    where, button = QPointF(20, 20), Qt.MouseButton.LeftButton
    dialog.dropEvent(QDropEvent(where, Qt.DropAction.CopyAction, mime, button, Qt.KeyboardModifier.NoModifier))


def test_dropped_images_are_looked_at_and_what_cannot_be_says_why(make, qtbot, images):
    window = make()
    dialog = opened(window)
    assert "not trained" in dialog.state.text()
    drop(dialog, images[0].parent)
    qtbot.waitUntil(lambda: len(rows(dialog)) == 3)
    found = rows(dialog)
    assert found["one.png"] == found["two.jpg"] == ("car, 60 %", "–")
    assert found["broken.png"] == ("It is no image.", "–")
    assert window.studio.engine.tried[0][:2] == ("Noto", None)
    drop(dialog, images[0])  # it is there already
    rest(qtbot, window)
    assert len(rows(dialog)) == 3
    assert window.studio.jobs.state.name == "DONE", "the opening; a look at images is no news"


def test_another_task_asks_anew_and_clearing_empties(make, qtbot, images, monkeypatch):
    window = make()
    dialog = opened(window)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *a, **k: ([str(file) for file in images[:2]], ""))
    dialog.choose.click()
    qtbot.waitUntil(lambda: len(rows(dialog)) == 2)
    dialog.task.setCurrentIndex(2)
    rest(qtbot, window)
    qtbot.waitUntil(lambda: len(rows(dialog)) == 2)
    assert window.studio.engine.tried[-1][0] == dialog.task.currentText() != "Noto"
    dialog.clear.click()
    assert rows(dialog) == {}
    assert dialog.empty.isVisible()


def test_during_a_run_they_wait_and_then_the_new_prompts_are_asked(make, qtbot, images):
    window = make(steps=3, seconds=0.01)
    dialog = opened(window)
    dialog.take(images[:1])
    qtbot.waitUntil(lambda: len(rows(dialog)) == 1)
    window.registry["run"].trigger()
    qtbot.waitUntil(lambda: window.studio.jobs.doing == "running")
    dialog.take(images[1:2])
    assert "when the current work has ended" in dialog.state.text()
    qtbot.waitUntil(lambda: rows(dialog).get("two.jpg", ("", ""))[1] == "fox, 75 %", timeout=30000)
    rest(qtbot, window)
    assert rows(dialog)["one.png"] == ("car, 60 %", "fox, 75 %")
    item = dialog.list.topLevelItem(0)
    assert item.font(PROMPTED).bold(), "the prompts change CLIP's mind"
    assert "car: 60.0 %\nfox: 25.0 %" in item.toolTip(ZERO_SHOT)
    assert dialog.state.text().startswith("Prompts of the group ")


def test_a_run_goes_before_images_and_they_come_after_it(make, qtbot, images):
    window = make(seconds=0.05)
    rest(qtbot, window)
    dialog = opened(window)
    dialog.take(images)
    qtbot.waitUntil(lambda: window.studio.jobs.doing == "trying")
    assert window.registry["run"].isEnabled()
    window.registry["run"].trigger()
    qtbot.waitUntil(lambda: window.studio.jobs.doing == "running")
    qtbot.waitUntil(lambda: len(rows(dialog)) == 3 and not window.studio.jobs.doing, timeout=30000)
    assert window.studio.engine.asked == ["auto"]


def test_another_project_begins_with_an_empty_list(make, qtbot, images, tmp_path):
    from tests import projects

    window = make()
    dialog = opened(window)
    dialog.take(images[:1])
    qtbot.waitUntil(lambda: len(rows(dialog)) == 1)
    window.open(str(projects.make(tmp_path / "other").folder))
    rest(qtbot, window)
    assert rows(dialog) == {}
    assert [dialog.task.itemText(n) for n in range(dialog.task.count())] == list(projects.DOMAINS)
    assert opened(window) is dialog


def test_too_many_are_cut_and_it_is_said(make, qtbot, images, monkeypatch):
    monkeypatch.setattr(try_dialog, "AT_MOST", 2)
    window = make()
    dialog = opened(window)
    dialog.take(images)
    qtbot.waitUntil(lambda: len(rows(dialog)) == 2)
    assert "Only the first 2 are listed" in dialog.state.text()


def test_what_is_dropped_twice_is_asked_once(make, qtbot, images):
    window = make()
    dialog = opened(window)
    drop(dialog, images[0].parent)
    qtbot.waitUntil(lambda: len(rows(dialog)) == 3)
    drop(dialog, images[0].parent)
    rest(qtbot, window)
    assert dialog.list.topLevelItemCount() == 3
    assert sum(len(files) for *_, files in window.studio.engine.tried) == 3


def test_other_words_are_asked_anew_without_prompts_too(make, qtbot, images):
    window = make()
    dialog = opened(window)
    dialog.take(images[:1])
    qtbot.waitUntil(lambda: len(rows(dialog)) == 1)
    entries = list(window.studio.project.file.tasks)
    entries[0] = entries[0].model_copy(update={"name": "Drawn"})
    window.studio.edit_tasks("Rename", entries)
    qtbot.waitUntil(lambda: window.studio.engine.tried[-1][0] == "Drawn")
    rest(qtbot, window)
    assert len(rows(dialog)) == 1
    asked = len(window.studio.engine.tried)
    window.registry["separate"].trigger()  # nothing is trained: the answers would be the same
    rest(qtbot, window)
    assert len(window.studio.engine.tried) == asked


def test_a_look_that_fails_is_not_begun_again_by_itself(make, qtbot, images, monkeypatch):
    window = make()
    dialog, asked = opened(window), []

    def trying(project, task, group, files):
        asked.append(task.name)
        return lambda stop: (_ for _ in ()).throw(RuntimeError("no"))

    monkeypatch.setattr(window.studio.engine, "trying", trying)
    told = []
    monkeypatch.setattr("mmap_studio.ui.window.error_dialog.tell", lambda *given: told.append(given[1]))
    dialog.take(images[:1])
    qtbot.waitUntil(lambda: bool(told))
    rest(qtbot, window)
    qtbot.wait(100)
    assert (len(asked), len(told)) == (1, 1)
