"""Following a queue of trials to its end: what is said on the way, and what a stop leaves."""

import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Generator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import typer

from mmap_studio.cli.terminal.output import say
from mmap_studio.cli.terminal.signals import STOPPER
from mmap_studio.errors import Interrupted
from mmap_studio.formatting import counted, percent, shell_line, time_left
from mmap_studio.session.runtime.generator_result import Returning

EVERY = 20.0
"""Seconds between two lines about a trial that is not done."""


class Reported(Protocol):
    """How far a queue is, as comparisons and sweeps say it."""

    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...
    @property
    def text(self) -> str: ...
    @property
    def step(self) -> int: ...
    @property
    def steps(self) -> int: ...
    @property
    def notice(self) -> bool: ...


T = TypeVar("T")
R = TypeVar("R", bound=Reported)


@dataclass(frozen=True)
class FinishedTrial:
    """A trial that is done."""

    accuracy: float | None
    seconds: float
    kept: bool
    """Whether it was made before."""
    more: str = ""
    """What else there is to say of it."""


class TrialLines(ABC, Generic[R]):
    """Says each sentence, each finished trial, and now and then how far a long one is."""

    def __init__(self) -> None:
        self.began = self.said = time.monotonic()
        self.done = self.total = self.kept_before = 0

    @abstractmethod
    def finished(self, report: R) -> FinishedTrial | None:
        """The trial that a report is the end of."""

    def noticed(self, report: R, now: float) -> None:
        """Take in what a sentence comes with."""

    def hear(self, report: R) -> None:
        """Say what is worth a line."""
        self.done, self.total, now = report.done, report.total, time.monotonic()
        if report.notice:
            self.noticed(report, now)
            say(report.text)
        elif (trial := self.finished(report)) is not None:
            self.kept_before += trial.kept
            how = "kept" if trial.kept else time_left(trial.seconds)
            reached = f"{percent(trial.accuracy)} ({how}{trial.more})"
            say(f"{report.done}/{report.total}  {report.text}: {reached}{self._left(now)}")
            self.said = now
        elif now - self.said > EVERY:
            say(f"{report.done}/{report.total}  {report.text}: step {report.step} of {report.steps}")
            self.said = now

    def _left(self, now: float) -> str:
        seconds = self.seconds_left(now) if self.done < self.total else None
        return "" if seconds is None else f"; {time_left(seconds)} left at this pace"

    def seconds_left(self, now: float) -> float | None:
        """How long the rest takes if it goes on as it went; None before anything was trained."""
        new, left = self.done - self.kept_before, self.total - self.done
        return (now - self.began) / new * left if new else None

    def kept(self) -> str:
        """What a stop leaves."""
        return f"Stopped. Kept: {self.done} of {counted(self.total, 'trial')}. To continue: {command()}"


def followed(reports: Generator[R, None, T], lines: TrialLines[R]) -> T:
    """Run a queue to its end, a line for each trial; a stop says what was kept and ends the command."""
    walk = Returning(reports)
    with STOPPER.careful(lines.kept):
        try:
            for report in walk:
                lines.hear(report)
                STOPPER.watch()
            return walk.value
        except (KeyboardInterrupt, Interrupted):
            reports.close()
            say(lines.kept())
            raise typer.Exit(STOPPER.code) from None


def command() -> str:
    """The command as it was given."""
    return shell_line(["mmap-studio", *sys.argv[1:]])
