"""Lines of the log, and the sentence for each event; without Qt."""

from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch
from typing import Literal

from mmap_studio.formatting import counted, duration, number, percent
from mmap_studio.session.events import (
    PHASES,
    BackboneReady,
    Event,
    GroupingChosen,
    GroupReady,
    Notice,
    PhaseEnded,
    PhaseStarted,
    RunEnded,
    Scores,
    TasksReady,
)

Level = Literal["event", "info", "warning", "error"]

MARKS: dict[Level, str] = {"event": "·", "info": "i", "warning": "!", "error": "×"}


@dataclass(frozen=True)
class LogLine:
    when: datetime
    level: Level
    text: str

    def __str__(self) -> str:
        return f"{self.when:%H:%M:%S}  {self.level:<7}  {self.text}"


Said = tuple[Level, str]


@singledispatch
def describe(event: Event) -> Said | None:
    """Level and text of an event; None for those that only move a curve or a bar."""
    return None


@describe.register
def _(event: Notice) -> Said:
    return event.level, event.text


@describe.register
def _(event: PhaseStarted) -> Said:
    return "event", f"{PHASES[event.phase]}{_note(event.note)}"


@describe.register
def _(event: PhaseEnded) -> Said:
    how = "from the cache" if event.cached else f"after {duration(event.seconds)}"
    return "event", f"{PHASES[event.phase]}: done {how}{_note(event.note)}"


@describe.register
def _(event: TasksReady) -> Said:
    return "event", f"{counted(len(event.tasks), 'task')}: {', '.join(task.name for task in event.tasks)}"


@describe.register
def _(event: BackboneReady) -> Said:
    return "event", f"Backbone {event.name} on {event.device}, {event.parameters:,} parameters, all frozen"


@describe.register
def _(event: Scores) -> Said:
    method = event.method.replace("_", " ").capitalize()
    figures = f"mean accuracy {percent(event.mean)}, macro-F1 {percent(event.mean_macro_f1)}"
    return "event", f"{method}: {figures} over {counted(len(event.per_task), 'task')}"


@describe.register
def _(event: GroupingChosen) -> Said:
    groups = "; ".join(", ".join(group) for group in event.grouping.groups)
    score = "" if event.score is None else f", score {number(event.score)}"
    return "event", f"Groups ({event.how}{score}): {groups}"


@describe.register
def _(event: GroupReady) -> Said:
    members = ", ".join(event.group.members)
    return "event", f"Prompts of {members} {'came from the cache' if event.cached else 'are trained'}"


@describe.register
def _(event: RunEnded) -> Said:
    where = f", written to {event.run_folder}" if event.run_folder else ""
    return "event", f"The run ended{', nothing had to be trained' if event.trained_nothing else ''}{where}"


def _note(note: str) -> str:
    return f" ({note})" if note else ""
