"""`mmap-studio [PROJECT]`: open the window, if there is a display to open it on."""

from typing import Annotated

import typer

from mmap_studio.cli import options

RESET_HELP = "Open the window with its panels, size and place as they were at first."


def open_project(
    project: Annotated[
        str | None,
        typer.Argument(metavar="PROJECT", parser=options.not_empty, help="A project's folder, or starter."),
    ] = None,
    reset_layout: Annotated[bool, typer.Option("--reset-layout", help=RESET_HELP)] = False,
) -> None:
    """Open the window."""
    from mmap_studio.ui.app import open_window

    raise typer.Exit(open_window(project, reset_layout))
