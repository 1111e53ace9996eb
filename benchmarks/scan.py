"""Looking into a folder of 100,000 small files for the first time and again, against walking it plainly; and what a
first look at a million takes.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from benchmarks.figures import Figure, median_of, paired, resident, seconds
from benchmarks.registry import benchmark
from mmap_studio.data.folders import survey_folders
from mmap_studio.data.survey import survey
from mmap_studio.method.task import Geometry
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.dataset.pixels import decode_domain
from mmap_studio.session.runtime.generator_result import result
from mmap_studio.storage.store import FolderStore

DOMAINS, CLASSES, QUICK = 4, 25, 2_000
FILES = 100_000
MANY, QUICK_MANY = 1_000_000, 20_000
SIZE = 16
"""Edge of the decoded images: the decoding of these files is not what is measured."""


@benchmark
def scan(quick: bool) -> Iterator[Figure]:
    """Files a second of a first look; seconds to know all of a domain set that was read before; both over os.walk.

    All of it is measured on 100,000 files; a quick run takes 2,000, and its `rescan_100k_s` is then extrapolated. What
    `new` does is measured on a million, a quick run takes 20,000.
    """
    files, pairs = (QUICK, 2) if quick else (FILES, 5)
    with tempfile.TemporaryDirectory() as name:
        root, store = make_files(Path(name) / "data", files), FolderStore(Path(name) / "cache")
        walk = f"os.walk and os.stat of the same {files:,} files ({DOMAINS * CLASSES} folders)"
        taken = [seconds(lambda: survey(root)) for _ in range(pairs)]
        yield median_of("scan_files_per_s", [files / one for one in taken], "files/s", f"{files:,} files, warm disk")
        ratios = paired(lambda: survey(root), lambda: plain_walk(root), pairs, clock=time.perf_counter)
        yield median_of("scan_over_walk", ratios, "times the time", walk)
        open_again(root, store)  # decodes everything, once
        taken = [seconds(lambda: open_again(root, store)) for _ in range(pairs)]
        yield median_of("rescan_100k_s", [one * FILES / files for one in taken], "s", f"{files:,} files known before")
        ratios = paired(lambda: open_again(root, store), lambda: plain_walk(root), pairs, clock=time.perf_counter)
        yield median_of("rescan_over_walk", ratios, "times the time", walk)
    many = QUICK_MANY if quick else MANY
    with tempfile.TemporaryDirectory() as name:
        taken_s, grown = _look_elsewhere(make_files(Path(name), many))
    about = f"{many:,} files looked into and split as `new` does, in a process of its own"
    yield median_of("scan_million_s", [taken_s], "s", about)
    yield median_of("scan_million_memory_mb", [grown / 1e6], "MB", f"{about}: peak above rest")


def make_files(root: Path, count: int) -> Path:
    """`root/<domain>/<class>/<n>.png` of 8 x 8 pixels; the files of a class share their bytes on the disk."""
    per_class = count // (DOMAINS * CLASSES)
    for domain in range(DOMAINS):
        for label in range(CLASSES):
            here = root / f"domain {domain}" / f"class {label:02}"
            here.mkdir(parents=True)
            first = here / "00000.png"
            Image.new("RGB", (8, 8), (60 * domain, 10 * label, 90)).save(first)
            for number in range(1, per_class):
                os.link(first, here / f"{number:05}.png")
    return root


def _look_elsewhere(root: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "benchmarks.scan", str(root)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    taken, grown = map(float, said.split())
    return taken, grown


def look(root: str) -> tuple[float, int]:
    """Seconds that the report of an import takes, and bytes by which it raises the peak of this process (Linux)."""
    from mmap_studio.session.ingest.report import import_report

    before = resident("VmRSS")
    taken = seconds(lambda: import_report([root]))
    return taken, resident("VmHWM") - before


def plain_walk(root: Path) -> int:
    """What any reading must do: every folder listed, every file asked for its size and time."""
    total = 0
    for folder, _, names in os.walk(root):
        for name in names:
            total += os.stat(os.path.join(folder, name)).st_size
    return total


def open_again(root: Path, store: FolderStore) -> int:
    """Every domain with its images, as a project of these folders reads it; gives how many images there are."""
    count = 0
    for folder in sorted(root.iterdir()):
        steps = decode_domain(Cached(store), survey_folders(folder).domains[0], Geometry(SIZE))
        count += len(result(steps)[0])
    return count


if __name__ == "__main__":
    print(*look(sys.argv[1]))
