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
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mmap_studio.errors import CorruptError, InputError, StorageError
from mmap_studio.storage import atomic
from mmap_studio.storage.adapter_files import slug
from mmap_studio.storage.json_text import json_text, sealed, unsealed
from mmap_studio.storage.opener import check_fingerprint, fingerprint, read_bytes
from mmap_studio.storage.temporaries import NAME, host, is_running

RECORD, CONFIG, METRICS, AFFINITY, LOG, PROMPTS = (
    "run.json", "config.toml", "metrics.jsonl", "affinity.h5", "log.txt", "prompts",
)  # fmt: skip
GROUPING, RESULTS = "grouping.json", "results.json"
ENDINGS = ("finished", "cancelled", "failed")
STATES = ("running", *ENDINGS, "interrupted", "damaged")
"""What `RunFolder.state` may be: interrupted when the process of a running one is gone, damaged without a record."""
_GROWING = (METRICS, LOG)
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.[a-z0-9]+")
_LARGEST = 1 << 30


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
        atomic.make_folder(runs)
        base = Path(runs) / f"{start:%Y%m%dT%H%M%SZ}-{slug(title)}"
        for number in range(1, 10_000):
            path = base if number == 1 else base.with_name(f"{base.name}-{number}")
            if not os.path.lexists(path) and _create(path, record):
                return cls(path)
        raise StorageError(f"{runs} must have a free name for {base.name}. Found none: clear old runs away.")

    @property
    def name(self) -> str:
        return self.path.name

    # -- the record ------------------------------------------------------------------------------------------------

    def record(self) -> dict[str, Any]:
        """run.json; CorruptError when it was changed, StorageError when it cannot be read."""
        return unsealed(read_bytes(self.path / RECORD).decode(errors="replace"), self.path / RECORD)

    @property
    def state(self) -> str:
        """One of `STATES`."""
        try:
            record = self.record()
            state = str(record["state"])
        except (CorruptError, StorageError, KeyError):
            return "damaged"
        if state == "running" and record.get("host") == host() and not is_running(int(record["pid"])):
            return "interrupted"
        return state if state in STATES else "damaged"

    def finish(self, state: str = "finished", reason: str = "", now: datetime | None = None, **more: object) -> None:
        """End the run with one of `ENDINGS`; lists every file there is with its size and sha256."""
        if state not in ENDINGS:
            raise InputError(f"a run must end as one of {', '.join(ENDINGS)}. Got {state!r} instead.")
        ended = (now or datetime.now(UTC)).astimezone(UTC).isoformat()
        files = {name: fingerprint(self._listed(name)) for name in self._files()}
        record = {**self.record(), **more, "state": state, "reason": reason, "ended": ended, "files": files}
        atomic.write_text(self.path / RECORD, sealed(record))

    def resume(self) -> None:
        """Say that this process goes on with a run that was interrupted, cancelled or failed."""
        record = {**self.record(), "state": "running", "pid": os.getpid(), "host": host()}
        record.pop("files", None)
        atomic.write_text(self.path / RECORD, sealed(record))

    def verify(self) -> list[str]:
        """One sentence for every listed file that is missing or not as it was when the run ended."""
        try:
            listed = self.record().get("files", {})
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
        skipped = [any(NAME.fullmatch(part) or part == atomic.QUARANTINE for part in name.parts) for name in names]
        listed = (name.as_posix() for name, skip in zip(names, skipped, strict=True) if not skip)
        return [name for name in listed if name != RECORD]

    def _listed(self, name: str, size: int | None = None) -> bytes:
        """What the record lists of a file: all of it, or of one that grows its whole lines up to then."""
        data = read_bytes(self.path / name, _LARGEST)
        return _whole_lines(data)[:size] if name in _GROWING else data

    # -- files -----------------------------------------------------------------------------------------------------

    def write_config(self, toml: str) -> None:
        """config.toml: the settings the run was started with."""
        atomic.write_text(self.path / CONFIG, toml)

    def append_metrics(self, values: Mapping[str, object]) -> None:
        """One more line of metrics.jsonl, on the disk when this returns."""
        atomic.append_line(self.path / METRICS, json.dumps(json.loads(json_text(values)), sort_keys=True))

    def metrics(self) -> list[dict[str, Any]]:
        """All whole lines of metrics.jsonl; CorruptError names a line that is none."""
        rows = []
        for number, line in enumerate(atomic.read_lines(self.path / METRICS), 1):
            try:
                rows.append(dict(json.loads(line)))
            except (ValueError, TypeError) as error:
                where = f"{self.path / METRICS}, line {number},"
                raise CorruptError(f"{where} must be a JSON object. Found {line[:40]!r}: delete the line.") from error
        return rows

    def write_affinity(self, data: bytes) -> None:
        """affinity.h5, as `hdf5.pack` made it; read it with `hdf5.unpack(run.path / AFFINITY)`."""
        atomic.write_bytes(self.path / AFFINITY, data)

    def write_json(self, name: str, value: object) -> None:
        """Another record, for example "grouping.json"."""
        atomic.write_json(self._plain(name), value)

    def read_json(self, name: str) -> Any:
        """What `write_json` wrote; CorruptError when it is not JSON or not what the record lists."""
        path = self._plain(name)
        data = read_bytes(path)
        listed = self.record().get("files")
        if listed is not None:
            check_fingerprint(path, data, listed.get(name))
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise CorruptError(f"{path} must be JSON. Found something else ({error}): make it again.") from error

    def log(self, text: str) -> None:
        atomic.append_line(self.path / LOG, text)

    def _plain(self, name: str) -> Path:
        if not _PLAIN.fullmatch(name) or name in (RECORD, *_GROWING):
            raise InputError(f"a record of a run must have a plain name such as 'grouping.json'. Got {name!r} instead.")
        return self.path / name


def list_runs(runs: Path | str) -> list[RunFolder]:
    """All runs below a folder, oldest first; none when there is no folder."""
    runs = Path(runs)
    places = [path for path in runs.iterdir() if not path.name.startswith(".")] if runs.is_dir() else []
    return [RunFolder(path) for path in sorted(places, key=_age) if (path / RECORD).is_file()]


def sweep_runs(runs: Path | str) -> None:
    """Clear away what dead processes left half-written in all runs; for start-up, never raises."""
    atomic.sweep(runs)
    for run in list_runs(runs):
        atomic.sweep(run.path)


def latest(runs: Path | str, *states: str) -> RunFolder | None:
    """The newest run, or the newest that is in one of `states`."""
    return next((run for run in reversed(list_runs(runs)) if not states or run.state in states), None)


def _create(path: Path, record: Mapping[str, object]) -> bool:
    """Make the folder with its record in one step; false when another process was faster with the name."""
    try:
        atomic.write_folder(path, {RECORD: sealed(record).encode()})
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
