"""Projects that were open before are offered on the welcome page and in the menu, until they are taken off."""

import threading

from PySide6.QtCore import QSettings, Qt

from mmap_studio.ui.kit.preferences import Preferences
from mmap_studio.ui.window import recent_projects
from tests import projects
from tests.ui.scripted import rest


def menu_of(window):
    return [action.toolTip() for action in window.registry.recent.actions()]


def test_what_was_open_is_offered_and_can_be_forgotten(make, qtbot, tmp_path):
    first, second = (projects.make(tmp_path / name).folder for name in ("one", "two"))
    window = make(first="")
    assert not window.registry.recent.menuAction().isEnabled()
    for folder in (first, second):
        window.open(str(folder))
        rest(qtbot, window)
    assert menu_of(window) == [str(second), str(first)]
    window.registry.recent.actions()[1].trigger()
    rest(qtbot, window)
    assert window.studio.project.folder == first

    recent = window.welcome.recent
    assert str(first) in recent.item(0).text()
    assert "not found" not in recent.item(0).text()
    (second / "project.toml").unlink()
    window.recent.add(str(first))
    qtbot.waitUntil(lambda: "not found" in recent.item(1).text())
    assert "not found" not in recent.item(0).text()
    recent.setCurrentRow(1)
    qtbot.keyClick(recent, Qt.Key.Key_Delete)
    assert menu_of(window) == window.preferences.recent == [str(first)]


def test_del_pressed_again_takes_off_the_next_project_and_not_the_newest(make, qtbot):
    window = make(first="")
    for name in "abcd":
        window.recent.add(f"/projects/{name}")
    recent = window.welcome.recent
    assert recent.currentRow() == 0
    recent.setCurrentRow(2)
    for rest_of_them in ("dca", "dc", "d"):
        qtbot.keyClick(recent, Qt.Key.Key_Delete)
        assert window.preferences.recent == [f"/projects/{name}" for name in rest_of_them]
    qtbot.keyClick(recent, Qt.Key.Key_Delete)
    assert window.preferences.recent == []
    qtbot.waitUntil(lambda: not window.background.busy)


def test_the_starter_is_a_recent_project_like_any_other(make, qtbot, tmp_path):
    mine = projects.make(tmp_path / "mine").folder
    window = make(first="")
    for path in ("starter", str(mine)):
        window.open(path)
        rest(qtbot, window)
    assert [action.text() for action in window.registry.recent.actions()] == ["project", "Six drawing styles"]
    item = window.welcome.recent.item(1)
    assert item.text() == "Six drawing styles\nthe starter, which comes with the studio"
    qtbot.waitUntil(lambda: not window.background.busy)
    assert "not found" not in item.text()
    window.welcome.recent.itemActivated.emit(item)
    rest(qtbot, window)
    assert window.studio.project.built_in
    assert window.studio.project.name == recent_projects.STARTER_NAME
    window.recent.forget("starter")
    assert window.preferences.recent == [str(mine)]


def test_an_empty_list_says_what_belongs_in_it(make):
    recent = make(first="").welcome.recent
    assert recent.count() == 0
    image = recent.viewport().grab().toImage()
    grounds = {image.pixel(x, y) for x in range(0, image.width(), 2) for y in range(0, image.height(), 2)}
    assert len(grounds) > 1  # something is written
    assert "listed here" in recent.accessibleDescription()


def test_a_project_that_cannot_be_looked_at_is_listed_and_looked_for_beside_the_window(make, home, qtbot, monkeypatch):
    """Its name is longer than any file system takes; a network drive that is away may need minutes to say so."""
    preferences = Preferences(QSettings(str(home / "window.ini"), QSettings.Format.IniFormat))
    preferences.add_recent("/" + "x" * 300)
    look, seen = recent_projects.missing, []
    monkeypatch.setattr(
        recent_projects, "missing", lambda paths: seen.append(threading.current_thread().name) or look(paths)
    )
    window = make(first="")
    qtbot.waitUntil(lambda: "not found" in window.welcome.recent.item(0).text())
    assert seen == ["mmap-aside"]
