"""The data and the image of a drag of cards: task names, and a token by which foreign drags are refused."""

import json
from collections.abc import Collection, Sequence
from uuid import uuid4

from PySide6.QtCore import QMimeData, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from mmap_studio.ui.kit import theme

MIME = "application/x-mmap-studio-tasks"
TOKEN = uuid4().hex
"""Of this process: another window has other tasks, even where they have the same names."""


def pack(tasks: Sequence[str]) -> QMimeData:
    """The data of a drag; without plain text, so that no editor accepts it."""
    made = QMimeData()
    made.setData(MIME, json.dumps({"token": TOKEN, "tasks": list(tasks)}).encode())
    return made


def unpack(mime: QMimeData, allowed: Collection[str]) -> tuple[str, ...]:
    """The tasks of a drag of this window; empty for any other drag, and for tasks that are not `allowed`."""
    if not mime.hasFormat(MIME):
        return ()
    try:
        held = json.loads(bytes(mime.data(MIME).data()))
        tasks = tuple(held["tasks"]) if held["token"] == TOKEN else ()
    except (ValueError, KeyError, TypeError):
        return ()
    return tasks if all(task in allowed for task in tasks) else ()


def image(card: QWidget, count: int) -> QPixmap:
    """The card as it hangs on the cursor: tilted, with the number of cards if there are several."""
    ratio, room = card.devicePixelRatioF(), 2 * theme.L
    made = QPixmap(round((card.width() + room) * ratio), round((card.height() + room) * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
    painter.translate(QPointF((card.width() + room) / 2, (card.height() + room) / 2))
    painter.rotate(-1.5)
    painter.translate(-card.width() / 2, -card.height() / 2)
    _shadow(painter, QRectF(card.rect()))
    for below in range(min(count, 3) - 1, 0, -1):
        _sheet(painter, QRectF(card.rect()).translated(3 * below, 3 * below))
    painter.drawPixmap(0, 0, card.grab())
    if count > 1:
        _badge(painter, QPointF(card.width() - 6, 6), str(count))
    painter.end()
    return made


def _shadow(painter: QPainter, card: QRectF) -> None:
    colour = QColor(theme.current().shadow)
    painter.setPen(Qt.PenStyle.NoPen)
    for spread in range(6, 0, -1):
        colour.setAlphaF(0.035)
        painter.setBrush(colour)
        painter.drawRoundedRect(card.adjusted(-spread, -spread + 3, spread, spread + 3), 8, 8)


def _sheet(painter: QPainter, card: QRectF) -> None:
    tokens = theme.current()
    painter.setPen(QPen(QColor(tokens.strong_line), 1))
    painter.setBrush(QColor(tokens.panel))
    painter.drawRoundedRect(card.adjusted(0.5, 0.5, -0.5, -0.5), theme.RADIUS, theme.RADIUS)


def _badge(painter: QPainter, centre: QPointF, text: str) -> None:
    tokens = theme.current()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(tokens.accent))
    painter.drawEllipse(centre, 10, 10)
    painter.setPen(QColor(tokens.on_accent))
    painter.setFont(theme.font(0.9, bold=True))
    painter.drawText(QRectF(centre.x() - 10, centre.y() - 10, 20, 20), Qt.AlignmentFlag.AlignCenter, text)
