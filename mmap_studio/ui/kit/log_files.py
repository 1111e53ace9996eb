"""Log and crash files of the window, and the report of a process that died."""

import faulthandler
import logging
import os
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from mmap_studio.errors import StudioError
from mmap_studio.storage.opener import read_bytes

LOG, CRASH = "window.log", "crash-{}.log"
KEPT = 5
"""Crash files of earlier processes that are kept."""
TAIL = 40
"""Lines of the log in a report."""


def log_folder() -> Path:
    """The folder of log and crash files: the user's state folder."""
    import platformdirs

    return Path(platformdirs.user_state_dir("mmap-studio", appauthor=False))


def keep_log() -> TextIO:
    """Write messages and crashes to files from now on; returns this process's crash file, for `end_log`."""
    folder = log_folder()
    folder.mkdir(parents=True, exist_ok=True)
    handler = RotatingFileHandler(folder / LOG, maxBytes=1_000_000, backupCount=2, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.getLogger("mmap_studio").addHandler(handler)
    logging.getLogger("mmap_studio").setLevel(logging.INFO)
    _remove_old(folder)
    crashes = (folder / CRASH.format(os.getpid())).open("w", encoding="utf-8")  # open for life: written to while dying
    faulthandler.enable(crashes)
    return crashes


def end_log(crashes: TextIO) -> None:
    """Close the log, and remove the crash file, of a process that ends properly."""
    logger = logging.getLogger("mmap_studio")
    for handler in [one for one in logger.handlers if isinstance(one, RotatingFileHandler)]:
        logger.removeHandler(handler)
        handler.close()
    faulthandler.disable()
    crashes.close()
    with suppress(OSError):
        Path(crashes.name).unlink()


def crash_report(process: int) -> str:
    """Stack (if it crashed) and last log lines of a process that died."""
    folder = log_folder()
    stack = _read(folder / CRASH.format(process)).strip()
    lines = _read(folder / LOG).splitlines()[-TAIL:]
    cause = stack or "It left no stack: it was killed from outside, or the machine stopped."
    return "\n".join([f"Process {process}", cause, "", f"The last lines of {folder / LOG}:", *lines])


def _read(path: Path) -> str:
    try:
        return read_bytes(path).decode(errors="replace")
    except StudioError:
        return ""


def _remove_old(folder: Path) -> None:
    found = sorted(folder.glob(CRASH.format("*")), key=lambda path: path.stat().st_mtime)
    for path in found[: -KEPT or None]:
        with suppress(OSError):
            path.unlink()
