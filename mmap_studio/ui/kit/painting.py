"""What the views draw by hand and all alike: rounded boxes, a line of text, and differences that are sure or not."""

import math
from typing import Any

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen
from PySide6.QtWidgets import QWidget

from mmap_studio.formatting import points
from mmap_studio.ui.kit import theme

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def rounded(
    painter: QPainter, box: QRect | QRectF, radius: float, fill: str | QColor = "", line: str | QPen = "",
    width: float = 1.0,
) -> None:  # fmt: skip
    """Draw a box with round corners; `fill` and `line` are colours, empty for none. A line lies inside the box."""
    box = QRectF(box)
    pen = QPen(QColor(line), width) if line and isinstance(line, str) else line or Qt.PenStyle.NoPen
    painter.setPen(pen)
    painter.setBrush(QColor(fill) if fill else Qt.BrushStyle.NoBrush)
    inset = width / 2 if line else 0.0
    painter.drawRoundedRect(box.adjusted(inset, inset, -inset, -inset), radius, radius)


def write(
    painter: QPainter, box: QRect | QRectF, text: str, colour: str | QColor, font: QFont | None = None,
    where: Qt.AlignmentFlag | int = LEFT,
) -> None:  # fmt: skip
    """Draw a text in a box, at its left and half way down unless `where` says otherwise."""
    if font is not None:
        painter.setFont(font)
    painter.setPen(QColor(colour))
    painter.drawText(QRectF(box), int(where), text)


def sure(difference: float | None, half: float) -> str:
    """A colour, for a difference and half its interval in points; grey where that is not known."""
    tokens = theme.current()
    if difference is None or not abs(difference) > half:
        return tokens.muted
    return tokens.good if difference > 0 else tokens.bad


def gained(difference: float, half: float) -> str:
    """Such as ``+0.8 points (±1.9: within noise)``."""
    if math.isnan(half):
        return f"{points(difference)} points"
    verdict = "more than noise" if abs(difference) > half else "within noise"
    return f"{points(difference)} points (±{half:.1f}: {verdict})"


def without_menus(item: Any, owner: QWidget) -> None:
    """A plot item of pyqtgraph shows no menu, and the one it makes for its options goes with `owner`.

    That one has no parent and is never deleted: every closed plot would leave it behind.
    """
    item.setMenuEnabled(False)
    menu = item.getMenu()
    menu.setParent(owner, menu.windowFlags())
