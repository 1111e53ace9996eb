"""The checks themselves are tested. Every way to break the writer on purpose must be caught.

A mutant lives in a forked child: the sources of the storage package are executed again over their modules, one of them
with a line exchanged, and a check is run. It counts as caught when the check fails with an AssertionError.
"""

import errno
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mmap_studio.storage import runs
from tests.storage import checks, test_corruption
from tests.storage.faults import in_child
from tests.storage.power import check_flush_order
from tests.storage.scenarios import SCENARIOS

pytestmark = pytest.mark.slow

ORDER = (
    "os_errors", "no_links", "disk", "temporaries", "json_text", "opener", "documents", "atomic", "tensors",
    "adapter_files", "hdf5", "store", "export_format",
    "prompt_folder", "runs",
)  # fmt: skip
"""Modules in the order in which they import one another."""
CAUGHT, MISSED = 256 + 3, 256 + 0
CACHE, PROMPTS, RUN, TEXTS, RECOVERY = SCENARIOS

Check = Callable[[Path], int]


def kills(scenario: checks.Scenario) -> Check:
    return lambda folder: checks.check_kill_everywhere(scenario, folder)


def errors(scenario: checks.Scenario) -> Check:
    return lambda folder: checks.check_errors_everywhere(scenario, folder, [errno.ENOSPC], [False, True])


def power(scenario: checks.Scenario) -> Check:
    return lambda folder: check_flush_order(scenario, folder)


@dataclass(frozen=True)
class Mutant:
    name: str
    module: str
    old: str
    """A piece of the source that occurs once."""
    new: str
    check: Check
    """The check that must catch it."""


MUTANTS = [
    Mutant("no flush of files", "disk", "write_all(handle, data)\n        SYSTEM.fsync(handle)",
           "write_all(handle, data)", power(CACHE)),
    Mutant("no flush of folders", "disk", "            SYSTEM.fsync(handle)\n        except OSError",
           "            pass\n        except OSError", power(CACHE)),
    Mutant("no flush of lines", "atomic",
           'encode())\n            disk.SYSTEM.fsync(handle)', "encode())", power(TEXTS)),
    Mutant("renamed before it is written", "atomic",
           "disk.write_file(fresh, data, **place)\n        disk.rename(fresh, path, **place)",
           'disk.write_file(fresh, b"")\n        disk.rename(fresh, path)\n        path.unlink()\n'
           "        disk.write_file(path, data)", kills(TEXTS)),
    Mutant("straight to the final name", "atomic",
           "disk.write_file(fresh, data, **place)\n        disk.rename(fresh, path, **place)",
           "path.unlink(missing_ok=True)\n        disk.write_file(path, data)", kills(CACHE)),
    Mutant("never renamed", "atomic",
           "disk.write_file(fresh, data, **place)\n        disk.rename(fresh, path, **place)",
           "disk.write_file(fresh, data)", kills(TEXTS)),
    Mutant("temporary elsewhere", "temporaries", "yield path.with_name(name)",
           'yield path.parents[1] / name if path.parents[1].name == "cache" else path.with_name(name)', power(CACHE)),
    Mutant("errors swallowed", "os_errors", "raise storage_error(path, error, doing) from error", "pass",
           errors(TEXTS)),
    Mutant("errors without the file", "os_errors", 'refusal(f"{path} could', 'refusal(f"It could', errors(TEXTS)),
    Mutant("errors without the cause", "os_errors", "{doing}: {cause}{code}.", "{doing}.", errors(TEXTS)),
    Mutant("temporaries left behind", "temporaries", "disk.delete(fresh)", "pass", errors(CACHE)),
    Mutant("sweep forgets", "atomic", '_clear(entry, match["final"])', "pass", kills(CACHE)),
    Mutant("sweep spares the dead", "temporaries", "return pid == os.getpid() or not is_running(pid)", "return False",
           kills(CACHE)),
    Mutant("half a write is enough", "disk", "    while rest:", "    if rest:",
           lambda folder: checks.check_short_writes(CACHE, folder)),
    Mutant("torn lines are kept", "atomic", "if end < size:", "if False:", kills(TEXTS)),
    Mutant("torn lines are read", "atomic", '.split("\\n")[:-1]', '.splitlines()', kills(TEXTS)),
    Mutant("a failed line stays", "atomic", "with suppress(OSError):\n                disk.SYSTEM.trunc",
           "if False:\n                disk.SYSTEM.trunc", checks.check_failed_appends),
    Mutant("folder built in place", "atomic", "_build(fresh, files)", "_build(path, files)", kills(RUN)),
    Mutant("old folder deleted first", "atomic", "disk.rename(path, old)\n            disk.rename(fresh, path)",
           "disk.delete(path)\n            disk.rename(fresh, path)", kills(PROMPTS)),
    Mutant("old folder not brought back", "atomic", "        disk.rename(entry, entry.with_name(final))",
           "        pass", kills(RECOVERY)),
    Mutant("failed swap not undone", "atomic", "_swap_back(old, path, fresh)", "pass", errors(PROMPTS)),
    Mutant("old folder deleted under its own name", "atomic", "disk.rename(old, doomed)\n        disk.delete(doomed)",
           "disk.delete(old)", lambda folder: check_retired_in_one_step(folder)),
    Mutant("half-made runs listed", "runs", 'if not path.name.startswith(".")', "",
           lambda folder: check_half_made_runs(folder)),
    Mutant("no checksum of arrays", "hdf5", "if data[:_BLOCK] != _first_block(sha256(memoryview(data)[_BLOCK:])):",
           "if not data:", lambda folder: test_corruption.check_cache_corruption(folder, 100)),
    Mutant("no checksum of files", "opener", "if expected is None or fingerprint(data) != dict(expected):",
           "if expected is None:", lambda folder: test_corruption.check_prompt_corruption(folder, 30)),
    Mutant("no checksum of records", "json_text", "whole = seal == _seal(value) and text == sealed(value)",
           "whole = True", lambda folder: test_corruption.check_seal(folder)),
    Mutant("damaged files not set aside", "store", "self._set_aside(path, error)", "pass",
           lambda folder: test_corruption.check_cache_corruption(folder, 5)),
]  # fmt: skip


def check_retired_in_one_step(folder: Path) -> int:
    """Half of a replaced folder must never look like something to recover, even when the new one is gone by then."""
    rehearsal = checks.rehearse(PROMPTS, folder / "rehearsal")
    deleted = [
        str(arguments[0])
        for name, arguments in rehearsal.watched.trace[: rehearsal.ends[-1]]
        if name in ("unlink", "rmdir")
    ]
    assert deleted
    assert not [path for path in deleted if ".old." in path]
    return len(deleted)


def check_half_made_runs(folder: Path) -> int:
    """A run that was killed before it got its name is none."""
    run = runs.RunFolder.new(folder, "a")
    run.path.rename(folder / ".mmap-00000000-1-0.tmp")
    assert runs.list_runs(folder) == []
    return 1


def load(mutant: Mutant | None) -> None:
    """Execute the package's sources over its modules, one line exchanged."""
    for name in ORDER:
        module = sys.modules[f"mmap_studio.storage.{name}"]
        assert module.__file__
        source = Path(module.__file__).read_text()
        if mutant and mutant.module == name:
            source = source.replace(mutant.old, mutant.new)
        exec(compile(source, module.__file__, "exec"), module.__dict__)


def verdict(name: str, folder: Path) -> int:
    """What becomes of the mutant of this name, or of the sound package."""
    mutant = next((mutant for mutant in MUTANTS if mutant.name == name), None)
    check = mutant.check if mutant else kills(TEXTS)

    def work(_: Callable[[], None]) -> None:
        load(mutant)
        if os.environ.get("SHOW_MUTANTS") is None:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            check(folder)
        except pytest.fail.Exception as error:  # pytest.raises that saw nothing raised
            raise AssertionError from error

    return in_child(work)[0]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name.replace(" ", "-"))
def test_a_broken_writer_is_caught(mutant: Mutant, quick_folder: Path, apart: Callable[..., int]) -> None:
    source = Path(sys.modules[f"mmap_studio.storage.{mutant.module}"].__file__ or "").read_text()
    assert source.count(mutant.old) == 1, f"{mutant.old!r} must occur once in {mutant.module}.py"
    assert apart(verdict, mutant.name, quick_folder) == CAUGHT


def test_the_sound_writer_passes_when_loaded_the_same_way(quick_folder: Path, apart: Callable[..., int]) -> None:
    assert apart(verdict, "none", quick_folder) == MISSED
