"""The board: the grouping a user edits, what it is worth by the affinity measured, and the way back.

One door an edit: every method that changes the grouping makes a new `BoardState` and pushes one step on `history`,
which the project has its own edits on as well. Affinity and training marks are facts, not edits: undo leaves them.
Without Qt and without torch; views call the methods, listen to `changed` and draw what they read here.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.evidence import Evidence
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.search import GroupingResult
from mmap_studio.method.grouping.text import listed
from mmap_studio.session.board.history import History
from mmap_studio.session.board.state import Arrangement, BoardState, few
from mmap_studio.session.board.suggest import leaving_half, suggest_grouping
from mmap_studio.session.board.worth import Measurements, Worth
from mmap_studio.session.listeners import Listeners


class Board:
    """A partition of the tasks with names, locks, scores and an undoable history."""

    def __init__(self, tasks: Iterable[str] = ()) -> None:
        self._state = BoardState(Arrangement.of(Grouping.together(tasks)))
        self._worth = Worth()
        self._trained: frozenset[frozenset[str]] = frozenset()
        self.arranged = False
        """Whether a hand, a suggestion or a run has ever placed the tasks; undo leaves that."""
        self.history = History()
        self.changed = Listeners[[]]()
        """Called after anything that a view shows has changed; once for an edit, however many steps it has."""
        self.suggested: Grouping | None = None
        """The last suggestion; it is worth `suggested_score` by the affinity of now."""
        self.evidence: Evidence | None = None
        """What the last suggestion rests on, as long as the affinity is the same; None where it is not known."""

    # ---- reading

    @property
    def grouping(self) -> Grouping:
        return self._state.now.grouping

    @property
    def tasks(self) -> tuple[str, ...]:
        """Every task once, in display order."""
        return self.grouping.tasks

    @property
    def group_names(self) -> tuple[str, ...]:
        """One a group, in the order of `grouping`."""
        return self._state.now.names

    @property
    def locked(self) -> frozenset[str]:
        """Tasks that neither a suggestion nor a hand moves."""
        return self._state.locked

    @property
    def kept(self) -> dict[str, Grouping]:
        """The groupings kept side by side, by name, over the tasks of now."""
        return {name: kept.over(self.tasks).grouping for name, kept in self._state.kept.items()}

    @property
    def kept_name(self) -> str | None:
        """Under which name the present grouping is kept, if it is."""
        return next((name for name, kept in self.kept.items() if kept == self.grouping), None)

    def trained(self, index: int) -> bool:
        """Whether prompts for exactly these members are there already."""
        return frozenset(self.grouping.groups[index]) in self._trained

    # ---- what it is worth

    @property
    def score(self) -> float | None:
        """`score_grouping` of the present grouping; None where an affinity it needs was not measured."""
        return self.score_of(self.grouping)

    @property
    def suggested_score(self) -> float | None:
        """Of the last suggestion, by the affinity of now."""
        return None if self.suggested is None else self.score_of(self.suggested)

    @property
    def margin(self) -> tuple[float, float] | None:
        """By how much the present grouping scores more than all together, and the standard error.

        None as long as `evidence` is not known: during a measurement nothing is decided.
        """
        return None if self.evidence is None else self._worth.margin(self.grouping)

    @property
    def supported(self) -> bool:
        """Whether the present grouping beats all together beyond chance, as far as that is known."""
        margin = self.margin
        return margin is not None and self.evidence is not None and self.evidence.supports(margin[0])

    @property
    def verdict(self) -> str:
        """Whether there is evidence for groups, and what the present ones gain, in one line; empty where not known."""
        if self.evidence is None or len(self.tasks) < 2:
            return ""
        margin, error = self.margin or (self.evidence.margin, self.evidence.standard_error)
        said = self.evidence.verdict(margin, error, len(self.grouping) > 1)
        wrong = self.misfits
        return (
            f"{few(wrong)}: only negative affinities in {'its' if len(wrong) == 1 else 'their'} group · {said}"
            if (wrong)
            else said
        )

    @property
    def matrix(self) -> np.ndarray | None:
        """(T, T) in the order of `tasks`, rows the source; None where it is not measured."""
        return self._worth.matrix(self.tasks)

    def received(self, task: str) -> float | None:
        """Mean affinity onto a task from its mates; None without mates, or where one is not measured."""
        own = self._with_mates(task)
        return None if own is None else float(own[1:, 0].mean())

    @property
    def misfits(self) -> tuple[str, ...]:
        """Tasks with negative affinities alone, to and from all of their group."""
        found = ((task, self._with_mates(task)) for task in self.tasks)
        return tuple(
            task for task, own in found if own is not None and (own[1:, 0] < 0).all() and (own[0, 1:] < 0).all()
        )

    def _with_mates(self, task: str) -> np.ndarray | None:
        """(n, n): the affinities of a task, which comes first, and its mates."""
        mates = self.grouping.mates(task)
        matrix = self._worth.matrix((task, *mates)) if mates else None
        measured = matrix is not None and np.isfinite(np.concatenate([matrix[1:, 0], matrix[0, 1:]])).all()
        return matrix if measured else None

    @property
    def singleton_score(self) -> float:
        """What a group of one counts in the score, in the units of the affinity."""
        return self._worth.singleton_score

    def score_of(self, grouping: Grouping) -> float | None:
        """What another grouping of the same tasks is worth."""
        return self._worth.score(grouping)

    def changes_if_moved(self, tasks: Iterable[str]) -> tuple[float | None, ...]:
        """How the score would change if `tasks` moved to each group, and last to a new one; None: not known."""
        return self._worth.changes(self.grouping, tasks, (*range(len(self.grouping)), None))

    # ---- facts

    def set_affinity(
        self,
        values: np.ndarray | None,
        tasks: Sequence[str] = (),
        singleton_score: float = 0.0,
        measurements: Measurements | None = None,
    ) -> None:
        """The matrix measured so far, (T, T), rows the source, in the order of `tasks`; NaN where not measured.

        singleton_score : what a group of one counts, in its units
        measurements : gives the single measurements whose mean it is
        """
        if not self._worth.same(values, tasks, singleton_score):
            self.evidence = None
        self._worth.set(values, tasks, singleton_score, measurements)
        self.changed()

    def set_trained(self, member_sets: Iterable[Collection[str]]) -> None:
        """The groups, by their members, whose trained prompts are at hand."""
        self._trained = frozenset(frozenset(members) for members in member_sets)
        self.changed()

    def set_suggested(self, grouping: Grouping | None, evidence: Evidence | None = None) -> None:
        """A suggestion found elsewhere, as in a run."""
        self.suggested, self.evidence = grouping, evidence
        self.changed()

    # ---- edits: each is one undoable step, or InputError and nothing changed

    def move(self, tasks: str | Iterable[str], to: int | None) -> None:
        """Put tasks at the end of group `to`, or into a new group (None)."""
        moved = (tasks,) if isinstance(tasks, str) else tuple(tasks)
        changed = self._state.now.move(moved, to)
        stays = {task for task in moved if to is not None and task in self.grouping.groups[to]}
        if changed is not self._state.now:
            self._refuse_locked(task for task in moved if task not in stays)
        self._edit(f"Move {few(moved)}", changed)

    def merge(self, a: int, b: int) -> None:
        """Group `b` joins group `a`, or the other way round where `b` holds locked tasks."""
        if self.locked & set(self.grouping.groups[b]):
            a, b = b, a
        self._refuse_locked(self.grouping.groups[b])
        name = self.group_names[b]
        self.grouping.merge(a, b)
        self._edit(f"Merge {name} into {self.group_names[a]}", self._state.now.move(self.grouping.groups[b], a))

    def split(self, index: int, members: Iterable[str] | None = None) -> None:
        """Some members of a group become one of their own; None: cut it in two where its score gains most."""
        leaving = tuple(self._half(index) if members is None else members)
        self._refuse_locked(leaving)
        self._edit(f"Split {self.group_names[index]}", self._state.now.split(index, leaving))

    def rename_group(self, index: int, name: str) -> None:
        self._edit(f"Rename {self.group_names[index]}", self._state.now.rename(index, name))

    def lock(self, tasks: str | Iterable[str], on: bool = True) -> None:
        """Locked tasks stay where they are, whoever moves or suggests."""
        named = {tasks} if isinstance(tasks, str) else set(tasks)
        locked = self.locked | named if on else self.locked - named
        self.arranged = True
        self._push(f"{'Lock' if on else 'Unlock'} {few(sorted(named))}", replace(self._state, locked=locked))

    def suggestion(self, groups: int | None = None) -> Callable[[], GroupingResult]:
        """What looks for the best grouping with the locked tasks where they are now, in whatever thread.

        groups : how many; None for any number   InputError where a task is not measured
        """
        matrix = self.matrix
        if matrix is None or not len(matrix):
            raise InputError("Groups can be suggested once the affinity of all tasks is measured. Measure it first.")
        now = self.grouping, self.locked
        return partial(suggest_grouping, matrix, *now, groups, self.singleton_score, self.measurements())

    def take(self, result: GroupingResult) -> None:
        """Take a suggestion."""
        self.suggested, self.evidence = result.grouping, result.evidence
        self._edit("Suggest groups", self._from(result.grouping))

    def replace(self, grouping: Grouping, label: str = "Change groups") -> None:
        """Take another grouping of the same tasks, such as all together; locks do not hold it back."""
        self._edit(label, self._from(grouping))

    def keep(self, name: str) -> None:
        """Keep the present grouping under a name; one kept under it before is replaced."""
        if not name.strip():
            raise InputError("A grouping must have a name to be kept under. Got nothing instead.")
        self._push(f"Keep {name.strip()}", self._state.keep(name.strip(), self._state.now))

    def switch(self, name: str) -> None:
        """Take a grouping that was kept; tasks that came since are alone, locks do not hold it back."""
        self._edit(f"Switch to {name}", self._kept(name).over(self.tasks))

    def forget(self, name: str) -> None:
        """No longer keep a grouping."""
        self._kept(name)
        self._push(f"Forget {name}", self._state.keep(name, None))

    def go_back(self, value: Any, label: str) -> None:
        """To a state of `to_json`, with the tasks it has; one undoable step. InputError for anything else."""
        state = BoardState.from_json(value)
        self.arranged = True
        self._push(label, state)

    # ---- tasks come and go: the board's part of a project's edit (put both in one `history.together`)

    def add_task(self, task: str, to: int | None = None) -> None:
        """A new task, alone or at the end of a group."""
        self._push(f"Add {task}", replace(self._state, now=self._state.now.with_task(task, to)))

    def remove_task(self, task: str) -> None:
        """A task leaves; undo brings it back to its group."""
        self._push(f"Remove {task}", replace(self._state, now=self._state.now.without(task)))

    def rename_task(self, old: str, new: str) -> None:
        """A task gets another name, and its affinities and trained groups with it."""
        if new in self.grouping:
            raise InputError(f"A task's name must be its own. Got {new!r} instead, which another task has.")
        self._relabel(old, new)
        self.history.push(f"Rename {old}", lambda: self._relabel(new, old), lambda: self._relabel(old, new))

    def follow(self, old: Sequence[str], new: Sequence[str]) -> None:
        """Make the tasks `old` the tasks `new`; where one name is another in place, its task was renamed."""
        other = [name for name, now in zip(old, new, strict=False) if name != now] if len(old) == len(new) else []
        if len(other) == 1 and other[0] not in new:
            self.rename_task(other[0], new[list(old).index(other[0])])
            return
        for name in set(old) - set(new):
            self.remove_task(name)
        for name in (name for name in new if name not in old):
            self.add_task(name)

    def undo(self) -> None:
        with self.changed.held():
            self.history.undo()

    def redo(self) -> None:
        with self.changed.held():
            self.history.redo()

    # ---- storing

    def to_json(self) -> dict[str, Any]:
        """All but history, affinity and marks."""
        return {**self._state.to_json(), "arranged": self.arranged}

    def restore(self, value: Any) -> None:
        """Back from `to_json`, as on opening a project: history begins anew. InputError for anything else."""
        state = BoardState.from_json(value)
        self._open(state, bool(value.get("arranged", len(state.now.grouping) > 1)))

    def open(self, value: Any, tasks: Sequence[str]) -> None:
        """`restore`, on opening a project of these tasks; all together where nothing was saved, or not of them."""
        self.reset(tasks)
        if value is not None:
            with suppress(InputError):
                self.restore(value)
        if set(self.tasks) != set(tasks):
            self.reset(tasks)

    def reset(self, tasks: Iterable[str] | Grouping) -> None:
        """Another project: these tasks together, or this grouping; history begins anew."""
        grouping = tasks if isinstance(tasks, Grouping) else Grouping.together(tasks)
        self._open(BoardState(Arrangement.of(grouping)))

    def measurements(self) -> np.ndarray | None:
        """(n, T, T) in the order of `tasks`: the single measurements, or None where they were not kept."""
        return self._worth.measurements(self.tasks)

    def _half(self, index: int) -> tuple[str, ...]:
        group = self.grouping.groups[index]
        return leaving_half(group, self._worth.matrix(group), self.locked, self.singleton_score)

    def _from(self, grouping: Grouping) -> Arrangement:
        if set(grouping.tasks) != set(self.tasks):
            raise InputError(f"A grouping must place {listed(self.tasks)}. Got {grouping} instead.")
        return self._state.now if grouping == self.grouping else Arrangement.of(grouping, self._state.now)

    def _kept(self, name: str) -> Arrangement:
        if name not in self._state.kept:
            raise InputError(f"name must be one of {listed(self._state.kept) or 'none yet'}. Got {name!r} instead.")
        return self._state.kept[name]

    def _refuse_locked(self, tasks: Iterable[str]) -> None:
        held = [task for task in tasks if task in self.locked]
        if held:
            raise InputError(f"{listed(held)} {'is' if len(held) == 1 else 'are'} locked; unlock first, then move.")

    def _edit(self, label: str, now: Arrangement) -> None:
        self.arranged = True
        self._push(label, replace(self._state, now=now))

    def _push(self, label: str, after: BoardState) -> None:
        before = self._state
        self._set(after)
        if after.to_json() != before.to_json():
            self.history.push(label, lambda: self._set(before), lambda: self._set(after))

    def _set(self, state: BoardState) -> None:
        self._state = state
        if self.suggested is not None and set(self.suggested.tasks) != set(self.tasks):
            self.suggested = self.evidence = None
        self.changed()

    def _open(self, state: BoardState, arranged: bool = False) -> None:
        self.history.clear()
        self.arranged = arranged
        self.suggested, self.evidence, self._trained = None, None, frozenset()
        self._worth.set(None, ())
        self._set(state)

    def _relabel(self, old: str, new: str) -> None:
        def named(task: str) -> str:
            return new if task == old else task

        self._worth.relabel(old, new)
        self._trained = frozenset(frozenset(map(named, members)) for members in self._trained)
        if self.suggested is not None and old in self.suggested:
            self.suggested = Grouping.of([named(task) for task in group] for group in self.suggested)
            self.evidence = None  # it has the old name
        self._set(self._state.relabel(old, new))
