"""Our icons: line drawings in `resources/icons`, coloured by the theme and sharp at every scale."""

from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from mmap_studio.resources import resource_text
from mmap_studio.ui.kit import theme

SIZES = (16, 32)
"""Sides of the images in an icon, pixels; at 2x, an icon of 16 pixels shows the one of 32."""


def icon(name: str, colour: str | None = None) -> QIcon:
    """The icon of this name in `colour`, by default the theme's text colour; greyed where it is disabled."""
    tokens = theme.current()
    made = QIcon()
    for size in SIZES:
        made.addPixmap(pixmap(name, size, colour or tokens.text), QIcon.Mode.Normal)
        made.addPixmap(pixmap(name, size, tokens.disabled), QIcon.Mode.Disabled)
    return made


@lru_cache(maxsize=512)
def pixmap(name: str, size: int, colour: str) -> QPixmap:
    """One image of `size` real pixels."""
    drawing = resource_text(f"icons/{name}.svg").replace("currentColor", colour)
    made = QPixmap(QSize(size, size))
    made.fill(Qt.GlobalColor.transparent)
    with QPainter(made) as painter:
        QSvgRenderer(QByteArray(drawing.encode())).render(painter, QRectF(0, 0, size, size))
    return made


class _IconUpdater(QObject):
    """Sets its parent's icon anew whenever the theme changes, for as long as the parent lives."""

    def __init__(self, parent: QObject, name: str, token: str, put: Callable[[QIcon], None]) -> None:
        super().__init__(parent)
        self.name, self.token, self.put = name, token, put
        theme.changed.connect(self.update)
        self.update()

    def update(self) -> None:
        self.put(icon(self.name, getattr(theme.current(), self.token)))


def put_on(target: QObject, name: str, token: str = "text") -> None:
    """Give an action or a button this icon in the colour of a token, now and after every change of theme."""
    _IconUpdater(target, name, token, target.setIcon)  # type: ignore[attr-defined]
