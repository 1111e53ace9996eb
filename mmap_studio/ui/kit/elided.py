"""Labels, drop-down and button whose text is elided in a narrow window and complete in the tooltip."""

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QTextLayout
from PySide6.QtWidgets import (
    QComboBox,
    QLabel,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStyleOptionToolButton,
    QStylePainter,
    QToolButton,
    QToolTip,
    QWidget,
)

from mmap_studio.ui.kit.plain_text import as_text
from mmap_studio.ui.kit.shortened import shortened

LEAST = 40
"""Minimum width of an elided text, pixels."""
HIGHEST = 16_777_215
"""Qt's own greatest height."""
if TYPE_CHECKING:
    _Widget = QWidget
else:
    _Widget = object  # Qt has no place for two of its classes in one


class _Elided(_Widget):
    """Mixin: a subclass gives the whole text and the room for it, and paints `shown`."""

    def whole(self) -> str:
        """The complete text; a ▾ at its end marks a menu."""
        raise NotImplementedError

    def room(self) -> int:
        """Width for the text, pixels."""
        raise NotImplementedError

    def others(self) -> Sequence[str] | None:
        """Names beside which this one must be known when it is cut; None for a sentence, which is cut at its end."""
        return None

    @property
    def shown(self) -> str:
        """The text, elided to the room there is; the ▾ stays."""
        whole, metrics = self.whole(), self.fontMetrics()
        if metrics.horizontalAdvance(whole) <= self.room():
            return whole
        words, arrow, _ = whole.partition(" ▾")
        room, others = self.room() - metrics.horizontalAdvance(arrow), self.others()
        if others is not None:
            return shortened(words, self.font(), room, others) + arrow
        return metrics.elidedText(words, Qt.TextElideMode.ElideRight, room) + arrow

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        size = self.sizeHint()
        return QSize(min(size.width(), LEAST), size.height())

    def event(self, event: QEvent) -> bool:
        """Show the complete text as tooltip where no other one is set."""
        if isinstance(event, QHelpEvent) and not self.toolTip() and self.shown != self.whole():
            QToolTip.showText(event.globalPos(), as_text(self.whole()), self)
            return True
        return bool(super().event(event))


class ElidedLabel(_Elided, QLabel):
    """A sentence, or with `names` a text whose end says as much as its beginning."""

    def __init__(self, text: str = "", role: str = "", name: str = "", names: bool = False) -> None:
        super().__init__(text)
        self._names = names
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setAccessibleName(name)

    def whole(self) -> str:
        return self.text()

    def room(self) -> int:
        return self.contentsRect().width()

    def others(self) -> Sequence[str] | None:
        return () if self._names else None

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        with QPainter(self) as painter:
            place, role = int(self.alignment()), self.foregroundRole()
            self.style().drawItemText(
                painter, self.contentsRect(), place, self.palette(), self.isEnabled(), self.shown, role
            )


class ElidedLines(QLabel):
    """A sentence over as many lines as it needs; where its height is limited, the last that fits ends with dots."""

    def __init__(self, role: str, name: str) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setAccessibleName(name)
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignTop)

    def limit(self, lines: int | None) -> None:
        """Be as high as so many lines at most; None for any number."""
        self.setMaximumHeight(HIGHEST if lines is None else lines * self.fontMetrics().lineSpacing())

    @property
    def shown(self) -> str:
        """The whole text, or the lines of it that there is room for."""
        room, metrics = self.contentsRect(), self.fontMetrics()
        layout, starts = QTextLayout(self.text(), self.font()), list[int]()
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(room.width())
            starts.append(line.textStart())
        layout.endLayout()
        fitting = max(1, room.height() // metrics.lineSpacing())
        if len(starts) <= fitting:
            return self.text()
        whole = [self.text()[start:end].rstrip() for start, end in pairwise(starts[:fitting])]
        last = metrics.elidedText(self.text()[starts[fitting - 1] :], Qt.TextElideMode.ElideRight, room.width())
        return "\n".join([*whole, last])

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        shown = self.shown
        if shown == self.text():
            super().paintEvent(event)
            return
        with QPainter(self) as painter:
            place, role = int(self.alignment()), self.foregroundRole()
            self.style().drawItemText(
                painter, self.contentsRect(), place, self.palette(), self.isEnabled(), shown, role
            )


class ElidedCombo(_Elided, QComboBox):
    def whole(self) -> str:
        return self.currentText()

    def room(self) -> int:
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        return self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self).width()

    def others(self) -> Sequence[str] | None:
        return [self.itemText(place) for place in range(self.count())]

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        with painter:
            painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
            option.currentText = self.shown
            painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class ElidedButton(_Elided, QToolButton):
    """least : a text as long as which is never cut"""

    def __init__(self, least: str = "") -> None:
        super().__init__()
        self._least = least
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def whole(self) -> str:
        return self.text()

    def room(self) -> int:
        return self.fontMetrics().horizontalAdvance(self.text()) - max(0, self.sizeHint().width() - self.width())

    def others(self) -> Sequence[str] | None:
        return ()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        size, metrics = self.sizeHint(), self.fontMetrics()
        frame = size.width() - metrics.horizontalAdvance(self.text())
        return QSize(min(size.width(), max(LEAST, frame + metrics.horizontalAdvance(self._least))), size.height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text = self.shown
        painter = QStylePainter(self)
        with painter:
            painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
