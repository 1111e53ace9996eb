"""Commands on the grouping: suggestions, undo, and groupings to begin with."""

from PySide6.QtWidgets import QWidget

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.actions.registry import Command
from mmap_studio.ui.board import menus
from mmap_studio.ui.board.view import BoardView
from mmap_studio.ui.kit.questions import ask_number


class BoardCommands:
    """The Groups menu, and Undo and Redo.

    parent : of the questions that are asked
    """

    def __init__(self, studio: Studio, view: BoardView, parent: QWidget) -> None:
        self._studio, self._board, self._view, self._parent = studio, studio.board, view, parent
        self.actions: dict[str, Command] = {
            "undo": self._board.undo,
            "redo": self._board.redo,
            "suggest": self.suggest,
            "suggest_k": self.suggest_number,
            "together": lambda: self._board.replace(Grouping.together(self._board.tasks), "All together"),
            "separate": lambda: self._board.replace(Grouping.separate(self._board.tasks), "All separate"),
            "keep": lambda: menus.keep(parent, self._board, view.attempt),
        }

    def suggest(self) -> None:
        """Suggest the best grouping with as many groups as the settings say."""
        project = self._studio.project
        self._view.suggester.look(project.settings.grouping.groups if project else None)

    def suggest_number(self) -> None:
        """Ask for a number of groups, set it, and suggest the best grouping with so many."""
        most = max(1, len(self._board.tasks))
        number = ask_number(self._parent, "Suggest groups", f"Number of groups, 1 to {most}:", min(2, most), 1, most)
        if number is not None:
            self.set_count(number)
            self._view.suggester.look(number)

    def set_count(self, groups: int | None) -> None:
        """Set the number of groups of suggestions, the board's and that of a run; one undoable step."""
        project = self._studio.project
        if project is not None:
            grouping = project.settings.grouping.model_copy(update={"groups": groups})
            self._studio.set_settings(project.settings.model_copy(update={"grouping": grouping}))
