"""The legend of the curves: line style, name and values of every task, with a tick to show or hide it."""

import math
from collections.abc import Collection, Mapping

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem

from mmap_studio.formatting import fixed
from mmap_studio.ui.curves.lines import Place, line_pen
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import described, quiet_tree
from mmap_studio.ui.kit.name_column import NameColumn
from mmap_studio.ui.kit.painting import RIGHT
from mmap_studio.ui.kit.plain_text import as_text

SWATCH = QSize(26, 12)
LEAST, MOST = 40, 46
"""Width of the legend in characters: at least, and for long names at most, or as much as half of the view."""
LEAST_NARROW, MOST_NARROW = 22, 27
"""The same without values, in a narrow view."""
NAME, LOSS, ACCURACY = range(3)


class CurvesLegend(QTreeWidget):
    """Rows are tasks; the curves of ticked tasks are drawn."""

    shown_changed = Signal()
    """The user ticked or unticked a task."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, QTreeWidgetItem] = {}
        self._places: dict[str, Place] = {}
        self._half = 0
        """Pixels of half of the view."""
        self._kept: frozenset[str] | None = None
        """Of a figure, the tasks that are shown."""
        tip = "Tick the tasks to draw; Return or a double click draws one alone, and then all again."
        described(self, "Legend: tasks and their values", f"{tip} Values are the latest, or those under the mouse.")
        quiet_tree(self, ["Task", "Loss", "Val., %"])
        self.setItemDelegateForColumn(NAME, NameColumn(self, lambda: tuple(self._rows)))
        self.setIconSize(SWATCH)
        self.show_narrow(False)
        self.itemChanged.connect(self._ticked)
        self.itemActivated.connect(self._alone)
        theme.changed.connect(self.restyle)

    def show_narrow(self, narrow: bool) -> None:
        for column in (LOSS, ACCURACY):
            self.setColumnHidden(column, narrow)
        self._widen()

    def show_room(self, width: int) -> None:
        """Take note of the width of the view in pixels."""
        self._half = width // 2
        self._widen()

    def _widen(self) -> None:
        """As wide as the names want, within limits: the plots have what is left."""
        letter = self.fontMetrics().averageCharWidth()
        narrow = self.isColumnHidden(LOSS)
        least, most = (LEAST_NARROW, MOST_NARROW) if narrow else (LEAST, MOST)
        wanted = self.sizeHintForColumn(NAME) + theme.XS if narrow else self.wanted_width()
        widest = most * letter if narrow else max(most * letter, self._half)
        self.setMinimumWidth(min(max(least * letter, wanted), widest))

    def show_tasks(self, places: Mapping[str, Place]) -> None:
        """Add rows for new tasks, in this order, each with the line of its place."""
        self._places = dict(places)
        with QSignalBlocker(self):
            for task in places:
                if task not in self._rows:
                    row = self._rows[task] = QTreeWidgetItem(self, [task, "", ""])
                    row.setCheckState(NAME, Qt.CheckState.Checked)
                    row.setToolTip(NAME, as_text(task))
                    for column in (LOSS, ACCURACY):
                        row.setTextAlignment(column, RIGHT)
        self.restyle()
        self._widen()

    def keep_shown(self) -> None:
        """Leave the ticked tasks alone, without ticks: for a figure, where nothing can be ticked."""
        shown = self.shown()
        with QSignalBlocker(self):
            for task, row in self._rows.items():
                row.setHidden(row.isHidden() or task not in shown)
                row.setData(NAME, Qt.ItemDataRole.CheckStateRole, None)
        self._kept = shown

    def wanted_width(self) -> int:
        """Pixels in which no name is cut."""
        header = self.header()
        values = sum(header.sectionSizeHint(column) for column in (LOSS, ACCURACY) if not self.isColumnHidden(column))
        return self.sizeHintForColumn(NAME) + values + 2 * theme.M

    def show_only(self, tasks: Collection[str]) -> None:
        """Show the rows of these tasks alone; the others keep their ticks."""
        for task, row in self._rows.items():
            row.setHidden(task not in tasks)

    def clear_tasks(self) -> None:
        self._rows.clear()
        self.clear()

    def shown(self) -> frozenset[str]:
        if self._kept is not None:
            return self._kept
        return frozenset(t for t, row in self._rows.items() if row.checkState(NAME) == Qt.CheckState.Checked)

    def tick(self, tasks: Collection[str]) -> None:
        for task, row in self._rows.items():
            row.setCheckState(NAME, Qt.CheckState.Checked if task in tasks else Qt.CheckState.Unchecked)

    def show_values(self, losses: Mapping[str, float], accuracies: Mapping[str, float]) -> None:
        """Show values beside the names, accuracies from 0 to 1; tasks that are missing have none."""
        with QSignalBlocker(self):
            for task, row in self._rows.items():
                row.setText(LOSS, fixed(losses.get(task, math.nan), 3, missing=""))
                row.setText(ACCURACY, fixed(100 * accuracies.get(task, math.nan), 1, missing=""))

    def restyle(self) -> None:
        with QSignalBlocker(self):
            for task, row in self._rows.items():
                row.setIcon(NAME, swatch(self._places[task], self.devicePixelRatioF()))
        self.viewport().update()

    def _alone(self, row: QTreeWidgetItem) -> None:
        task, seen = row.text(NAME), {one for one, other in self._rows.items() if not other.isHidden()}
        shown = self.shown()
        self.tick(shown - seen | (seen if shown & seen == {task} else {task}))

    def _ticked(self, row: QTreeWidgetItem, column: int) -> None:
        if column == NAME:
            self.shown_changed.emit()


def swatch(place: Place, ratio: float = 1.0) -> QIcon:
    pixmap = QPixmap(SWATCH * ratio)
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(line_pen(place, 2))
        painter.drawLine(1, SWATCH.height() // 2, SWATCH.width() - 1, SWATCH.height() // 2)
    return QIcon(pixmap)
