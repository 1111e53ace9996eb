"""The groups that somebody has made on a project's board. Loads no torch."""

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.board.state import grouping_of
from mmap_studio.session.project.autosave import load
from mmap_studio.session.project.project import Project


def on_board(project: Project) -> Grouping | None:
    """Those that a window keeps beside the project; None where it keeps none, or of other tasks."""
    _, board, _ = load(project)
    return grouping_of(board, [entry.name for entry in project.file.tasks])
