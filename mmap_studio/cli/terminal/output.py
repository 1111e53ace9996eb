"""What the commands say: results on stdout, everything else on stderr; and text that lines up."""

import json
import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import typer

from mmap_studio import formatting
from mmap_studio.errors import InputError


class UsageError(InputError):
    """The command was called in a way that cannot be meant: exit code 2."""


def is_terminal() -> bool:
    """Whether a user can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def say(text: str) -> None:
    """A line for the user, on stderr; where nobody reads it, as after a hang-up, it is not missed."""
    with suppress(OSError):
        typer.echo(formatting.printable_lines(text), err=True)


def tell(text: str = "") -> None:
    """A line of the result, on stdout."""
    typer.echo(formatting.printable_lines(text))


def tell_json(document: Any) -> None:
    """The one JSON document, on stdout; ASCII, so that no terminal or pipe can spoil it."""
    typer.echo(json.dumps(document, indent=1, allow_nan=False))


def system_error(error: OSError) -> InputError:
    """What the operating system refused where nothing else has a sentence for it: a name, or the output."""
    reason = (error.strerror or str(error)).rstrip(".").lower()
    if error.filename is None:
        return InputError(f"The output could not be written: {reason}; free some space, or write it elsewhere.")
    name = formatting.printable(error.filename)
    short = name if len(name) <= 200 else f"{name[:200]}..."
    return InputError(f"{short} could not be used: {reason}; check the name.")


def finish_output() -> None:
    """Write what is left of standard output; where it cannot be, say so and end, before Python says it its own way."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os._exit(1)
    except (OSError, ValueError) as error:
        if isinstance(error, OSError):
            say(str(system_error(error)))
        os._exit(1)


FIGURE = re.compile(r"(?:[<>~≈]\s?)?[+\-−–]?(?:\d|$)")
"""How a number begins, with or without a unit; a sign alone stands for one that is not known."""


def table(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Rows as lines, the first of them the heads; wide letters count double.

    Of the columns behind the first `left` those of numbers are flush right, everything else flush left.
    """
    from rich.cells import cell_len

    rows = [[formatting.printable(cell) for cell in row] for row in rows]
    columns = list(zip(*rows, strict=True))
    widths = [max(cell_len(cell) for cell in column) for column in columns]
    right = [index >= left and all(FIGURE.match(cell) for cell in column[1:]) for index, column in enumerate(columns)]
    lines = []
    for row in rows:
        cells = []
        for cell, width, flush_right in zip(row, widths, right, strict=True):
            gap = " " * (width - cell_len(cell))
            cells.append(gap + cell if flush_right else cell + gap)
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


percent = partial(formatting.percent, missing="-")
points = partial(formatting.points, minus="-")
"""Numbers with ASCII signs alone, for the same reason."""
