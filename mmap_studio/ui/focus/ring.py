"""A line around the view with the keyboard focus: plots, images and lists have no border that could show it."""

import shiboken6
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractScrollArea, QApplication, QWidget

from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.painting import rounded


class FocusRing(QObject):
    """Draws the line around the view of `window` that has the focus."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._line: FocusLine | None = None
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        app.focusChanged.connect(self._follow)

    @property
    def around(self) -> QWidget | None:
        """The view with the line; None where the focused widget shows its focus itself."""
        return self._line.parentWidget() if self._line is not None and shiboken6.isValid(self._line) else None

    def _follow(self, before: QWidget | None, now: QWidget | None) -> None:
        if self._line is not None and shiboken6.isValid(self._line):  # it goes with its view
            self._line.hide()
            self._line.deleteLater()
        shows = isinstance(now, QAbstractScrollArea) and now.window() is self._window
        self._line = FocusLine(now) if shows and now is not None else None


class FocusLine(QWidget):
    """The line over one view; mouse and keyboard pass through it."""

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        view.installEventFilter(self)
        self.setGeometry(view.rect())
        self.show()
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        if event.type() == QEvent.Type.Resize and isinstance(watched, QWidget):
            self.setGeometry(watched.rect())
        return False

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            rounded(painter, self.rect(), 4, line=theme.current().accent)
