"""What the board shows, as one immutable value: groups, their names, which tasks are locked, the groupings kept.

Every edit returns a new state, so undo is the state before. All of them go through `Grouping`, so none can lose or
double a task. A group keeps its name while any of its members stay; a new one is called by the lowest free number.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from mmap_studio.errors import InputError
from mmap_studio.formatting import counted, shown_value
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.text import listed

VERSION = 1


@dataclass(frozen=True, slots=True)
class Arrangement:
    """A grouping with a name for every group."""

    grouping: Grouping = field(default_factory=lambda: Grouping(()))
    names: tuple[str, ...] = ()
    """One a group, in the order of the grouping; all different."""

    def __post_init__(self) -> None:
        if len(self.names) != len(self.grouping) or len(set(self.names)) != len(self.names) or not all(self.names):
            raise InputError(f"Every group must have a name of its own. Got {listed(self.names) or 'none'} instead.")

    @classmethod
    def of(cls, grouping: Grouping, before: "Arrangement | None" = None) -> "Arrangement":
        """A grouping from elsewhere: a group takes the name of the one it shares most tasks with.

        One that was all there was, and that nobody has named, gives its name to none: the groups are numbered as they
        stand.
        """
        if before is not None and before.names == _named({}, 1):
            before = None
        names: dict[int, str] = {}
        pairs = [
            (-len(set(new) & set(old)), i, j)
            for i, new in enumerate(grouping)
            for j, old in enumerate(before.grouping if before else ())
        ]
        for shared, i, j in sorted(pairs):
            name = before.names[j] if before else ""
            if shared and i not in names and name not in names.values():
                names[i] = name
        return cls(grouping, _named(names, len(grouping)))

    def move(self, tasks: Iterable[str], to: int | None) -> "Arrangement":
        moved = tuple(tasks)
        grouping = self.grouping.move(moved, to)
        if grouping is self.grouping:
            return self
        stay = [i for i, group in enumerate(self.grouping) if i == to or not set(group) <= set(moved)]
        return Arrangement(grouping, _named(dict(enumerate(self.names[i] for i in stay)), len(grouping)))

    def split(self, index: int, members: Iterable[str]) -> "Arrangement":
        """As `Grouping.split`; the members that leave get the new name."""
        grouping = self.grouping.split(index, members)
        places = [i + (i > index) for i in range(len(self.names))]
        return Arrangement(grouping, _named(dict(zip(places, self.names, strict=True)), len(grouping)))

    def rename(self, index: int, name: str) -> "Arrangement":
        """Another name for a group; InputError where another group has it."""
        names = list(self.names)
        names[index] = name.strip()
        return replace(self, names=tuple(names))

    def over(self, tasks: Iterable[str]) -> "Arrangement":
        """The same over exactly these tasks: others leave, missing ones come in alone."""
        wanted = tuple(tasks)
        made = self
        for task in self.grouping.tasks:
            made = made if task in wanted else made.without(task)
        for task in wanted:
            made = made if task in made.grouping else made.with_task(task)
        return made

    def with_task(self, task: str, to: int | None = None) -> "Arrangement":
        grouping = self.grouping.with_task(task, to)
        return Arrangement(grouping, _named(dict(enumerate(self.names)), len(grouping)))

    def without(self, task: str) -> "Arrangement":
        alone = self.grouping.group_of(task) if not self.grouping.mates(task) else None
        return Arrangement(self.grouping.without(task), tuple(name for i, name in enumerate(self.names) if i != alone))

    def relabel(self, old: str, new: str) -> "Arrangement":
        return replace(self, grouping=Grouping.of([new if t == old else t for t in group] for group in self.grouping))

    def to_json(self) -> list[dict[str, Any]]:
        return [{"name": n, "tasks": list(g)} for n, g in zip(self.names, self.grouping, strict=True)]

    @classmethod
    def from_json(cls, value: Any) -> "Arrangement":
        """Back from `to_json`; InputError for anything else."""
        try:
            return cls(Grouping.of(group["tasks"] for group in value), tuple(str(group["name"]) for group in value))
        except (TypeError, KeyError, AttributeError) as wrong:
            raise InputError(
                f"Groups must be a list of objects with name and tasks. Got {shown_value(value)} instead."
            ) from wrong


@dataclass(frozen=True, slots=True)
class BoardState:
    """All that undo brings back."""

    now: Arrangement = field(default_factory=Arrangement)
    locked: frozenset[str] = frozenset()
    """Tasks that neither a suggestion nor a hand moves."""
    kept: Mapping[str, Arrangement] = field(default_factory=dict)
    """Groupings kept side by side, by name."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "locked", self.locked & set(self.now.grouping.tasks))

    def keep(self, name: str, arrangement: Arrangement | None) -> "BoardState":
        """With a grouping kept under `name`, or without it (None)."""
        kept = {key: value for key, value in self.kept.items() if key != name or arrangement}
        return replace(self, kept=kept | ({name: arrangement} if arrangement else {}))

    def relabel(self, old: str, new: str) -> "BoardState":
        kept = {n: a.relabel(old, new) if old in a.grouping else a for n, a in self.kept.items()}
        locked = frozenset(new if task == old else task for task in self.locked)
        return BoardState(self.now.relabel(old, new), locked, kept)

    def to_json(self) -> dict[str, Any]:
        kept = {name: arrangement.to_json() for name, arrangement in self.kept.items()}
        return {"version": VERSION, "groups": self.now.to_json(), "locked": sorted(self.locked), "kept": kept}

    @classmethod
    def from_json(cls, value: Any) -> "BoardState":
        """Back from `to_json`; InputError for anything else."""
        if not isinstance(value, dict) or value.get("version") != VERSION:
            raise InputError(f"A board must be an object of version {VERSION}. Got {shown_value(value)} instead.")
        kept, locked = value.get("kept", {}), value.get("locked", [])
        if not isinstance(kept, dict) or not isinstance(locked, list):
            raise InputError(
                f"A board must hold kept as an object and locked as a list. Got {shown_value(value)} instead."
            )
        arrangements = {str(name): Arrangement.from_json(groups) for name, groups in kept.items()}
        return cls(Arrangement.from_json(value.get("groups")), frozenset(map(str, locked)), arrangements)


def grouping_of(value: Any, tasks: Sequence[str]) -> Grouping | None:
    """The groups of a board as it is kept beside a project; None where there is none, or not of these tasks."""
    try:
        grouping = BoardState.from_json(value).now.grouping
    except InputError:
        return None
    return grouping if sorted(grouping.tasks) == sorted(tasks) else None


def _named(names: dict[int, str], groups: int) -> tuple[str, ...]:
    """A name for every group: the given ones, else the lowest "Group n" that is free."""
    taken = set(names.values())
    free = (f"Group {n}" for n in count(1) if f"Group {n}" not in taken)
    return tuple(names[i] if i in names else next(free) for i in range(groups))


def few(tasks: Sequence[str]) -> str:
    """Tasks in a label: the one name, or how many."""
    return tasks[0] if len(tasks) == 1 else counted(len(tasks), "task")
