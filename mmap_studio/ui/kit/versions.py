"""Versions of Python and of the packages: combinations that do not work, and the list for a bug report."""

import platform
import sys
from importlib.metadata import PackageNotFoundError, version

PACKAGES = ("mmap-studio", "torch", "open_clip_torch", "PySide6-Essentials", "pyqtgraph", "numpy", "scikit-learn",
            "h5py", "safetensors", "pydantic")  # fmt: skip


def refusal(qt: str, python: tuple[int, int] = sys.version_info[:2]) -> str:
    """Why this PySide6 cannot be used, with the remedy, in one line; empty if it can."""
    numbers = tuple(int(part) for part in qt.split(".")[:3] if part.isdigit())
    if numbers >= (6, 12) and python < (3, 12):
        return (
            f"PySide6 {qt} loses references on Python {python[0]}.{python[1]} and aborts; "
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
