"""One image of the gallery as large as the dialog, all of it; the arrows go on to the next."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QPushButton, QVBoxLayout, QWidget

from mmap_studio.ui.images.grid import GalleryGrid
from mmap_studio.ui.images.preview import Image
from mmap_studio.ui.images.thumbnails import to_pixmap
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import row
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.paths import is_folder

Run = Callable[..., object]
"""`Aside.run`."""
REST = 80
"""Milliseconds without a further step before a file is read: an arrow that is held down reads none on the way."""


class Viewer(QDialog):
    """Follows the current image of a grid; at first as the backbone sees it, then as the file has it."""

    def __init__(self, grid: GalleryGrid, run: Run, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Image")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.grid, self._run = grid, run
        self._rest = QTimer(self, singleShot=True, interval=REST)
        self.path: Path | None = None
        self.panel = Image()
        self.facts, self.file = label("", "strong", "Truth and prediction"), label("", "muted", "File")
        for said in (self.facts, self.file):
            said.setWordWrap(True)
            said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.before = _button("◂", "The image before (left arrow)", "Image before")
        self.after = _button("▸", "The next image (right arrow)", "Next image")
        self.folder = _button("Show in folder", "Open the folder that it lies in")
        self.copy = _button("Copy path", "Put the path of its file on the clipboard")
        self.shut = _button("Close", "Back to all images (Esc)")
        self._lay_out()
        self._connect()
        self._show(grid.place())

    def done(self, result: int) -> None:
        """Closed, however: an image that is still read is for nobody."""
        self._rest.stop()
        self.path = None
        super().done(result)

    # ---- inside

    def _go(self, steps: int) -> None:
        self.grid.go(self.grid.place() + steps)

    def _show(self, place: int) -> None:
        """The image at a place; one that is among those shown no longer stays until the user goes on."""
        items = self.grid.grid.items
        self.before.setEnabled(place > 0)
        self.after.setEnabled(0 <= place < len(items) - 1)
        if place < 0:
            return
        from mmap_studio.session.dataset.originals import path_of

        shelf, image = items.shelf(place), items.image(place)
        images = shelf.task.split(shelf.split)
        self._draw(images.pixels([image.index])[0])
        self.facts.setText(str(items.caption(place)))
        self.path = path_of(images, image.index)
        self._say(str(self.path) if self.path else "Ships with the studio; as the backbone sees it.")
        for button in (self.folder, self.copy):
            button.setEnabled(self.path is not None)
        self._rest.start() if self.path else self._rest.stop()

    def _read(self) -> None:
        """All of the image, in another thread; what comes for one that was left is dropped."""
        from mmap_studio.session.dataset.originals import original

        path = self.path
        if path is not None:

            def done(pixels: np.ndarray | None) -> None:
                if path == self.path:
                    self._draw_whole(pixels)

            def failed(error: BaseException) -> None:
                if path == self.path:
                    self._say(f"{path}, as the backbone sees it: {error}")

            self._run(partial(original, path), done, failed)

    def _draw_whole(self, pixels: np.ndarray | None) -> None:
        if pixels is None:
            self._say(f"{self.path}, in an archive or table; as the backbone sees it.")
        else:
            self._say(f"{self.path}, {pixels.shape[1]:,} × {pixels.shape[0]:,} pixels")
            self._draw(pixels)

    def _draw(self, pixels: np.ndarray) -> None:
        self.panel.show_image(to_pixmap(pixels))

    def _say(self, text: str) -> None:
        self.file.setText(text)

    def _open_folder(self) -> None:
        """The nearest folder there is: of an image in an archive, that of the archive."""
        there = next((str(one) for one in self.path.parents if is_folder(one)), "") if self.path else ""
        QDesktopServices.openUrl(QUrl.fromLocalFile(there))

    def _connect(self) -> None:
        for key, steps, button in ((Qt.Key.Key_Left, -1, self.before), (Qt.Key.Key_Right, 1, self.after)):
            QShortcut(QKeySequence(key), self).activated.connect(button.click)
            button.clicked.connect(lambda _=False, steps=steps: self._go(steps))
        self.folder.clicked.connect(self._open_folder)
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(str(self.path)))
        self.shut.clicked.connect(self.reject)
        self.grid.pointed.connect(self._show)
        self._rest.timeout.connect(self._read)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        layout.setSpacing(theme.M)
        layout.addWidget(self.panel, 1)
        layout.addWidget(self.facts)
        layout.addWidget(self.file)
        layout.addLayout(row(self.before, self.after, None, self.folder, self.copy, self.shut))
        self.resize(760, 720)
        self.after.setFocus()


def _button(text: str, tip: str, name: str = "") -> QPushButton:
    made = QPushButton(text)
    made.setToolTip(tip)
    made.setAccessibleName(name or text)
    made.setAutoDefault(False)
    return made
