"""The data and the image of a drag of cards: task names, and a token by which foreign drags are refused."""

import json
from collections.abc import Collection, Sequence
from uuid import uuid4

from PySide6.QtCore import QMimeData, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.painting import rounded, write

MIME = "application/x-mmap-studio-tasks"
TOKEN = uuid4().hex.encode()
"""Of this process, before the names: another window has other tasks, even where they have the same names."""


def pack(tasks: Sequence[str]) -> QMimeData:
    """The data of a drag; without plain text, so that no editor accepts it."""
    made = QMimeData()
    made.setData(MIME, TOKEN + json.dumps(list(tasks)).encode())
    return made


def unpack(mime: QMimeData, allowed: Collection[str]) -> tuple[str, ...]:
    """The tasks of a drag of this window; empty for any other drag, and for tasks that are not `allowed`."""
    held = bytes(mime.data(MIME).data())
    tasks = tuple(json.loads(held.removeprefix(TOKEN))) if held.startswith(TOKEN) else ()
    return tasks if all(task in allowed for task in tasks) else ()


def image(card: QWidget, count: int) -> QPixmap:
    """The card as it hangs on the cursor: tilted, with the number of cards if there are several."""
    ratio, room = card.devicePixelRatioF(), 2 * theme.L
    made = QPixmap(round((card.width() + room) * ratio), round((card.height() + room) * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    tokens, sheet = theme.current(), QRectF(card.rect())
    shadow = QColor(tokens.shadow)
    shadow.setAlphaF(0.035)
    with QPainter(made) as painter:
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.translate(QPointF((card.width() + room) / 2, (card.height() + room) / 2))
        painter.rotate(-1.5)
        painter.translate(-card.width() / 2, -card.height() / 2)
        for spread in range(6, 0, -1):
            rounded(painter, sheet.adjusted(-spread, -spread + 3, spread, spread + 3), 8, shadow)
        for below in range(min(count, 3) - 1, 0, -1):
            place = sheet.translated(3 * below, 3 * below)
            rounded(painter, place, theme.RADIUS, tokens.panel, tokens.strong_line)
        painter.drawPixmap(0, 0, card.grab())
        if count > 1:
            badge = QRectF(card.width() - 16, -4, 20, 20)
            rounded(painter, badge, 10, tokens.accent)
            write(
                painter, badge, str(count), tokens.on_accent, theme.font(0.9, bold=True), Qt.AlignmentFlag.AlignCenter
            )
    return made
