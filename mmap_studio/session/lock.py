"""One window a project: a small file with the process's number says who has it."""

import os
from pathlib import Path

from mmap_studio.errors import InputError

NAME = ".open-in.pid"


class ProjectLock:
    """Held while a project is open in a window; given back by `release`, taken over from a process that died."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._held = False

    def acquire(self) -> None:
        """Take it, or raise InputError naming the process that has it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        for _ in range(3):
            try:
                descriptor = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            except FileExistsError:
                holder = self.holder()
                if holder is not None:
                    raise InputError(
                        f"Project {self.path.parent} is open in another MmAP Studio (process {holder}); "
                        "use that window, or close it first."
                    ) from None
                self.path.unlink(missing_ok=True)
                continue
            os.write(descriptor, str(os.getpid()).encode())
            os.close(descriptor)
            self._held = True
            return

    def holder(self) -> int | None:
        """The living process that has it; None if nobody has."""
        try:
            number = int(self.path.read_text(encoding="ascii"))
            os.kill(number, 0)
        except (OSError, ValueError):
            return None
        return number

    def release(self) -> None:
        """Give it back; harmless if it is not held."""
        if self._held:
            self.path.unlink(missing_ok=True)
            self._held = False
