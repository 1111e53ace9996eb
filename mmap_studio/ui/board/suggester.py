"""Suggester: looks for a grouping in another thread, since dozens of tasks take seconds.

The thread gets copies and touches neither Qt nor the board. An answer to a question that is out of date is dropped.
"""

from PySide6.QtCore import QObject, Signal

from mmap_studio.errors import StudioError
from mmap_studio.method.grouping.search import GroupingResult
from mmap_studio.session.board.board import Board
from mmap_studio.session.runtime.background import BackgroundRunner

NOT_KNOWN = "How sure this suggestion is, is not known: the single measurements were not kept. Measure again to know."


class Suggester(QObject):
    """busy(whether it looks), answered(what the suggestion rests on), refused(why not)"""

    busy = Signal(bool)
    answered = Signal(str)
    refused = Signal(str)

    def __init__(self, board: Board, background: BackgroundRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._board, self._background = board, background
        self.looking = False
        """Whether an answer is awaited."""

    def look(self, groups: int | None) -> None:
        board = self._board
        if self.looking:
            return
        try:
            look = board.suggestion(groups)
        except StudioError as why:
            self.refused.emit(str(why))
            return
        question = board.grouping, board.locked

        def done(result: GroupingResult) -> None:
            self._show_looking(False)
            if question == (board.grouping, board.locked):
                board.take(result)
                self.answered.emit(result.evidence.sentence if result.evidence else NOT_KNOWN)
            else:
                self.refused.emit("The groups were changed while a suggestion was looked for; ask again.")

        self._background.run(look, done, self._failed)
        self._show_looking(True)

    def _failed(self, error: BaseException) -> None:
        self._show_looking(False)
        if not isinstance(error, StudioError):
            raise error
        self.refused.emit(str(error))

    def _show_looking(self, looking: bool) -> None:
        self.looking = looking
        self.busy.emit(looking)
