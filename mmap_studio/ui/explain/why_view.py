"""Why these groups: what speaks for and against what is selected on the board, and what else would score."""

from collections.abc import Collection
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QScrollArea, QTreeWidgetItem, QWidget

from mmap_studio.errors import StudioError
from mmap_studio.formatting import fixed
from mmap_studio.method.grouping.search import GroupingResult
from mmap_studio.session.board.board import Board
from mmap_studio.session.board.reasons import Cell, reasons
from mmap_studio.session.board.suggest import suggest_grouping
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import HeadedTree, column, described, quiet_tree, splitter
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text

WIDE = 600
"""Pixels from which words and cells are side by side."""
HEADERS = ["Source → recipient", "Affinity", "±", "Speaks"]
TIP = "Inside a group a positive affinity speaks for it, between groups against them; ± is one standard error"


class WhyView(QWidget):
    """Follows the board and its selection, as long as it is seen."""

    def __init__(self, board: Board, background: BackgroundRunner) -> None:
        super().__init__()
        self.setAccessibleName("Why these groups")
        self._board, self._background = board, background
        self._tasks: tuple[str, ...] = ()
        self._measured: str | None = None
        self._seen = False
        self._asked: tuple[object, object] = (None, None)
        """For which evidence and locks it was asked what any number of groups could score."""
        self._better: float | None = None
        """The answer."""
        self.title = label("", "strong")
        self.words = label("", "", "Reasons", wrap=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.cells = described(HeadedTree(), "Affinities that speak for and against", TIP)
        quiet_tree(self.cells, HEADERS)
        self.cells.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        left, scroll = QWidget(), QScrollArea(widgetResizable=True)
        hint = label("Select a card, or a group by its heading, to see what speaks for it.", "muted", wrap=True)
        column(self.title, self.words, hint, None, parent=left, spacing=theme.S)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(left)
        self._parts = splitter(scroll, self.cells, stretch=(2, 3), sizes=[2 * WIDE // 5, 3 * WIDE // 5])
        column(self._parts, parent=self, margins=(0, theme.S, 0, 0))
        stop = board.changed.listen(self.redraw)
        self.destroyed.connect(lambda: stop())
        theme.changed.connect(self.redraw)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Put the cells below the words where they would be too narrow beside them."""
        super().resizeEvent(event)
        self._parts.setOrientation(Qt.Orientation.Horizontal if self.width() >= WIDE else Qt.Orientation.Vertical)

    def show_tasks(self, tasks: Collection[str]) -> None:
        """Explain the group or the task that is selected; without one, all groups."""
        self._tasks = tuple(tasks)
        self.redraw()

    def set_measured(self, how: str) -> None:
        """Take note how the affinity was measured, as `AffinitySettings.how`."""
        self._measured = how
        self.redraw()

    def look(self, visible: bool) -> None:
        """Called as the view comes into sight, or leaves it."""
        self._seen = visible
        self.redraw()

    def redraw(self) -> None:
        """Explain the board as it is now."""
        if not self._seen:
            return
        found = reasons(self._board, self._tasks, self._any_number(), self._measured)
        self.title.setText(found.title)
        self.words.setText("\n".join(found.sentences))
        self.cells.clear()
        self.cells.addTopLevelItems([_item(cell) for cell in found.cells])
        self.cells.setVisible(bool(found.cells))

    def _any_number(self) -> float | None:
        """What the best grouping of any number of groups scores, where a number was asked for; None until it is known.

        It is searched in another thread: of dozens of tasks that takes seconds.
        """
        board = self._board
        if board.evidence is None or board.evidence.groups is None or board.matrix is None:
            return None
        evidence, locked = question = board.evidence, board.locked
        if self._asked[0] is not evidence or self._asked[1] != locked:
            self._asked, self._better = question, None

            def done(result: GroupingResult) -> None:
                if self._asked is question:
                    self._better = result.score
                    self.redraw()

            search = partial(suggest_grouping, board.matrix, board.grouping, board.locked, None, board.singleton_score)
            self._background.run(search, done, self._failed)
        return self._better

    def _failed(self, error: BaseException) -> None:
        if not isinstance(error, StudioError):  # locks that no grouping can keep have no better one
            raise error


def _item(cell: Cell) -> QTreeWidgetItem:
    tokens = theme.current()
    item = QTreeWidgetItem(
        [f"{cell.source} → {cell.recipient}", fixed(cell.affinity, 3), fixed(cell.error, 3), cell.verdict]
    )
    colours = {"for": tokens.good, "against": tokens.bad}
    item.setForeground(3, QColor(colours.get(cell.verdict, tokens.muted)))
    for place in range(1, len(HEADERS)):
        item.setTextAlignment(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    item.setToolTip(0, as_text(item.text(0)))
    return item
