"""A folder to export to, and the two things in it that are neither figures nor tables: prompts and HDF5."""

from pathlib import Path
from typing import TYPE_CHECKING

from mmap_studio.storage import atomic

if TYPE_CHECKING:
    from mmap_studio.method.affinity import AffinityEstimate


def make_folder(folder: Path) -> None:
    """Make it if it is not there."""
    atomic.make_folder(folder)


def save_affinity(path: Path, estimate: "AffinityEstimate") -> None:
    """Mean, standard error, count and latest, as HDF5."""
    from mmap_studio.storage.hdf5 import pack

    atomic.write_bytes(path, pack(estimate.to_arrays(), {"tasks": list(estimate.tasks)}))


def copy_prompts(prompts: Path, to: Path) -> None:
    """The prompt folder as it is, whole or not at all."""
    files = {str(p.relative_to(prompts).as_posix()): p.read_bytes() for p in prompts.rglob("*") if p.is_file()}
    atomic.write_folder(to, files, replace=True)
