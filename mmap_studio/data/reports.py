"""What an import leaves out, and how names are put into sentences."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was left out."""

    path: str
    """As the caller gave it; for a scan, relative to the root, parts joined by `/`."""
    reason: str
    """Short, without the path: "the file is empty"."""


def shown(name: object) -> str:
    """A name in quotes, safe to print: control signs, lone surrogates and bidi overrides are written as escapes."""
    text = str(name)
    return "'" + "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text) + "'"


def some(names: Sequence[object], limit: int = 5) -> str:
    """A list for a sentence: the first names, and how many more there are."""
    more = len(names) - limit
    listed = ", ".join(shown(name) for name in names[:limit])
    return f"{listed} and {more} more" if more > 0 else listed
