"""Texts without what says whose computer they are from: folders, and names of the user and the host."""

import getpass
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from mmap_studio.data import paths
from mmap_studio.session.doctor.folders import the_folders

SYSTEM = ("usr", "lib", "lib64", "opt", "etc", "sys", "proc", "dev", "bin", "sbin")
"""Folders of the system's own, which say nothing of a person."""
_ENCLOSED = re.compile(r"(?<=['\"(])/(?:(?! /)[^'\"()\n])*(?=['\")])")
"""A path in quotes or brackets, which may have blanks in it."""
_PATH = re.compile(r"(?<![\w<>~/.:])/(?:[^\s'\"`;,()/]+/)+[^\s'\"`;,()/]*")


def scrubber() -> Callable[[str], str]:
    """What makes a text fit to be shown to others, for this user on this computer."""
    places = {str(path): f"<{name}>" for name, (path, _) in the_folders().items()}
    places |= {sys.prefix: "<python>", str(Path(__file__).parents[3]): "<studio>", os.getcwd(): "<here>"}
    return lambda text: scrubbed(text, places, home(), set(names()))


def home() -> str:
    """The user's home folder; empty where it is not known."""
    found = str(paths.home())
    return "" if found == "~" else found


def names() -> Iterator[str]:
    """Names of the user and of the computer, as far as they are known."""
    yield from (os.environ.get(one, "") for one in ("USER", "LOGNAME", "USERNAME", "SUDO_USER", "HOSTNAME"))
    with suppress(Exception):  # there need be no user of this number
        yield getpass.getuser()
    with suppress(ImportError, KeyError, AttributeError):
        import pwd

        about = pwd.getpwuid(os.getuid())
        yield from (about.pw_name, about.pw_gecos.split(",")[0])
    yield Path(home()).name
    with suppress(OSError):
        host = socket.gethostname()
        yield from (host, host.partition(".")[0])


def scrubbed(text: str, places: Mapping[str, str], home: str, names: set[str]) -> str:
    """The text with `places` under their labels, the home folder as ~, other paths by their last part, names as <name>.

    places : path -> label
    """
    both = {str(paths.real(path)): label for path, label in places.items()} | dict(places)
    for path in sorted(both, key=len, reverse=True):
        if path.count(os.sep) > 1:  # "/" and "/work" are parts of anything
            text = text.replace(path, both[path])
    if home and home != os.sep:
        text = re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text)
    for pattern in (_ENCLOSED, _PATH):
        text = pattern.sub(_last_part, text)
    for name in sorted((one for one in names if one), key=len, reverse=True):
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", "<name>", text, flags=re.IGNORECASE)
    return text


def _last_part(match: re.Match[str]) -> str:
    parts = match[0].split("/")
    return match[0] if len(parts) < 3 or parts[1] in SYSTEM else f"<...>/{parts[-1]}"
