"""A card on the board: a task's image, name, accuracy and change against zero-shot."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QFont,
    QFontMetricsF,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)  # fmt: skip
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from mmap_studio.formatting import fixed, percent, points
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.painting import RIGHT, gained, rounded, sure, write
from mmap_studio.ui.kit.plain_text import as_text
from mmap_studio.ui.kit.shortened import shortened

NARROW = 150
"""Width in pixels below which the accuracy is below the name."""


@dataclass(frozen=True)
class CardFacts:
    """What a card shows beside the task's name."""

    image: QImage | None = None
    accuracy: float | None = None
    """0 to 1; None before an evaluation."""
    change: float | None = None
    """Accuracy minus zero-shot accuracy, -1 to 1."""
    noise: float = math.nan
    """Half the interval of that, in points."""


class Card(QWidget):
    """Draws itself, and tells what the user does to it.

    Signals: `picked(task, toggle, extend)`, `drag_wanted(task)`, `menu_wanted(task, global position)`,
    `hovered(task or "")`, `activated(task)`, `focused(task)`.
    """

    picked = Signal(str, bool, bool)
    drag_wanted = Signal(str)
    menu_wanted = Signal(str, QPoint)
    hovered = Signal(str)
    activated = Signal(str)
    focused = Signal(str)

    def __init__(self, task: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.task, self.facts, self.group = task, CardFacts(), ""
        self.selected = self.locked = self.lit = self.dragged = self.compact = False
        self.others: tuple[str, ...] = ()
        """Every task's name: where this one is cut, it must not look like another."""
        self._pressed: QPointF | None = None
        self._late: bool = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def show_state(self, **state: object) -> None:
        """Set any of facts, group, others, selected, locked, lit, dragged, compact; redraws if one of them changed."""
        if any(getattr(self, name) != value for name, value in state.items()):
            for name, value in state.items():
                setattr(self, name, value)
            self._describe()
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:  # noqa: N802
        text = QFontMetricsF(theme.font()).height()
        return QSize(140, round(text + (theme.S if self.compact else theme.XL + theme.XS)))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        return QSize(96, self.sizeHint().height())

    def _describe(self) -> None:
        facts = self.facts
        parts = [self.task, self.group]
        if facts.accuracy is not None:
            parts.append(f"accuracy {percent(facts.accuracy)}")
        if facts.change is not None:
            parts.append(f"{gained(100 * facts.change, facts.noise)} against zero-shot")
        parts += [word for word, on in (("locked", self.locked), ("selected", self.selected)) if on]
        self.setAccessibleName(", ".join(part for part in parts if part))
        self.setToolTip(as_text("\n".join(parts[:1] + parts[2:]) + "\nDrag to a group, or press Enter to choose one"))

    # ---- drawing

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        with QPainter(self) as painter:
            painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
            painter.setOpacity(0.35 if self.dragged else 1.0)
            self._paint_sheet(painter)
            if self.width() < NARROW and not self.compact and self.facts.accuracy is not None:
                self._paint_narrow(painter)
                return
            side = self.height() - (theme.XS + 2 if self.compact else theme.M)
            top = (self.height() - side) / 2
            left = self._paint_image(painter, QRectF(top + (1 if self.compact else 2), top, side, side))
            self._paint_name(painter, left, self._paint_figures(painter))

    def _paint_narrow(self, painter: QPainter) -> None:
        """The name above, image and accuracy below: side by side they would not fit."""
        facts, tokens, right = self.facts, theme.current(), float(self.width() - theme.S)
        left = float(theme.S)
        if self.locked:
            right = self._paint_lock(painter, right, self.height() * 0.3) - theme.XS  # in the line of the name
        bold, small, half = theme.font(bold=True), theme.font(0.88), self.height() / 2
        name = shortened(self.task, bold, right - left, self.others)
        write(painter, QRectF(left, theme.XS, right - left, half - theme.XS), name, tokens.text, bold)
        left = self._paint_image(painter, QRectF(left, half, half - theme.XS - 1, half - theme.XS - 1))
        right = float(self.width() - theme.XS)
        figure = fixed(100 * (facts.accuracy or 0.0))
        below = QRectF(left, half, right - left, half - theme.XS)
        write(painter, below, figure, tokens.muted, small)
        if facts.change is not None:
            below.setLeft(left + QFontMetricsF(small).horizontalAdvance(figure) + theme.S)
            write(painter, below, _signed(facts.change), sure(100 * facts.change, facts.noise))

    def _paint_sheet(self, painter: QPainter) -> None:
        tokens = theme.current()
        fill = tokens.accent_tint if self.selected else tokens.hover if self.lit else tokens.panel
        strong = self.selected or self.lit or self.hasFocus()
        line, width = tokens.accent if strong else tokens.line, 2 if self.hasFocus() else 1
        rounded(painter, self.rect(), theme.RADIUS, fill, line, width)

    def _paint_image(self, painter: QPainter, box: QRectF) -> float:
        """Returns the x at which the text may begin."""
        side = box.width()
        path = QPainterPath()
        path.addRoundedRect(box, theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        image = self.facts.image
        painter.fillPath(path, QColor("#ffffff" if image is not None else theme.current().well))
        if image is not None:
            painter.save()
            painter.setClipPath(path)
            ratio = self.devicePixelRatioF()
            pixels = QSize(round(side * ratio), round(side * ratio))
            smooth = Qt.TransformationMode.SmoothTransformation
            painter.drawImage(box, image.scaled(pixels, Qt.AspectRatioMode.KeepAspectRatioByExpanding, smooth))
            painter.restore()
        painter.strokePath(path, QPen(QColor(theme.current().line), 1))
        return box.right() + theme.S

    def _paint_figures(self, painter: QPainter) -> float:
        """Returns the x at which the name must end."""
        right = float(self.width() - theme.S - 2)
        facts, tokens = self.facts, theme.current()
        if self.locked:
            right = self._paint_lock(painter, right, self.height() / 2) - theme.XS
        if facts.accuracy is None:
            return right
        figure, small = fixed(100 * facts.accuracy), theme.font(0.85)
        two_lines = facts.change is not None and not self.compact
        width = QFontMetricsF(theme.font()).horizontalAdvance(figure)
        if two_lines:
            width = max(width, QFontMetricsF(small).horizontalAdvance(_signed(facts.change or 0)))
        upper = QRectF(right - width, 0, width + 1, self.height())
        if two_lines:
            change = facts.change or 0.0
            lower = QRectF(upper.left(), self.height() / 2, upper.width(), self.height() / 2 - 5)
            write(painter, lower, _signed(change), sure(100 * change, facts.noise), small, RIGHT)
            upper = QRectF(upper.left(), 5, upper.width(), self.height() / 2 - 4)
        write(painter, upper, figure, tokens.muted, theme.font(), RIGHT)
        return upper.left() - theme.XS

    def _paint_lock(self, painter: QPainter, right: float, middle: float) -> float:
        tokens = theme.current()
        painter.setPen(QPen(QColor(tokens.muted), 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawArc(QRectF(right - 7.5, middle - 6, 5, 7), 0, 180 * 16)
        painter.drawLine(QPointF(right - 7.5, middle - 2.5), QPointF(right - 7.5, middle))
        painter.drawLine(QPointF(right - 2.5, middle - 2.5), QPointF(right - 2.5, middle))
        rounded(painter, QRectF(right - 9, middle - 1, 8, 6.5), 1.5, tokens.muted)
        return right - 9

    def _paint_name(self, painter: QPainter, left: float, right: float) -> None:
        font = theme.font(bold=True)
        metrics = QFontMetricsF(font)
        painter.setFont(font)
        painter.setPen(QColor(theme.current().text))
        lines = name_lines(self.task, font, right - left, 1 if self.compact else 2, self.others)
        top = (self.height() - metrics.lineSpacing() * len(lines)) / 2
        for line in lines:
            painter.drawText(QPointF(left, top + metrics.ascent()), line)
            top += metrics.lineSpacing()

    # ---- what the user does

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if event.button() != Qt.MouseButton.LeftButton:
            return
        toggle = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        extend = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._pressed = event.position()
        self._late = self.selected and not toggle and not extend  # it may become a drag of the whole selection
        if not self._late:
            self.picked.emit(self.task, toggle, extend)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._pressed is None or not event.buttons() & Qt.MouseButton.LeftButton:
            return
        if (event.position() - self._pressed).manhattanLength() >= QApplication.startDragDistance():
            self._pressed = None
            self.drag_wanted.emit(self.task)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        if self._pressed is not None and self._late:
            self.picked.emit(self.task, False, False)
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        self.activated.emit(self.task)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        self.menu_wanted.emit(self.task, self.mapToGlobal(self.rect().center()) if by_key else event.globalPos())

    def enterEvent(self, event: QEnterEvent) -> None:  # noqa: N802
        self.hovered.emit(self.task)

    def leaveEvent(self, event: QEvent) -> None:  # noqa: N802
        self.hovered.emit("")

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        self.focused.emit(self.task)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        self.update()


def name_lines(name: str, font: QFont, width: float, most: int, others: Sequence[str] = ()) -> list[str]:
    """A name in `most` lines at most, broken between words; what does not fit is cut as `shortened` does."""
    metrics, words = QFontMetricsF(font), name.split(" ")
    lines: list[str] = []
    while words and len(lines) < most - 1:
        fits = max(
            (n for n in range(1, len(words) + 1) if metrics.horizontalAdvance(" ".join(words[:n])) <= width), default=0
        )
        if not fits:
            break
        line, words = " ".join(words[:fits]), words[fits:]
        lines.append(line)
        others = [other[len(line) :].lstrip() for other in others if other.startswith(line)]
    return [*lines, shortened(" ".join(words), font, width, others)] if words else lines


def _signed(share: float) -> str:
    return points(100 * share)
