"""Where files of the Hugging Face hub are on this computer: the studio's own folder, then the hub's cache."""

import os
from pathlib import Path

FOLDER_VARIABLE = "MMAP_STUDIO_MODELS"
"""Environment variable that names another folder for downloaded weights."""


def models_folder() -> Path:
    """Where downloaded weights are kept: the user's data folder, or what `FOLDER_VARIABLE` names."""
    import platformdirs

    home = os.environ.get(FOLDER_VARIABLE)
    return Path(home) if home else Path(platformdirs.user_data_dir("mmap-studio", appauthor=False)) / "models"


def own_folder(repository: str) -> Path:
    """Where downloads from a repository are put."""
    return models_folder() / repository.replace("/", "--")


def in_hub_cache(repository: str, file: str) -> Path | None:
    """A file of a repository in the cache of huggingface_hub."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repository, file)
    return Path(found) if isinstance(found, str) else None
