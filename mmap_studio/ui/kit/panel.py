"""`Panel`, the frame with a heading around a view, and the labels of the window."""

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from mmap_studio.ui.kit import theme
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

    def __init__(self, title: str, body: QWidget, *right: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "panel")
        self.setAccessibleName(title)
        self.body = body
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.M, theme.S, theme.M, theme.M)
        layout.setSpacing(theme.S)
        if title:
            head = QHBoxLayout()
            head.setSpacing(theme.S)
            head.addWidget(label(title.upper(), "heading"))
            head.addStretch(1)
            for widget in right:
                head.addWidget(widget)
            layout.addLayout(head)
        layout.addWidget(body, 1)
