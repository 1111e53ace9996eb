"""The user's cache folder, for the command line, which imports nothing of `storage`. Loads no torch."""

from mmap_studio.storage.store import cache_folder, user_cache

__all__ = ["cache_folder", "user_cache"]
