"""Recent projects: remembered in the preferences, offered on the welcome page and in the Project menu."""

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QListWidgetItem, QMenu, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from mmap_studio.session.project.project import STARTER
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import PlaceholderList
from mmap_studio.ui.kit.paths import has_project
from mmap_studio.ui.kit.preferences import Preferences

STARTER_NAME, STARTER_PLACE = "Six drawing styles", "the starter, which ships with the studio"
PATH, THERE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class RecentProjects:
    """Keeps the list and the menu as the preferences are."""

    def __init__(
        self,
        preferences: Preferences,
        shown: "RecentList",
        menu: QMenu,
        open_project: Callable[[str], object],
        background: BackgroundRunner,
    ) -> None:
        self._preferences, self._list, self._menu = preferences, shown, menu
        self._open, self._background = open_project, background
        menu.setToolTipsVisible(True)
        shown.forgotten.connect(self.forget)
        self._show()

    def add(self, path: str) -> None:
        """Put a project that was opened first."""
        self._preferences.add_recent(path)
        self._show()

    def forget(self, path: str) -> None:
        """Take a project off the list; nothing on disk is touched."""
        self._preferences.remove_recent(path)
        self._show()

    def _show(self) -> None:
        paths = self._preferences.recent
        self._list.show_paths(paths)
        self._background.run(lambda: missing(paths), self._list.show_missing, lambda error: None)
        self._menu.clear()
        self._menu.menuAction().setEnabled(bool(paths))
        for path in paths:
            name, place = named(path)
            action = self._menu.addAction(name.replace("&", "&&"))
            action.setToolTip(place)
            action.triggered.connect(lambda _=False, path=path: self._open(path))


class RecentList(PlaceholderList):
    """Return or a double click opens one; Del takes it off the list, and nothing on disk is touched."""

    chosen = Signal(str)
    forgotten = Signal(str)

    def __init__(self) -> None:
        super().__init__("Projects you open are listed here. Folders of images can be dropped anywhere on the window.")
        self.setAccessibleName("Recent projects")
        self.setToolTip("Return or a double click opens a project; Del takes it off this list")
        self.setItemDelegate(_RecentRow(self))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.itemActivated.connect(lambda item: self.chosen.emit(item.data(PATH)))

    def show_paths(self, paths: Sequence[str]) -> None:
        """Newest first, and all as if they were there; chosen is the row that was, so that Del goes on from there."""
        row = max(0, self.currentRow())
        self.clear()
        for path in paths:
            item = QListWidgetItem()
            item.setData(PATH, path)
            self.addItem(item)
        self.show_missing(())
        self.setCurrentRow(min(row, self.count() - 1))

    def show_missing(self, missing: Collection[str]) -> None:
        """Which of the paths are not there; they stay on the list."""
        for item in map(self.item, range(self.count())):
            path = item.data(PATH)
            item.setText("\n".join(named(path)) + (" · not there" if path in missing else ""))
            item.setData(THERE, path not in missing)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Del takes a project off the list."""
        if event.key() == Qt.Key.Key_Delete and self.currentItem() is not None:
            self.forgotten.emit(self.currentItem().data(PATH))
        else:
            super().keyPressEvent(event)

    def _menu(self, at: QPoint) -> None:
        item = self.itemAt(at)
        if item is not None:
            path, menu = item.data(PATH), QMenu(self)
            menu.addAction("Open").triggered.connect(lambda: self.chosen.emit(path))
            menu.addAction("Take off this list").triggered.connect(lambda: self.forgotten.emit(path))
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(self.viewport().mapToGlobal(at))


def missing(paths: Sequence[str]) -> list[str]:
    """Those without a project, and those that cannot be looked at; may take as long as a network drive takes."""
    return [path for path in paths if path != STARTER and not has_project(path)]


def named(path: str) -> tuple[str, str]:
    """What a project is called, and where it is."""
    return (STARTER_NAME, STARTER_PLACE) if path == STARTER else (Path(path).name, path)


class _RecentRow(QStyledItemDelegate):
    """Two lines: the name, stronger, and the path, shortened in its middle."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        tokens, style = theme.current(), option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        rect = option.rect.adjusted(theme.S, theme.S, -theme.S, -theme.S)
        name, _, path = str(index.data()).partition("\n")
        painter.save()
        painter.setFont(theme.font(bold=True))
        painter.setPen(tokens.text if index.data(THERE) else tokens.muted)
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignTop), name)
        painter.setFont(theme.font(0.88))
        painter.setPen(tokens.muted)
        path = painter.fontMetrics().elidedText(path, Qt.TextElideMode.ElideMiddle, rect.width())
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignBottom), path)
        painter.restore()

    def sizeHint(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        """Two lines with room."""
        return QSize(0, 2 * option.fontMetrics.height() + 2 * theme.S + theme.XS)
