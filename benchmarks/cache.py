"""The cache: the second run of a small project against its first."""

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.figures import Figure, median_of, paired
from benchmarks.registry import benchmark
from mmap_studio.api import run
from mmap_studio.config import settings_from
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import TaskEntry
from mmap_studio.storage.store import FolderStore

DOMAINS, CLASSES, IMAGES, SIZE = ("day", "dusk", "night"), ("bird", "building", "vehicle", "clock"), 12, 64


@benchmark
def cache(quick: bool) -> Iterator[Figure]:
    """How many times faster a run is that finds everything done: a new project each time, run twice."""
    with tempfile.TemporaryDirectory() as name:
        folders = (Path(name) / str(number) for number in itertools.count())
        project, store = small_project(next(folders)), FolderStore(Path(name) / "warm")
        list(run(project, store=store))  # loading of libraries, not counted
        ratios = [_pair(next(folders)) for _ in range(2 if quick else 5)]
    against = "the first run of a project of 3 tasks, 4 classes and 144 images on the starter's backbone, 5 epochs"
    yield median_of("cache_second_run_speedup", ratios, "times", against)


def _pair(folder: Path) -> float:
    project, store = small_project(folder), FolderStore(folder / "cache")

    def once() -> None:
        list(run(project, store=store))

    (ratio,) = paired(once, once, 1, warm_up=lambda: None)
    return ratio


def small_project(folder: Path, epochs: int = 5) -> Project:
    """A project with generated images in `folder/data`."""
    rng = np.random.default_rng(0)
    for brightness, domain in zip((200, 120, 40), DOMAINS, strict=True):
        for name in CLASSES:
            here = folder / "data" / domain / name
            here.mkdir(parents=True)
            for number in range(IMAGES):
                pixels = rng.integers(0, 56, (SIZE, SIZE, 3), dtype=np.uint8) + np.uint8(brightness)
                Image.fromarray(pixels).save(here / f"{number}.png")
    entries = [TaskEntry(name=domain, folder=str(folder / "data" / domain)) for domain in DOMAINS]
    settings = settings_from({"preset": "light"}, {"train.epochs": epochs, "affinity.epochs": epochs})
    return Project.new(folder / "project", entries, settings=settings)
