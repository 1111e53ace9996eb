"""Texts that give way in a narrow window: cut at the end with an ellipsis, and whole in the tooltip."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent
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

LEAST = 40
"""Pixels that such a text keeps."""
if TYPE_CHECKING:
    _Widget = QWidget
else:
    _Widget = object  # Qt has no place for two of its classes in one


class _Elided(_Widget):
    """What they have in common; each says what its whole text is, how much room it has, and paints what is `shown`."""

    def whole(self) -> str:
        """The text; an arrow at its end says that there is a menu."""
        raise NotImplementedError

    def room(self) -> int:
        """Pixels there are for the text."""
        raise NotImplementedError

    @property
    def shown(self) -> str:
        """What there is room for; the arrow stays."""
        whole, metrics = self.whole(), self.fontMetrics()
        if metrics.horizontalAdvance(whole) <= self.room():
            return whole
        words, arrow, _ = whole.partition(" ▾")
        room = self.room() - metrics.horizontalAdvance(arrow)
        return metrics.elidedText(words, Qt.TextElideMode.ElideRight, room) + arrow

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        size = self.sizeHint()
        return QSize(min(size.width(), LEAST), size.height())

    def event(self, event: QEvent) -> bool:
        """Where no other tooltip is set, the whole text is one."""
        if isinstance(event, QHelpEvent) and not self.toolTip() and self.shown != self.whole():
            QToolTip.showText(event.globalPos(), self.whole(), self)
            return True
        return bool(super().event(event))


class ElidedLabel(_Elided, QLabel):
    """One line of plain text."""

    def __init__(self, text: str = "", role: str = "", name: str = "") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setAccessibleName(name)

    def whole(self) -> str:
        """The text."""
        return self.text()

    def room(self) -> int:
        """All but the margins."""
        return self.contentsRect().width()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        place, role = int(self.alignment()), self.foregroundRole()
        self.style().drawItemText(
            painter, self.contentsRect(), place, self.palette(), self.isEnabled(), self.shown, role
        )


class ElidedCombo(_Elided, QComboBox):
    """A choice."""

    def whole(self) -> str:
        """The entry chosen."""
        return self.currentText()

    def room(self) -> int:
        """Beside the arrow."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        return self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self).width()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        option.currentText = self.shown
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class ElidedButton(_Elided, QToolButton):
    """A button of words."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def whole(self) -> str:
        """The words."""
        return self.text()

    def room(self) -> int:
        """What it would need for its text, less what its width lacks."""
        return self.fontMetrics().horizontalAdvance(self.text()) - max(0, self.sizeHint().width() - self.width())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter, option = QStylePainter(self), QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text = self.shown
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
