"""A screen, and a user in front of it: looks by screenshot, acts by mouse and keyboard through the X server."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import ImageGrab

ROOT = Path(__file__).parents[2]
PATIENCE = 150.0
"""Seconds to wait for what a quiet machine does in ten."""


@contextmanager
def screen(size: str) -> Iterator[str]:
    """An X server on a free display with a window manager, both ended at the end; its name."""
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL)
    os.close(writer)
    manager = None
    try:
        with os.fdopen(reader) as said:  # ends with an empty line if the server does
            display = f":{said.readline().strip()}"
        assert server.poll() is None, "Xvfb did not start"
        manager = subprocess.Popen(["openbox"], env=os.environ | {"DISPLAY": display}, stderr=subprocess.DEVNULL)
        yield display
    finally:
        for process in filter(None, (manager, server)):
            process.terminate()
            process.wait(20)


class Person:
    """Starts the studio on a display and uses it; ends it whatever happens (a context manager)."""

    def __init__(self, display: str, home: Path, *arguments: object, **variables: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home, self.said, self.seen = home, home / "said.json", {}
        self.said.unlink(missing_ok=True)
        folders = {"MMAP_STUDIO_HOME": "data", "MMAP_STUDIO_CACHE": "cache", "XDG_CONFIG_HOME": "config",
                   "XDG_STATE_HOME": "state", "HOME": ""}  # fmt: skip
        self.environment = os.environ | {name: str(home / folder) for name, folder in folders.items()} | variables
        self.environment |= {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tests.e2e.observed", str(self.said), *map(str, arguments)]
        self.process = subprocess.Popen(command, env=self.environment, cwd=ROOT)

    def __enter__(self) -> "Person":
        return self

    def __exit__(self, *why: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(20)

    def until(self, wanted: Callable[[dict[str, Any]], Any], seconds: float = PATIENCE) -> dict[str, Any]:
        """Look until it fits; what was seen then."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.process.poll() is None, f"the window ended with {self.process.returncode}; last: {self.seen}"
            if self.said.exists():
                self.seen = json.loads(self.said.read_text())
                if wanted(self.seen):
                    return self.seen
            time.sleep(0.05)  # it looks ten times a second
        raise AssertionError(f"waited {seconds} s in vain; the window says {self.seen}")

    def rest(self) -> dict[str, Any]:
        """Wait until nothing runs and the window has the keyboard."""
        return self.until(lambda s: s["tasks"] and s["state"] in ("idle", "done") and not s["opening"] and s["active"])

    def press(self, *keys: str) -> None:
        """Keys one after the other, as xdotool calls them."""
        self._x("key", *keys)

    def type(self, text: str) -> None:
        """A text by keyboard."""
        self._x("type", "--delay", 5, text)

    def place(self, name: str) -> list[int]:
        """Centre of what has this accessible name, or begins with it, as soon as it is there."""
        seen = self.until(lambda s: any(found.startswith(name) for found in s["places"]))["places"]
        return seen.get(name) or next(place for found, place in seen.items() if found.startswith(name))

    def click(self, name: str) -> None:
        """With the left button on what has this name."""
        self._x("mousemove", *self.place(name), "click", 1)

    def scroll_to(self, name: str, over: str) -> None:
        """Turn the wheel over one thing, down and at the end up again, until another comes into sight."""
        self._x("mousemove", *self.place(over))
        for turn in range(80):
            if name in self.until(lambda s: True)["places"]:
                return
            self._x("click", 5 if turn < 40 else 4, "sleep", 0.15)  # it looks ten times a second
        raise AssertionError(f"no {name} however {over} is scrolled; the window says {self.seen}")

    def drag(self, name: str, to: str) -> None:
        """Press on one thing, move in small steps to another and let go."""
        start, end = self.place(name), self.place(to)
        self._x("mousemove", *start, "mousedown", 1)
        for part in range(1, 11):
            place = [round(a + (b - a) * part / 10) for a, b in zip(start, end, strict=True)]
            self._x("mousemove", *place, "sleep", 0.03)  # a hand is not faster, and Qt drags by what it sees between
        self._x("mousemove_relative", 2, 2, "mousemove_relative", "--", -1, -1, "mouseup", 1)

    def image(self, name: str) -> Path:
        """An image of the whole screen, kept where $MMAP_SCREENSHOTS says."""
        folder = Path(os.environ.get("MMAP_SCREENSHOTS") or self.home)
        folder.mkdir(parents=True, exist_ok=True)
        ImageGrab.grab(xdisplay=self.environment["DISPLAY"]).save(folder / name)
        return folder / name

    def quit(self) -> None:
        """By keyboard; the process must end well."""
        self.press("ctrl+q")
        assert self.process.wait(PATIENCE) == 0

    def _x(self, *words: object) -> None:
        subprocess.run(["xdotool", *map(str, words)], env=self.environment, check=True, timeout=60)
