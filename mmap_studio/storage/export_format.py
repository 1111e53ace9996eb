"""What all exported folders have in common: a sealed record lists every other file, a card may be edited.

A folder appears in one step (`atomic.write_folder`), so it is whole or absent, and replaces an older one of its own
kind alone: replacing deletes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmap_studio.errors import CorruptError, StorageError
from mmap_studio.storage import atomic
from mmap_studio.storage.documents import SMALL, Document, checked
from mmap_studio.storage.json_text import sealed, unsealed
from mmap_studio.storage.opener import MIB, check_fingerprint, fingerprint, read_bytes

CARD = "README.md"
LARGEST_FILE = 64 * MIB
"""Bytes of one file of an exported folder."""
_CLUTTER = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""What file managers leave in folders."""


@dataclass(frozen=True)
class ExportFormat:
    """One kind of exported folder."""

    kind: str
    """Such as "prompt folder"."""
    version: int
    record: str
    """Name of the record's file."""
    fields: type[Document]
    """What the record must have; `files` is among it."""
    check: Callable[[Path, dict[str, Any]], None]
    """CorruptError for a record, read from this path, whose parts do not fit each other."""

    @property
    def title(self) -> str:
        """As the record names it."""
        return f"MmAP Studio {self.kind}"

    def is_in(self, path: Path | str) -> bool:
        """Whether there is a record of one."""
        return (Path(path) / self.record).is_file()

    def files(self, content: Mapping[str, object], files: Mapping[str, bytes]) -> dict[str, bytes]:
        """These files with the record that lists them; the same input gives the same bytes."""
        listed = {name: fingerprint(data) for name, data in sorted(files.items())}
        record = {"format": self.title, "version": self.version, **content, "files": listed}
        return {**files, self.record: sealed(record).encode()}

    def write(self, path: Path, files: Mapping[str, bytes], replace: bool, within: Path | None = None) -> None:
        """Put the files under `path`, whole or not at all.

        StorageError when the disk refuses or something is there; with `replace` an older folder of this kind gives way.
        """
        if replace:
            self.check_place(path)
        atomic.make_folder(path.parent, within)
        atomic.write_folder(path, files, replace, within)

    def check_place(self, path: Path) -> None:
        """The refusals of `write` with `replace`, before the work whose result goes there."""
        atomic.check_folder(path, replace=True)
        self._refuse_foreign(path)

    def read_record(self, path: Path) -> dict[str, Any]:
        """The record under `path`, checked; CorruptError says what is wrong with it."""
        atomic.recover_folder(path)
        if not path.exists():
            raise CorruptError(f"{path} must be a {self.kind}, but is not there; check the path.")
        if not self.is_in(path):
            raise CorruptError(
                f"{path} must be a {self.kind}. Found no {self.record} in it: choose the folder an export wrote, whole."
            )
        where = path / self.record
        record = unsealed(read_bytes(where, within=path).decode(errors="replace"), where)
        if record.get("format") != self.title or record.get("version") != self.version:
            found = f"{record.get('format')!r}, version {record.get('version')!r}"
            raise CorruptError(
                f"{where} must be of a {self.title}, version {self.version}. Found {found}: update the studio."
            )
        checked(self.fields, record, where, "export again")
        self.check(where, record)
        return record

    def read_card(self, path: Path) -> str:
        """The text of the card as it is now; empty where it was deleted."""
        return read_bytes(path / CARD, SMALL, path).decode(errors="replace") if (path / CARD).is_file() else ""

    def problems(self, path: Path) -> list[str]:
        """One sentence for every file, the card included, that is not as it was written; none when all are."""
        try:
            record = self.read_record(path)
        except (CorruptError, StorageError) as error:
            return [str(error)]
        problems = []
        for name in record["files"]:
            try:
                listed_file(path, name, record)
            except (CorruptError, StorageError) as error:
                problems.append(str(error))
        return problems

    def _refuse_foreign(self, path: Path) -> None:
        """StorageError unless the folder, if there is one, holds nothing but what an export of this kind wrote."""
        if not path.is_dir() or not any(path.iterdir()):
            return
        if not self.is_in(path):
            raise StorageError(
                f"{path} will not be replaced: it holds other files, and no {self.record} of a {self.kind}. "
                "Choose a new or an empty folder."
            )
        try:
            ours = {self.record, *self.read_record(path)["files"]}
        except (CorruptError, StorageError) as error:
            raise StorageError(f"{path} will not be replaced: {error} Choose another folder.") from error
        ours |= {name.split("/")[0] for name in ours}
        found = (item for item in path.rglob("*") if item.name not in _CLUTTER)
        foreign = sorted(name for item in found if (name := item.relative_to(path).as_posix()) not in ours)
        if foreign:
            raise StorageError(
                f"{path} will not be replaced. Found {foreign[0]!r} in it, which no export wrote: choose another "
                "folder."
            )


def listed_file(path: Path, name: str, record: Mapping[str, Any]) -> bytes:
    """The bytes of one file that the record lists, which are the bytes that were written."""
    data = read_bytes(path / name, LARGEST_FILE, path)
    check_fingerprint(path / name, data, record["files"].get(name))
    return data
