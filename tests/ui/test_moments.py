"""Closing, stopping and pausing at random moments of every phase never aborts and leaves every file whole.

Each commit tries a few dozen moments; `MMAP_MOMENTS=200 python -m pytest tests/ui/test_moments.py` tries two hundred.
One in eight leaves a process of their own: by its window, by Ctrl+C or by SIGTERM.
"""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from mmap_studio.session.runtime.job import BackgroundJob
from mmap_studio.session.studio.studio import Studio
from mmap_studio.storage import disk
from mmap_studio.ui.kit.preferences import Preferences
from mmap_studio.ui.window.main_window import MainWindow
from tests import projects
from tests.ui import moments
from tests.ui.moments import EVENTS, Moment

COUNT = int(os.environ.get("MMAP_MOMENTS", "40"))
PROCESSES = COUNT // 8
SMALL = {"train.epochs": 1, "affinity.epochs": 2}
CODES = {"close": 0, "SIGINT": 130, "SIGTERM": 143}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(240 + 20 * COUNT)]


@pytest.mark.many_windows
def test_in_one_process(home, qapp):
    qapp.setStyleSheet("")  # no look is judged here, and dozens of windows are built in half the time without one
    project, engine, hits = projects.make(home, ("art", "real"), **SMALL).folder, moments.Watched(), Counter()
    preferences, window = Preferences(QSettings(str(home / "window.ini"), QSettings.Format.IniFormat)), None
    with disk.using(moments.slow_disk()):
        for number in range(COUNT - PROCESSES):
            moment = Moment.of(number)
            if window is None or not window.isVisible():
                window = MainWindow(Studio(engine, BackgroundJob(on_thread=lambda: None)), preferences)
                window.show()
                window.open(str(project))
            try:
                hits[moments.live(window, moment)] += 1
                moments.check_end(window, moment)
            except AssertionError as error:
                now = f"{window.studio.jobs.state}, thread in {engine.phase or 'nothing'}"
                raise AssertionError(f"{moment}: {error}; {now}") from error
            if not window.isVisible():
                window.deleteLater()
    window.close()
    moments.until(lambda: not window.isVisible(), 60)
    window.deleteLater()
    assert moments.check_files(project, home / "cache") > COUNT
    assert moments.left_half_written(home) == []
    assert set(hits) >= set(EVENTS), f"phases that were hit: {hits}"


def test_processes_of_their_own(tmp_path):
    """Two at a time, each with a project of its own."""
    wanted = [(n, tuple(EVENTS)[n % len(EVENTS)], tuple(CODES)[n // 2 % 3]) for n in range(PROCESSES)]
    with ThreadPoolExecutor(2) as pool:
        for (number, phase, how), ended in zip(wanted, pool.map(lambda w: leave(tmp_path, *w), wanted), strict=True):
            assert ended.returncode == CODES[how], f"{number} {phase} {how}: {ended.returncode} {ended.stderr}"
            home = tmp_path / str(number)
            assert moments.check_files(home / "project", home / "cache")
            assert moments.left_half_written(home) == []


@pytest.mark.parametrize("how", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("when", ["at once", "as the window opens"])
def test_a_signal_while_it_starts(tmp_path, how, when):
    number, log = getattr(signal, how), tmp_path / "state" / "mmap-studio" / "window.log"
    command = [sys.executable, "-m", "mmap_studio", "starter"]
    options = {"env": environment(tmp_path), "stderr": subprocess.PIPE, "text": True, "preexec_fn": hearing_signals}
    with subprocess.Popen(command, **options) as process:
        try:
            while when != "at once" and not log.exists():
                assert process.poll() is None
                time.sleep(0.005)
            process.send_signal(number)
            _, told = process.communicate(timeout=120)
        finally:
            process.kill()
    own = {-number, 1} if when == "at once" else set()  # before a line of ours runs, Python ends in its own ways
    assert process.returncode in {CODES[how]} | own, told
    assert moments.left_half_written(tmp_path) == []


def hearing_signals() -> None:
    """In the child: a shell lets what it starts in the background ignore Ctrl+C, and that is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def leave(tmp_path: Path, number: int, phase: str, how: str):
    home = tmp_path / str(number)
    project = projects.make(home, ("art", "real"), **SMALL).folder
    command = [sys.executable, "-m", "tests.ui.leaver", str(number), phase, how, str(project)]
    return subprocess.run(command, env=environment(home), capture_output=True, text=True, timeout=400)


def environment(home: Path) -> dict[str, str]:
    folders = {"MMAP_STUDIO_HOME": "home", "MMAP_STUDIO_CACHE": "cache", "XDG_CONFIG_HOME": "config",
               "XDG_STATE_HOME": "state"}  # fmt: skip
    return os.environ | {name: str(home / folder) for name, folder in folders.items()}
