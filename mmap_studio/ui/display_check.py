"""Check of the display for `mmap-studio doctor`: whether a window can open, and by which of Qt's platforms.

For a process of its own, since Qt aborts where something is missing.
"""

import os
from collections.abc import Iterator

from mmap_studio.errors import InputError
from mmap_studio.session.doctor.child_checks import doing
from mmap_studio.session.doctor.finding import Finding
from mmap_studio.session.doctor.known_bad import known_bad
from mmap_studio.ui.display import answering_platforms, load_qt


def display() -> Iterator[Finding]:
    """One finding: the platform that a window opened on, or why none can."""
    try:
        doing("asking for a display")
        platforms, nowhere = answering_platforms(), ""
    except InputError as error:
        platforms, nowhere = [], str(error)
    try:
        import PySide6

        bad = known_bad("PySide6-Essentials", PySide6.__version__)
        if bad is not None and bad.aborts:  # told by the check of versions; it would only crash here
            return
        doing("loading Qt")
        load_qt(platforms)
    except (InputError, ImportError) as error:
        yield Finding("display", "warning" if nowhere else "problem", str(error), "everything but the window works")
        return
    if nowhere:
        yield Finding("display", "warning", nowhere, "start it on a desktop; over ssh, `ssh -X`")
        return
    yield _opened(PySide6.__version__)


def _opened(version: str) -> Finding:
    doing(f"opening Qt {version} on {os.environ.get('QT_QPA_PLATFORM') or 'the display'}")
    from PySide6.QtGui import QGuiApplication

    app = QGuiApplication(["mmap-studio"])
    screen = app.primaryScreen()
    size = f", {screen.size().width()} x {screen.size().height()} at {screen.devicePixelRatio():g}" if screen else ""
    return Finding("display", "ok", f"A window can open: Qt {version} on {app.platformName()}{size}.")
