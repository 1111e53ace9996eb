"""Ctrl+C, SIGTERM and SIGHUP: heard within a second, wherever the process is.

Nothing needs care on the way out, since every file is whole or absent, so a signal ends the process at once. Only a
run that is walking (`careful`) is interrupted by an exception instead, so that it can keep the prompts it has and say
what was kept. A thread reads signals from a pipe: if the main thread is inside a long call of torch and does not come
back in time, or a library swallows the exception, the thread ends the process; what is finished is in the cache.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from mmap_studio.errors import Interrupted

SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
"""Ctrl+C, the request to end, and the end of the terminal or of the connection to it."""
PATIENCE = 0.8
"""Seconds the main thread has to hear a signal."""
CLEARING = 5.0
"""Seconds it then has to keep what it has."""


class Stopper:
    """The process's one way to be stopped. Until `install` is called it does nothing."""

    def __init__(self) -> None:
        self.signal = 0
        """The signal that came; 0 before."""
        self._heard = threading.Event()
        self._careful = False
        self._kept: Callable[[], str] = lambda: "Stopped."
        self._ears: tuple[socket.socket, socket.socket] | None = None

    @property
    def code(self) -> int:
        """Exit code: 130 after Ctrl+C, 143 after SIGTERM, 129 after SIGHUP, as shells have it."""
        return 128 + (self.signal or signal.SIGINT)

    def install(self) -> None:
        """Take over the signals, unless whoever started the process had them ignored (`nohup`, `&` in sh)."""
        numbers = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
        for number in numbers:
            signal.signal(number, self._hear)
        self._ears = socket.socketpair()
        for end in self._ears:
            end.setblocking(False)
        self._ears[0].setblocking(True)
        signal.set_wakeup_fd(self._ears[1].fileno(), warn_on_full_buffer=False)
        threading.Thread(target=self._listen, name="mmap-signals", daemon=True).start()

    @contextmanager
    def careful(self, kept: Callable[[], str]) -> Iterator[None]:
        """Inside, a signal raises KeyboardInterrupt; `kept` is what to say when that takes too long."""
        self._careful, self._kept = True, kept
        try:
            yield
        finally:
            self._careful = False

    def watch(self) -> None:
        """Interrupted once a signal came: asked between steps, for the case that the exception was swallowed."""
        if self.signal:
            raise Interrupted

    def hurry(self) -> None:
        """After a signal, end without the interpreter's tidying up, which takes a second with torch loaded.

        Without one the work is done, and a signal that comes now no longer changes how it ended.
        """
        if self._ears is not None:
            for number in SIGNALS:
                signal.signal(number, signal.SIG_IGN)
        if self.signal:
            with suppress(OSError):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(self.code)

    def leave(self, number: int, text: str) -> None:
        """End the process here and now."""
        cursor = "\r\x1b[?25h\x1b[K" if sys.stderr and sys.stderr.isatty() else ""
        with suppress(OSError):  # after a hang-up nobody reads it
            os.write(2, f"{cursor}{text}\n".encode(errors="backslashreplace"))
        os._exit(128 + number)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        """The handler, in the main thread; a second signal does not wait any longer."""
        self._heard.set()
        if self.signal or not self._careful:
            self.leave(number, self._kept())
        self.signal = number
        raise KeyboardInterrupt

    def _listen(self) -> None:
        """The thread: for the case that the handler does not get its turn, or is not obeyed."""
        assert self._ears is not None
        number = self._ears[0].recv(1)[0]
        if self._heard.wait(PATIENCE):
            threading.Event().wait(CLEARING)
        self.leave(number, self._kept())


STOPPER = Stopper()
"""Of this process."""
