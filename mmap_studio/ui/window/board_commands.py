"""Commands on the grouping: each is one call of the board."""

from PySide6.QtWidgets import QMainWindow

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.board import menus
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.kit.questions import ask_number


class BoardCommands:
    """What the Groups menu does."""

    studio: Studio
    views: Views
    frame: QMainWindow

    def do_undo(self) -> None:
        """Take the last edit back."""
        self.studio.board.undo()

    def do_redo(self) -> None:
        """Do it again."""
        self.studio.board.redo()

    def do_suggest(self) -> None:
        """The best grouping there is."""
        self.views.board.suggester.look(self.studio.project.settings.grouping.groups if self.studio.project else None)

    def do_suggest_k(self) -> None:
        """The best grouping with a number of groups."""
        most = max(1, len(self.studio.board.tasks))
        number = ask_number(self.frame, "Suggest groups", f"Number of groups, 1 to {most}:", min(2, most), 1, most)
        if number is not None:
            self.views.board.suggester.look(number)

    def do_together(self) -> None:
        """One group."""
        self.studio.board.replace(Grouping.together(self.studio.board.tasks), "All together")

    def do_separate(self) -> None:
        """A group a task."""
        self.studio.board.replace(Grouping.separate(self.studio.board.tasks), "All separate")

    def do_keep(self) -> None:
        """Keep it under a name."""
        menus.keep(self.frame, self.studio.board, self.views.board.attempt)

    def set_count(self, groups: int | None) -> None:
        """How many groups a suggestion has from now on, the board's and that of a run; one undoable step."""
        if self.studio.project is not None:
            settings = self.studio.project.settings
            grouping = settings.grouping.model_copy(update={"groups": groups})
            self.studio.set_settings(settings.model_copy(update={"grouping": grouping}))
