"""Probe of the display and of Qt's libraries: where one is missing, Qt itself would abort the process."""

import ctypes
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from threading import Thread

from mmap_studio.errors import InputError
from mmap_studio.formatting import shown

PACKAGES = (
    "libegl1 libgl1 libxkbcommon0 libdbus-1-3 libfontconfig1 libglib2.0-0 libx11-6 fonts-dejavu-core libxcb-cursor0 "
    "libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xfixes0 "
    "libxcb-xkb1 libxkbcommon-x11-0 libx11-xcb1"
)
"""What Qt needs on a Debian or Ubuntu without a desktop."""
OTHERWISE = "without a window, use `mmap-studio run PROJECT`."
PLUGINS = {"wayland": "libqwayland.so", "xcb": "libqxcb.so"}
PATIENCE_S = 10.0
"""Seconds that a display has to answer: one at the end of a dead connection never does."""


def answering_platforms() -> list[str]:
    """Qt's platforms, xcb or wayland, whose display answers, in Qt's order; InputError where none does.

    Empty where there is nothing to ask: on other systems than Linux, and where QT_QPA_PLATFORM names another platform.
    """
    wanted = [name.partition(":")[0] for name in os.environ.get("QT_QPA_PLATFORM", "wayland;xcb").split(";")]
    if not sys.platform.startswith("linux") or not set(wanted) <= set(PLUGINS):
        return []
    try:
        answering = [name for name in wanted if (_x_answers() if name == "xcb" else _wayland_answers())]
    except OSError as error:
        raise _cannot_load(error) from None
    if not answering:
        raise InputError(f"The window needs a display, and {_why_none()}; {OTHERWISE}")
    return answering


def load_qt(platforms: Sequence[str]) -> None:
    """Load Qt, and its plugin for the first of the platforms that has what it needs; InputError where it cannot be."""
    import PySide6

    if not platforms and os.environ.get("QT_QPA_PLATFORM") and sys.platform.startswith("linux"):
        _check_platform(Path(PySide6.__file__).parent / "Qt" / "plugins" / "platforms")
    try:
        for name in platforms:
            plugin = Path(PySide6.__file__).parent / "Qt" / "plugins" / "platforms" / PLUGINS[name]
            try:
                if plugin.exists():  # a distribution keeps it elsewhere, with everything it needs
                    ctypes.CDLL(str(plugin))
                break
            except OSError:
                if name == platforms[-1]:
                    raise
        import PySide6.QtWidgets
    except (ImportError, OSError) as error:
        raise _cannot_load(error) from None


def _check_platform(folder: Path) -> None:
    """InputError where QT_QPA_PLATFORM names no plugin of Qt, which would then abort."""
    known = sorted(file.stem.removeprefix("libq") for file in folder.glob("libq*.so"))
    wanted = [name.partition(":")[0] for name in os.environ.get("QT_QPA_PLATFORM", "").split(";")]
    if known and not set(wanted) & set(known):  # without any, a distribution keeps them elsewhere
        raise InputError(
            f"QT_QPA_PLATFORM must name one of Qt's platforms ({', '.join(known)}). Got {shown(';'.join(wanted))} "
            f"instead; leave it out, or {OTHERWISE}"
        )


def _cannot_load(error: Exception) -> InputError:
    return InputError(
        f"Qt cannot be loaded ({str(error).splitlines()[0]}); on Debian and Ubuntu, what it needs comes with "
        f"`sudo apt install {PACKAGES}`; {OTHERWISE}"
    )


def _why_none() -> str:
    found = [f"{name}={os.environ[name]}" for name in ("DISPLAY", "WAYLAND_DISPLAY") if os.environ.get(name)]
    return f"none answers at {' or '.join(found)}" if found else "neither DISPLAY nor WAYLAND_DISPLAY is set"


def _x_answers() -> bool:
    """Whether the X server of DISPLAY lets us in, asked as Qt asks; OSError without the library for that."""
    if not os.environ.get("DISPLAY"):
        return False
    xcb = ctypes.CDLL("libxcb.so.1")
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = ctypes.c_char_p, ctypes.c_void_p
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = (ctypes.c_void_p,)
    answered: list[bool] = []

    def ask() -> None:
        connection = xcb.xcb_connect(None, None)
        answered.append(not xcb.xcb_connection_has_error(connection))
        xcb.xcb_disconnect(connection)

    asking = Thread(target=ask, daemon=True)
    asking.start()
    asking.join(PATIENCE_S)
    return answered == [True]


def _wayland_answers() -> bool:
    name, folder = os.environ.get("WAYLAND_DISPLAY"), os.environ.get("XDG_RUNTIME_DIR", "")
    if name is None and os.environ.get("XDG_SESSION_TYPE") != "wayland":
        return False
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE_S)
        return client.connect_ex(str(Path(folder, name or "wayland-0"))) == 0
