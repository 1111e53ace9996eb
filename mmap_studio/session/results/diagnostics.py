"""Diagnostics: versions, device, cores and folders for a report of an error, and the report's file.

Loads torch only to ask for the device.
"""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mmap_studio.errors import StorageError
from mmap_studio.resources import resource
from mmap_studio.session.project.places import starter_home
from mmap_studio.storage import atomic
from mmap_studio.storage.store import cache_folder
from mmap_studio.version import __version__

PACKAGES = (
    "torch", "torchvision", "open_clip_torch", "PySide6-Essentials", "pyqtgraph", "numpy", "scikit-learn", "h5py",
    "safetensors", "pillow", "pydantic", "typer",
)  # fmt: skip


def write_report(text: str) -> Path | None:
    """Write a traceback into the cache folder and return its path; None if the disk refuses."""
    root = cache_folder()
    path = root / "reports" / f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.txt"
    try:
        atomic.make_folder(root)
        atomic.make_folder(path.parent, root)
        atomic.write_text(path, text, root)
    except (StorageError, OSError):
        return None
    return path


def facts() -> dict[str, Any]:
    """What `mmap-studio info` shows, as a JSON document."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "format": 1,
        "versions": {"mmap-studio": __version__, "python": platform.python_version(), **_versions()},
        "system": platform.platform(),
        "device": _device(),
        "cores": {"usable": cores, "all": os.cpu_count()},
        "paths": {
            "cache": str(cache_folder()),
            "starter_runs": str(starter_home()),
            "starter": str(resource("starter")),
        },
    }


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _device() -> dict[str, Any]:
    from mmap_studio.session.backbones.loading import choose_device

    chosen = choose_device("auto")
    import torch

    name = torch.cuda.get_device_name(0) if chosen == "cuda" else platform.processor() or platform.machine()
    return {"chosen": chosen, "name": name, "threads": torch.get_num_threads()}
