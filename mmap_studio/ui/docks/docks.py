"""Docks around one central view: the default layout, the saved one, and tabs with a menu."""

from collections.abc import Sequence
from typing import Literal

from PySide6.QtCore import QPoint, QSize, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QTabBar, QTabWidget, QWidget

from mmap_studio.ui.docks.dock import Dock
from mmap_studio.ui.kit.preferences import Preferences

STATE, VERSION = "layout/docks", 4
"""Key of the layout in the preferences, and version of the set of docks; a layout of another version is not used."""
NARROW = 1200
"""Below this width, in device-independent pixels, the settings lie behind the tasks."""
LEFT, RIGHT, BOTTOM = (
    Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea, Qt.DockWidgetArea.BottomDockWidgetArea
)  # fmt: skip


class Docks(QMainWindow):
    """A main window inside the main window, so that toolbar and status line stay outside of the docks' area."""

    def __init__(self, centre: QWidget, docks: Sequence[Dock]) -> None:
        super().__init__()
        self.setWindowFlags(Qt.WindowType.Widget)
        options = QMainWindow.DockOption
        self.setDockOptions(
            options.AllowNestedDocks | options.AllowTabbedDocks | options.GroupedDragging | options.AnimatedDocks
        )
        self.setTabPosition(Qt.DockWidgetArea.AllDockWidgetAreas, QTabWidget.TabPosition.North)
        self.setDocumentMode(True)
        self.setCentralWidget(centre)
        self.docks = {dock.key: dock for dock in docks}
        self._settle = QTimer(self, singleShot=True, interval=0)
        self._settle.timeout.connect(self._settled)
        for dock in docks:
            for signal in (dock.visibilityChanged, dock.topLevelChanged, dock.dockLocationChanged):
                signal.connect(self._ask)
            self.addDockWidget(LEFT, dock)  # not arranged yet: Qt leaves tabs that a restored state replaces standing
            dock.hide()  # or all of them, one above the other, make the first window taller than any screen

    # ---- arrangements

    def arrange(self, size: QSize | None = None) -> None:
        """Arrange the docks in the default layout, for this size or the current one."""
        size = size or self.size()
        self.setAnimated(False)  # or the rows of tabs come only when every panel has arrived
        narrow = size.width() < NARROW
        for dock in self.docks.values():
            dock.setFloating(False)  # before it is taken out: a dock without a place cannot come back to one
            self.removeDockWidget(dock)
        docks = self.docks
        self.addDockWidget(LEFT, docks["tasks"])
        self.splitDockWidget(docks["tasks"], docks["affinity"], Qt.Orientation.Horizontal)
        if narrow:
            self.tabifyDockWidget(docks["tasks"], docks["settings"])
        else:
            self.addDockWidget(RIGHT, docks["settings"])
        left, right = self._below("left"), self._below("right")
        self._tabs(*left)
        self._tabs(*right, beside=left[0])
        for dock in self.docks.values():
            dock.show()
        for dock in (docks["tasks"], left[0], right[0]):
            dock.raise_()
        self._size(size, narrow)
        layout = self.layout()
        if layout is not None:
            layout.activate()
        self.setAnimated(True)
        for bar in self._bars():
            bar.setVisible(bar.count() > 0)  # Qt does so at the end of an animation only
        self._ask()

    def save_layout(self, preferences: Preferences) -> None:
        preferences.save(STATE, self.saveState(VERSION))

    def restore_layout(self, preferences: Preferences) -> bool:
        """Restore the layout saved last; False if there is none of this version, or it cannot be read."""
        state = preferences.state(STATE)
        there = state is not None and self.restoreState(state, VERSION)
        self._ask()
        return bool(there)

    def hide_floating(self) -> None:
        for dock in self.docks.values():
            if dock.isFloating():
                dock.hide()

    def in_reading_order(self) -> list[QWidget]:
        """Visible panels and the tabs above them, row by row from the left."""
        bars = [bar for bar in self._bars() if bar.isVisible() and bar.count()]  # Qt keeps empty ones out of sight
        below = {(bar.geometry().bottom() + 1, bar.x()): bar.y() for bar in bars}  # a panel begins where its tabs do
        seen = [dock for dock in self.docks.values() if not dock.isFloating() and not dock.visibleRegion().isEmpty()]
        panels = [part for part in (self.centralWidget(), *seen) if part is not None]
        places: dict[QWidget, tuple[int, int, int]] = {bar: (bar.y(), bar.x(), 0) for bar in bars}
        places |= {part: (below.get((part.y(), part.x()), part.y()), part.x(), 1) for part in panels}
        return sorted(places, key=lambda part: places[part])

    def _below(self, side: Literal["left", "right"]) -> list[Dock]:
        return [dock for dock in self.docks.values() if dock.below == side]

    def _tabs(self, first: Dock, *others: Dock, beside: QDockWidget | None = None) -> None:
        if beside is None:
            self.addDockWidget(BOTTOM, first)
        else:
            self.addDockWidget(BOTTOM, first, Qt.Orientation.Horizontal)
        for other in others:
            self.tabifyDockWidget(first, other)

    def _size(self, size: QSize, narrow: bool) -> None:
        across, docks = size.width(), self.docks
        top = [docks["tasks"], docks["affinity"]] + ([] if narrow else [docks["settings"]])
        shares = [0.2, 0.42] if narrow else [0.175, 0.311, 0.185]
        self.resizeDocks(top, [round(across * share) for share in shares], Qt.Orientation.Horizontal)
        lower = [self._below("left")[0], self._below("right")[0]]
        self.resizeDocks(lower, [across // 2, across // 2], Qt.Orientation.Horizontal)
        self.resizeDocks(lower, [round(size.height() * 0.34)] * 2, Qt.Orientation.Vertical)

    def _ask(self) -> None:
        self._settle.start()

    def _settled(self) -> None:
        """After any move: headings only where no tab has the title, and names and a menu for the tabs Qt made."""
        for dock in self.docks.values():
            dock.lie_in_tabs([] if dock.isFloating() else self.tabifiedDockWidgets(dock))
        for bar in self._bars():
            if bar.property("ours") is None:
                bar.setProperty("ours", True)
                bar.setDrawBase(False)
                bar.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                bar.setAccessibleName("Panels behind each other")
                bar.setToolTip("Arrows choose a panel; drag a tab to move it, right-click to float or close it")
                bar.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
                bar.customContextMenuRequested.connect(self._tab_menu)

    def _bars(self) -> list[QTabBar]:
        return self.findChildren(QTabBar, "", Qt.FindChildOption.FindDirectChildrenOnly)

    def _tab_menu(self, place: QPoint) -> None:
        bar = self.sender()
        assert isinstance(bar, QTabBar)
        index = bar.tabAt(place)
        title = bar.tabText(index if index >= 0 else bar.currentIndex())
        dock = next((d for d in self.docks.values() if d.windowTitle() == title), None)
        if dock is None:
            return
        menu = QMenu(self)
        menu.addAction(f"Float {title}").triggered.connect(lambda: dock.setFloating(True))
        menu.addAction(f"Close {title}").triggered.connect(dock.close)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(bar.mapToGlobal(place))
