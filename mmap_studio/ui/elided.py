"""Texts that give way in a narrow window: cut at the end with an ellipsis, and whole in the tooltip."""

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
)

LEAST = 40
"""Pixels that such a text keeps."""


class ElidedLabel(QLabel):
    """One line of plain text."""

    def __init__(self, text: str = "", role: str = "", name: str = "") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setAccessibleName(name)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        size = super().sizeHint()
        return QSize(min(size.width(), LEAST), size.height())

    @property
    def shown(self) -> str:
        """What there is room for."""
        return self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.contentsRect().width())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter = QPainter(self)
        place, role = int(self.alignment()), self.foregroundRole()
        self.style().drawItemText(
            painter, self.contentsRect(), place, self.palette(), self.isEnabled(), self.shown, role
        )

    def event(self, event: QEvent) -> bool:
        """Where no other tooltip is set, the whole text is one."""
        if isinstance(event, QHelpEvent) and not self.toolTip() and self.shown != self.text():
            QToolTip.showText(event.globalPos(), self.text(), self)
            return True
        return bool(super().event(event))


class ElidedCombo(QComboBox):
    """A choice."""

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter, option = QStylePainter(self), QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(QStyle.ComplexControl.CC_ComboBox, option, field, self).width()
        option.currentText = self.fontMetrics().elidedText(option.currentText, Qt.TextElideMode.ElideRight, room)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)


class ElidedButton(QToolButton):
    """A button of words; an arrow at their end, which says that there is a menu, stays."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        size = super().sizeHint()
        return QSize(min(size.width(), LEAST), size.height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        painter, option = QStylePainter(self), QStyleOptionToolButton()
        self.initStyleOption(option)
        option.text = self.shown
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)

    @property
    def shown(self) -> str:
        """What there is room for."""
        words, arrow, _ = self.text().partition(" ▾")
        lost, metrics = self.sizeHint().width() - self.width(), self.fontMetrics()
        if lost <= 0:
            return self.text()
        return metrics.elidedText(words, Qt.TextElideMode.ElideRight, metrics.horizontalAdvance(words) - lost) + arrow
