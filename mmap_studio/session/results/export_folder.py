"""The two things in an exported folder that are neither figures nor tables: prompts and HDF5."""

from pathlib import Path
from typing import TYPE_CHECKING

from mmap_studio.storage import atomic

if TYPE_CHECKING:
    from mmap_studio.method.affinity import AffinityEstimate


def save_affinity(path: Path, estimate: "AffinityEstimate") -> None:
    """Mean, standard error, count and latest, as HDF5 datasets (T, T) of these names; the tasks as an attribute."""
    from mmap_studio.storage.hdf5_export import pack_plain

    words: dict[str, str | list[str]] = {"tasks": list(estimate.tasks), "rows": "source", "columns": "recipient"}
    atomic.write_bytes(path, pack_plain(estimate.to_arrays(), words))


def copy_prompts(prompts: Path, to: Path) -> None:
    """A prompt folder, checked, whole or not at all; replaces another prompt folder, and nothing else."""
    from mmap_studio.storage.prompt_folder import load_prompts, save_prompts

    save_prompts(to, load_prompts(prompts), replace=True)
