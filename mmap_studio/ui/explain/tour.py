"""A tour of the window: one card after another beside the part of the window it speaks of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QFrame, QWidget

from mmap_studio.ui.focus.ring import FocusLine
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column, described, push_button, row
from mmap_studio.ui.kit.panel import label

WIDTH = 320
"""Of a card, pixels."""


@dataclass(frozen=True)
class TourStop:
    """One part of the window."""

    part: QWidget
    title: str
    text: str
    show: Callable[[], object] = lambda: None
    """Brings the part into sight."""


class Tour(QFrame):
    """A card above the window, which can be used all the while; Esc ends the tour."""

    ended = Signal()

    def __init__(self, window: QWidget, stops: Sequence[TourStop]) -> None:
        super().__init__(window)
        described(self, "Tour of the window").setProperty("kind", "tour")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._window, self._stops, self._place = window, tuple(stops), 0
        self._line: FocusLine | None = None
        self._before = QApplication.focusWidget()
        self.title, self.words = label("", "strong"), label("", "", "What this part is for", wrap=True)
        self.count = label("", "small")
        self.back = push_button("Back", "The part before")
        self.next = push_button("Next", "The next part; Esc ends the tour")
        self.next.setProperty("kind", "primary")
        self.end = push_button("End", "End the tour; Help > Tour of the window begins it again")
        for one in (self.back, self.next, self.end):
            one.setAutoDefault(True)  # Return presses it too
        self.back.clicked.connect(lambda: self._go(self._place - 1))
        self.next.clicked.connect(lambda: self._go(self._place + 1))
        self.end.clicked.connect(self.close)
        buttons = row(self.count, None, self.end, self.back, self.next)
        margins = theme.L, theme.M, theme.L, theme.M
        self._lines = column(self.title, self.words, buttons, parent=self, spacing=theme.S, margins=margins)
        self.setFixedWidth(WIDTH)
        window.installEventFilter(self)
        self._go(0)

    def _go(self, place: int) -> None:
        if place >= len(self._stops):
            self.close()
            return
        self._place = place
        stop = self._stops[place]
        stop.show()
        self.title.setText(stop.title)
        self.words.setText(stop.text)
        self.count.setText(f"{place + 1} of {len(self._stops)}")
        self.back.setVisible(place > 0)
        self.next.setText("Done" if place + 1 == len(self._stops) else "Next")
        self._drop_line()
        self._line = FocusLine(stop.part)
        self._put()
        self.show()
        self.raise_()
        self.next.setFocus()

    def _put(self) -> None:
        """Beside the part, where there is most room, and inside the window."""
        self.ensurePolished()  # the frame takes its part
        self._lines.activate()
        frame = self.contentsMargins()
        inside = self._lines.heightForWidth(WIDTH - frame.left() - frame.right())
        self.setFixedHeight(inside + frame.top() + frame.bottom())
        part = self._stops[self._place].part
        there = QRect(part.mapTo(self._window, QPoint()), part.size())
        room, gap = self._window.rect().adjusted(theme.S, theme.S, -theme.S, -theme.S), theme.S
        places = (
            QPoint(there.right() + gap, there.top()),
            QPoint(there.left() - gap - self.width(), there.top()),
            QPoint(there.left(), there.bottom() + gap),
            QPoint(there.left(), there.top() - gap - self.height()),
        )
        free = [at for at in places if room.contains(QRect(at, self.size()))]
        at = free[0] if free else there.center() - self.rect().center()
        x = min(max(at.x(), room.left()), room.right() - self.width())
        y = min(max(at.y(), room.top()), room.bottom() - self.height())
        self.move(x, y)

    def _drop_line(self) -> None:
        if self._line is not None and shiboken6.isValid(self._line):  # it goes with its part
            self._line.hide()
            self._line.deleteLater()
        self._line = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._put()
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Give the keyboard focus back."""
        super().hideEvent(event)
        self._drop_line()
        self._window.removeEventFilter(self)
        if self._before is not None and self._before.isVisible():
            self._before.setFocus()
        self.ended.emit()
