"""What the log says about an event, without Qt."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from mmap_studio.formatting import counted, duration, number, percent

if TYPE_CHECKING:
    from mmap_studio.session.events import Event

Level = Literal["event", "info", "warning", "error"]

MARKS: dict[Level, str] = {"event": "·", "info": "i", "warning": "!", "error": "×"}
LIMIT = 5000
"""Lines kept; the oldest go first."""


@dataclass(frozen=True)
class LogLine:
    """One line of the log."""

    when: datetime
    level: Level
    text: str

    def __str__(self) -> str:
        return f"{self.when:%H:%M:%S}  {self.level:<7}  {self.text}"


class LogBook:
    """The newest lines, oldest first."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._lines: deque[LogLine] = deque(maxlen=limit)
        self.dropped = 0
        """Lines that had to go."""

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[LogLine]:
        return iter(self._lines)

    def __getitem__(self, row: int) -> LogLine:
        return self._lines[row]

    @property
    def full(self) -> bool:
        """Whether the next line drops the oldest."""
        return len(self._lines) == self._lines.maxlen

    def add(self, line: LogLine) -> None:
        """Append a line."""
        if self.full:
            self.drop_oldest()
        self._lines.append(line)

    def drop_oldest(self) -> None:
        """Make room for one."""
        self._lines.popleft()
        self.dropped += 1

    def clear(self) -> None:
        """Forget all lines."""
        self._lines.clear()
        self.dropped = 0


def describe(event: "Event") -> tuple[Level, str] | None:
    """Level and text of an event; none for those that only move a curve or a bar."""
    say = _SENTENCES.get(type(event).__name__)
    return say(event) if say else None


def _title(phase: str) -> str:
    from mmap_studio.session.events import PHASES  # torch comes with it, so only once there is an event

    return {**PHASES}.get(phase, phase)  # type: ignore[call-overload]


def _ended(event: Any) -> tuple[Level, str]:
    how = "from the cache" if event.cached else f"after {duration(event.seconds)}"
    return "event", f"{_title(event.phase)}: done {how}{_note(event.note)}"


def _grouping(event: Any) -> tuple[Level, str]:
    groups = "; ".join(", ".join(group) for group in event.grouping.groups)
    score = "" if event.score is None else f", score {number(event.score)}"
    return "event", f"Groups ({event.how}{score}): {groups}"


def _group(event: Any) -> tuple[Level, str]:
    members = ", ".join(event.group.members)
    return "event", f"Prompts of {members} {'came from the cache' if event.cached else 'are trained'}"


def _run(event: Any) -> tuple[Level, str]:
    where = f", written to {event.run_folder}" if event.run_folder else ""
    return "event", f"The run came to its end{', nothing had to be trained' if event.trained_nothing else ''}{where}"


def _scores(event: Any) -> tuple[Level, str]:
    method = event.method.replace("_", " ").capitalize()
    return "event", f"{method}: mean accuracy {percent(event.mean)} over {counted(len(event.per_task), 'task')}"


def _note(note: str) -> str:
    return f" ({note})" if note else ""


_SENTENCES: dict[str, Callable[[Any], tuple[Level, str]]] = {
    "Notice": lambda e: (e.level, e.text),
    "PhaseStarted": lambda e: ("event", f"{_title(e.phase)}{_note(e.note)}"),
    "PhaseEnded": _ended,
    "TasksReady": lambda e: ("event", f"{counted(len(e.tasks), 'task')}: {', '.join(task.name for task in e.tasks)}"),
    "BackboneReady": lambda e: ("event", f"Backbone {e.name} on {e.device}, {e.parameters:,} weights, all frozen"),
    "Scores": _scores,
    "GroupingChosen": _grouping,
    "GroupReady": _group,
    "RunEnded": _run,
}
"""By the name of the event's class, so that this module loads without torch."""
