"""The whole job on a real X display with real mouse and keyboard: run the starter, drag, undo, train, quit, reopen.

A process of its own shows the window; xdotool presses and drags. Screenshots are kept in $MMAP_SCREENSHOTS.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

NEEDED = ("Xvfb", "xdotool")
MISSING = [name for name in NEEDED if shutil.which(name) is None]
pytestmark = [
    pytest.mark.skipif("MMAP_E2E" not in os.environ, reason="takes minutes of a quiet machine: set MMAP_E2E=1"),
    pytest.mark.skipif(bool(MISSING), reason=f"no X server to try the window on: {', '.join(MISSING)} not installed"),
    pytest.mark.timeout(600),
]
DRIVEN = Path(__file__).with_name("driven.py")
DISPLAY = f":{90 + os.getpid() % 1000}"


@pytest.fixture(scope="module")
def display():
    server = subprocess.Popen(["Xvfb", DISPLAY, "-screen", "0", "1600x1000x24"], stderr=subprocess.DEVNULL)
    time.sleep(1.5)
    yield DISPLAY
    server.terminate()
    server.wait(10)


class Session:
    """One process with a window; it writes what it shows into a file twice a second."""

    def __init__(self, home: Path, display: str) -> None:
        self.said = home / "said.json"
        self.said.unlink(missing_ok=True)
        self.environment = os.environ | {
            "DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "HOME": str(home), "MMAP_STUDIO_HOME": str(home / "data"),
            "MMAP_STUDIO_CACHE": str(home / "cache"), "XDG_CONFIG_HOME": str(home / "config"), "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        command = [sys.executable, str(DRIVEN), str(self.said)]
        self.process = subprocess.Popen(command, env=self.environment, cwd=Path(__file__).parents[2])

    def until(self, wanted, seconds: float = 240) -> dict:
        """Wait until what it says fits."""
        end, said = time.monotonic() + seconds, {}
        while time.monotonic() < end:
            assert self.process.poll() is None or wanted is None, f"the window ended with {self.process.returncode}"
            try:
                said = json.loads(self.said.read_text())
            except (OSError, ValueError):
                said = {}
            if said and wanted(said):
                return said
            time.sleep(0.2)
        raise AssertionError(f"waited {seconds} s; the window says {said}")

    def x(self, *words: object) -> None:
        """One xdotool command."""
        subprocess.run(["xdotool", *map(str, words)], env=self.environment, check=True)

    def drag(self, start, end) -> None:
        self.x("mousemove", *start, "mousedown", 1)
        for part in range(1, 9):
            place = (round(a + (b - a) * part / 8) for a, b in zip(start, end, strict=True))
            self.x("mousemove", *place)
            time.sleep(0.1)
        time.sleep(0.3)
        self.x("mouseup", 1)

    def click(self, place) -> None:
        self.x("mousemove", *place, "click", 1)

    def keep_picture(self, name: str) -> None:
        folder = os.environ.get("MMAP_SCREENSHOTS")
        if folder and shutil.which("import"):
            subprocess.run(["import", "-window", "root", str(Path(folder) / name)], env=self.environment, check=False)


@pytest.fixture
def start():
    """Starts sessions; whatever a failed test leaves is ended."""
    made = []

    def one(home: Path, display: str) -> Session:
        made.append(Session(home, display))
        return made[-1]

    yield one
    for session in made:
        if session.process.poll() is None:
            session.process.kill()
            session.process.wait(10)


def test_a_newcomer_does_the_whole_job(display, tmp_path, start):
    session = start(tmp_path, display)
    session.until(lambda s: s["tasks_read"] and s["can_run"])
    session.click(session.until(lambda s: s["run_at"])["run_at"])
    session.until(lambda s: s["frames"] > 1)
    session.keep_picture("affinity.png")
    session.until(lambda s: s["state"] == "done" and s["ended"])
    before = session.until(lambda s: True)
    session.drag(before["card_at"], before["new_group_at"])
    moved = session.until(lambda s: s["groups"] != before["groups"], 30)
    session.x("key", "ctrl+z")
    session.until(lambda s: s["groups"] == before["groups"], 30)
    session.x("key", "ctrl+shift+z")
    session.until(lambda s: s["groups"] == moved["groups"], 30)
    session.x("key", "F5")
    session.until(lambda s: s["state"] == "running", 60)
    session.until(lambda s: s["state"] == "done" and s["runs"] == 2)
    session.keep_picture("trained.png")
    session.x("key", "ctrl+q")
    assert session.process.wait(60) == 0
    again = start(tmp_path, display)
    found = again.until(lambda s: s["tasks_read"] and s["results"] >= 2)
    assert found["groups"] == moved["groups"]
    assert found["frames"] >= 1
    again.keep_picture("again.png")
    again.x("key", "ctrl+q")
    assert again.process.wait(60) == 0
