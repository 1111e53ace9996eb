"""Why the groups on the board are as they are: the cells that speak for and against, and what else would score.

A group is scored by what its members receive from each other (`method.grouping.score`). So inside a group a positive
cell speaks for it, a negative one against it; between groups it is the other way round.
"""

from collections.abc import Collection
from dataclasses import dataclass
from math import isfinite

import numpy as np

from mmap_studio.formatting import fixed, percent
from mmap_studio.method.grouping.evidence import LEVEL, in_words
from mmap_studio.session.board.board import Board

MOST = 300
"""Cells that are listed; those that weigh most."""


@dataclass(frozen=True)
class Cell:
    """One affinity, and what it says of the groups."""

    source: str
    recipient: str
    affinity: float
    error: float
    """Standard error; NaN where it is not known."""
    inside: bool
    """Whether both tasks are in one group."""

    @property
    def noise(self) -> bool:
        """Whether it is zero as far as its measurements tell."""
        return not abs(self.affinity) > LEVEL * self.error

    @property
    def verdict(self) -> str:
        if isfinite(self.error) and self.noise:
            return "within noise"
        return "for" if (self.affinity > 0) == self.inside else "against"


@dataclass(frozen=True)
class Reasons:
    """Of a task, of a group, or of all groups."""

    title: str
    sentences: tuple[str, ...]
    cells: tuple[Cell, ...]
    """Those that weigh most first."""


def reasons(
    board: Board, tasks: Collection[str] = (), better: float | None = None, measured: str | None = None
) -> Reasons:
    """Of these tasks, which are selected; of all groups without one.

    better : what the best grouping of any number of groups scores, where a number was asked for
    measured : how the board's affinity was measured, as `AffinitySettings.how`
    """
    chosen = tuple(task for task in board.tasks if task in tasks)
    if len(chosen) == 1:
        return Reasons(chosen[0], _of_task(board, chosen[0]), _cells(board, chosen))
    groups = {board.grouping.group_of(task) for task in chosen}
    if len(groups) == 1:
        name = board.group_names[groups.pop()]
        return Reasons(name, _of_group(board, chosen), _cells(board, chosen))
    return Reasons("All groups", _of_all(board, better, measured), _cells(board, chosen or board.tasks))


def _of_all(board: Board, better: float | None, measured: str | None) -> tuple[str, ...]:
    evidence, said = board.evidence, []
    said += [_misfit(task) for task in board.misfits]
    if evidence is None:
        nothing = "No affinity is measured yet; it says which tasks help each other."
        return (*said, nothing) if board.score is None else (*said, "Suggest says what these groups rest on.")
    said.append(evidence.sentence)
    if not evidence.found and measured != "training":
        said.append("Affinity by training measures the gain of every pair itself; it takes many times as long.")
    if isfinite(evidence.probability):
        own = board.grouping == evidence.grouping
        which = "This grouping" if own else in_words("best", evidence.grouping)
        said.append(f"{which} is the best again in {percent(evidence.probability, 0)} of resampled measurements.")
    if evidence.runner_up is not None and isfinite(evidence.runner_up_margin):
        less, score = evidence.margin - evidence.runner_up_margin, board.score_of(evidence.runner_up)
        scores = f", scores {fixed(score, 3)}, {fixed(less, 3)} less" if score is not None else ""
        said.append(f"{in_words('second best', evidence.runner_up).rstrip(',')}{scores}.")
    asked = board.score_of(evidence.grouping)
    if evidence.groups is not None and better is not None and asked is not None:
        cost = f"costs {fixed(better - asked, 3)}" if better - asked > 1e-9 else "costs nothing"
        said.append(f"Any number of groups could score {fixed(better, 3)}: asking for {evidence.groups} {cost}.")
    return tuple(said)


def _of_group(board: Board, tasks: Collection[str]) -> tuple[str, ...]:
    said = [_misfit(task) for task in board.misfits if task in tasks]
    received = {task: board.received(task) for task in tasks}
    known = {task: value for task, value in received.items() if value is not None}
    if known:
        most, least = max(known, key=lambda task: known[task]), min(known, key=lambda task: known[task])
        said.append(f"{most} receives most from its group ({fixed(known[most], 3)} on average)")
        said[-1] += f", {least} least ({fixed(known[least], 3)})." if most != least else "."
    return tuple(said) or ("A task alone receives nothing, and gives nothing.",)


def _of_task(board: Board, task: str) -> tuple[str, ...]:
    said = [_misfit(task)] if task in board.misfits else []
    received = board.received(task)
    if received is not None:
        said.append(f"It receives {fixed(received, 3)} from its group on average.")
    home = board.grouping.group_of(task)
    names = (*(f"to {name}" for name in board.group_names), "into a group of its own")
    changes = board.changes_if_moved([task])
    others = [
        (change, name) for place, (change, name) in enumerate(zip(changes, names, strict=True))
        if change is not None and place != home and (place < len(changes) - 1 or len(board.grouping.groups[home]) > 1)
    ]  # fmt: skip
    if others:
        change, name = max(others)
        way = "rise" if change > 0 else "fall"
        best = f"Moved {name}, the score of all groups would {way} by {fixed(abs(change), 3)}"
        said.append(f"{best}; nowhere else is better." if change > 0 else f"{best}; everywhere else by more.")
    return tuple(said) or ("No affinity of this task is measured yet.",)


def _misfit(task: str) -> str:
    return f"{task} has nothing but negative affinities with its group."


def _cells(board: Board, tasks: Collection[str]) -> tuple[Cell, ...]:
    """Those that have one of these tasks as source or recipient."""
    names, matrix = board.tasks, board.matrix
    if matrix is None:
        return ()
    measured = board.measurements()
    n = 0 if measured is None else len(measured)
    errors = np.full(matrix.shape, np.nan) if measured is None or n < 2 else measured.std(0, ddof=1) / np.sqrt(n)
    home = {task: place for place, group in enumerate(board.grouping) for task in group}
    found = [
        Cell(source, recipient, float(matrix[i, j]), float(errors[i, j]), home[source] == home[recipient])
        for i, source in enumerate(names)
        for j, recipient in enumerate(names)
        if i != j and (source in tasks or recipient in tasks) and np.isfinite(matrix[i, j])
    ]
    return tuple(sorted(found, key=lambda cell: -abs(cell.affinity))[:MOST])
