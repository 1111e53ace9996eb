"""The user's cache folder, for the command line. Loads no torch."""

from mmap_studio.storage.store import default_root as cache_folder
from mmap_studio.storage.store import user_store as user_cache

__all__ = ["cache_folder", "user_cache"]
