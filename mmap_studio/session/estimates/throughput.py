"""Measured speed of this machine: seconds a pass of every phase, by backbone and shape, kept between sessions."""

import json
from contextlib import suppress
from pathlib import Path
from threading import Lock

from mmap_studio.config import Settings
from mmap_studio.errors import StorageError
from mmap_studio.session.estimates.trained_share import BackboneFacts
from mmap_studio.storage import atomic
from mmap_studio.storage.store import default_root

NAME = "rates.json"
Rates = dict[str, float]
"""Seconds a pass, by phase."""
_WRITING = Lock()
"""Held from reading the file until it is written: every run saves in a thread of its own."""


def shape_key(settings: Settings, backbone: BackboneFacts, tasks: int) -> str:
    """What the speed of a pass depends on."""
    prompt, train = settings.prompt, settings.train
    shape = (tasks, train.batch_size, train.accumulate, prompt.tokens, prompt.depth, prompt.parts)
    how = [name for name in ("compiled", "recompute") if getattr(train, name)]
    return " ".join(map(str, (backbone.digest, backbone.device, backbone.precision, *shape, *how)))


def saved_rates(key: str) -> Rates:
    """Rates of the last run with this key; empty where there was none, or where the file cannot be read."""
    return _all().get(key, {})


def save_rates(key: str, rates: Rates) -> None:
    """Save the rates beside those of phases not measured this time; a disk that refuses is no reason to stop."""
    if rates:
        path = default_root() / NAME
        with _WRITING, suppress(StorageError):
            atomic.make_folder(path.parent)
            atomic.write_json(path, {**_all(), key: {**saved_rates(key), **rates}})


def _all() -> dict[str, Rates]:
    try:
        found = json.loads(Path(default_root() / NAME).read_text(encoding="utf-8"))
        return {str(k): {str(p): float(r) for p, r in rates.items()} for k, rates in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}
