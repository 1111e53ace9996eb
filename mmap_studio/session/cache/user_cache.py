"""The user's cache folder, for the command line. Loads no torch."""

from collections.abc import Callable
from pathlib import Path

from mmap_studio.storage.store import FolderStore, default_root, user_store


def user_cache(notify: Callable[[str], None]) -> FolderStore:
    """The cache; `notify` is told of damaged files that were set aside."""
    return user_store(notify)


def cache_folder() -> Path:
    return default_root()
