"""Versions of Python and of the packages: combinations that do not work, and the list for a bug report."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from mmap_studio.session.doctor.known_bad import known_bad

PACKAGES = ("mmap-studio", "torch", "open_clip_torch", "PySide6-Essentials", "pyqtgraph", "numpy", "scikit-learn",
            "h5py", "safetensors", "pydantic")  # fmt: skip


def refusal(qt: str, python: tuple[int, int] = sys.version_info[:2]) -> str:
    """Why this PySide6 cannot be used, with the remedy, in one line; empty if it can."""
    bad = known_bad("PySide6-Essentials", qt, f"{python[0]}.{python[1]}")
    if bad is not None and bad.aborts:
        return (
            f"PySide6 {qt} must not be used on Python {python[0]}.{python[1]}: {bad.why}; "
            'run: pip install "PySide6-Essentials>=6.10.3,<6.12,!=6.11.0,!=6.11.1"'
        )
    return ""


def report() -> str:
    """One line per version, for a bug report."""
    lines = [f"Python {platform.python_version()} on {platform.platform()}"]
    for package in PACKAGES:
        try:
            lines.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            lines.append(f"{package} (from a checkout)" if package == "mmap-studio" else f"{package} not installed")
    return "\n".join(lines)
