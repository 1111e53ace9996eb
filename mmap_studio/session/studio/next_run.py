"""What the next run will train, in the words that stand beside the Run button."""

from dataclasses import dataclass

from mmap_studio.formatting import counted
from mmap_studio.session.board.board import Board


@dataclass(frozen=True)
class NextRun:
    """Which groups it trains, before it begins."""

    text: str
    """Such as ``your groups, 1 of 3 new``."""
    tip: str
    """One or two sentences."""


def next_run(board: Board, suggested: bool, measured: bool) -> NextRun:
    """Of a run that would begin now.

    suggested : it trains the groups that follow from the affinity, not those on the board
    measured : the affinity is known already
    """
    if suggested:
        first = "Run trains" if measured else "Run measures the affinity, and then trains"
        edited = "" if measured else " Groups that are edited meanwhile are trained instead."
        return NextRun("suggested groups", f"{first} the groups that follow from the affinity.{edited}")
    groups = board.grouping.groups
    new = sum(not board.trained(index) for index in range(len(groups)))
    whose = "suggested groups" if board.grouping == board.suggested else "your groups"
    text = "all together" if len(groups) == 1 else whose
    if new < len(groups):
        text = f"{text}, {f'{new} of {len(groups)} new' if new else 'trained'}"
    missing = f"{new} of {counted(len(groups), 'group')}" if new else "nothing, since every group is trained already"
    return NextRun(text, f"Run trains {missing}: {board.grouping.text()}." if new else f"Run trains {missing}.")
