"""What an import or a decoding leaves out."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or folder that was left out."""

    path: str
    """As the caller gave it; for a survey, relative to the root, parts joined by `/`."""
    reason: str
    """Short, without the path: "the file is empty"."""
