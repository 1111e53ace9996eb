"""Writes files one after the other: prepared here, one a turn of the event loop, and written in another thread."""

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from mmap_studio.errors import StudioError
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.studio.exports import write_into
from mmap_studio.ui.export.choices import Prepare


class ExportWriter(QObject):
    """writing(name); ended(names that were written, why it ended early or "")"""

    writing = Signal(str)
    ended = Signal(list, str)

    def __init__(self, background: BackgroundRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._left: list[tuple[str, Prepare]] = []
        self._written: list[str] = []
        self._folder = Path()
        self.busy = False

    def start(self, folder: Path, files: Sequence[tuple[str, Prepare]]) -> None:
        """Write these files into the folder."""
        self.busy, self._folder, self._left, self._written = True, folder, list(files), []
        self._next()

    def stop(self) -> None:
        """Nothing more after the file that is being written."""
        self._left.clear()

    def _next(self) -> None:
        if not isValid(self):  # the dialog was closed meanwhile
            return
        if not self._left:
            self._end("")
            return
        self.writing.emit(self._left[0][0])
        QTimer.singleShot(0, self, self._write)

    def _write(self) -> None:
        if not self._left:
            self._end("")
            return
        name, prepare = self._left.pop(0)
        folder = self._folder

        def done(_: object) -> None:
            self._written.append(name)
            self._next()

        write = self._tried(prepare)
        if write is not None:
            self._background.run(lambda: write_into(folder, write), done, self._failed, whole=True)

    def _tried(self, prepare: Prepare) -> Callable[[Path], object] | None:
        try:
            return prepare()
        except StudioError as error:
            self._failed(error)
            return None

    def _failed(self, error: BaseException) -> None:
        self._left.clear()
        if isValid(self):
            self._end(str(error) or type(error).__name__)

    def _end(self, why: str) -> None:
        self.busy = False
        self.ended.emit(self._written, why)
