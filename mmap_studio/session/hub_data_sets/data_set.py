"""What the hub says of a data set, which of its files an import reads, and their download.

`datasets` was considered: it runs its own cache beside a copy of everything as Arrow, and decides by itself what to
fetch. `huggingface_hub.snapshot_download` fetches well, but compares no digest; the bytes come as those of weights do.
"""

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath

from mmap_studio.data.archives.rules import path_problem
from mmap_studio.data.file_kinds import TABLES, TEXTS, is_archive, is_columnar, is_image
from mmap_studio.errors import CorruptError, InputError
from mmap_studio.formatting import counted, shown, size
from mmap_studio.session.download import hub
from mmap_studio.session.download.hub import DownloadError, Remote, RetryPolicy
from mmap_studio.session.download.transfer import Downloaded, Downloading, Transfer
from mmap_studio.session.events import Event
from mmap_studio.session.hub_data_sets.address import (
    COMMIT,
    MAX_FILES,
    Address,
    KeptFile,
    Record,
    datasets_folder,
    keep,
    kept,
)
from mmap_studio.storage.partial import digest_like

MOST_TEXT = 16 << 20
"""Bytes of a list, a table or a file of names beside images."""
KINDS: tuple[Callable[[str], bool], ...] = (is_columnar, is_archive, is_image)
"""Of files with images, the first that there are is read: Parquet and Arrow, then shards and archives, then images."""


@dataclass(frozen=True)
class HubDataSet:
    """A data set of the hub as it is now, with the files that an import reads."""

    address: Address
    commit: str
    licence: str
    """As its card states it, or "unknown"."""
    files: tuple[KeptFile, ...]
    others: int
    """Files that are not needed."""

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(one.size for one in self.files)

    @property
    def folder(self) -> Path:
        """Where its files are put, by their paths in the repository."""
        return self.address.folder(self.commit)

    @property
    def data(self) -> Path:
        """What an import reads, once they are there."""
        return self.address.data(self.commit)

    @property
    def sentence(self) -> str:
        files = counted(len(self.files), "file")
        where = f"{hub.host()}, to {self.data}"
        return f"{self.address}: {files}, {size(self.size)}, licence: {self.licence}; from {where}."


@dataclass(frozen=True)
class LookedUp(Event):
    """The hub has answered."""

    found: HubDataSet


def looked_up(address: Address) -> Iterator[LookedUp | Downloaded]:
    """What the hub says, as an event; of a data set that is here already where it is, and the hub is not asked."""
    here = local(address)
    yield LookedUp(look_up(address)) if here is None else Downloaded(str(address), here)


def look_up(address: Address) -> HubDataSet:
    """Ask the hub. InputError, in one sentence, where it has no such data set, or none that can be read.

    BackboneError where HF_HUB_OFFLINE forbids the network.
    """
    hub.check_online()
    from huggingface_hub import HfApi

    timeout = RetryPolicy().read_timeout
    try:
        with hub.refusing():
            found = HfApi().dataset_info(
                address.repository, revision=address.revision or None, files_metadata=True, timeout=timeout
            )
    except DownloadError as error:
        raise InputError(
            f"{address} must be a data set that {hub.host()} has, but asking for it failed: {str(error).rstrip('.')}; "
            "check the name."
        ) from None
    if not re.fullmatch(COMMIT, commit := str(found.sha or "")):
        raise InputError(
            f"{address} must have a commit of 40 or 64 hex digits, by which its versions are told apart, but "
            f"{hub.host()} says {shown(commit)}; try again, or use another mirror in HF_ENDPOINT."
        )
    every = [file for one in found.siblings or () if (file := _file(one)) is not None]
    below = [file for file in every if file.path.startswith(f"{address.inside}/" if address.inside else "")]
    files = _wanted(below)
    if not files or len(files) > MAX_FILES:
        raise InputError(
            f"{address} must hold Parquet tables, archives or images, at most {MAX_FILES:,} files; found "
            f"{_kinds(below)}; name another data set, a folder or a revision of it (such as @refs/convert/parquet)."
        )
    licence = getattr(found.card_data, "license", None)
    said = ", ".join(licence) if isinstance(licence, list) else licence
    return HubDataSet(address, commit, str(said or "unknown"), tuple(files), len(below) - len(files))


def fetch(
    found: HubDataSet, stop: Callable[[], None] | None = None, retry: RetryPolicy | None = None
) -> Iterator[Downloading | Downloaded]:
    """Events until all files are here, as `backbones.download.download`; what came stays for the next attempt.

    InputError says which file, why and what to do; StorageError when the disk refuses or is too small.
    """
    address = found.address
    left = [one for one in found.files if not one.is_in(found.folder)]
    needed, free = sum(one.size for one in left), _free(datasets_folder())
    if needed > free:
        raise InputError(
            f"{address} must have {size(needed)} of room in {datasets_folder()}, but {size(free)} are free; free some, "
            "or name another folder in MMAP_STUDIO_DATA."
        )
    yield from Transfer(str(address), found.folder, datasets_folder(), partial(_fetch, found), retry).events(stop)


def local(address: Address) -> Path | None:
    """The data set on this computer, complete; asks nobody."""
    record = kept(address)
    return address.data(record.commit) if record else None


def _fetch(found: HubDataSet, line: Transfer) -> Path:
    from huggingface_hub import constants, hf_hub_url

    address, done = found.address, 0
    for one in found.files:
        path = found.folder / one.path
        url = hf_hub_url(
            address.repository,
            one.path,
            repo_type="dataset",
            revision=found.commit,
            endpoint=constants.ENDPOINT,
        )
        try:
            if not _is_here(one, found.folder, line):
                line.receive(partial(Remote, url, one.digest, one.size), path, done, found.size)
        except (DownloadError, CorruptError) as error:
            raise InputError(
                f"{address} could not be downloaded from {hub.host()}: {shown(one.path)}: {str(error).rstrip('.')}; "
                "try again, which goes on from where it ended."
            ) from None
        done += one.size
    record = Record(
        address=str(address), host=hub.host(), commit=found.commit, licence=found.licence, files=list(found.files)
    )
    keep(address, record)
    return found.data


def _file(one: object) -> KeptFile | None:
    """A file as the hub lists it; None for one without size or digest, and for a path that leads elsewhere."""
    path, lfs = getattr(one, "rfilename", ""), getattr(one, "lfs", None)
    digest = lfs.sha256 if lfs is not None else getattr(one, "blob_id", None)
    hidden = any(part.startswith(".") or not part for part in path.split("/"))
    if hidden or "\\" in path or path_problem(path) or not getattr(one, "size", None) or not digest:
        return None
    try:
        return KeptFile(path=path, size=one.size, digest=digest)  # type: ignore[attr-defined]
    except ValueError:
        return None


def _wanted(files: Sequence[KeptFile]) -> list[KeptFile]:
    """Those with images, of the first kind that there is, and the small texts beside them."""
    images = next((chosen for kind in KINDS if (chosen := [one for one in files if kind(one.path)])), [])
    if not images:
        return []
    texts = [one for one in files if _is_text(one.path) and one.size <= MOST_TEXT and one not in images]
    return [*texts, *images]


def _is_text(path: str) -> bool:
    suffix = PurePosixPath(path).suffix.lower()
    return suffix in (*TEXTS, *TABLES) and not is_columnar(path)


def _kinds(files: Sequence[KeptFile]) -> str:
    """How many files there are, and of which suffix most."""
    suffixes = Counter(PurePosixPath(one.path).suffix.lower() or "no suffix" for one in files)
    most = f", most of them {suffixes.most_common(1)[0][0]}" if suffixes else ""
    return f"{counted(len(files), 'file')}{most}"


def _is_here(one: KeptFile, folder: Path, line: Transfer) -> bool:
    """Whether a file came with an earlier attempt, and is as it was."""
    whole = one.is_in(folder)
    return whole and digest_like(one.digest, folder / one.path, line.root, line.check_abandoned) == one.digest


def _free(folder: Path) -> int:
    """Bytes that are free where a folder is or will be; no end of them where the system does not say."""
    if not hasattr(os, "statvfs"):
        return sys.maxsize
    about = os.statvfs(next(one for one in (folder, *folder.parents) if one.exists()))
    return about.f_bavail * about.f_frsize
