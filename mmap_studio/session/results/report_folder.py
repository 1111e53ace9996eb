"""The folder of a report: written whole, and never over what is not a report."""

from collections.abc import Mapping
from pathlib import Path

from mmap_studio.errors import StorageError
from mmap_studio.formatting import printable
from mmap_studio.storage import atomic


def write_report_folder(
    folder: Path, files: Mapping[str, bytes], replace: bool = False, within: Path | None = None
) -> None:
    """Put all files of a report into a folder, all or none.

    replace : an earlier report is replaced   within : no link is followed below this folder
    StorageError for a folder with other files in it, also with `replace`, and where the disk refuses.
    """
    strange = sorted(one.name for one in folder.iterdir() if one.name not in files) if folder.is_dir() else []
    if strange:
        found = printable(strange[0])
        raise StorageError(f"{folder} must be a new folder or hold an earlier report. Found {found}; choose another.")
    atomic.make_folder(folder.parent, within)
    atomic.write_folder(folder, files, replace, within=within)
