"""What the views draw by hand and all alike: rounded boxes, and a line of text."""

from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen

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
