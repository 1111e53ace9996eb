"""How a run is followed on stderr: bars with rate and time left on a terminal, one line a phase otherwise."""

import sys
from typing import TYPE_CHECKING, Any

from mmap_studio.cli.terminal.output import say
from mmap_studio.formatting import duration
from mmap_studio.session.estimates.eta import PaceKeeper
from mmap_studio.session.estimates.progress import RunProgress

if TYPE_CHECKING:  # events load torch
    from mmap_studio.session.events import Event, Progress

STORED = ("zero_shot", "affinity", "training", "evaluation", "controls")
"""Phases whose results the cache can hold; the others are short."""


class Lines:
    """One line for every phase that ended and every notice; for log files and pipes."""

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to put away."""

    def hear(self, event: "Event") -> None:
        """Say what is worth a line."""
        from mmap_studio.session.events import PHASES, Notice, PhaseEnded

        if isinstance(event, Notice):
            self.line(f"{'Warning: ' if event.level == 'warning' else ''}{event.text}")
        elif isinstance(event, PhaseEnded):
            cached = event.cached and event.phase in STORED
            took = "from the cache" if cached else duration(event.seconds)
            note = f": {event.note}" if event.note else ""
            self.line(f"{PHASES[event.phase]}{note} ({took})")

    def line(self, text: str) -> None:
        """Where a line goes."""
        say(text)


class Bars(Lines):
    """The same lines, and below them bars for the phase in work and for the whole run, with the time left of each."""

    def __init__(self, whole: RunProgress) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

        columns = SpinnerColumn(), TextColumn("{task.description}"), BarColumn(30), TextColumn("{task.fields[pace]}")
        self._bars = Progress(*columns, console=Console(stderr=True, highlight=False, markup=False), transient=True)
        self._task: Any = None
        self._title = ""
        self._keeper, self._whole = PaceKeeper(), whole
        self._run: Any = None

    def __enter__(self) -> "Bars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def hear(self, event: "Event") -> None:
        from mmap_studio.session.events import PHASES, GroupReady, PhaseEnded, PhaseStarted, Progress

        super().hear(event)
        self._show_whole(event)
        if isinstance(event, PhaseStarted):
            self._begin(PHASES[event.phase])
        elif isinstance(event, Progress):
            self._advance(event)
        elif isinstance(event, GroupReady) and event.cached:
            self._keeper.restart()  # steps that an earlier session did say nothing of this one's speed
        elif isinstance(event, PhaseEnded):
            self._end()

    def _show_whole(self, event: "Event") -> None:
        """Below the phase, once there is a plan; its own bar goes with the run."""
        self._whole.hear(event)
        if self._run is None and self._whole.text():
            self._run = self._bars.add_task("Whole run", total=1.0, pace="")
        if self._run is not None:
            self._bars.update(self._run, completed=self._whole.done, pace=self._whole.text())

    def line(self, text: str) -> None:
        self._bars.console.print(text, soft_wrap=True)

    def _begin(self, title: str) -> None:
        self._end()
        self._title = title
        self._keeper.restart()
        self._task = self._bars.add_task(title, total=None, pace="")

    def _advance(self, event: "Progress") -> None:
        pace = self._keeper.hear(event.done, event.total, event.unit, event.share)
        title = f"{self._title} · {event.note}" if event.note else self._title
        self._bars.update(self._task, completed=event.done, total=event.total, description=title, pace=pace.text())

    def _end(self) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None


def view(whole: RunProgress) -> Lines:
    """Bars on a terminal, lines elsewhere."""
    return Bars(whole) if sys.stderr.isatty() else Lines()
