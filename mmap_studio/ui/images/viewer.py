"""The image viewer: one image of the gallery as large as the dialog, read whole from its file."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QWidget

from mmap_studio.ui.images.grid import GalleryGrid
from mmap_studio.ui.images.preview import ImageBox
from mmap_studio.ui.images.thumbnails import to_pixmap
from mmap_studio.ui.kit.controls import described, push_button, row
from mmap_studio.ui.kit.dialog import lay_out, sized
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.paths import is_folder
from mmap_studio.ui.kit.plain_text import copy_text

Run = Callable[
    [Callable[[], np.ndarray | None], Callable[[np.ndarray | None], None], Callable[[BaseException], None]], object
]
"""Calls the first function in another thread, then the second with its result or the third with its error."""
REST = 80
"""Milliseconds without a further step before a file is read: a key that is held down reads none on the way."""


class Viewer(QDialog):
    """Follows the current image of a grid: first as the backbone sees it, then as it is in its file."""

    def __init__(self, grid: GalleryGrid, run: Run, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Image")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.grid, self._run = grid, run
        self._rest = QTimer(self, singleShot=True, interval=REST)
        self.path: Path | None = None
        self.image = ImageBox()
        self.facts = label("", "strong", "Truth and prediction", wrap=True)
        self.file = label("", "muted", "File", wrap=True)
        for said in (self.facts, self.file):
            said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.before = described(push_button("◂", ""), "Previous image", "Previous image (left arrow)")
        self.after = described(push_button("▸", ""), "Next image", "Next image (right arrow)")
        self.folder = push_button("Show in folder", "Open the folder that contains it")
        self.copy = push_button("Copy path", "Copy the path of its file to the clipboard")
        self.shut = push_button("Close", "Close the viewer (Esc)")
        buttons = row(self.before, self.after, None, self.folder, self.copy, self.shut)
        lay_out(self, self.image, self.facts, self.file, buttons, stretch=self.image)
        sized(self, 760, 720)
        self.after.setFocus()
        for key, steps, button in ((Qt.Key.Key_Left, -1, self.before), (Qt.Key.Key_Right, 1, self.after)):
            QShortcut(QKeySequence(key), self).activated.connect(button.click)
            button.clicked.connect(lambda _=False, steps=steps: self.grid.go(self.grid.place() + steps))
        self.folder.clicked.connect(self._open_folder)
        self.copy.clicked.connect(lambda: copy_text(str(self.path)))
        self.shut.clicked.connect(self.reject)
        self.grid.pointed.connect(self._show)
        self._rest.timeout.connect(self._read)
        self._show(grid.place())

    def done(self, result: int) -> None:
        """Close; an image that is still being read is dropped."""
        self._rest.stop()
        self.path = None
        super().done(result)

    def _show(self, place: int) -> None:
        """Show the image at a place; without one, the last image stays until the user goes on."""
        items = self.grid.grid.items
        self.before.setEnabled(place > 0)
        self.after.setEnabled(0 <= place < len(items) - 1)
        if place < 0:
            return
        from mmap_studio.session.dataset.pixels import path_of

        of = items.split(place)
        self._draw(items.pixels(place))
        self.facts.setText(str(items.caption(place)))
        self.path = path_of(of.task.split(of.split), int(items.index[place]))
        self.file.setText(str(self.path) if self.path else "Ships with the studio; shown as the backbone sees it.")
        for button in (self.folder, self.copy):
            button.setEnabled(self.path is not None)
        self._rest.start() if self.path else self._rest.stop()

    def _read(self) -> None:
        """Read the whole image in another thread; what comes for one that is no longer shown is dropped."""
        from mmap_studio.session.dataset.image_files import original

        path = self.path
        if path is not None:

            def done(pixels: np.ndarray | None) -> None:
                if path == self.path:
                    self._draw_whole(pixels)

            def failed(error: BaseException) -> None:
                if path == self.path:
                    self.file.setText(f"{path}, as the backbone sees it: {error}")

            self._run(partial(original, path), done, failed)

    def _draw_whole(self, pixels: np.ndarray | None) -> None:
        if pixels is None:
            self.file.setText(f"{self.path}, in an archive or table; shown as the backbone sees it.")
        else:
            self.file.setText(f"{self.path}, {pixels.shape[1]:,} × {pixels.shape[0]:,} pixels")
            self._draw(pixels)

    def _draw(self, pixels: np.ndarray) -> None:
        self.image.show_image(to_pixmap(pixels))

    def _open_folder(self) -> None:
        """Open the nearest folder: for an image in an archive, that of the archive."""
        there = next((str(one) for one in self.path.parents if is_folder(one)), "") if self.path else ""
        QDesktopServices.openUrl(QUrl.fromLocalFile(there))
