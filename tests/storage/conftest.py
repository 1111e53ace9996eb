"""A folder in memory for the trials whose faults do not depend on the disk."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """A new folder; on Linux in memory: thousands of trials make and delete a million files."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(dir="/dev/shm", prefix="mmap-studio-test-"))
    yield folder
    shutil.rmtree(folder)
