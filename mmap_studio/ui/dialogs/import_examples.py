"""Example images in the report of an import: a row a task, an image a class, with what CLIP reads below it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from mmap_studio.formatting import counted
from mmap_studio.session.ingest.examples import PACKED, Example
from mmap_studio.ui.images.thumbnails import to_pixmap
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column, described, note
from mmap_studio.ui.kit.elided import ElidedLabel
from mmap_studio.ui.kit.plain_text import as_text, plain_label

SIDE = 72
"""Pixels of an image, and of the caption below it."""
NAMES = 120
"""Pixels for the name of a task."""


class ExampleImages(QScrollArea):
    """Empty until `show_examples`.

    tasks : how many were imported; a line says where fewer are shown
    """

    def __init__(self, tasks: int) -> None:
        super().__init__()
        self._tasks = tasks
        described(self, "Example images", "An image of some classes of each task")
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(note("The images are being read.", centred=True))

    def show_examples(self, examples: Sequence[Example]) -> None:
        by_task: dict[str, list[Example]] = {}
        for one in examples:
            by_task.setdefault(one.task, []).append(one)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.M)
        grid.setVerticalSpacing(theme.S)
        for row, (task, own) in enumerate(by_task.items()):
            name = ElidedLabel(task, "strong", "Task", names=True)
            name.setFixedWidth(NAMES)
            grid.addWidget(name, row, 0)
            for place, one in enumerate(own, start=1):
                grid.addWidget(_cell(one), row, place)
        grid.setColumnStretch(grid.columnCount(), 1)
        more = self._tasks - len(by_task)
        said = note(f"{counted(more, 'more task')} without examples here" if more > 0 else "")
        said.setVisible(more > 0)
        body = QWidget()
        column(grid, said, None, parent=body, spacing=theme.M, margins=(theme.XS, theme.M, theme.XS, theme.S))
        self.setWidget(body)


def _cell(one: Example) -> QWidget:
    image = plain_label()
    image.setFixedSize(SIDE, SIDE)
    image.setAlignment(Qt.AlignmentFlag.AlignCenter)
    image.setAccessibleName(f"{one.text} of {one.task}")
    if one.pixels is not None:
        made = to_pixmap(one.pixels, round(SIDE * image.devicePixelRatioF()))
        made.setDevicePixelRatio(image.devicePixelRatioF())
        image.setPixmap(made)
    else:
        image.setText("not shown" if one.said == PACKED else "cannot be read")
        image.setWordWrap(True)
        image.setProperty("role", "small")
        image.setToolTip(as_text(one.said))
        image.setAccessibleDescription(one.said)
    caption = ElidedLabel(one.text, "small", "Class", names=True)
    caption.setFixedWidth(SIDE)
    caption.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    cell = QWidget()
    column(image, caption, parent=cell, spacing=0)
    return cell
