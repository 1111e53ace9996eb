"""Qt model and delegate of the results table: sortable by number, drawn with differences to the baseline."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPaintDevice, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from mmap_studio.formatting import counted, fixed, points, short_count
from mmap_studio.session.results.table import Figure, TableRow
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.painting import RIGHT, rounded, write
from mmap_studio.ui.kit.plain_text import as_text

Index = QModelIndex | QPersistentModelIndex
NUMBER_ROLE = Qt.ItemDataRole.UserRole
FIGURE_ROLE = Qt.ItemDataRole.UserRole + 1
METHOD, FIRST_TASK = 0, 1
"""Columns."""
ABOUT = {"Seed": "seeds", "Settings that differ": "settings", "When": "when"}
"""Columns of text, and the fields of an `Outcome` they show."""
GAP = 9
"""Pixels between a value and its difference."""


class ResultsModel(QAbstractTableModel):
    """Columns: method, one per task, mean, trainable parameters, then those of `ABOUT`."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: tuple[TableRow, ...] = ()
        self.tasks: tuple[str, ...] = ()

    def show(self, rows: Sequence[TableRow], tasks: Sequence[str]) -> None:
        self.beginResetModel()
        self.rows, self.tasks = tuple(rows), tuple(tasks)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008
        return 0 if parent.isValid() else len(self.tasks) + 3 + len(ABOUT)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: N802
        if orientation != Qt.Orientation.Horizontal:
            return None
        names = ["Method", *self.tasks, "Mean", "Trainable params", *ABOUT]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return as_text(names[section]) if role == Qt.ItemDataRole.ToolTipRole else names[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            left = section == METHOD or self._about(section) is not None
            side = Qt.AlignmentFlag.AlignLeft if left else Qt.AlignmentFlag.AlignRight
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row, column = self.rows[index.row()], index.column()
        figure, about = self.figure(index), self._about(column)
        if about is not None:
            return _about_data(row, about, role)
        if role == NUMBER_ROLE:
            return _number(row, figure, column)
        if role == FIGURE_ROLE:
            return figure
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(row, figure, column)
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            sentence = self._sentence(row, figure, column)
            return as_text(sentence) if role == Qt.ItemDataRole.ToolTipRole else sentence
        if role == Qt.ItemDataRole.TextAlignmentRole and column != METHOD:
            return int(RIGHT)
        return None

    def figure(self, index: Index) -> Figure | None:
        """The figure of a cell; None for method, trainable parameters and text."""
        place = index.column() - FIRST_TASK
        figures = self.rows[index.row()].figures
        return figures[place] if 0 <= place < len(figures) else None

    def _about(self, column: int) -> str | None:
        place = column - len(self.tasks) - 3
        return list(ABOUT.values())[place] if 0 <= place < len(ABOUT) else None

    def task(self, column: int) -> str | None:
        place = column - FIRST_TASK
        return self.tasks[place] if 0 <= place < len(self.tasks) else None

    def _sentence(self, row: TableRow, figure: Figure | None, column: int) -> str:
        if figure is None:
            said = f"{row.title}: {row.parameters:,} trainable parameters" + (", the baseline" if row.baseline else "")
            here = "▸ the groups on the board with the current settings" if row.about.on_board else ""
            return "\n".join(filter(None, (said, here, row.about.tip)))
        parts = [f"{row.title}, {self.task(column) or 'mean over tasks'}: {fixed(figure.mean)}"]
        if figure.runs > 1:
            parts.append(f"mean of {counted(figure.runs, 'run')}, standard deviation {fixed(figure.spread, 2)}")
        if not math.isnan(figure.delta):
            parts.append(f"{_difference(figure)} against the baseline")
        if figure.best:
            parts.append("best in its column")
        return "; ".join(parts)


class ResultsDelegate(QStyledItemDelegate):
    """Draws a value and, smaller, its difference to the baseline with its interval; the best of a column is bold on a
    tint."""

    deltas = True
    intervals: Literal["all", "mean", "none"] = "none"
    """Which columns show the intervals of their differences."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        figure: Figure | None = index.data(FIGURE_ROLE)
        if figure is None:
            super().paint(painter, option, index)
            return
        plain = QStyleOptionViewItem(option)
        self.initStyleOption(plain, index)
        plain.text = ""
        style = plain.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, plain, painter, plain.widget)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._draw(painter, QRectF(option.rect).adjusted(4, 0, -8, 0), option.font, figure, self._interval(index))
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:  # noqa: N802
        figure: Figure | None = index.data(FIGURE_ROLE)
        if figure is not None:
            return QSize(self.width(option.font, figure, self._interval(index)), row_height(option.font))
        return QSize(super().sizeHint(option, index).width() + 8, row_height(option.font))

    def width(self, font: QFont, figure: Figure, interval: bool) -> int:
        """Pixels of a cell, with its interval or without."""
        parts = self._parts(font, figure, interval)
        return max(sum(part.width() + GAP for part in parts) + 18, 48)

    def more(self, font: QFont) -> int:
        """Pixels that an interval makes a column wider."""
        return _Part("±00.0", _small(font), QColor()).width() + GAP

    def _interval(self, index: Index) -> bool:
        return self.shows_interval(index.column() == index.model().columnCount() - len(ABOUT) - 2)

    def shows_interval(self, mean: bool) -> bool:
        """Whether the column of the means, or those of the tasks, show the intervals of their differences."""
        return self.deltas and (self.intervals == "all" or (self.intervals == "mean" and mean))

    def _parts(self, font: QFont, figure: Figure, interval: bool) -> list["_Part"]:
        """From left to right: the value, its standard deviation, the difference, half the interval of that."""
        tokens, strong, small = theme.current(), QFont(font), _small(font)
        strong.setBold(figure.best)
        parts = [_Part(fixed(figure.mean), strong, QColor(tokens.accent if figure.best else tokens.text))]
        if figure.runs > 1:
            parts.append(_Part(f"±{fixed(figure.spread)}", small, QColor(tokens.muted)))
        if self.deltas:
            sure = QColor(tokens.muted if not figure.real else tokens.good if figure.delta > 0 else tokens.bad)
            parts.append(_Part(points(figure.delta), small, sure, "+00.0"))
        if interval:
            half = "" if math.isnan(figure.half) else f"±{fixed(figure.half)}"
            parts.append(_Part(half, small, QColor(tokens.muted), "±00.0"))
        return parts

    def _draw(self, painter: QPainter, rect: QRectF, font: QFont, figure: Figure, interval: bool) -> None:
        right, parts = rect.right(), self._parts(font, figure, interval)
        for place, part in reversed(list(enumerate(parts))):
            width = part.width(painter.device())
            box = QRectF(right - width, rect.top(), width, rect.height())
            if place == 0 and figure.best:
                above = (box.height() - QFontMetrics(part.font, painter.device()).height()) / 2 - 2
                pill = box.adjusted(-5, above, 5, -above)
                rounded(painter, pill, 4, theme.current().accent_tint)
            write(painter, box, part.text, part.colour, part.font, RIGHT)
            right -= width + GAP


@dataclass(frozen=True)
class _Part:
    """A text of a cell."""

    text: str
    font: QFont
    colour: QColor
    least: str = ""
    """It has the room of this at least, so that those of a column stand below each other."""

    def width(self, device: QPaintDevice | None = None) -> int:
        metrics = QFontMetrics(self.font, device) if device is not None else QFontMetrics(self.font)
        return max(metrics.horizontalAdvance(self.text), metrics.horizontalAdvance(self.least))


def _small(font: QFont) -> QFont:
    made = QFont(font)
    made.setPointSizeF(font.pointSizeF() * 0.82)
    return made


def row_height(font: QFont) -> int:
    """Device-independent pixels of a row of the table."""
    return round(QFontMetrics(font).height() * 1.75)


def _difference(figure: Figure) -> str:
    if math.isnan(figure.half):
        return points(figure.delta)
    low, high = figure.delta - figure.half, figure.delta + figure.half
    verdict = "more than noise" if figure.real else "within noise"
    return f"{points(figure.delta)} (95 % interval {points(low)} to {points(high)}: {verdict})"


def _text(row: TableRow, figure: Figure | None, column: int) -> str:
    if column == METHOD:
        runs = f"  ×{row.runs}" if row.runs > 1 else ""
        here = "▸ " if row.about.on_board else ""  # in front: a long name is shortened at its end
        return f"{here}{row.title}{runs}{' · baseline' if row.baseline else ''}"
    return short_count(row.parameters) if figure is None else fixed(figure.mean)


def _about_data(row: TableRow, about: str, role: int) -> object:
    text: str = getattr(row.about, about)
    if role == NUMBER_ROLE:
        return text.casefold()
    if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
        sentence = f"{row.title}: {text}" if text else row.title
        return as_text(sentence) if role == Qt.ItemDataRole.ToolTipRole else sentence
    return text if role == Qt.ItemDataRole.DisplayRole else None


def _number(row: TableRow, figure: Figure | None, column: int) -> float | str:
    """What the column is sorted by; a missing figure comes before every number."""
    if column == METHOD:
        return row.title.casefold()
    value = row.parameters if figure is None else figure.mean
    return -math.inf if math.isnan(value) else float(value)
