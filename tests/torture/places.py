"""Images that change while a training runs, and windows that are killed while another one waits."""

import os
import random
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from mmap_studio.data.folders import survey_folders
from mmap_studio.errors import InputError, StudioError
from mmap_studio.method.task import Geometry
from mmap_studio.session.project.lock import ProjectLock
from mmap_studio.session.runtime.generator_result import result
from mmap_studio.storage.store import FolderStore
from tests import lazy, projects, tiny
from tests.session.project.test_lock import takers
from tests.torture.outcome import Outcome

with lazy.imported_later():
    from mmap_studio.session.cache.cache import Cached
    from mmap_studio.session.dataset.pixels import decode_domain
    from mmap_studio.session.run.pipeline import run
    from mmap_studio.session.run.run_options import RunOptions

DOMAINS = ("art", "real")
MOMENTS = 40
"""Events of a run, about: a change comes at one of the first so many."""


def changed_images(folder: Path, count: int) -> Outcome:
    """`count` random changes at random moments of a run: it ends, or says in a sentence why not; nothing stale is used.

    After each change the pixels that the cache gives are those of the files as they are now.
    """
    lazy.load(sys.modules[__name__])
    outcome, chance = Outcome(), random.Random(0)
    project = projects.make(folder, DOMAINS, **{"train.epochs": 1, "affinity.epochs": 1})
    store = FolderStore(folder / "cache")
    whole = folder / "whole"
    shutil.copytree(folder / "data", whole)
    for number in range(count):
        outcome.trials += 1
        name = chance.choice(sorted(CHANGES))
        moment = chance.randrange(MOMENTS)
        try:
            for done, _ in enumerate(run(project, RunOptions(resume=False), store)):
                if done == moment:
                    CHANGES[name](folder / "data" / chance.choice(DOMAINS), chance)
        except StudioError:
            pass  # a sentence: that is promised
        except Exception as error:
            outcome.crashes += 1
            outcome.notes.append(f"{name} at {moment}: {error!r}")
        problem = _stale(folder, store)
        outcome.torn += bool(problem)
        outcome.notes += [f"{name} at {moment}: {problem}"] if problem else []
        if number % 3 == 2:  # so that there is something left to change
            shutil.rmtree(folder / "data")
            shutil.copytree(whole, folder / "data")
    return outcome


def _stale(folder: Path, store: FolderStore) -> str:
    """Which pixels of the cache are not those of the files; empty where all are."""
    for name in DOMAINS:
        place = folder / "data" / name
        try:
            domain = survey_folders(place).domains[0]
        except StudioError:  # too little is left
            continue
        pixels = []
        for one in (store, FolderStore(folder / "nothing")):
            images, *_, bad = result(decode_domain(Cached(one), domain, Geometry(tiny.SIZE)))
            pixels.append((images.pixels([row for row in range(len(images)) if row not in bad]), bad))
        shutil.rmtree(folder / "nothing")
        (cached, bad), (fresh, fresh_bad) = pixels
        if bad != fresh_bad or not np.array_equal(cached, fresh):
            return f"the cache has other pixels of {name} than its files"
    return ""


def _images(place: Path) -> list[Path]:
    return sorted(place.rglob("*.png"))


def _delete(place: Path, chance: random.Random) -> None:
    for path in chance.sample(_images(place), min(1, len(_images(place)))):
        path.unlink()


def _replace(place: Path, chance: random.Random) -> None:
    for path in chance.sample(_images(place), min(2, len(_images(place)))):
        noise = np.random.default_rng(chance.randrange(2**31)).integers(0, 256, (20, 20, 3), np.uint8)
        beside = path.with_suffix(".new")
        Image.fromarray(noise).save(beside, "PNG")
        os.replace(beside, path)


def _cut(place: Path, chance: random.Random) -> None:
    for path in chance.sample(_images(place), min(1, len(_images(place)))):
        os.truncate(path, path.stat().st_size // 2)


def _swap(place: Path, chance: random.Random) -> None:
    """Two images change their names."""
    if len(found := _images(place)) >= 2:
        one, other = chance.sample(found, 2)
        aside = one.with_suffix(".aside")
        one.rename(aside)
        other.rename(one)
        aside.rename(other)


def _add(place: Path, chance: random.Random) -> None:
    for path in chance.sample(_images(place), min(1, len(_images(place)))):
        shutil.copy(path, path.with_name(f"copy-{chance.randrange(10**6)}.png"))


def _unmount(place: Path, chance: random.Random) -> None:
    """The folder of a class goes, as with a disk that is pulled out, and another is there in its place."""
    if classes := sorted(one for one in place.iterdir() if one.is_dir()):
        gone = chance.choice(classes)
        gone.rename(place.parent.parent / f"unmounted-{chance.randrange(10**9)}")
        gone.mkdir()


CHANGES: dict[str, Callable[[Path, random.Random], None]] = {
    "delete": _delete, "replace": _replace, "cut": _cut, "swap": _swap, "add": _add, "unmount": _unmount,
}  # fmt: skip


def takeovers(folder: Path, count: int) -> Outcome:
    """A second process is refused, naming the first; it gets the project once the first was killed, `count` times."""
    outcome = Outcome()
    for number in range(count):
        outcome.trials += 1
        with takers(1) as (first,):
            first.ask(folder)
            if first.answer() != "got":
                outcome.lost += 1
                outcome.notes.append(f"takeover {number}: a lock whose owner was killed is not given")
                continue
            try:
                ProjectLock(folder).acquire()
                outcome.torn += 1
                outcome.notes.append(f"takeover {number}: two processes have the project")
            except InputError as error:
                if str(first.process.pid) not in str(error):
                    outcome.torn += 1
                    outcome.notes.append(f"takeover {number}: {error} does not name {first.process.pid}")
            first.kill()
        lock = ProjectLock(folder)
        try:
            lock.acquire()
            lock.release()
        except InputError as error:
            outcome.lost += 1
            outcome.notes.append(f"takeover {number}: {error}")
    return outcome
