"""How a job's error travels from its process to the one that asked: as its class's name and its sentence."""

import traceback

from mmap_studio import errors
from mmap_studio.errors import StudioError

Words = tuple[str, str]
"""Class and text; the class is empty for an error that is none of the studio's, and the text its traceback."""


def words_of(error: BaseException) -> Words:
    """To be sent."""
    if isinstance(error, StudioError):
        return type(error).__name__, str(error)
    return "", "".join(traceback.format_exception(error))


def error_of(words: Words, title: str) -> Exception:
    """The error again; one that nobody expected is a RuntimeError with the traceback of where it arose."""
    kind = getattr(errors, words[0], None) if words[0] else None
    if isinstance(kind, type) and issubclass(kind, StudioError):
        return kind(words[1])
    return RuntimeError(f"{title}\n{words[1]}")
