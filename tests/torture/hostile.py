"""Mutants of files that somebody might hand over, read in forked children under limits of memory and time."""

import io
import itertools
import os
import random
import resource
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from mmap_studio.data.images.decode import read_rgb
from mmap_studio.errors import StudioError
from mmap_studio.session.project.project_file import read_project_file
from mmap_studio.storage import hdf5
from mmap_studio.storage.foreign.hdf5 import unpack_foreign
from mmap_studio.storage.json_text import sealed
from mmap_studio.storage.opener import sha256
from mmap_studio.storage.runs import RunFolder
from mmap_studio.storage.tensors import read_tensors
from tests.storage import scenarios
from tests.storage.checks import mutated
from tests.storage.faults import in_child
from tests.torture.outcome import Outcome

BATCH = 500
"""Mutants that one child reads."""
SECONDS = 10
"""For one of them."""
MEMORY = 3 << 30
"""Bytes of address space of such a child; the torture itself has some already."""
CHILDREN = 100
"""One HDF5 mutant in so many is read the whole way too, by a child of its own; at most twice as many."""
Read = Callable[[bytes, Path], object]


def files(folder: Path, count: int) -> Outcome:
    """`count` mutants of each format."""
    outcome = Outcome()
    for name, sound, read in formats(folder):
        deaths = 0
        for start in range(0, count, BATCH):
            many = min(BATCH, count - start)
            died, one = batch(sound, read, folder, many, f"{name}/{start}")
            deaths += died
            if name != "hdf5":  # which is read in a child for this very reason
                one.crashes += died
            outcome += one
        outcome.notes.append(f"{name}: {count} mutants, {deaths} ended or stopped their reader")
    outcome += whole_way(folder, min(2 * CHILDREN, count // CHILDREN))
    return outcome


def images(folder: Path, count: int) -> Outcome:
    """`count` mutants of images, a quarter each of PNG, JPEG, WebP, BMP."""
    outcome, per = Outcome(), count // 4
    noise = np.random.default_rng(0).integers(0, 255, (24, 20, 3), np.uint8)
    for kind in ("PNG", "JPEG", "WEBP", "BMP"):
        buffer = io.BytesIO()
        Image.fromarray(noise).save(buffer, kind)
        for start in range(0, per, BATCH):
            died, one = batch(buffer.getvalue(), lambda data, _: read_rgb(data), folder, min(BATCH, per - start),
                              f"{kind}/{start}")  # fmt: skip
            one.crashes += died
            outcome += one
    return outcome


def formats(folder: Path) -> Iterator[tuple[str, bytes, Read]]:
    """Name, a sound file, and what reads a mutant of it."""
    arrays = {"x": np.arange(40.0).reshape(5, 8), "class / name": np.arange(3)}
    yield "hdf5", hdf5.pack(arrays, {"tasks": ["a", "b"]})[512:], lambda body, _: hdf5.unpack(with_checksum(body))
    scenarios.promptfolder.save_prompts(folder / "prompts", scenarios.prompt_folder(1))
    tensors = next((folder / "prompts").rglob("*.safetensors")).read_bytes()
    yield "safetensors", tensors, lambda data, _: read_tensors(data)
    run = RunFolder.new(folder / "runs", "run", scenarios.NOW)
    run.finish(now=scenarios.NOW)
    record = {key: value for key, value in run.record().items() if key != "sha256"}
    yield "run.json", sealed(record).encode(), lambda data, place: _read_run(data, run.path / "run.json", run)
    project = b'format = 1\nname = "p"\nbackbone = "starter"\n\n[[tasks]]\nname = "a"\nfolder = "x"\n\n[settings]\n'
    project += b'preset = "light"\nseed = 3\n\n[split]\nkind = "shots"\nshots = 4\n'
    yield "project.toml", project, lambda data, place: _read_project(data, place / "project.toml")


def with_checksum(body: bytes) -> bytes:
    """A file of ours whose checksum is right, whatever it holds."""
    return hdf5._first_block(sha256(body)) + body


def _read_run(data: bytes, path: Path, run: RunFolder) -> None:
    path.write_bytes(data)
    assert run.state
    run.record()


def _read_project(data: bytes, path: Path) -> None:
    path.write_bytes(data)
    read_project_file(path)


def batch(sound: bytes, read: Read, folder: Path, count: int, seed: str) -> tuple[int, Outcome]:
    """Readers that died or stopped, and what came of the mutants; another child goes on after the one that died."""
    outcome, deaths, done = Outcome(count), 0, 0
    mutants = list(itertools.islice(_mutants(sound, seed), count))
    while done < count:
        ended, read_ones = in_child(lambda say: _read_all(mutants[done:], read, folder, say))  # noqa: B023
        done += read_ones
        if ended == 256:
            break
        if ended < 256:
            deaths += 1
        else:
            outcome.crashes += 1
            outcome.notes.append(f"mutant {done} of {seed}: an error that nobody foresaw ({ended})")
        done += 1  # the one that did it
    return deaths, outcome


def _mutants(sound: bytes, seed: str) -> Iterator[bytes]:
    chance = random.Random(seed)
    while True:
        yield mutated(sound, chance)


def _read_all(mutants: list[bytes], read: Read, folder: Path, say: Callable[[], None]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 2)
    for data in mutants:
        signal.alarm(SECONDS)
        try:
            read(data, folder)
        except StudioError as error:
            if not str(error).isprintable():
                os._exit(4)
        say()


def whole_way(folder: Path, count: int) -> Outcome:
    """HDF5 mutants as `inspect` reads them: this process must live, and have an answer or a sentence."""
    outcome, path = Outcome(), folder / "mutant.h5"
    body = hdf5.pack({"x": np.arange(40.0).reshape(5, 8)}, {"tasks": ["a"]})[512:]
    for data in itertools.islice(_mutants(body, "whole way"), count):
        path.write_bytes(with_checksum(data))
        outcome.trials += 1
        try:
            unpack_foreign(path, 1 << 20)
        except StudioError:
            continue
        except Exception as error:
            outcome.crashes += 1
            outcome.notes.append(f"the whole way: {error!r}")
    outcome.notes.append(f"{count} more HDF5 mutants went the whole way, each with a child of its own")
    return outcome
