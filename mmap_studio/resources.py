"""Where the files are that ship with the studio: in a checkout beside the package, in a wheel inside it."""

from pathlib import Path

from mmap_studio.errors import InputError

_PACKAGE = Path(__file__).resolve().parent
_PLACES = (_PACKAGE / "_resources", _PACKAGE.parent / "resources")


def resource_text(name: str) -> str:
    """The text of a shipped file."""
    return resource(name).read_text(encoding="utf-8")


def resource(name: str) -> Path:
    """Path of a shipped file or folder, such as ``"starter"`` or ``"icons/run.svg"``."""
    for place in _PLACES:
        if (place / name).exists():
            return place / name
    raise InputError(
        f"The shipped file {name!r} must be in {_PLACES[0]} or {_PLACES[1]}, but is not; reinstall mmap-studio."
    )
