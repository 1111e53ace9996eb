"""Writes exported files one after the other: prepared in the window's thread, written in another."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from mmap_studio.errors import StudioError
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.studio.exports import write_into
from mmap_studio.ui.export.choices import Prepare


class ExportWriter(QObject):
    """Signals: `writing(name)`; `ended(names that were written, why it ended early or "")`."""

    writing = Signal(str)
    ended = Signal(list, str)

    def __init__(self, background: BackgroundRunner, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._background = background
        self._left: list[tuple[str, Prepare]] = []
        self._written: list[str] = []
        self.busy = False

    def start(self, folder: Path, files: Sequence[tuple[str, Prepare]]) -> None:
        """Write these files into the folder, one per turn of the event loop."""
        self.busy, self._left, self._written = True, list(files), []
        self._next(folder)

    def stop(self) -> None:
        self._left.clear()

    def _next(self, folder: Path) -> None:
        if not isValid(self):  # the dialog was closed meanwhile
            return
        if self._left:
            self.writing.emit(self._left[0][0])
        QTimer.singleShot(0, self, lambda: self._write(folder))

    def _write(self, folder: Path) -> None:
        if not self._left:
            self._end("")
            return
        name, prepare = self._left.pop(0)

        def done(_: object) -> None:
            self._written.append(name)
            self._next(folder)

        try:
            write = prepare()
        except StudioError as error:
            self._failed(error)
            return
        self._background.run(lambda: write_into(folder, write), done, self._failed, whole=True)

    def _failed(self, error: BaseException) -> None:
        self._left.clear()
        if isValid(self):
            self._end(str(error) or type(error).__name__)

    def _end(self, why: str) -> None:
        self.busy = False
        self.ended.emit(self._written, why)
