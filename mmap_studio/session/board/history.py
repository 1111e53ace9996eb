"""Undo and redo of everything a user edits: one stack, which board and project share.

Qt's `QUndoStack` was considered: it needs Qt, which the session works without.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mmap_studio.errors import InputError
from mmap_studio.session.listeners import Listeners

LIMIT = 500
"""Steps kept; the oldest go first."""

Action = Callable[[], None]


@dataclass(frozen=True)
class Step:
    """One edit, after it was made."""

    label: str
    """What was done, as a menu says it: Move Art."""
    undo: Action
    redo: Action
    at_rest: bool = False
    """Whether it must wait until no run is under way: it changes what the run is of."""


class History:
    """Steps that were done and steps that were undone; `push`, `undo`, `redo`, `clear` are all that change it."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._open: list[Step] | None = None
        self._limit = limit
        self.changed = Listeners[[]]()
        self.running: Callable[[], bool] = lambda: False
        """Whether a run is under way; whoever has runs puts it here."""

    @property
    def undo_label(self) -> str | None:
        """What `undo` would take back; None where there is nothing."""
        return self._done[-1].label if self._done else None

    @property
    def redo_label(self) -> str | None:
        """What `redo` would do again."""
        return self._undone[-1].label if self._undone else None

    def push(self, label: str, undo: Action, redo: Action, at_rest: bool = False) -> None:
        """Remember an edit that has just been made; what was undone before can no longer be redone."""
        step = Step(label, undo, redo, at_rest)
        if self._open is not None:
            self._open.append(step)
            return
        self._done = [*self._done, step][-self._limit :]
        self._undone.clear()
        self.changed()

    @contextmanager
    def together(self, label: str) -> Iterator[None]:
        """What is pushed inside becomes one step; after an exception what was done inside is taken back."""
        if self._open is not None:  # part of a larger step
            yield
            return
        self._open = []
        try:
            yield
        except BaseException:
            steps, self._open = self._open, None
            _backwards(steps)
            raise
        steps, self._open = self._open, None
        if steps:
            at_rest = any(step.at_rest for step in steps)
            self.push(label, lambda: _backwards(steps), lambda: _forwards(steps), at_rest)

    def undo(self) -> None:
        """Take the last step back, if there is one; InputError where it must wait for the end of a run."""
        if self._done:
            self._refuse(self._done[-1], "undone")
            self._done[-1].undo()
            self._undone.append(self._done.pop())
            self.changed()

    def redo(self) -> None:
        """Do the step again that was undone last, if there is one; InputError where it must wait."""
        if self._undone:
            self._refuse(self._undone[-1], "done again")
            self._undone[-1].redo()
            self._done.append(self._undone.pop())
            self.changed()

    def _refuse(self, step: Step, what: str) -> None:
        if step.at_rest and self.running():
            raise InputError(f"A run is under way; stop it before {step.label!r} is {what}.")

    def clear(self) -> None:
        """Forget all steps: another project was opened."""
        self._done.clear()
        self._undone.clear()
        self.changed()


def _backwards(steps: list[Step]) -> None:
    for step in reversed(steps):
        step.undo()


def _forwards(steps: list[Step]) -> None:
    for step in steps:
        step.redo()
