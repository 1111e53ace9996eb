"""`hf:owner/name`: a data set of the Hugging Face hub, by name, and where its files are kept on this computer.

`hf:owner/name/FOLDER` is a folder of it, `hf:owner/name@REVISION` a branch, tag or commit. Nothing here touches the
network.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from mmap_studio.data.archives.rules import path_problem
from mmap_studio.errors import CorruptError, InputError, StorageError
from mmap_studio.formatting import shown
from mmap_studio.storage import atomic
from mmap_studio.storage.documents import LARGE, Document, RelativeName, checked, read_json

PREFIX = "hf:"
FOLDER_VARIABLE = "MMAP_STUDIO_DATA"
"""Environment variable that names another folder for downloaded data sets."""
MAX_FILES = 500_000
"""Of a data set."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}")
COMMIT = "[0-9a-f]{40}|[0-9a-f]{64}"
"""Of a data set, as a pattern."""


class KeptFile(Document):
    """A file that is here."""

    path: RelativeName
    size: Annotated[int, Field(ge=0)]
    digest: Annotated[str, Field(pattern="^([0-9a-f]{40}|[0-9a-f]{64})$")]
    """SHA-256, or git's own."""

    def is_in(self, folder: Path) -> bool:
        """Whether a file of this size is there; what is in it is not read."""
        path = folder / self.path
        return os.path.isfile(path) and os.path.getsize(path) == self.size  # Path.is_file raises for some names


class Record(Document):
    """What was downloaded, complete."""

    format: int = 1
    address: str
    host: str
    commit: Annotated[str, Field(pattern=f"^({COMMIT})$")]
    licence: str
    files: Annotated[list[KeptFile], Field(max_length=MAX_FILES)]


@dataclass(frozen=True)
class Address:
    """A data set of the hub, or a folder of it."""

    repository: str
    """`owner/name`."""
    revision: str = ""
    """Branch, tag or commit; empty for the main one."""
    inside: str = ""
    """Folder below the repository; empty for all of it."""

    def __str__(self) -> str:
        folder = f"/{self.inside}" if self.inside else ""
        return f"{PREFIX}{self.repository}{folder}{f'@{self.revision}' if self.revision else ''}"

    @property
    def name(self) -> str:
        return self.repository.partition("/")[2]

    @property
    def home(self) -> Path:
        """Where all that is here of the repository lies."""
        return datasets_folder() / self.repository.partition("/")[0] / self.name

    def folder(self, commit: str) -> Path:
        """Where its files are as of a commit, by their paths in the repository; no other version or address is there.

        It is called as the repository, since a domain may be called as its folder.
        """
        return self.home / (f"{commit}-{_digest(self.inside)}" if self.inside else commit) / self.name

    def data(self, commit: str) -> Path:
        """What an import reads."""
        return self.folder(commit) / self.inside if self.inside else self.folder(commit)

    @property
    def record(self) -> Path:
        """The file that says which commit is here, once all of it is."""
        return self.home / f"{_digest(str(self))}.json"


def is_address(text: str) -> bool:
    """Whether what a user gave names a data set of the hub."""
    return text.startswith(PREFIX)


def address_of(text: str) -> Address:
    """InputError for what is none."""
    plain, _, revision = text.removeprefix(PREFIX).strip("/").partition("@")
    parts = plain.split("/")
    repository, inside = "/".join(parts[:2]), "/".join(parts[2:])
    bad = path_problem(inside) or any(part in ("", ".") for part in parts) or (revision and ".." in revision)
    if not _NAME.fullmatch(repository) or bad or (revision and not _REVISION.fullmatch(revision)):
        raise InputError(
            "A data set of the hub must be hf:OWNER/NAME, with /FOLDER or @REVISION behind it if wanted, such as "
            f"hf:flwrlabs/office-home. Got {shown(text)} instead."
        )
    return Address(repository, revision, inside)


def datasets_folder() -> Path:
    """Where data sets are kept: the user's data folder, or what `FOLDER_VARIABLE` names."""
    import platformdirs

    home = os.environ.get(FOLDER_VARIABLE)
    return Path(home) if home else Path(platformdirs.user_data_dir("mmap-studio", appauthor=False)) / "data-sets"


def kept(address: Address) -> Record | None:
    """What says that the data set is here and whole; None where it is not, or files of it are gone."""
    try:
        record = checked(Record, read_json(address.record, LARGE, datasets_folder()), address.record)
    except (StorageError, CorruptError):
        return None
    folder = address.folder(record.commit)
    return record if record.address == str(address) and all(one.is_in(folder) for one in record.files) else None


def keep(address: Address, record: Record) -> None:
    """Write what is here, once all of it is."""
    atomic.write_json(address.record, record.model_dump(mode="json"), datasets_folder())


def _digest(text: str) -> str:
    """A name for a file or folder that is short, and another for every text, on systems that ignore case too."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]
