"""The selection on the board: selected cards and the current one. Without Qt."""

from collections.abc import Sequence

Groups = Sequence[Sequence[str]]

STEPS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


class CardSelection:
    """Selected tasks, and the current one, which has the keyboard."""

    def __init__(self) -> None:
        self.tasks: tuple[str, ...] = ()
        self.current: str | None = None
        self._anchor: str | None = None

    def pick(self, task: str, order: Sequence[str], toggle: bool = False, extend: bool = False) -> None:
        """Select as a click does: alone, with Ctrl (`toggle`) or with Shift (`extend`, from the last plain pick)."""
        if extend and self._anchor in order:
            a, b = sorted((order.index(self._anchor), order.index(task)))
            self.tasks = tuple(order[a : b + 1])
        elif toggle:
            others = tuple(other for other in self.tasks if other != task)
            self.tasks = others if task in self.tasks else (*others, task)
            self._anchor = task
        else:
            self.tasks, self._anchor = (task,), task
        self.current = task

    def pick_all(self, order: Sequence[str]) -> None:
        self.tasks = tuple(order)
        self.current = self.current or (order[0] if order else None)

    def clear(self) -> None:
        self.tasks = ()

    def keep(self, order: Sequence[str]) -> None:
        """Drop tasks that are not in `order`, and sort the selection by it."""
        self.tasks = tuple(task for task in order if task in self.tasks)
        self.current = self.current if self.current in order else (order[0] if order else None)
        self._anchor = self._anchor if self._anchor in order else None

    def meant(self, task: str) -> tuple[str, ...]:
        """The tasks that an action on `task` applies to: the selection if it contains the task, else the task alone."""
        return self.tasks if task in self.tasks else (task,)


def neighbour(groups: Groups, task: str, direction: str) -> str:
    """The next task in a direction of `STEPS`; at the edge the task itself."""
    column = next(i for i, group in enumerate(groups) if task in group)
    row = list(groups[column]).index(task)
    across, along = STEPS[direction]
    group = groups[min(max(column + across, 0), len(groups) - 1)]
    return group[min(max(row + along, 0), len(group) - 1)]
