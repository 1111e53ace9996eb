"""What a test of the window leaves behind is named: every kind of it, left on purpose."""

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QPropertyAnimation, QRunnable, QThread, QThreadPool, QTimer, QVariantAnimation
from PySide6.QtWidgets import QLabel, QWidget

from mmap_studio.storage.temporaries import claimed
from tests.ui import leftovers
from tests.ui.leftovers import nothing_left

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes and files as Linux tells them")


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(leftovers, "PATIENCE_S", 0.0)


@pytest.fixture
def left(tmp_path):
    """Leaves what a function makes -> what was said of it; then it is cleared up."""
    (tmp_path / "temporary").mkdir()
    (tmp_path / "own").mkdir()

    def told(leave) -> str:
        places = tmp_path / "temporary", lambda: tmp_path / "own"
        with pytest.raises(AssertionError) as error, nothing_left(*places):
            clear_up = leave(tmp_path)
        clear_up()
        return str(error.value)

    return told


def test_a_thread_of_any_name(left):
    stop = threading.Event()

    def leave(_: Path):
        thread = threading.Thread(target=stop.wait, name="a worker of somebody")
        thread.start()
        return lambda: (stop.set(), thread.join())

    assert left(leave) == "threads left: a worker of somebody"


def test_a_timer_a_thread_and_animations_of_qt(left):
    def leave(_: Path):
        owner = QWidget()
        timer, thread = QTimer(owner, interval=60_000), QThread(owner)
        moving, for_ever = QPropertyAnimation(owner, b"windowOpacity", owner), QVariantAnimation(owner)
        moving.setDuration(60_000)
        for_ever.setStartValue(0.0)
        for_ever.setEndValue(1.0)
        for_ever.setLoopCount(-1)
        QTimer(owner)  # does not run
        for one in (timer, thread, moving, for_ever):
            one.start()

        def clear_up() -> None:
            for running in (timer, moving, for_ever):
                running.stop()
            thread.quit()
            thread.wait()
            owner.deleteLater()

        return clear_up

    said = left(leave)
    assert sorted(said.partition("threads of Qt left: ")[2].partition(";")[0].split(", ")) == [
        "QPropertyAnimation of QWidget", "QThread of QWidget", "QTimer of QWidget", "QVariantAnimation of QWidget",
    ]  # fmt: skip


def test_a_runnable_of_the_pool(left):
    stop = threading.Event()

    def leave(_: Path):
        QThreadPool.globalInstance().start(QRunnable.create(stop.wait))
        return lambda: (stop.set(), QThreadPool.globalInstance().waitForDone())

    assert "threads of Qt's pool left: 1 at work" in left(leave)


def test_a_widget_that_is_not_shown(left):
    def leave(_: Path):
        label = QLabel("x")
        label.setWindowTitle("The one that stays")
        return label.deleteLater

    assert left(leave) == "widgets left: QLabel The one that stays"


def test_a_child_process(left):
    def leave(_: Path):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        while not leftovers.command(str(child.pid)):  # Linux closes the pipe to us before it knows the words
            time.sleep(0.01)
        return lambda: (child.kill(), child.wait())

    said = left(leave)
    assert said.startswith("child processes left: ")
    assert said.endswith("-c import time; time.sleep(600)")


def test_open_files(left):
    def leave(folder: Path):
        file = (folder / "notes.txt").open("w")
        return file.close

    assert left(leave).endswith("notes.txt")


def test_temporary_files_and_what_was_half_written(left):
    def leave(folder: Path):
        with claimed(folder / "own" / "project.toml") as fresh:
            fresh.write_text("half")
        forgotten = Path(tempfile.mkdtemp(prefix="forgotten-"))
        return lambda: (fresh.unlink(), forgotten.rmdir())

    said = left(leave)
    assert said.startswith("temporary files left: forgotten-")
    assert "own/.mmap-" in said


def test_what_ends_a_moment_later_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "PATIENCE_S", 30.0)
    before = tempfile.gettempdir()
    with nothing_left(tmp_path, lambda: None):
        threading.Timer(0.1, lambda: None).start()
        label = QLabel("x")
        label.deleteLater()
    assert tempfile.gettempdir() == before
