"""Power cuts, replayed: every prefix of what a scenario sends to the disk, with parts of what was not flushed missing.

A file's bytes are safe once the file was flushed, a name (made, changed, deleted) once its folder was. Of all else,
each piece is dropped, kept, or, of bytes, cut off, by chance and out of order: a harsher disk than there is.
"""

import os
import random
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.storage import checks
from tests.storage.scenarios import Scenario
from tests.torture.outcome import Outcome


@dataclass
class Step:
    """One change of the disk."""

    number: int
    """Of the call that made it, from 1."""
    kind: str
    """create, write, truncate, rename, mkdir or delete"""
    path: str
    """Below the root; of what is renamed, its old name."""
    target: str = ""
    """The new name."""
    file: int = 0
    """Which file, whatever its name."""
    offset: int = 0
    data: bytes = b""
    safe: int = 1 << 62
    """The call that flushed it."""


def steps_of(
    trace: list[tuple[str, tuple[Any, ...]]], results: dict[int, Any], root: Path, before: checks.Tree
) -> list[Step]:
    """The changes that calls made, each with the call that made it safe."""
    files = {name: number for number, (name, data) in enumerate(before, 1) if data is not None}
    ends = {number: len(data) for number, (_, data) in enumerate(before, 1) if data is not None}
    handles: dict[int, tuple[str, int, int]] = {}
    found: list[Step] = []
    for at, (name, arguments) in enumerate(trace, 1):
        if name == "open":
            path, flags = _below(arguments[0], root), arguments[1]
            if flags & os.O_CREAT and path not in files:
                files[path] = len(before) + at
                ends[files[path]] = 0
                found.append(Step(at, "create", path, file=files[path]))
            append = bool(flags & os.O_APPEND)
            handles[results[at]] = path, files.get(path, 0), ends.get(files.get(path, 0), 0) if append else 0
        elif name == "write":
            path, file, offset = handles[arguments[0]]
            data = bytes(arguments[1][: results[at]])
            found.append(Step(at, "write", path, file=file, offset=offset, data=data))
            handles[arguments[0]] = path, file, offset + len(data)
            ends[file] = offset + len(data)
        elif name == "truncate":
            path, file, _ = handles[arguments[0]]
            found.append(Step(at, "truncate", path, file=file, offset=arguments[1]))
            handles[arguments[0]], ends[file] = (path, file, arguments[1]), arguments[1]
        elif name == "fsync":
            path, file, _ = handles[arguments[0]]
            for one in found:
                flushed = one.file == file if file and one.kind in ("write", "truncate") else _names_in(one, path, file)
                if flushed and one.safe > at:
                    one.safe = at
        elif name == "replace":
            source, target = (_below(one, root) for one in arguments[:2])
            found.append(Step(at, "rename", source, target))
            for known in [one for one in files if one == source or one.startswith(f"{source}/")]:
                files[target + known[len(source) :]] = files.pop(known)
        elif name in ("mkdir", "unlink", "rmdir"):
            path = _below(arguments[0], root)
            found.append(Step(at, "mkdir" if name == "mkdir" else "delete", path))
            files.pop(path, None)
    return found


def _below(path: Any, root: Path) -> str:
    inner = Path(path).relative_to(root).as_posix()
    return "" if inner == "." else inner


def _names_in(one: Step, folder: str, file: int) -> bool:
    """Whether a flush of this folder makes the step's name safe."""
    if file or one.kind in ("write", "truncate"):
        return False
    return folder in {os.path.dirname(one.path), os.path.dirname(one.target or one.path)}


def left_after(steps: list[Step], cut: int, chance: random.Random | None) -> Iterator[Step]:
    """The steps that reach the disk when the power fails after call `cut`; all that were made where chance is None."""
    for one in steps:
        if one.number > cut:
            return
        if one.safe <= cut or chance is None or chance.random() < 0.5:
            yield one
        elif one.kind == "write" and len(one.data) > 1 and chance.random() < 0.5:
            yield Step(**{**vars(one), "data": one.data[: chance.randrange(1, len(one.data))]})


def replay(steps: Iterator[Step], root: Path) -> None:
    """Make the changes in `root`; what is no longer possible, since another one is missing, is not made."""
    inodes: dict[int, bytearray] = {}
    names: dict[int, Path] = {}
    for one in steps:
        path = root / one.path
        try:
            if one.kind == "create":
                path.write_bytes(bytes(inodes.get(one.file, b"")))
                names[one.file] = path
            elif one.kind in ("write", "truncate"):
                place = names.get(one.file, path)
                if place.is_file():
                    _change(place, one)
            elif one.kind == "mkdir":
                path.mkdir()
            elif one.kind == "rename":
                os.replace(path, root / one.target)
                for file, known in names.items():
                    if known == path or path in known.parents:
                        names[file] = root / one.target / known.relative_to(path)
            elif stat.S_ISDIR(path.lstat().st_mode):
                path.rmdir()
            else:
                path.unlink()
        except OSError:
            continue


def _change(path: Path, one: Step) -> None:
    data = bytearray(path.read_bytes())
    if one.kind == "truncate":
        del data[one.offset :]
    else:
        data.extend(bytes(max(0, one.offset - len(data))))  # a hole reads as zeros
        data[one.offset : one.offset + len(one.data)] = one.data
    path.write_bytes(bytes(data))


def check_power_loss(scenario: Scenario, folder: Path, draws: int, seed: int = 0) -> Outcome:
    """A state for every call and draw: what was acknowledged is there, and what is there is old or new."""
    rehearsal = checks.rehearse(scenario, folder / "rehearsal")
    trace, chance, outcome = rehearsal.watched.trace[: rehearsal.ends[-1]], random.Random(seed), Outcome()
    steps = steps_of(trace, rehearsal.watched.results, folder / "rehearsal", rehearsal.before)
    for cut in range(len(trace) + 1):
        done = sum(end <= cut for end in rehearsal.ends) - 1
        allowed = rehearsal.states if scenario.heals else rehearsal.states[done : done + 2]
        for draw in range(draws + 1):
            outcome.trials += 1
            with checks.fresh(folder, rehearsal.before) as root:
                replay(left_after(steps, cut, chance if draw else None), root)
                try:
                    checks.sweep_all(root)
                    seen = checks.observed(scenario, root)
                    assert not checks.leftovers(root), "something half-written is left"
                except AssertionError as error:
                    outcome.torn += 1
                    outcome.notes.append(f"call {cut} of {scenario.name}, draw {draw}: {error}")
                    continue
                if scenario.heals:
                    continue
                if seen not in allowed:
                    older = seen in rehearsal.states[:done]
                    outcome.lost, outcome.torn = outcome.lost + older, outcome.torn + (not older)
                    outcome.notes.append(f"call {cut} of {scenario.name}, draw {draw}: found {seen}")
    return outcome
