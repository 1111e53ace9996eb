"""Run folders: one training with everything needed to repeat it, in a new folder every time.

    runs/<utc>-<slug>/
      run.json        state, and when ended the size and sha256 of every other file: the commit record
      config.toml  metrics.jsonl  affinity.h5  grouping.json  results.json  log.txt  prompts/

The folder appears together with a run.json that says "running"; files are added one by one, each whole or absent.
Lines may be appended to metrics and log after the end: what the record lists must still be there.
"""

import errno
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from filelock import FileLock, Timeout
from pydantic import Field

from mmap_studio.errors import CorruptError, InputError, StorageError
from mmap_studio.formatting import printable
from mmap_studio.storage import atomic
from mmap_studio.storage.adapter_files import slug
from mmap_studio.storage.documents import (
    LARGE,
    LONGEST_NAME,
    SMALL,
    Document,
    FileRecord,
    RelativeName,
    checked,
    parse_json,
    read_toml,
)  # fmt: skip
from mmap_studio.storage.json_text import json_text, sealed, unsealed
from mmap_studio.storage.no_links import refuse_links
from mmap_studio.storage.opener import check_fingerprint, fingerprint, read_bytes
from mmap_studio.storage.temporaries import NAME, host, is_running

RECORD, CONFIG, METRICS, AFFINITY, LOG, PROMPTS = (
    "run.json", "config.toml", "metrics.jsonl", "affinity.h5", "log.txt", "prompts",
)  # fmt: skip
GROUPING, RESULTS = "grouping.json", "results.json"
ABOUT = "about.json"
"""What the user says of the run; may change after its end, so the record does not list it."""
LOCK = ".running.lock"
"""Locked by the process that works on the run; the file stays."""
EDITS = ".edits.lock"
"""Beside the runs: locked by whoever names, deletes or restores one; the file stays."""
PATIENCE = 5.0
"""Seconds that one such edit waits for another, which takes milliseconds."""
STAMP = "%Y%m%dT%H%M%SZ"
ENDINGS = ("finished", "cancelled", "failed")
STATES = ("running", *ENDINGS, "interrupted", "damaged")
"""What `RunFolder.state` may be: interrupted when the process of a running one is gone, damaged without a record."""
_GROWING = (METRICS, LOG)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.[a-z0-9]+")
_LARGEST = 1 << 30


class RunRecord(Document):
    """Fields of run.json that are read."""

    state: Annotated[str, Field(max_length=40)]
    pid: Annotated[int, Field(ge=0, lt=1 << 31)] | None = None
    host: Annotated[str, Field(max_length=40)] | None = None
    title: Annotated[str, Field(max_length=LONGEST_NAME)] = ""
    started: Annotated[str, Field(max_length=40)] = ""
    ended: Annotated[str, Field(max_length=40)] | None = None
    reason: Annotated[str, Field(max_length=100_000)] = ""
    files: dict[RelativeName, FileRecord] | None = None


@dataclass(frozen=True)
class RunFolder:
    """One run on disk. It keeps nothing in memory: every question is answered from the folder."""

    path: Path
    """The folder; its name is `name`."""

    @classmethod
    def new(cls, runs: Path | str, title: str, now: datetime | None = None) -> "RunFolder":
        """A new folder `<utc>-<slug of title>` below `runs`, never one that exists (then -2, -3, ...)."""
        start = (now or datetime.now(UTC)).astimezone(UTC)
        record = {"state": "running", "pid": os.getpid(), "host": host(), "title": title, "started": start.isoformat()}
        atomic.make_folder(runs, Path(runs).parent)
        base = Path(runs) / f"{_stamp_after(Path(runs), start):{STAMP}}-{slug(title)}"
        for number in range(1, 10_000):
            path = base if number == 1 else base.with_name(f"{base.name}-{number}")
            if not os.path.lexists(path) and _create(path, record):
                return cls(path)
        raise StorageError(f"{runs} must have a free name for {base.name}. Found none: clear old runs away.")

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def within(self) -> Path:
        """The project, below which no link is followed."""
        return self.path.parent.parent

    def read(self, name: str, max_bytes: int = LARGE) -> bytes:
        """A file of the folder; errors as `opener.opened`."""
        return read_bytes(self.path / name, max_bytes, self.within)

    # -- the record ------------------------------------------------------------------------------------------------

    def record(self) -> dict[str, Any]:
        """run.json; CorruptError when it was changed, StorageError when it cannot be read."""
        path = self.path / RECORD
        record = unsealed(self.read(RECORD, SMALL).decode(errors="replace"), path)
        checked(RunRecord, record, path, "make the run again")
        return record

    @property
    def state(self) -> str:
        try:
            record = self.record()
            state = str(record["state"])
        except (CorruptError, StorageError):
            return "damaged"
        if state == "running" and not self._is_alive(record):
            return "interrupted"
        return state if state in STATES else "damaged"

    def _is_alive(self, record: Mapping[str, Any]) -> bool:
        """Whether a process works on it: the system drops a dead one's lock, whatever its number and its computer.

        Of a run without a lock (an earlier version's, or on a disk that has none) the process is asked for.
        """
        try:
            about = os.lstat(self.path / LOCK)
            if stat.S_ISREG(about.st_mode):
                with FileLock(self.path / LOCK, timeout=0, thread_local=False):
                    return False
        except Timeout:
            return True
        except (OSError, NotImplementedError):
            pass
        return record.get("host") != host() or is_running(record.get("pid") or 0)

    def claim(self) -> FileLock | None:
        """The run's lock, for as long as this process works on it; None on a disk that has no locks.

        InputError where another process has it, or where the run is gone: its folder is not made again for a lock.
        """
        lock = FileLock(self.path / LOCK, timeout=0, thread_local=False)
        try:
            refuse_links(self.path / LOCK, self.within)
            if not (self.path / RECORD).is_file():
                raise InputError(
                    f"Run {self.name} must be there to be worked on, but it is not; it was moved or deleted."
                )
            lock.acquire()
        except Timeout:
            raise InputError(
                f"Run {self.name} must be worked on by one process, but another one is at it; let that end first."
            ) from None
        except (OSError, NotImplementedError):
            return None
        return lock

    def finish(self, state: str = "finished", reason: str = "", now: datetime | None = None, **more: object) -> None:
        """End the run with one of `ENDINGS`; lists every file there is with its size and sha256."""
        if state not in ENDINGS:
            raise InputError(f"a run must end as one of {', '.join(ENDINGS)}. Got {state!r} instead.")
        ended = (now or datetime.now(UTC)).astimezone(UTC).isoformat()
        files = {name: fingerprint(self._listed(name)) for name in self._files()}
        record = {**self.record(), **more, "state": state, "reason": reason, "ended": ended, "files": files}
        atomic.write_text(self.path / RECORD, sealed(record), self.within)

    def resume(self) -> None:
        """Say that this process goes on with a run that was interrupted, cancelled or failed."""
        record = {**self.record(), "state": "running", "pid": os.getpid(), "host": host()}
        record.pop("files", None)
        atomic.write_text(self.path / RECORD, sealed(record), self.within)

    def verify(self) -> list[str]:
        """One sentence for every listed file that is missing or not as it was when the run ended."""
        try:
            listed = self.record().get("files") or {}
        except (CorruptError, StorageError) as error:
            return [str(error)]
        problems = []
        for name, expected in listed.items():
            try:
                check_fingerprint(self.path / name, self._listed(name, expected["bytes"]), expected)
            except (CorruptError, StorageError) as error:
                problems.append(str(error))
        return problems

    def _files(self) -> list[str]:
        """Relative names of all files but the record, temporaries and what was set aside."""
        found = sorted(item for item in self.path.rglob("*") if item.is_file() and not item.is_symlink())
        names = [item.relative_to(self.path) for item in found]
        left = (atomic.QUARANTINE, LOCK, ABOUT)
        skipped = [any(NAME.fullmatch(part) or part in left for part in name.parts) for name in names]
        listed = (name.as_posix() for name, skip in zip(names, skipped, strict=True) if not skip)
        return [name for name in listed if name != RECORD]

    def _listed(self, name: str, size: int | None = None) -> bytes:
        """What the record lists of a file: all of it, or of one that grows its whole lines up to then."""
        data = self.read(name, _LARGEST)
        return _whole_lines(data)[:size] if name in _GROWING else data

    # -- files -----------------------------------------------------------------------------------------------------

    def write_config(self, toml: str) -> None:
        """config.toml: the settings the run was started with."""
        atomic.write_text(self.path / CONFIG, toml, self.within)

    def config(self) -> dict[str, Any]:
        """What `write_config` wrote, as TOML has it; CorruptError when it is none."""
        return read_toml(self.path / CONFIG, SMALL, self.within)

    def append_metrics(self, values: Mapping[str, object]) -> None:
        """One more line of metrics.jsonl, on the disk when this returns."""
        atomic.append_line(self.path / METRICS, json.dumps(json.loads(json_text(values)), sort_keys=True), self.within)

    def replace_metrics(self, rows: Sequence[Mapping[str, object]]) -> None:
        """metrics.jsonl with these rows alone, at once."""
        lines = (json.dumps(json.loads(json_text(row)), sort_keys=True) for row in rows)
        atomic.write_text(self.path / METRICS, "".join(f"{line}\n" for line in lines), self.within)

    def metrics(self) -> list[dict[str, Any]]:
        """All whole lines of metrics.jsonl; CorruptError names a line that is none."""
        rows = []
        for number, line in enumerate(atomic.read_lines(self.path / METRICS, self.within), 1):
            where = f"{self.path / METRICS}, line {number},"
            try:
                row = parse_json(line, where)
            except CorruptError:
                row = None
            if not isinstance(row, dict):
                raise CorruptError(f"{where} must be a JSON object. Found {line[:40]!r}: delete the line.")
            rows.append(row)
        return rows

    def write_affinity(self, data: bytes) -> None:
        """affinity.h5, as `hdf5.pack` made it."""
        atomic.write_bytes(self.path / AFFINITY, data, self.within)

    def write_json(self, name: str, value: object) -> None:
        """Another record, for example "grouping.json"."""
        atomic.write_json(self._plain(name), value, self.within)

    def read_json(self, name: str) -> Any:
        """What `write_json` wrote; CorruptError when it is not JSON or not what the record lists."""
        path = self._plain(name)
        data = self.read(name)
        listed = self.record().get("files")
        if listed is not None:
            check_fingerprint(path, data, listed.get(name))
        return parse_json(data, path)

    def log(self, text: str) -> None:
        """Append a line to log.txt; control signs, line ends too, are written as escapes."""
        atomic.append_line(self.path / LOG, printable(text), self.within)

    def _plain(self, name: str) -> Path:
        if not _PLAIN.fullmatch(name) or name in (RECORD, ABOUT, *_GROWING):
            raise InputError(f"a record of a run must have a plain name such as 'grouping.json'. Got {name!r} instead.")
        return self.path / name


def list_runs(runs: Path | str) -> list[RunFolder]:
    """All runs below a folder, oldest first; none when there is no folder."""
    runs = Path(runs)
    places = [path for path in runs.iterdir() if not path.name.startswith(".")] if runs.is_dir() else []
    return [RunFolder(path) for path in sorted(places, key=_age) if (path / RECORD).is_file()]


@contextmanager
def editing(runs: Path) -> Iterator[None]:
    """While inside, no other thread or process names, deletes or restores a run of this folder.

    On a disk that has no locks it holds nobody off. InputError where another one takes longer than `PATIENCE`.
    """
    lock = FileLock(runs / EDITS, timeout=PATIENCE, poll_interval=0.005, thread_local=False)
    try:
        refuse_links(runs / EDITS, runs.parent)
        lock.acquire()
    except Timeout:
        raise InputError(
            f"{printable(runs)} must be edited by one program at a time, but another one is still at it after "
            f"{PATIENCE:.0f} seconds; try again when it is done."
        ) from None
    except (OSError, NotImplementedError):
        pass
    try:
        yield
    finally:
        lock.release()


def moment(text: object) -> datetime | None:
    """A time as records have it; of one without a time zone UTC is meant, as in all that are written here.

    None for what is no time, and for one that has no counterpart in the user's own time zone.
    """
    try:
        found = datetime.fromisoformat(str(text))
        found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        found.astimezone()
    except (ValueError, OverflowError):
        return None
    return found


def sweep_runs(runs: Path | str) -> None:
    """Clear away what dead processes left half-written in all runs; for start-up, never raises."""
    atomic.sweep(runs, Path(runs).parent)
    for run in list_runs(runs):
        atomic.sweep(run.path, run.within)


def latest(runs: Path | str, *states: str) -> RunFolder | None:
    """The newest run, or the newest that is in one of `states`."""
    return next((run for run in reversed(list_runs(runs)) if not states or run.state in states), None)


def _stamp_after(runs: Path, start: datetime) -> datetime:
    """The time a new run is named by: after every run there is, also where the clock was set back since."""
    stamps = [path.name.partition("-")[0] for path in runs.iterdir()]
    there = []
    for stamp in stamps:
        with suppress(ValueError):
            there.append(datetime.strptime(stamp, STAMP).replace(tzinfo=UTC))
    newest = max(there, default=start)
    return start if newest <= start or newest.year > 9000 else newest + timedelta(seconds=1)


def _create(path: Path, record: Mapping[str, object]) -> bool:
    """Make the folder with its record in one step; false when another process was faster with the name."""
    try:
        atomic.write_folder(path, {RECORD: sealed(record).encode()}, within=path.parent.parent)
    except StorageError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        return False
    return True


def _whole_lines(data: bytes) -> bytes:
    """Without the torn line that a kill may have left at the end, which the next one appended cuts away."""
    return data[: data.rfind(b"\n") + 1]


def _age(path: Path) -> tuple[str, int, str]:
    """Sort key: the UTC stamp, then -2 before -10."""
    stamp, _, rest = path.name.partition("-")
    return stamp, len(rest), rest
