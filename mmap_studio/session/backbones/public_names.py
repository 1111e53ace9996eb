"""Names of backbones that may leave this computer: a file's name without its folders, beside the digest of its weights.

Where a file lies is the business of the project that names it. So that exported prompts open here all the same, the
user's own cache remembers where backbones of a digest were last opened.
"""

from contextlib import suppress
from pathlib import PurePath
from typing import Annotated

from pydantic import Field

from mmap_studio.errors import StorageError, StudioError
from mmap_studio.storage import atomic
from mmap_studio.storage.documents import checked, read_json
from mmap_studio.storage.store import cache_folder

NAME = "backbones.json"
MOST = 500
"""Backbones that are remembered."""
Known = dict[
    Annotated[str, Field(pattern="^[0-9a-f]{64}$")],
    Annotated[str, Field(min_length=1, max_length=8192, pattern="^[^\0]*$")],
]


def public_name(name: str) -> str:
    """The name without folders: ``/home/me/tiny.json`` is ``tiny.json``; names that are no paths stay."""
    head, inside, file = name.rpartition(".json:")
    if inside:
        return f"{PurePath(head).name}.json:{PurePath(file).name}"
    architecture, colon, file = name.partition(":")
    if colon and "/" not in architecture and "\\" not in architecture:
        return f"{architecture}:{PurePath(file).name}"
    return PurePath(name).name or name


def remember(digest: str, name: str) -> None:
    """Keep where the backbone of this digest is; a disk that refuses is no reason to stop."""
    if name == public_name(name) or known(digest) == name:
        return
    kept = {one: place for one, place in _all().items() if one != digest}
    newest = dict([*kept.items(), (digest, name)][-MOST:])
    with suppress(StorageError):
        atomic.make_folder(cache_folder())
        atomic.write_json(cache_folder() / NAME, newest, cache_folder())


def known(digest: str) -> str | None:
    """Where the backbone of this digest was last opened on this computer."""
    return _all().get(digest)


def _all() -> Known:
    path = cache_folder() / NAME
    try:
        return checked(Known, read_json(path, within=cache_folder()), path)
    except StudioError:
        return {}
