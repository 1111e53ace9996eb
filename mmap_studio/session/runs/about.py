"""What the user says of a run: a name, a note, tags, and whether it is pinned; about.json in the run's folder.

It is no part of the run's record: it may change long after the run has ended, and the run still verifies.
"""

import os
import re
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, ValidationError

from mmap_studio.errors import InputError
from mmap_studio.formatting import some
from mmap_studio.storage import atomic
from mmap_studio.storage.documents import LONGEST_NAME, Document, checked, read_json, wrong_field
from mmap_studio.storage.runs import ABOUT, RECORD, RunFolder, editing

LONGEST_NOTE, LONGEST_TAG, MOST_TAGS = 20_000, 60, 50
"""Letters of a note and of a tag, and tags of a run."""
Tag = Annotated[str, Field(min_length=1, max_length=LONGEST_TAG, pattern=r"^[^,\r\n]+$")]


class RunAbout(Document):
    """Nothing is said of a run at first. What other versions add to the file stays in it."""

    name: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    note: Annotated[str, Field(max_length=LONGEST_NOTE)] = ""
    tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] = Field(default_factory=list)
    pinned: bool = False


def read_about(run: RunFolder) -> RunAbout:
    """What is said of a run; CorruptError where the file is not as it is written here, StorageError as `opened`."""
    path = run.path / ABOUT
    if not os.path.lexists(path):
        return RunAbout()
    return checked(RunAbout, read_json(path, within=run.within), path, "correct the file, or move it away")


def edit_about(
    run: RunFolder, *, name: str | None = None, note: str | None = None, tag: Iterable[str] = (),
    untag: Iterable[str] = (), pinned: bool | None = None,
) -> tuple[RunAbout, RunAbout]:  # fmt: skip
    """Say something else of a run, on the disk when this returns: what was there before, and what is now.

    What is not said stays as it is on the disk.

    tag, untag : tags to give and to take away; of several programs that do so at once each has its way

    InputError for what cannot be said; errors as `read_about`: a file that cannot be read is not written over.
    """
    given, taken = [_blanks(one) for one in tag], {_blanks(one) for one in untag}
    said: dict[str, object] = {"name": name and _blanks(name), "note": note and _lines(note), "pinned": pinned}
    for what, text in (("name", said["name"]), ("note", said["note"]), *(("tag", one) for one in given)):
        _check_printable(run, what, str(text or ""))
    with editing(run.path.parent):
        if not (run.path / RECORD).is_file():
            raise InputError(f"Run {run.name} must be there to be named, but it is not; it was deleted meanwhile.")
        before = read_about(run)
        said["tags"] = [one for one in dict.fromkeys([*before.tags, *given]) if _blanks(one) not in taken]
        values = before.model_dump() | {key: value for key, value in said.items() if value is not None}
        try:
            after = RunAbout.model_validate(values)
        except ValidationError as error:
            raise InputError(f"What is said of run {run.name} {wrong_field(error)}; shorten or correct it.") from None
        if after != before:
            atomic.write_json(run.path / ABOUT, after.model_dump(), run.within)
    return before, after


def tags_of(text: str) -> list[str]:
    """Tags as they are typed: parted by commas, each once, in their order."""
    return list(dict.fromkeys(filter(None, map(_blanks, text.split(",")))))


def _blanks(text: str) -> str:
    """On one line, words parted by one plain blank."""
    return " ".join(text.split())


def _lines(text: str) -> str:
    """Line ends as Unix has them, and every other blank but a tab a plain one."""
    return re.sub(r"[^\S\n\t]", " ", re.sub(r"\r\n?", "\n", text))


def _check_printable(run: RunFolder, what: str, text: str) -> None:
    """InputError for signs that steer a terminal or the direction of a text; a note may have line ends and tabs."""
    allowed = "\n\t" if what == "note" else ""
    strange = [letter for letter in text if not letter.isprintable() and letter not in allowed]
    if strange:
        raise InputError(
            f"The {what} of run {run.name} must have only letters that can be printed, but has "
            f"{some(list(dict.fromkeys(strange)))}; take that out."
        )
