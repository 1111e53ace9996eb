"""Ctrl+C in the terminal and SIGTERM close the window in order: stop, keep what is finished, remember the layout.

Python's own handlers run between two lines of Python, and an event loop that waits has none; so the number of the
signal comes through a socket that the loop watches. A second signal does not wait any longer.
"""

import os
import signal
import socket

from PySide6.QtCore import QObject, QSocketNotifier, Signal


class Signals(QObject):
    """While it lives, `asked` is emitted at the first SIGINT or SIGTERM; `code` is the exit code that follows."""

    asked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.code = 0
        """0, or 130 after Ctrl+C and 143 after SIGTERM, as shells have it."""
        self._ours, self._theirs = socket.socketpair()
        for end in (self._ours, self._theirs):
            end.setblocking(False)
        self._notifier = QSocketNotifier(self._ours.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._hear)
        numbers = [n for n in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(n) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, lambda *_: None) for number in numbers}
        self._fd = signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)

    def remove(self) -> None:
        """As before."""
        signal.set_wakeup_fd(self._fd)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._notifier.setEnabled(False)
        self._ours.close()
        self._theirs.close()

    def _hear(self) -> None:
        for number in self._ours.recv(16):
            if self.code:
                os._exit(self.code)
            if number in self._before:
                self.code = 128 + number
                self.asked.emit()
