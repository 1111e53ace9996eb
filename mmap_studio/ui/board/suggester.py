"""Looks for a suggestion beside the window: dozens of tasks take seconds, and the window may never wait 50 ms.

One worker thread while it looks, none otherwise; it gets copies and touches neither Qt nor the board. A timer fetches
the answer, and an answer to a question that is out of date is dropped.
"""

from concurrent.futures import Future, ThreadPoolExecutor

from PySide6.QtCore import QObject, QTimer, Signal

from mmap_studio.errors import StudioError
from mmap_studio.method.grouping.search import GroupingResult
from mmap_studio.session.board.board import Board
from mmap_studio.session.board.suggest import suggest_grouping

BEAT = 20
"""Milliseconds between two looks for the answer."""


class Suggester(QObject):
    """busy(whether it looks), refused(why not)"""

    busy = Signal(bool)
    refused = Signal(str)

    def __init__(self, board: Board, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._board = board
        self._future: Future[GroupingResult] | None = None
        self._question: object = None
        self._beat = QTimer(self)
        self._beat.setInterval(BEAT)
        self._beat.timeout.connect(self._fetch)

    @property
    def looking(self) -> bool:
        """Whether an answer is awaited."""
        return self._future is not None

    def look(self, groups: int | None) -> None:
        """Look for the best grouping and put it on the board."""
        if self.looking:
            return
        board = self._board
        try:
            matrix = board.required_matrix()
        except StudioError as why:
            self.refused.emit(str(why))
            return
        pool = ThreadPoolExecutor(1, "mmap-suggest")
        self._question = (board.grouping.groups, board.locked)
        self._future = pool.submit(
            suggest_grouping, matrix, board.grouping, board.locked, groups, board.singleton_score
        )
        pool.shutdown(wait=False)  # the thread ends with its only task
        self._beat.start()
        self.busy.emit(True)

    def _fetch(self) -> None:
        if self._future is None or not self._future.done():
            return
        future, self._future = self._future, None
        self._beat.stop()
        self.busy.emit(False)
        try:
            result = future.result()
        except StudioError as why:
            self.refused.emit(str(why))
            return
        if self._question == (self._board.grouping.groups, self._board.locked):
            self._board.take(result)
        else:
            self.refused.emit("The groups were changed while a suggestion was looked for; ask again.")
