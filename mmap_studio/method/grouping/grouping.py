"""Which tasks share a prompt: a partition of the tasks into groups.

A `Grouping` is a value. It is disjoint and without empty groups by construction, its edits return a new one, and two
are equal when they put the same tasks together: the order of groups and members is kept for display, not compared.
Scoring one is in `grouping_score`, finding the best one in `grouping_search`. No torch here: this travels everywhere.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mmap_studio.errors import InputError
from mmap_studio.formatting import shown_value
from mmap_studio.method.grouping.text import listed, match_task, read_groups, write_groups

Group = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """A partition of tasks; a group is addressed by its index, a task by its name."""

    groups: tuple[Group, ...]
    """Task names, group by group, in display order. No groups at all is the partition of no tasks."""

    def __post_init__(self) -> None:
        if not isinstance(self.groups, tuple) or not all(isinstance(group, tuple) for group in self.groups):
            raise InputError(f"groups must be a tuple of tuples; Grouping.of takes lists. Got {self.groups!r} instead.")
        for group in self.groups:
            if not group:
                raise InputError(f"A group must hold at least one task. Got {self.groups!r} instead.")
            for name in group:
                if not isinstance(name, str) or not name:
                    raise InputError(f"A task's name must be a text that is not empty. Got {name!r} instead.")
        doubled = _doubled(self.tasks)
        if doubled:
            raise InputError(f"Every task must be in one group. Got {listed(doubled)} more than once instead.")

    # ---- constructors

    @classmethod
    def of(cls, groups: Iterable[Iterable[str]]) -> "Grouping":
        """From any nesting of names, such as ``[["art", "clipart"], ["real"]]``."""
        groups = tuple(groups)
        if any(isinstance(group, str) for group in groups):
            raise InputError(f"A group must be a collection of task names. Got {groups!r} instead.")
        return cls(tuple(tuple(group) for group in groups))

    @classmethod
    def together(cls, tasks: Iterable[str]) -> "Grouping":
        """All tasks in one group."""
        tasks = tuple(tasks)
        return cls((tasks,) if tasks else ())

    @classmethod
    def separate(cls, tasks: Iterable[str]) -> "Grouping":
        """Every task on its own."""
        return cls(tuple((task,) for task in tasks))

    @classmethod
    def random(cls, tasks: Sequence[str], sizes_like: "Grouping", seed: int) -> "Grouping":
        """A random partition with the group sizes of `sizes_like`, and not equal to it where another one exists.

        A control: what part of a result is due to the sizes alone. `tasks` in any order give the same answer.
        """
        sizes = [len(group) for group in sizes_like]
        if sum(sizes) != len(tasks):
            raise InputError(f"tasks must be as many as sizes_like has, {sum(sizes)}. Got {len(tasks)} instead.")
        generator, names = random.Random(seed), sorted(tasks)
        while True:
            generator.shuffle(names)
            rest = iter(names)
            drawn = cls(tuple(tuple(sorted((next(rest) for _ in range(size)), key=tasks.index)) for size in sizes))
            if drawn != sizes_like or len(sizes) in (0, 1, len(tasks)):  # then there is only one such partition
                return drawn

    @classmethod
    def parse(cls, text: str, tasks: Sequence[str]) -> "Grouping":
        r"""From ``art+clipart,product+real``, complete over `tasks`; a backslash protects ``+``, ``,`` and itself.

        Case and Unicode form need not match where only one task fits. Raises InputError naming the task that is
        unknown, missing, written twice or ambiguous.
        """
        parsed = cls.of([match_task(name, tasks) for name in group] for group in read_groups(text))
        missing = [task for task in tasks if task not in parsed]
        if missing:
            raise InputError(
                f"A grouping must place every task; {listed(missing)} missing. Got {shown_value(text)} instead."
            )
        return parsed

    @classmethod
    def from_json(cls, value: object) -> "Grouping":
        """From what `to_json` gave; InputError for anything else."""
        if not isinstance(value, list | tuple) or not all(isinstance(group, list | tuple) for group in value):
            raise InputError(f"A grouping must be a list of lists of task names. Got {value!r} instead.")
        return cls.of(value)

    # ---- reading

    @property
    def tasks(self) -> Group:
        """Every task once, in display order."""
        return tuple(task for group in self.groups for task in group)

    @property
    def key(self) -> tuple[Group, ...]:
        """The same for equal groupings: members sorted, then groups sorted. Good in a digest."""
        return tuple(sorted(tuple(sorted(group)) for group in self.groups))

    def group_of(self, task: str) -> int:
        """The index of the group that holds `task`."""
        for index, group in enumerate(self.groups):
            if task in group:
                return index
        raise InputError(f"task must be one of {listed(self.tasks)}. Got {task!r} instead.")

    def mates(self, task: str) -> Group:
        """The other tasks of its group."""
        return tuple(other for other in self.groups[self.group_of(task)] if other != task)

    def text(self) -> str:
        """The form `parse` reads."""
        return write_groups(self.groups)

    def to_json(self) -> list[list[str]]:
        """Lists of names, for a JSON document."""
        return [list(group) for group in self.groups]

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[Group]:
        return iter(self.groups)

    def __contains__(self, task: object) -> bool:
        return any(task in group for group in self.groups)

    def __eq__(self, other: object) -> bool:
        return self.key == other.key if isinstance(other, Grouping) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.text()

    # ---- edits: each returns a new grouping; a group that loses its last task vanishes

    def move(self, tasks: str | Iterable[str], to: int | None) -> "Grouping":
        """Put these tasks, in this order, at the end of group `to`, or into a new last group (None).

        Tasks that are in group `to` already stay where they are, and so does a whole group moved to a new one.
        """
        moved = tuple(dict.fromkeys([tasks] if isinstance(tasks, str) else tasks))
        sources = {self.group_of(task) for task in moved}
        if to is None:
            whole = len(sources) == 1 and len(self.groups[min(sources)]) == len(moved)
            return self if whole or not moved else Grouping((*_drop(self.groups, moved), moved))
        moved = tuple(task for task in moved if task not in self._group(to))
        grown = [(*group, *moved) if index == to else _keep(group, moved) for index, group in enumerate(self.groups)]
        return Grouping(tuple(filter(None, grown)))

    def merge(self, a: int, b: int) -> "Grouping":
        """Group `b` joins group `a`."""
        self._group(a)
        if a == b:
            raise InputError(f"The groups to merge must be two. Got {a} and {b} instead.")
        return self.move(self._group(b), a)

    def split(self, index: int, members: str | Iterable[str]) -> "Grouping":
        """Some members of group `index` become a group of their own, right behind it."""
        group = self._group(index)
        leaving = tuple(dict.fromkeys([members] if isinstance(members, str) else members))
        if not leaving or not set(leaving) < set(group):
            got = listed(leaving) or "none"
            raise InputError(f"members must be some, not all, of {listed(group)}. Got {got} instead.")
        return Grouping((*self.groups[:index], _keep(group, leaving), leaving, *self.groups[index + 1 :]))

    def without(self, task: str) -> "Grouping":
        """The same without `task`."""
        self.group_of(task)
        return Grouping(_drop(self.groups, (task,)))

    def with_task(self, task: str, to: int | None = None) -> "Grouping":
        """The same with a new task, at the end of group `to` or on its own (None)."""
        grown = Grouping((*self.groups, (task,)))
        return grown if to is None else grown.move(task, self.groups.index(self._group(to)))

    def _group(self, index: int) -> Group:
        if not 0 <= index < len(self.groups):  # no negative index: it is a slip of a view, never a wish
            raise InputError(f"A group's index must be from 0 to {len(self.groups) - 1}. Got {index} instead.")
        return self.groups[index]


def _keep(group: Group, leaving: Group) -> Group:
    return tuple(task for task in group if task not in leaving)


def _drop(groups: tuple[Group, ...], leaving: Group) -> tuple[Group, ...]:
    return tuple(filter(None, (_keep(group, leaving) for group in groups)))


def _doubled(tasks: Group) -> list[str]:
    return [task for task in dict.fromkeys(tasks) if tasks.count(task) > 1]
