"""`mmap-studio [PROJECT]`: open the window, if there is a display to open it on."""

import os
import sys
from typing import Annotated

import typer

from mmap_studio.errors import InputError

RESET_HELP = "Open the window with its panels, size and place as they were at first."


def open_project(
    project: Annotated[str | None, typer.Argument(metavar="PROJECT", help="A project's folder, or starter.")] = None,
    reset_layout: Annotated[bool, typer.Option("--reset-layout", help=RESET_HELP)] = False,
) -> None:
    """Open the window."""
    if not has_display():
        raise InputError(
            "The window needs a display, and there is none (neither DISPLAY nor WAYLAND_DISPLAY is set); "
            "without one, use `mmap-studio run PROJECT`."
        )
    if project is not None:
        from mmap_studio.session.project.project import Project

        Project.open(project)  # a wrong folder is refused here, before Qt is loaded
    from mmap_studio.ui.app import open_window

    raise typer.Exit(open_window(project, reset_layout))


def has_display() -> bool:
    """Whether Qt has something to draw on: always on macOS and Windows, and where a platform is asked for by name."""
    if not sys.platform.startswith("linux"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"))
