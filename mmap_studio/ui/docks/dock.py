"""A dock with one view and a heading; it can be moved, floated, closed, or tabbed with others."""

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QDockWidget, QFrame, QScrollArea, QSizePolicy, QToolButton, QWidget

from mmap_studio.ui.kit import icons, theme
from mmap_studio.ui.kit.controls import button, column, marked, row
from mmap_studio.ui.kit.elided import ElidedLabel
from mmap_studio.ui.kit.plain_text import as_text

LEAST_HEIGHT = 72
"""Pixels of a view below which it is scrolled: a row of views must fit a screen of 540 with the other rows."""


class DockTitle(QFrame):
    """Title bar: heading, controls beside it, float and close; folded where a tab shows the title already."""

    def __init__(self, title: str, *right: QWidget) -> None:
        super().__init__()
        self.setProperty("kind", "dock-title")
        self.setToolTip(as_text(f"Drag to move {title}; a double click floats it"))
        self.heading = ElidedLabel(title.upper(), "heading")
        self.heading.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)  # it gives way first
        self.float_button = _button("float", f"Float {title}", "Take the panel out into a window of its own, or back")
        self.close_button = _button("close", f"Close {title}", "Hide the panel; the View menu shows it again")
        self.right = QWidget()
        inside = row(parent=self.right, spacing=theme.XS)
        for widget in right:
            inside.addWidget(widget, 0, Qt.AlignmentFlag.AlignRight)
        parts = self.heading, self.right, self.float_button, self.close_button
        margins = (theme.M, theme.XS, theme.XS, 0)
        self.row = row(*parts, parent=self, stretch=[self.heading], spacing=theme.XS, margins=margins)
        self.folded = False

    def fold(self, folded: bool) -> None:
        """Hide the title bar, because a tab shows the title, or show it again."""
        if folded != self.folded:
            self.folded = folded
            self.setVisible(not folded)
            self.updateGeometry()

    def has_room(self, width: int) -> bool:
        """Whether heading and controls fit into a width in pixels."""
        parts = self.heading, self.right, self.float_button, self.close_button
        return width >= sum(part.sizeHint().width() for part in parts) + 4 * theme.M

    def sizeHint(self) -> QSize:  # noqa: N802
        return QSize(0, 0) if self.folded else super().sizeHint()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(0, 0) if self.folded else super().minimumSizeHint()


class Dock(QDockWidget):
    """One view.

    key : its name in a saved layout, and in the action show_<key>   right : controls beside the heading
    home : the part of the view in which arrows do something, which gets the focus; the view itself where None
    below : the row of tabs below the board that it lies in at first, left or right; empty: arranged by name
    """

    def __init__(
        self,
        key: str,
        title: str,
        view: QWidget,
        *right: QWidget,
        home: QWidget | None = None,
        below: Literal["", "left", "right"] = "",
    ) -> None:
        super().__init__(title)
        self.key, self.view, self.home, self.below = key, view, home or view, below
        self.setObjectName(key)
        self.setAccessibleName(title)
        self.setAllowedAreas(Qt.DockWidgetArea.AllDockWidgetAreas)
        self.title = DockTitle(title, *right)
        self.title.float_button.clicked.connect(lambda: self.setFloating(not self.isFloating()))
        self.title.close_button.clicked.connect(self.close)
        self.setTitleBarWidget(self.title)
        self._others: Sequence[QDockWidget] = ()
        """Those that it lay in tabs with last."""
        self.topLevelChanged.connect(self._floated)
        self.body = QFrame()
        self.body.setProperty("kind", "dock-body")
        margins = (theme.M, theme.XS, theme.M, theme.M)
        self.room = _Room(view)
        self.column = column(self.room, parent=self.body, stretch=[self.room], spacing=theme.XS, margins=margins)
        self.setWidget(self.body)
        toggle = self.toggleViewAction()
        toggle.setToolTip(as_text(f"Show or hide {title}"))
        toggle.setStatusTip(as_text(f"Show or hide {title}"))

    def lie_in_tabs(self, others: Sequence[QDockWidget]) -> None:
        """Show the dock as tabbed with others, if there are any: no heading, and a frame closed at the top."""
        tabbed, self._others = bool(others), others or self._others
        self.title.fold(tabbed)
        self._place()
        marked(self.body, "tabbed", tabbed)

    def event(self, event: QEvent) -> bool:
        """Put the controls below the heading where there is too little room beside it."""
        done = bool(super().event(event))
        if event.type() in (QEvent.Type.Resize, QEvent.Type.LayoutRequest):
            self._place()
        return done

    def bring_to_front(self) -> None:
        self.show()
        self.raise_()

    def _floated(self, floating: bool) -> None:
        """In a window of its own the panel has the frame of the desktop, where Qt gives docks one, and its heading
        inside; it lies beside where it was.

        Qt gives a dock with a title bar of ours no frame, and leaves it on the place it was taken out of; one that was
        behind another it puts into the corner of the screen.
        """
        if floating and self.titleBarWidget() is self.title:
            if framed():
                self.setTitleBarWidget(None)  # type: ignore[arg-type]
                self.column.insertWidget(0, self.title)
                self.title.show()
            front = next((one for one in self._others if not one.visibleRegion().isEmpty()), None)
            place = self.pos() if front is None else front.mapToGlobal(QPoint())
            self.move(_on_screen(self, place + QPoint(theme.XL, theme.XL)))
            self.show()
        elif not floating and self.titleBarWidget() is not self.title:
            self.column.removeWidget(self.title)
            self.setTitleBarWidget(self.title)
            self.title.setVisible(not self.title.folded)

    def _place(self) -> None:
        right, below = self.title.right, self.title.folded or not self.title.has_room(self.width())
        if below == (right.parentWidget() is self.body) or not right.findChildren(QWidget):
            return
        if below:
            self.column.insertWidget(0, right)
        else:
            self.title.row.insertWidget(1, right)
        right.show()  # a layout would show it at the next turn of the event loop only


class _Fitted(QWidget):
    """A view as high as its room, and never lower than it can be.

    Qt's area gives a view whose controls wrap (height for width) the height that it would like to have, which is
    several times the room of a panel: plots and tables would be scrolled that can be drawn at any height.
    """

    def __init__(self, view: QWidget) -> None:
        super().__init__()
        self.setProperty("kind", "plain")
        self.view = view
        view.setParent(self)
        policy = self.sizePolicy()
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        view.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Tell the area when the view needs another size."""
        if watched is self.view and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        self.view.setGeometry(self.rect())

    def sizeHint(self) -> QSize:  # noqa: N802
        return self.view.sizeHint()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return self.view.minimumSizeHint().expandedTo(self.view.minimumSize())

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        inside, least = self.view.layout(), self.minimumSizeHint().height()
        if inside is None or not inside.hasHeightForWidth():
            return least
        return max(least, inside.totalMinimumHeightForWidth(width))


class _Room(QScrollArea):
    """The room of a view: what does not fit into it is scrolled, so that no view makes the window too high."""

    def __init__(self, view: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(_Fitted(view))
        view.setAutoFillBackground(False)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Tell the layout around it when the view needs another size; Qt's own area does not."""
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:  # noqa: N802
        view = self.widget()
        return view.sizeHint() if view else super().sizeHint()

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        view = self.widget()
        if view is None:
            return super().minimumSizeHint()
        least = view.minimumSizeHint()
        return QSize(least.width(), min(least.height(), LEAST_HEIGHT))


def framed() -> bool:
    """Whether a dock in a window of its own can have the frame of the desktop: on X11 and Wayland Qt draws a title
    bar in its place, which would be a second one."""
    return not QGuiApplication.platformName().startswith(("xcb", "wayland"))


def _on_screen(window: QWidget, at: QPoint) -> QPoint:
    """A place on the window's screen, as near as it can be to this one."""
    room = window.screen().availableGeometry()
    x = max(room.left(), min(at.x(), room.right() - window.width()))
    return QPoint(x, max(room.top(), min(at.y(), room.bottom() - window.height())))


def _button(icon: str, name: str, tip: str) -> QToolButton:
    made = button("", tip, name)
    made.setIconSize(QSize(12, 12))
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    icons.put_on(made, icon, "muted")
    return made
