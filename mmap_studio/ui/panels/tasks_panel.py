"""The panel of tasks: for each one an image, its numbers of images and classes, and its accuracy."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QAction, QColor, QFont, QFontMetrics, QImage, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QListView, QMenu, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mmap_studio.formatting import counted, fixed, percent, points
from mmap_studio.method.task import TaskSpec
from mmap_studio.session.project.project import Project
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column, described
from mmap_studio.ui.kit.painting import RIGHT, gained, rounded, sure, write
from mmap_studio.ui.kit.plain_text import as_text
from mmap_studio.ui.kit.shortened import shortened
from mmap_studio.ui.panels import previews

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole
READING, UNREAD, STOPPED = "reading the images…", "not read: open the log for why", "not read: it was stopped"
IMAGE = 32
"""Side of the image, pixels."""


@dataclass(frozen=True)
class TaskRow:
    name: str
    preview: QPixmap
    counts: str = READING
    accuracy: float | None = None
    zero_shot: float | None = None
    noise: float = math.nan
    """Half the interval of the gain, in points."""

    @property
    def gain(self) -> float | None:
        """Difference of the accuracy to zero-shot, in points."""
        return None if self.accuracy is None or self.zero_shot is None else 100 * (self.accuracy - self.zero_shot)

    @property
    def sentence(self) -> str:
        """For tooltips and screen readers."""
        parts = [self.name, self.counts.replace("\n", " · ")]
        if self.zero_shot is not None:
            parts.append(f"zero-shot {percent(self.zero_shot)}")
        if self.accuracy is not None and self.gain is not None:
            parts.append(f"now {percent(self.accuracy)}, {gained(self.gain, self.noise)}")
        return "; ".join(parts)


class TasksModel(QAbstractListModel):
    """The rows, in the project's order."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[TaskRow] = []

    def show(self, rows: Sequence[TaskRow]) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self.endResetModel()

    def show_unread(self, counts: str) -> None:
        """What stands in place of the counts of tasks that are not read."""
        unread = READING, UNREAD, STOPPED
        self.rows = [replace(row, counts=counts) if row.counts in unread else row for row in self.rows]
        self._changed()

    def score(self, accuracies: Mapping[str, float], zero_shot: bool, noise: Mapping[str, float]) -> None:
        """Set the accuracies, of zero-shot or of the groups on the board; a task that is not named has none."""

        def scored(row: TaskRow) -> TaskRow:
            found = accuracies.get(row.name)
            return (
                replace(row, zero_shot=found)
                if zero_shot
                else replace(row, accuracy=found, noise=noise.get(row.name, math.nan))
            )

        self.rows = [scored(row) for row in self.rows]
        self._changed()

    def _changed(self) -> None:
        if self.rows:
            self.dataChanged.emit(self.index(0), self.index(len(self.rows) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008, N802
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return row.name
            case Qt.ItemDataRole.ToolTipRole:
                return as_text(row.sentence)
            case Qt.ItemDataRole.AccessibleTextRole:
                return row.sentence
        return row if role == ROW else None


class TasksDelegate(QStyledItemDelegate):
    """Paints a `TaskRow`: image, name and counts on the left, accuracy and its change on the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        lines = QFontMetrics(theme.font(bold=True)).height() + 2 * QFontMetrics(theme.font(0.88)).height()
        return QSize(160, max(lines, IMAGE) + theme.M)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        row, tokens = index.data(ROW), theme.current()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box: QRect = option.rect.adjusted(0, 1, 0, -1)
        state = option.state
        fill = tokens.accent_tint if state & QStyle.StateFlag.State_Selected else None
        fill = fill or (tokens.well if state & QStyle.StateFlag.State_MouseOver else None)
        if fill:
            rounded(painter, box, theme.RADIUS_SMALL, fill)
        if state & QStyle.StateFlag.State_HasFocus:
            rounded(painter, box, theme.RADIUS_SMALL, line=tokens.accent)
        inner = box.adjusted(theme.S, 0, -theme.S, 0)
        self._image(painter, inner, row)
        model = index.model()
        names = tuple(one.name for one in model.rows) if isinstance(model, TasksModel) else ()
        self._words(painter, inner.adjusted(IMAGE + theme.S, 0, 0, 0), row, names)
        painter.restore()

    def _image(self, painter: QPainter, box: QRect, row: TaskRow) -> None:
        tokens = theme.current()
        place = QRect(box.left(), box.center().y() - IMAGE // 2, IMAGE, IMAGE)
        path = QPainterPath()
        path.addRoundedRect(QRectF(place), theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        painter.fillPath(path, QColor("#ffffff" if not row.preview.isNull() else tokens.well))
        painter.save()
        painter.setClipPath(path)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if not row.preview.isNull():
            painter.drawPixmap(place, row.preview)
        painter.restore()
        painter.setPen(QPen(QColor(tokens.line), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPath(path)

    def _words(self, painter: QPainter, box: QRect, row: TaskRow, names: Sequence[str] = ()) -> None:
        tokens, bold, small = theme.current(), theme.font(bold=True), theme.font(0.88)
        value = row.accuracy if row.accuracy is not None else row.zero_shot
        shown = "" if value is None else fixed(100 * value)
        change = "zero-shot" if row.gain is None and value is not None else ""
        change = points(row.gain, missing=change)
        above = QFontMetrics(bold).horizontalAdvance(shown) + theme.S
        below = QFontMetrics(small).horizontalAdvance(change) + theme.S
        colour = sure(row.gain, row.noise)
        first, _, second = row.counts.partition("\n")
        high, low = QFontMetrics(bold).height(), QFontMetrics(small).height()
        top = box.center().y() - (high + low * (2 if second else 1)) // 2
        line = QRect(box.left(), top, box.width(), high)
        name = shortened(row.name, bold, max(0, line.width() - above), names)
        self._text(painter, line, bold, tokens.text, name, shown, above)
        line = QRect(box.left(), line.bottom() + 1, box.width(), low)
        self._text(painter, line, small, tokens.muted, first, change, below, colour)
        self._text(painter, line.translated(0, low), small, tokens.muted, second, "", 0)

    def _text(
        self, painter: QPainter, box: QRect, font: QFont, colour: str, left: str, right: str, room: int, other: str = ""
    ) -> None:
        painter.setFont(font)
        metrics, end = painter.fontMetrics(), Qt.TextElideMode.ElideRight
        write(painter, box, metrics.elidedText(left, end, max(0, box.width() - room)), colour)
        write(painter, box, metrics.elidedText(right, end, box.width()), other or colour, where=RIGHT)


class TasksPanel(QWidget):
    chosen = Signal(str)
    """The current task changed."""
    opened = Signal(str)
    """A task was double-clicked or Return pressed on it."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Tasks")
        self.model, self.view = TasksModel(), QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(TasksDelegate(self.view))
        tip = "The tasks of the project. Ctrl+R renames, Ctrl+Del removes, Return shows the images."
        described(self.view, "Tasks of the project", tip)
        self.view.setMouseTracking(True)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column(self.view, parent=self)
        self.view.selectionModel().currentChanged.connect(self._current)
        self.view.activated.connect(lambda: self.opened.emit(self.current))
        self.view.customContextMenuRequested.connect(self._menu)
        self._actions: Sequence[QAction] = ()
        theme.changed.connect(self.view.viewport().update)

    def use_actions(self, actions: Sequence[QAction]) -> None:
        self._actions = actions

    def show_project(self, project: Project) -> None:
        """Show the tasks of the project file, before their images are read."""
        before = {row.name: row for row in self.model.rows}
        rows = [before.get(e.name) or TaskRow(e.name, QPixmap()) for e in project.file.tasks]
        current = self.current
        self.model.show(rows)
        self.choose(current or (rows[0].name if rows else ""))

    def show_tasks(self, tasks: Sequence[TaskSpec]) -> None:
        by_name = {task.name: task for task in tasks}
        rows = [_known(row, by_name[row.name]) if row.name in by_name else row for row in self.model.rows]
        current = self.current
        self.model.show(rows)
        self.choose(current)

    def show_reading(self, reading: bool, stopped: bool = False) -> None:
        """Whether tasks whose images are not known are being read, could not be, or were not because of a stop."""
        self.model.show_unread(READING if reading else STOPPED if stopped else UNREAD)

    def show_scores(
        self, accuracies: Mapping[str, float], zero_shot: bool, noise: Mapping[str, float] | None = None
    ) -> None:
        """Show accuracies; those that are not of zero-shot with half the intervals of what they gain, in points."""
        self.model.score(accuracies, zero_shot, noise or {})

    def show_previews(self, images: Mapping[str, QImage]) -> None:
        """Show images, task -> image, for tasks that have none yet."""
        self.model.rows = [
            replace(row, preview=QPixmap.fromImage(images[row.name]))
            if row.preview.isNull() and row.name in images
            else row
            for row in self.model.rows
        ]
        self.view.viewport().update()

    def previews(self) -> dict[str, QPixmap]:
        return {row.name: row.preview for row in self.model.rows}

    @property
    def current(self) -> str:
        """The name of the current task; empty if there is none."""
        index = self.view.currentIndex()
        return self.model.rows[index.row()].name if index.isValid() and index.row() < len(self.model.rows) else ""

    def choose(self, name: str) -> None:
        for number, row in enumerate(self.model.rows):
            if row.name == name:
                self.view.setCurrentIndex(self.model.index(number))

    def _current(self) -> None:
        if self.current:
            self.chosen.emit(self.current)

    def _menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.addActions(list(self._actions))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.view.viewport().mapToGlobal(place))


def _known(row: TaskRow, task: TaskSpec) -> TaskRow:
    classes = counted(len(task.class_names), "class")
    counts = f"{len(task.train):,} train · {len(task.val):,} val\n{len(task.test):,} test · {classes}"
    preview = previews.from_task(task) if row.preview.isNull() else row.preview
    return TaskRow(row.name, preview, counts, row.accuracy, row.zero_shot)
