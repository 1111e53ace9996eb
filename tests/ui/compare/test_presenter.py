"""A comparison that was ended with the process goes on in the next window; nothing is trained twice."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from mmap_studio.session.compare.live.events import TrialMade
from mmap_studio.session.compare.live.plan import read_plan
from mmap_studio.session.runtime.job import BackgroundJob, State
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.kit.preferences import Preferences
from mmap_studio.ui.window.main_window import MainWindow
from tests import projects
from tests.ui.compare.killed import METHODS, surveyed, wait
from tests.ui.compare.test_view import drawn, settled

COUNT, ALL = 3, 8
"""Trials after which the process is killed, and those of the plan: four methods, two amounts, one seed."""


@pytest.fixture
def killed(home):
    """A project whose comparison was killed."""
    made = projects.make(home, ("art", "real"))
    ended = subprocess.run(
        [sys.executable, "-m", "tests.ui.compare.killed", str(made.folder), str(COUNT)],
        cwd=Path(__file__).parents[3], env=os.environ | {"QT_QPA_PLATFORM": "offscreen"}, timeout=500, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr[-3000:]
    return made


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_after_kill_9_the_next_window_goes_on_and_trains_nothing_twice(killed, home, qtbot):
    plan = read_plan(killed.folder)
    assert plan.state == "begun"
    assert set(plan.methods) == set(METHODS)
    kept = {path.stem for path in (home / "cache").rglob("*.h5") if path.parent.name.startswith("trial")}
    window = MainWindow(
        Studio(job=BackgroundJob(on_thread=lambda: None)),
        Preferences(QSettings(str(home / "w.ini"), QSettings.Format.IniFormat)),
    )
    made = []
    window.studio.comparisons.listen(lambda event: made.append(event) if isinstance(event, TrialMade) else None)
    try:
        window.show()
        window.open(str(killed.folder))
        window.registry["show_compare"].trigger()
        wait(lambda: surveyed(window))
        view = drawn(window)
        there = window.studio.comparisons.ledger.done(plan)
        assert COUNT <= there < ALL
        assert view.start.text() == "Go on"
        window.registry["compare_start"].trigger()
        wait(lambda: window.studio.comparisons.ended is State.DONE and len(made) == ALL)
        assert sum(one.cached for one in made) == there
        settled(qtbot, window)
        assert drawn(window).headline.text().startswith(("Use ", "Keep "))
        assert read_plan(killed.folder).state == "done"
        assert kept <= {path.stem for path in (home / "cache").rglob("*.h5")}
    finally:
        window._may_stop = lambda: True
        window.close()
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=30000)
        window.deleteLater()
