"""Recent projects: remembered in the preferences, offered on the welcome page and in the Project menu."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QListWidgetItem, QMenu, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from mmap_studio.errors import StudioError
from mmap_studio.session.project.places import STARTER
from mmap_studio.session.project.project import Project
from mmap_studio.session.results.interrupted import interrupted_run
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import PlaceholderList, described
from mmap_studio.ui.kit.painting import write
from mmap_studio.ui.kit.paths import has_project
from mmap_studio.ui.kit.plain_text import as_text
from mmap_studio.ui.kit.preferences import Preferences

STARTER_NAME, STARTER_PLACE = "Six drawing styles", "the starter, which comes with the studio"
PATH, THERE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1


class RecentProjects(QObject):
    """Fills the list and the menu from the preferences."""

    interrupted = Signal(str, str)
    """The newest of them with a run that was killed or stopped, and a sentence on that run; empty for none."""

    def __init__(
        self,
        preferences: Preferences,
        shown: "RecentList",
        menu: QMenu,
        open_project: Callable[[str], object],
        background: BackgroundRunner,
    ) -> None:
        super().__init__()
        self._preferences, self._list, self._menu = preferences, shown, menu
        self._open, self._background = open_project, background
        menu.setToolTipsVisible(True)
        shown.forgotten.connect(self.forget)
        self._show()

    def add(self, path: str) -> None:
        self._preferences.add_recent(path)
        self._show()

    def forget(self, path: str) -> None:
        """Remove a project from the list; nothing on disk is touched."""
        self._preferences.remove_recent(path)
        self._show()

    def _show(self) -> None:
        paths = self._preferences.recent
        self._list.show_paths(paths)
        self._background.run(lambda: missing(paths), self._list.show_missing, lambda error: None)
        self._background.run(lambda: newest_interrupted(paths), lambda run: self.interrupted.emit(*run), lambda _: None)
        self._menu.clear()
        self._menu.menuAction().setEnabled(bool(paths))
        for path in paths:
            name, place = named(path)
            action = self._menu.addAction(name.replace("&", "&&"))
            action.setToolTip(as_text(place))
            action.triggered.connect(lambda _=False, path=path: self._open(path))


class RecentList(PlaceholderList):
    """The list on the welcome page: Return or a double click opens a project, Delete removes it from the list."""

    chosen = Signal(str)
    forgotten = Signal(str)

    def __init__(self) -> None:
        super().__init__("Projects you open are listed here. Folders of images can be dropped anywhere on the window.")
        tip = "Return or a double click opens a project; Delete removes it from this list"
        described(self, "Recent projects", tip)
        self.setItemDelegate(_RecentRow(self))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.itemActivated.connect(lambda item: self.chosen.emit(item.data(PATH)))

    def show_paths(self, paths: Sequence[str]) -> None:
        """List the paths, none marked as missing; the row stays selected, so that Delete goes on with the next."""
        row = max(0, self.currentRow())
        self.clear()
        for path in paths:
            item = QListWidgetItem()
            item.setData(PATH, path)
            self.addItem(item)
        self.show_missing(())
        self.setCurrentRow(min(row, self.count() - 1))

    def show_missing(self, missing: Collection[str]) -> None:
        """Mark the paths that are missing; they stay on the list."""
        for item in map(self.item, range(self.count())):
            path = item.data(PATH)
            item.setText("\n".join(named(path)) + (" · not found" if path in missing else ""))
            item.setData(THERE, path not in missing)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Delete and self.currentItem() is not None:
            self.forgotten.emit(self.currentItem().data(PATH))
        else:
            super().keyPressEvent(event)

    def _menu(self, at: QPoint) -> None:
        item = self.itemAt(at)
        if item is not None:
            path, menu = item.data(PATH), QMenu(self)
            menu.addAction("Open").triggered.connect(lambda: self.chosen.emit(path))
            menu.addAction("Remove from this list").triggered.connect(lambda: self.forgotten.emit(path))
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(self.viewport().mapToGlobal(at))


def missing(paths: Sequence[str]) -> list[str]:
    """Paths without a readable project; may block for as long as a network drive does."""
    return [path for path in paths if path != STARTER and not has_project(path)]


def newest_interrupted(paths: Sequence[str]) -> tuple[str, str]:
    """The first of these projects whose run was killed or stopped and can go on, and its sentence; else empty."""
    for path in paths:
        with suppress(StudioError, OSError):
            run = interrupted_run(Project.open(path))
            if run is not None:
                return path, run.sentence
    return "", ""


def named(path: str) -> tuple[str, str]:
    return (STARTER_NAME, STARTER_PLACE) if path == STARTER else (Path(path).name, path)


class _RecentRow(QStyledItemDelegate):
    """Paints two lines: the name in bold, and the path, shortened in the middle."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        tokens, style = theme.current(), option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        rect = option.rect.adjusted(theme.S, theme.S, -theme.S, -theme.S)
        name, _, path = str(index.data()).partition("\n")
        painter.save()
        ink = tokens.text if index.data(THERE) else tokens.muted
        write(painter, rect, name, ink, theme.font(bold=True), Qt.AlignmentFlag.AlignTop)
        painter.setFont(theme.font(0.88))
        path = painter.fontMetrics().elidedText(path, Qt.TextElideMode.ElideMiddle, rect.width())
        write(painter, rect, path, tokens.muted, where=Qt.AlignmentFlag.AlignBottom)
        painter.restore()

    def sizeHint(  # noqa: N802
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(0, 2 * option.fontMetrics.height() + 2 * theme.S + theme.XS)
