"""A button that keeps the keyboard focus while it cannot be pressed: Space would press the one it went on to."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFocusEvent, QPaintEvent
from PySide6.QtWidgets import QStyle, QStyleOptionToolButton, QStylePainter, QToolButton

from mmap_studio.ui.actions.catalogue import plain


class ActionButton(QToolButton):
    """Follows an action. Where that cannot be used it is disabled, but not before it has lost the focus.

    icon : whether it has that of the action
    """

    def __init__(self, action: QAction, icon: bool = True) -> None:
        super().__init__()
        self._action, self._icon = action, icon
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(action.trigger)  # which does nothing where the action cannot be used
        action.changed.connect(self._follow)
        self._follow()

    @property
    def usable(self) -> bool:
        """Whether pressing it does something."""
        return self._action.isEnabled()

    def take_focus(self) -> None:
        """Take the keyboard focus, usable or not."""
        self.setEnabled(True)
        self.setFocus()
        self._follow()

    def _follow(self) -> None:
        text = plain(self._action.text())
        self.setText(text)
        if self._icon:
            self.setIcon(self._action.icon())
        self.setAccessibleName(text)
        self.setToolTip(self._action.toolTip())
        self.setEnabled(self.usable or self.window().focusWidget() is self)  # a popup only borrows the focus
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        super().focusOutEvent(event)
        self._follow()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """As disabled as its action, with the frame of the focus."""
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        if not self.usable:
            option.state &= ~QStyle.StateFlag.State_Enabled
        painter = QStylePainter(self)
        with painter:
            painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
