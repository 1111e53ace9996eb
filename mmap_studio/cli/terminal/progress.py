"""How a run is followed on stderr: bars with rate and time left on a terminal, one line a phase otherwise."""

import sys
from functools import singledispatchmethod
from typing import TYPE_CHECKING

from mmap_studio.cli.terminal.output import say
from mmap_studio.formatting import duration, printable
from mmap_studio.session.estimates.eta import PaceKeeper
from mmap_studio.session.estimates.progress import RunProgress
from mmap_studio.session.events import (
    PHASES,
    Event,
    GroupReady,
    Notice,
    PhaseEnded,
    PhaseStarted,
    Progress,
    TrainingResumed,
)

if TYPE_CHECKING:  # rich is imported on a terminal only
    from rich.progress import TaskID

STORED = ("zero_shot", "affinity", "training", "evaluation", "controls")
"""Phases whose results the cache can hold; the others are short."""


class Lines:
    """One line for every phase that ended and every notice; for log files and pipes."""

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to put away."""

    def hear(self, event: Event) -> None:
        self.write(event)

    @singledispatchmethod
    def write(self, event: Event) -> None:
        """Write a line; the handlers below are chosen by the event's type."""

    @write.register
    def _(self, event: Notice) -> None:
        self.line(f"{'Warning: ' if event.level == 'warning' else ''}{event.text}")

    @write.register
    def _(self, event: PhaseEnded) -> None:
        cached = event.cached and event.phase in STORED
        took = "from the cache" if cached else duration(event.seconds)
        note = f": {event.note}" if event.note else ""
        self.line(f"{PHASES[event.phase]}{note} ({took})")

    def line(self, text: str) -> None:
        """Write one line, whatever names it has."""
        say(printable(text))


class Bars(Lines):
    """The same lines, and below them bars for the phase in work and for the whole run, with the time left of each."""

    def __init__(self, whole: RunProgress) -> None:
        from rich import progress
        from rich.console import Console

        columns = (
            progress.SpinnerColumn(),
            progress.TextColumn("{task.description}"),
            progress.BarColumn(30),
            progress.TextColumn("{task.fields[pace]}"),
        )
        console = Console(stderr=True, highlight=False, markup=False)
        self._bars = progress.Progress(*columns, console=console, transient=True)
        self._task: TaskID | None = None
        self._title = ""
        self._keeper, self._whole = PaceKeeper(), whole
        self._run: TaskID | None = None

    def __enter__(self) -> "Bars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def hear(self, event: Event) -> None:
        super().hear(event)
        self._show_whole(event)
        self.draw(event)

    @singledispatchmethod
    def draw(self, event: Event) -> None:
        """Move the bar of the phase; the handlers below are chosen by the event's type."""

    @draw.register
    def _(self, event: PhaseStarted) -> None:
        self._end()
        self._title = PHASES[event.phase]
        self._keeper.restart()
        self._task = self._bars.add_task(self._title, total=None, pace="")

    @draw.register
    def _(self, event: Progress) -> None:
        pace = self._keeper.hear(event.done, event.total, event.unit, event.share)
        title = f"{self._title} · {event.note}" if event.note else self._title
        if self._task is not None:
            self._bars.update(self._task, completed=event.done, total=event.total, description=title, pace=pace.text())

    @draw.register
    def _(self, event: GroupReady | TrainingResumed) -> None:
        if isinstance(event, TrainingResumed) or event.cached:
            self._keeper.restart()  # steps that an earlier session did say nothing of this one's speed

    @draw.register
    def _(self, event: PhaseEnded) -> None:
        self._end()

    def _show_whole(self, event: Event) -> None:
        """Below the phase, once there is a plan; its own bar goes with the run."""
        self._whole.hear(event)
        if self._run is None and self._whole.text():
            self._run = self._bars.add_task("Whole run", total=1.0, pace="")
        if self._run is not None:
            self._bars.update(self._run, completed=self._whole.done, pace=self._whole.text())

    def line(self, text: str) -> None:
        self._bars.console.print(printable(text), soft_wrap=True)

    def _end(self) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None


def view(whole: RunProgress) -> Lines:
    """Bars on a terminal, lines elsewhere."""
    return Bars(whole) if sys.stderr.isatty() else Lines()
