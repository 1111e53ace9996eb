"""What must hold for every artifact, as functions, so that `test_mutants.py` can run them over broken code too.

All of them raise AssertionError when it does not hold, and return how many cases they tried.
"""

import errno
import itertools
import os
import random
import shutil
import signal
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmap_studio.errors import StorageError
from mmap_studio.storage import atomic, disk, os_errors
from tests.storage.faults import Watched, failing, in_child, killing
from tests.storage.scenarios import Scenario

Tree = tuple[tuple[str, bytes | None], ...]
"""Relative name and bytes of every file below a folder; None for a folder."""


@dataclass
class Rehearsal:
    """An undisturbed run of a scenario."""

    before: Tree
    """The files before."""
    states: list[Any]
    """What a reader finds before, and after every step."""
    ends: list[int]
    """Number of calls made before, and after every step."""
    watched: Watched


def rehearse(scenario: Scenario, root: Path, watched: Watched | None = None) -> Rehearsal:
    """Do all steps; AssertionError when they do not lead through the states that are written down."""
    before, watched = prepare(scenario, root), watched or Watched()
    states, ends = [observed(scenario, root)], [0]
    try:
        with disk.using(watched.system()):
            for _ in scenario.steps(root):
                ends.append(len(watched.trace))
                states.append(observed(scenario, root))
                del watched.trace[ends[-1] :]  # reading may recover
    except (OSError, ValueError) as error:
        raise AssertionError(f"{scenario.name}: undisturbed, but {error!r}") from error
    assert states == scenario.states, f"{scenario.name}: {states} instead of {scenario.states}"
    return Rehearsal(before, states, ends, watched)


seen_before: dict[tuple[str, Tree], Any] = {}
"""What a reader found in a tree without temporaries: it finds the same in the same tree."""


def prepare(scenario: Scenario, root: Path) -> Tree:
    root.mkdir()
    try:
        with disk.using(Watched().system()):
            scenario.prepare(root)
    except (OSError, ValueError) as error:
        raise AssertionError(f"{scenario.name}: undisturbed, but {error!r}") from error
    return tree(root)


def tree(root: Path) -> Tree:
    paths = sorted(root.rglob("*"))
    return tuple((str(path.relative_to(root)), None if path.is_dir() else path.read_bytes()) for path in paths)


def observed(scenario: Scenario, root: Path) -> Any:
    """What a reader finds; everything that is not whole is an AssertionError."""
    key = scenario.name, tree(root)
    if key in seen_before:
        return seen_before[key]
    try:
        seen = scenario.observe(root)
    except Exception as error:
        raise AssertionError(f"{scenario.name}: a reader fails with {error!r}") from error
    if not any(".mmap-" in name for name, _ in key[1]):
        seen_before[key] = seen
    return seen


def leftovers(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.name.startswith(".mmap-")]


def sweep_all(root: Path) -> None:
    for folder in sorted({root, *(path for path in root.rglob("*") if path.is_dir())}):
        atomic.sweep(folder)


@contextmanager
def fresh(folder: Path, before: Tree) -> Any:
    """A prepared root that is deleted afterwards."""
    root = folder / "trial"
    root.mkdir()
    for name, data in before:
        if data is None:
            (root / name).mkdir()
        else:
            (root / name).write_bytes(data)
    yield root
    shutil.rmtree(root)


def work(scenario: Scenario, root: Path, watched: Watched) -> Callable[[Callable[[], None]], None]:
    def change(acknowledge: Callable[[], None]) -> None:
        with disk.using(watched.system()):
            for _ in scenario.steps(root):
                acknowledge()

    return change


def check_kill_everywhere(scenario: Scenario, folder: Path) -> int:
    """Killed before every call and inside every write: old or new state, and the next start succeeds."""
    rehearsal = rehearse(scenario, folder / "rehearsal")
    calls = rehearsal.watched.trace[: rehearsal.ends[-1]]
    points = [(at, 0.0) for at in range(1, len(calls) + 1)]
    points += [(at, part) for at, (name, _) in enumerate(calls, 1) if name == "write" for part in (1e-9, 0.5, 0.999)]
    random.Random(0).shuffle(points)  # what is broken shows sooner
    tried = 0
    for at, arrived in points:
        with fresh(folder, rehearsal.before) as root:
            ended, acknowledged = in_child(work(scenario, root, killing(at, arrived)))
            assert ended == signal.SIGKILL, f"{scenario.name}: call {at} was not reached ({ended})"
            tried += 1 + kill_the_sweep(root, at)
            seen = observed(scenario, root)
            expected = rehearsal.states[acknowledged : None if scenario.heals else acknowledged + 2]
            assert seen in expected, f"{scenario.name}: killed at {calls[at - 1]}: {seen} is none of {expected}"
            check_restart(scenario, root, seen, go_on=at % 8 == 0)
    return tried


def kill_the_sweep(root: Path, at: int) -> int:
    """When something was left half-written, the sweep of the next start is killed as well, at one call or another."""
    if not leftovers(root):
        return 0
    ended, _ = in_child(lambda _: sweep_under(root, killing(1 + at % 6)))
    assert ended in (signal.SIGKILL, 256), "sweep must not raise"
    return int(ended == signal.SIGKILL)


def sweep_under(root: Path, watched: Watched) -> None:
    with disk.using(watched.system()):
        sweep_all(root)


def check_restart(scenario: Scenario, root: Path, seen: Any, go_on: bool) -> None:
    """After a start-up sweep nothing half-written is left, nothing else is lost, and all can be done again."""
    with disk.using(Watched().system()):
        check_sweep(scenario, root, seen)
        try:
            assert not go_on or list(scenario.steps(root))
        except (OSError, ValueError) as error:
            raise AssertionError(f"{scenario.name}: cannot go on: {error}") from error
        observed(scenario, root)


def check_sweep(scenario: Scenario, root: Path, seen: Any) -> None:
    """The next start deletes what is half-written and nothing else."""
    sweep_all(root)
    assert not leftovers(root), f"{scenario.name}: sweep left {leftovers(root)}"
    final = scenario.states[-1] if scenario.heals else seen
    assert observed(scenario, root) == final, f"{scenario.name}: sweep changed {seen}"


def check_errors_everywhere(scenario: Scenario, folder: Path, codes: Sequence[int], modes: Iterable[bool]) -> int:
    """Every call fails once or for ever: said with file and cause, nothing lost, nothing half-written left."""
    rehearsal = rehearse(scenario, folder / "rehearsal")
    silent = range(rehearsal.ends[-1] + 1) if scenario.heals else quiet_calls(rehearsal)
    cases = [(at, code, ever) for at in range(1, rehearsal.ends[-1] + 1) for code in codes for ever in modes]
    random.Random(0).shuffle(cases)
    for at, code, forever in cases:
        with fresh(folder, rehearsal.before) as root:
            watched = failing(at, code, forever)
            error, done = attempt(scenario, root, watched)
            assert len(watched.trace) >= at, f"{scenario.name}: call {at} was not reached"
            where = (
                f"{scenario.name}: {os.strerror(code)} at {watched.trace[at - 1]}, {'for ever' if forever else 'once'}"
            )
            if error is None:
                assert at in silent, f"{where}: nobody was told"
                assert done == len(rehearsal.states) - 1, f"{where}: not all was done"
            else:
                assert os_errors.REASONS[code][0] in str(error), f"{where}: cause missing in {error}"
                assert f"{root}{os.sep}" in str(error), f"{where}: file missing in {error}"
            seen, left = observed(scenario, root), leftovers(root)
            allowed = scenario.states if scenario.heals else scenario.states[done : done + 2]
            assert seen in allowed, f"{where}: found {seen}"
            assert forever or at in silent or not left, f"{where}: left {left}"
            if left and code == codes[0]:  # a sweep does not know what had failed
                check_sweep(scenario, root, seen)
    return len(cases)


def attempt(scenario: Scenario, root: Path, watched: Watched) -> tuple[StorageError | None, int]:
    """Do all steps; the refusal, and how many steps were done."""
    done = 0
    try:
        with disk.using(watched.system()):
            for _ in scenario.steps(root):
                done += 1
    except StorageError as error:
        return error, done
    except Exception as error:
        raise AssertionError(f"{scenario.name}: {error!r} instead of a StorageError") from error
    return None, done


def quiet_calls(rehearsal: Rehearsal) -> set[int]:
    """Calls that only delete a replaced folder after the new one stands: `sweep` repeats them."""
    quiet: set[int] = set()
    for first, last in zip(rehearsal.ends, rehearsal.ends[1:], strict=False):
        renames = [
            (at, str(arguments[1]))
            for at, (name, arguments) in enumerate(rehearsal.watched.trace[first:last], first + 1)
            if name == "replace"
        ]
        if any(".old." in target for _, target in renames):
            stands = max(at for at, target in renames if ".mmap-" not in target)
            quiet |= set(range(stands + 3, last + 1))  # after the flush and the close of the folder
    return quiet


def check_short_writes(scenario: Scenario, folder: Path) -> int:
    """An operating system may take a few bytes at a time."""

    def short(handle: int, data: memoryview) -> int:
        return os.write(handle, data[:7])

    watched = Watched()
    watched.system = lambda: replace(Watched.system(watched), write=short)  # type: ignore[method-assign]
    return len(rehearse(scenario, folder / "rehearsal", watched).states)


def check_failed_appends(folder: Path) -> int:
    """A line that could not be written is not there, and the next one is, alone on its line."""
    tried = 0
    for at in itertools.count(1):
        path = folder / f"{at}.jsonl"
        path.write_bytes(b"one\ntor")
        watched = failing(at, errno.EIO, forever=False)
        try:
            with disk.using(watched.system()):
                atomic.append_line(path, "two")
        except StorageError:
            ended = watched.trace[at - 1][0] == "close"  # by then the line is on the disk
            assert path.read_bytes() in ((b"one\ntwo\n",) if ended else (b"one\n", b"one\ntor")), path.read_bytes()
            tried += 1
        else:
            break
        atomic.append_line(path, "three")
        assert atomic.read_lines(path) == ["one", *(["two"] if ended else []), "three"]
    assert tried >= 4
    return tried


def mutated(data: bytes, rng: random.Random) -> bytes:
    """1 to 16 bytes flipped, or a piece cut off the end; never the same bytes."""
    if rng.random() < 0.25:
        return data[: rng.randrange(len(data))]
    damaged = bytearray(data)
    for place in rng.sample(range(len(data)), min(len(data), rng.randint(1, 16))):
        damaged[place] ^= rng.randint(1, 255)
    return bytes(damaged)
