"""`Panel`, the frame with a heading around a view, and the labels of the window."""

from PySide6.QtWidgets import QFrame, QLabel, QWidget

from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column, row
from mmap_studio.ui.kit.plain_text import plain_label


def label(text: str = "", role: str = "", name: str = "", wrap: bool = False) -> QLabel:
    """A label of plain text in one of the style sheet's roles, over several lines with `wrap`."""
    made = plain_label(text)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    if name:
        made.setAccessibleName(name)
    return made


class Panel(QFrame):
    """A heading, with widgets on the right of it, above a body."""

    def __init__(self, title: str, body: QWidget, *right: QWidget) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setAccessibleName(title)
        self.body = body
        head = [row(label(title.upper(), "heading"), None, *right)] if title else []
        margins = (theme.M, theme.S, theme.M, theme.M)
        column(*head, body, parent=self, stretch=[body], spacing=theme.S, margins=margins)
