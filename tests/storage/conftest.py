"""Where thousands of trials are made: a folder in memory, and a process so small that forking it costs little."""

import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.storage.faults import die_with_parent


@pytest.fixture
def quick_folder(tmp_path: Path) -> Iterator[Path]:
    """A new folder; on Linux in memory: thousands of trials make and delete a million files."""
    if not os.access("/dev/shm", os.W_OK):
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(dir="/dev/shm", prefix="mmap-studio-test-"))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="package")
def apart() -> Iterator[Callable[..., Any]]:
    """`apart(function, *arguments)` in a process without torch: to fork the one with all tests takes ten times as long.

    What the function raises is raised here.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn, initializer=die_with_parent) as pool:
        yield lambda function, *arguments: pool.submit(function, *arguments).result()
