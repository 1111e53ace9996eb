"""The folder of a report: written whole, never over what is not a report, and without the user's folders in it."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from mmap_studio.data.paths import home
from mmap_studio.errors import StorageError
from mmap_studio.formatting import printable
from mmap_studio.storage import atomic
from mmap_studio.storage.os_errors import refusing

_START = r"(?:~|[A-Za-z]:)?[/\\]"
_WHOLE = re.compile(rf"{_START}(?:(?!\s/).)*")
_QUOTED = re.compile(rf"(?P<quote>['\"]){_START}[^'\"\n]*(?P=quote)")
_BARE = re.compile(r"(?<![\w:/.~-])(?:~|[A-Za-z]:)?(?:[/\\][^\s/\\'\",;:|<>()]+){2,}[/\\]?")


def without_folders(text: str) -> str:
    """A text with only the last part of every absolute path in it: reports are handed on.

    Where a path has blanks, that is sure if it is the whole text or in quotes; else the home folder is gone at least.
    """
    if _WHOLE.fullmatch(text):
        return _last(text)
    text = _QUOTED.sub(lambda hit: hit["quote"] + _last(hit[0][1:-1]) + hit["quote"], text)
    known = home()
    text = text.replace(str(known), "~") if len(known.parts) > 1 else text
    return _BARE.sub(lambda hit: _last(hit[0]), text)


def _last(path: str) -> str:
    return re.split(r"[/\\]", path.rstrip("/\\"))[-1]


def check_report_folder(folder: Path, names: Collection[str]) -> None:
    """Refuse now what `write_report_folder` would, with `replace`, after hours of trials."""
    refuse_other_files(folder, names)
    atomic.check_folder(folder, replace=True)


def refuse_other_files(folder: Path, names: Collection[str]) -> None:
    """StorageError for a folder with files of other names in it."""
    with refusing(folder):
        strange = sorted(one.name for one in folder.iterdir() if one.name not in names) if folder.is_dir() else []
    if strange:
        found = printable(strange[0])
        raise StorageError(f"{folder} must be a new folder or hold an earlier report. Found {found}; choose another.")


def write_report_folder(
    folder: Path, files: Mapping[str, bytes], replace: bool = False, within: Path | None = None
) -> None:
    """Put all files of a report into a folder, all or none.

    replace : an earlier report is replaced   within : no link is followed below this folder
    StorageError for a folder with other files in it, also with `replace`, and where the disk refuses.
    """
    refuse_other_files(folder, files)
    atomic.make_folder(folder.parent, within)
    atomic.write_folder(folder, files, replace, within=within)
