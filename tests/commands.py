"""Every command of the application, so that checks of all of them notice a new one; the window, opened and left."""

from collections.abc import Iterable, Iterator
from typing import Any


def registered() -> set[str]:
    """The words of every command, hidden ones too: ``run``, ``runs ls``."""
    import typer

    from mmap_studio.cli.app import app

    return set(_below(typer.main.get_command(app)))


def _below(group: Any, above: str = "") -> Iterator[str]:
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from _below(one, f"{above}{name} ")
        else:
            yield f"{above}{name}"


def without_line(lines: Iterable[str]) -> list[str]:
    """Commands that none of these lines begins with."""
    words = [line.split() for line in lines]
    return sorted(one for one in registered() if not any(line[: len(one.split())] == one.split() for line in words))


WINDOW = """
from mmap_studio.ui import app
begin = app.begin
def begin_and_leave(window, first, tour):
    begin(window, first, tour)
    print("opened", window.studio.project.name, flush=True)
    window.leave()
app.begin = begin_and_leave
sys.exit(app.open_window(sys.argv[1]))
"""
"""A program behind ``import sys`` that opens the window on a project, says its name, and closes it."""
