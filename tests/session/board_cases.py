"""What a move must come to: the board's model and the window's drags, menus and keys share this table."""

from dataclasses import dataclass

START = (("art", "clipart", "sketch"), ("photo", "scan"), ("toy",))


@dataclass(frozen=True)
class Case:
    name: str
    tasks: tuple[str, ...]
    to: int | None
    after: tuple[tuple[str, ...], ...]
    label: str | None
    """What undo is called afterwards; None where nothing was to be done."""


CASES = (
    Case("one to another", ("clipart",), 1, (("art", "sketch"), ("photo", "scan", "clipart"), ("toy",)), "Move clipart"),
    Case("last of a group", ("toy",), 0, (("art", "clipart", "sketch", "toy"), ("photo", "scan")), "Move toy"),
    Case("one to a new", ("scan",), None, (*START[:1], ("photo",), ("toy",), ("scan",)), "Move scan"),
    Case("several", ("sketch", "scan"), 2, (("art", "clipart"), ("photo",), ("toy", "sketch", "scan")), "Move 2 tasks"),
    Case("several to a new", ("art", "photo"), None, (("clipart", "sketch"), ("scan",), ("toy",), ("art", "photo")), "Move 2 tasks"),
    Case("one already there", ("art", "toy"), 0, (("art", "clipart", "sketch", "toy"), ("photo", "scan")), "Move 2 tasks"),
    Case("onto itself", ("photo",), 1, START, None),
    Case("a whole group to a new", ("photo", "scan"), None, START, None),
)  # fmt: skip
