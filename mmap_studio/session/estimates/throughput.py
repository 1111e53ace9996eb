"""Measured speed of this machine: seconds a pass of every phase, by backbone and shape, kept between sessions."""

import math
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from mmap_studio.config import Settings
from mmap_studio.errors import StorageError, StudioError
from mmap_studio.session.estimates.trained_share import BackboneFacts
from mmap_studio.storage import atomic
from mmap_studio.storage.documents import read_json
from mmap_studio.storage.store import cache_folder

NAME = "rates.json"
MANY = 256
"""Classes of all tasks from which their number counts."""
if TYPE_CHECKING:  # torch takes seconds to import
    from mmap_studio.method.task import TaskSpec

Rates = dict[str, float]
"""Seconds a pass, by phase."""
_WRITING = Lock()
"""Held from reading the file until it is written: every run saves in a thread of its own."""


def classes_of(tasks: "Sequence[TaskSpec]") -> int:
    """Classes of all tasks: what the text tower has to read in a step."""
    return sum(len(task.class_names) for task in tasks)


def shape_key(settings: Settings, backbone: BackboneFacts, tasks: int, classes: int = 0) -> str:
    """What the speed depends on; of many classes the count to the nearest power of two, since reading them is work."""
    prompt, train = settings.prompt, settings.train
    shape = (tasks, train.batch_size, train.accumulate, prompt.tokens, prompt.depth, prompt.parts)
    how = [name for name in ("compiled", "recompute") if getattr(train, name)]
    how += [prompt.start] if prompt.start != "random" else []
    how += ["pairs"] if settings.affinity.by == "training" else []
    how += [f"classes-{1 << round(math.log2(classes))}"] if classes >= MANY else []
    return " ".join(map(str, (backbone.digest, backbone.device, backbone.precision, *shape, *how)))


def saved_rates(key: str) -> Rates:
    """Rates of the last run with this key; empty where there was none, or where the file cannot be read."""
    return _all().get(key, {})


def save_rates(key: str, rates: Rates) -> None:
    """Save the rates beside those of phases not measured this time; a disk that refuses is no reason to stop."""
    if rates:
        path = cache_folder() / NAME
        with _WRITING, suppress(StorageError):
            atomic.make_folder(cache_folder())
            atomic.write_json(path, {**_all(), key: {**saved_rates(key), **rates}}, path.parent)


def _all() -> dict[str, Rates]:
    """Every drop of a card asks for them, so the file is read again only where it is another one."""
    path = cache_folder() / NAME
    try:
        about = path.stat(follow_symlinks=False)
        return _read(path, about.st_ino, about.st_size, about.st_mtime_ns)
    except (OSError, StudioError, ValueError, OverflowError, AttributeError, TypeError):
        return {}


@lru_cache(maxsize=1)  # of what was read; a disk that refuses is asked again
def _read(path: Path, *_: int) -> dict[str, Rates]:
    found = read_json(path, within=path.parent)
    return {str(k): {str(p): float(r) for p, r in rates.items()} for k, rates in found.items()}
