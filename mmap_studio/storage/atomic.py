"""Every way by which the studio writes to disk.

A file is built beside its target, flushed, renamed over it, and the rename is flushed too. So a crash, `kill -9`, a
power cut or a full disk leaves the whole old or the whole new file under its name, never a mixture, and what a call
returned from is on the disk. (HDF5 and `open(path, "w")` give neither.)

The temporary lies in the target's own folder (a rename across disks is a copy) and carries its owner's host and
process id (`temporaries`); `sweep` deletes those whose owner is gone. Every call that changes a disk is in `disk`.

`within` is the folder that is trusted, such as a project's: on the way from it no link is followed (`way`). It is
left out only where the user named the very place that is written.
"""

import errno
import itertools
import logging
import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from mmap_studio.errors import InputError, StorageError
from mmap_studio.storage import disk
from mmap_studio.storage.json_text import json_text
from mmap_studio.storage.no_links import refuse_links, standing_in
from mmap_studio.storage.opener import kind_of, read_bytes
from mmap_studio.storage.os_errors import refusal, refusing
from mmap_studio.storage.temporaries import NAME, claimed, is_abandoned, temporary

log = logging.getLogger(__name__)

QUARANTINE = "quarantine"
"""Folder, beside a damaged file, that `set_aside` moves it to."""
_APPENDING = threading.Lock()


# -- files ---------------------------------------------------------------------------------------------------------


def write_bytes(path: Path | str, data: bytes | bytearray | memoryview, within: Path | None = None) -> None:
    """Put `data` under `path`, whole or not at all; its folder must exist. StorageError names file and cause."""
    path = Path(path)
    with refusing(path), standing_in(path.parent, within) as folder, temporary(path) as fresh:
        place = disk.in_folder(folder)
        disk.write_file(fresh, data, **place)
        disk.rename(fresh, path, **place)


def write_text(path: Path | str, text: str, within: Path | None = None) -> None:
    """`write_bytes` of UTF-8 text."""
    write_bytes(path, text.encode(), within)


def write_json(path: Path | str, value: object, within: Path | None = None) -> None:
    """`write_text` of `json_text(value)`."""
    write_text(path, json_text(value), within)


def append_line(path: Path | str, text: str, within: Path | None = None) -> None:
    """Append `text` and a line end in one write, on the disk when this returns.

    What a crash tore off the last time is cut away first, so a file only ever ends in a torn line, which
    `read_lines` drops. Of a text with line breaks a crash may keep the first lines. One process appends to a file
    at a time; its threads may be many.
    """
    path = Path(path)
    with refusing(path), _APPENDING, disk.opened_to_append(path, within) as handle:
        end, size = disk.end_of_last_line(handle)
        try:
            if end < size:
                disk.SYSTEM.truncate(handle, end)
            disk.write_all(handle, f"{text}\n".encode())
            disk.SYSTEM.fsync(handle)
        except BaseException:
            with suppress(OSError):
                disk.SYSTEM.truncate(handle, end)
            raise


def read_lines(path: Path | str, within: Path | None = None) -> list[str]:
    """The whole lines of a file that `append_line` wrote; none when there is no file, a torn last line dropped."""
    path = Path(path)
    if not os.path.lexists(path):
        return []
    return read_bytes(path, 1 << 30, within).decode(errors="replace").split("\n")[:-1]


def make_folder(path: Path | str, within: Path | None = None) -> None:
    """Make a folder and its parents, on the disk when this returns; one that is there already is fine."""
    path = Path(path)
    with refusing(path, "made"):
        refuse_links(path, within)
        for folder in reversed([part for part in (path, *path.parents) if not part.is_dir()]):
            with disk.settled(folder.parent), suppress(FileExistsError):
                disk.SYSTEM.mkdir(folder)
            if not folder.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, "a file is in the way", str(folder))


def remove(path: Path | str, within: Path | None = None) -> None:
    """Delete a file or a whole folder; nothing there is fine. A folder disappears at once, not file by file."""
    path = Path(path)
    with refusing(path, "deleted"):
        refuse_links(path.parent, within)
        if path.is_dir() and not path.is_symlink():
            with temporary(path) as doomed:
                disk.rename(path, doomed)
                disk.delete(doomed)
        elif os.path.lexists(path):
            with disk.settled(path.parent), suppress(FileNotFoundError):
                disk.SYSTEM.unlink(path)


def move(path: Path | str, target: Path | str, within: Path | None = None) -> None:
    """Put a file or a folder under a free name on the same disk, in one step; StorageError where that is taken.

    Whatever cuts it short, it is under one of both names.
    """
    path, target = Path(path), Path(target)
    with refusing(path, "moved"):
        refuse_links(path.parent, within)
        refuse_links(target.parent, within)
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "the name is taken", str(target))
        with disk.settled(path.parent):
            disk.rename(path, target)


def set_aside(path: Path | str, within: Path | None = None) -> Path:
    """Move a damaged file or folder to `quarantine/` beside it, under a name not used before; returns where it is."""
    path = Path(path)
    make_folder(path.parent / QUARANTINE, within)
    with refusing(path, "set aside"):
        names = (f"{path.name}.{number}" for number in itertools.count(1))
        target = next(place for name in names if not os.path.lexists(place := path.parent / QUARANTINE / name))
        disk.rename(path, target)
        return target


def check_file(path: Path | str) -> None:
    """Refuse, before the work whose result goes there, a place that the user named and no file can be put under.

    Only a file gives way to another: `write_bytes` would put one in the place of a pipe, a device or a link as well.
    """
    path = Path(path)
    with refusing(path):
        if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
            found = "a link" if path.is_symlink() else kind_of(path.stat().st_mode)
            raise refusal(f"{path} must be a file, or a free name. Found {found}: choose another.", path, errno.EEXIST)
        if not path.parent.is_dir():
            raise NotADirectoryError(errno.ENOENT, "its folder is not there", str(path.parent))
    _check_writable(path.parent, path)


# -- folders -------------------------------------------------------------------------------------------------------


def write_folder(
    path: Path | str, files: Mapping[str, bytes], replace: bool = False, within: Path | None = None
) -> None:
    """Put a whole folder of files (relative names with `/`) under `path`, whole or not at all.

    An existing folder is refused unless it is empty or `replace` is true; a file or a link in the way always is.
    Replacing takes two renames; a kill between them leaves the old folder whole beside its place, from where
    `recover_folder` and `sweep` bring it back.
    """
    path = Path(path)
    _refuse_unsafe(files)
    refuse_links(path.parent, within)
    recover_folder(path)
    occupied, there = _occupied(path, replace), os.path.lexists(path)
    with refusing(path), temporary(path) as fresh:
        _build(fresh, files)
        if occupied:
            _swap(fresh, path)
        else:
            if there:
                disk.SYSTEM.rmdir(path)
            disk.rename(fresh, path)


def check_folder(path: Path | str, replace: bool = False) -> None:
    """As `check_file`, for `write_folder` below folders that may have to be made."""
    path = Path(path)
    _occupied(path, replace)
    _check_writable(next(above for above in path.absolute().parents if os.path.lexists(above)), path)


def recover_folder(path: Path | str) -> bool:
    """Bring a folder back whose replacement was killed between its two renames; true when there was one."""
    path = Path(path)
    with refusing(path, "recovered"):
        if os.path.lexists(path) or not path.parent.is_dir():
            return False
        for entry in path.parent.iterdir():
            match = NAME.fullmatch(entry.name)
            if match and match["final"] == path.name and is_abandoned(entry, match):
                disk.rename(entry, path)
                return True
    return False


def sweep(folder: Path | str, within: Path | None = None) -> list[Path]:
    """Delete what dead processes left half-written in `folder`, and finish or undo a replacement that was cut short.

    Not recursive. Made for start-up: it never raises, what cannot be deleted is logged and left for the next time.
    """
    folder, done = Path(folder), []
    try:
        refuse_links(folder, within)
    except StorageError as error:
        log.warning("%s", error)
        return []
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        match = NAME.fullmatch(entry.name)
        try:
            if match and is_abandoned(entry, match):
                _clear(entry, match["final"])
                done.append(entry)
        except OSError as error:
            log.warning("%s could not be cleared away: %s", entry, error)
    return done


def _clear(entry: Path, final: str | None) -> None:
    """Delete a temporary; an old folder that was not replaced goes back to its place instead."""
    if final is None:
        disk.delete(entry)
    elif os.path.lexists(entry.with_name(final)):
        _retire(entry)
    else:
        disk.rename(entry, entry.with_name(final))


def _swap(fresh: Path, path: Path) -> None:
    """Put `fresh` in the place of `path`. The old one keeps a name by which it is found until the fresh one stands."""
    with claimed(path, f".old.{path.name}") as old:
        try:
            disk.rename(path, old)
            disk.rename(fresh, path)
        except BaseException:
            with suppress(OSError):
                _swap_back(old, path, fresh)
            raise
        with suppress(OSError):  # the fresh folder stands; what cannot be deleted now, sweep deletes
            _retire(old)


def _swap_back(old: Path, path: Path, fresh: Path) -> None:
    """Undo the renames that were done, even one whose flush failed: it might not last."""
    if os.path.lexists(old):
        if os.path.lexists(path):
            disk.rename(path, fresh)
        disk.rename(old, path)


def _retire(old: Path) -> None:
    """Delete an old folder under a temporary's name, so that half of it can never be taken for something to recover."""
    with temporary(old) as doomed:
        disk.rename(old, doomed)
        disk.delete(doomed)


def _build(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files below a new folder; every file and every folder is flushed."""
    inner = {folder / parent for name in files for parent in Path(name).parents}
    for place in sorted(inner | {folder}):
        disk.SYSTEM.mkdir(place)
    for name, data in files.items():
        disk.write_file(folder / name, data)
    for place in sorted(inner | {folder}, reverse=True):
        with disk.settled(place):
            pass


def _refuse_unsafe(names: Mapping[str, bytes]) -> None:
    for name in names:
        if not name or "\\" in name or "\0" in name or any(part in ("", ".", "..") for part in name.split("/")):
            raise InputError(f"a file of a folder must have a plain relative name. Got {name!r} instead.")


def _check_writable(folder: Path, path: Path) -> None:
    with refusing(path):
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "a file is in the way", str(folder))
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, "there is no permission", str(folder))


def _occupied(path: Path, replace: bool) -> bool:
    """Whether there is a folder with files in it to replace; StorageError for whatever may not be replaced."""
    found = None
    with refusing(path):
        occupied = path.is_dir() and any(path.iterdir())
        if os.path.lexists(path) and (path.is_symlink() or not path.is_dir()):
            found = "a file or a link there: choose another name"
    if occupied and not replace:
        found = found or "files there: choose another, or ask to replace it"
    if found:
        raise refusal(f"{path} must be a free name or an empty folder. Found {found}.", path, errno.EEXIST)
    return occupied
