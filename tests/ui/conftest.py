"""Every test of the window runs offscreen, with settings of its own."""

import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")


@pytest.fixture(autouse=True)
def no_key_is_down(qapp):
    """A click of Shift+Return leaves Shift down for Qt: rows that another test selects would be a range."""
    from PySide6.QtCore import Qt
    from PySide6.QtGui import QGuiApplication
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QWidget

    yield
    if QGuiApplication.keyboardModifiers() != Qt.KeyboardModifier.NoModifier:
        QTest.keyClick(QWidget(), Qt.Key.Key_Escape)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Starter, cache and settings in a folder of the test's own."""
    monkeypatch.setenv("MMAP_STUDIO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MMAP_STUDIO_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def make(home, qtbot):
    """Windows on a scripted engine; all are closed at the end."""
    from PySide6.QtCore import QSettings
    from PySide6.QtWidgets import QApplication, QMessageBox

    from mmap_studio.session.runtime.job import BackgroundJob
    from mmap_studio.session.studio.studio import Studio
    from mmap_studio.ui.kit import theme
    from mmap_studio.ui.kit.preferences import Preferences
    from mmap_studio.ui.window.main_window import MainWindow
    from tests.ui.scripted import ScriptedEngine, rest

    made = []

    def window(first="starter", **script):
        QApplication.instance().setStyleSheet("")  # a window takes it faster once it is whole than part by part
        studio = Studio(ScriptedEngine(**script), BackgroundJob(on_thread=lambda: None))
        preferences = Preferences(QSettings(str(home / "window.ini"), QSettings.Format.IniFormat))
        made.append(MainWindow(studio, preferences))
        theme.apply("light")
        made[-1].show()
        if first:
            made[-1].open(first)
        rest(qtbot, made[-1])
        return made[-1]

    yield window
    for one in made:
        one._may_stop = lambda: True
        one.close()
        qtbot.waitUntil(lambda one=one: not one.isVisible(), timeout=30000)
        one.deleteLater()
    for box in QApplication.topLevelWidgets():
        if isinstance(box, QMessageBox):
            box.close()


@pytest.fixture
def data(tmp_path):
    """Two domains of images, one with a class name too long and a file that is no image."""
    from tests.ui.folders import LONG, domain

    domain(tmp_path / "data", "art")
    domain(tmp_path / "data", "photo", ("cat", LONG))
    (tmp_path / "data" / "art" / "cat" / "notes.txt").write_text("x")
    return tmp_path / "data"
