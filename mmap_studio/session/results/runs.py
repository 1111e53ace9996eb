"""Thin doors to storage and data for the command line: runs, exports, the cache, reports of errors. No torch."""

import os
import tomllib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mmap_studio.config import settings_from
from mmap_studio.data.file_kinds import IMAGES
from mmap_studio.errors import CorruptError, InputError, StorageError
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import FILE_NAME
from mmap_studio.session.results.files import Cell, save, table_text
from mmap_studio.storage import atomic
from mmap_studio.storage.prompt_folder import RECORD as PROMPT_RECORD
from mmap_studio.storage.prompt_folder import PromptFolder, load_prompts, save_prompts, verify_prompts
from mmap_studio.storage.runs import CONFIG, PROMPTS, RunFolder, latest
from mmap_studio.storage.runs import RECORD as RUN_RECORD
from mmap_studio.storage.store import FolderStore, default_root, user_store

RESULTS = "results.json"
UNFINISHED = ("interrupted", "cancelled", "failed")


def store(notify: Callable[[str], None]) -> FolderStore:
    """The user's cache; `notify` hears of damaged files that were set aside."""
    return user_store(notify)


def write_report(text: str) -> Path | None:
    """Put a traceback beside the cache and say where; None if the disk refuses."""
    path = default_root() / "reports" / f"{datetime.now(UTC):%Y%m%dT%H%M%S%fZ}.txt"
    try:
        atomic.make_folder(path.parent)
        atomic.write_text(path, text)
    except (StorageError, OSError):
        return None
    return path


def newest_run(project: Project) -> RunFolder | None:
    """The run that was started last."""
    return latest(project.runs)


def unfinished_run(project: Project) -> RunFolder | None:
    """The run that `--resume` goes on with."""
    return latest(project.runs, *UNFINISHED)


def seed_of(run: RunFolder | None) -> int | None:
    """The seed a run was started with; None where there is no run, or its config cannot be read."""
    try:
        values = tomllib.loads((run.path / CONFIG).read_text(encoding="utf-8")) if run is not None else {}
        return settings_from(values["settings"]).seed
    except (OSError, ValueError, KeyError, InputError):
        return None


def find_run(path: Path) -> RunFolder:
    """The run folder at `path`, or the last finished run of the project there."""
    if (path / RUN_RECORD).is_file():
        return RunFolder(path)
    if (path / FILE_NAME).is_file() or str(path) == "starter":
        run = latest(Project.open(path).runs, "finished")
        if run is None:
            raise InputError(f"Project {path} must have a finished run, but has none; use `mmap-studio run`.")
        return run
    raise InputError(f"A run must be a folder with {RUN_RECORD}, or a project that has one, but {path} is neither.")


def run_prompts(run: RunFolder) -> PromptFolder:
    """The prompts of a run, checked."""
    if not (run.path / PROMPTS).is_dir():
        raise InputError(f"Run {run.path} must have prompts, but has none: it is {run.state}; run it to its end.")
    return load_prompts(run.path / PROMPTS)


def check_out(path: Path) -> None:
    """Refuse now what could not be replaced at the end of a long run."""
    if path.exists() and not path.is_dir():
        raise InputError(f"--out must be a folder, but {path} is a file; name another place.")
    if path.is_dir() and any(path.iterdir()) and not (path / PROMPT_RECORD).is_file():
        raise InputError(f"--out must be a new or empty folder, or an earlier export, but {path} holds other files.")
    above = next(folder for folder in (path.absolute(), *path.absolute().parents) if os.path.exists(folder))
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise InputError(f"--out must be a folder to be made, but nothing can be written in {above}; name another.")


def export_prompts(run: RunFolder, out: Path) -> PromptFolder:
    """Copy a run's prompts to `out`, and read the copy back as anybody would."""
    check_out(out)
    save_prompts(out, run_prompts(run), replace=True)
    problems = verify_prompts(out)
    if problems:
        raise CorruptError(problems[0])
    return load_prompts(out)


def export_tables(run: RunFolder, folder: Path) -> list[Path]:
    """results.csv, and affinity.csv where it was measured, from the run's results."""
    document = run.read_json(RESULTS)
    atomic.make_folder(folder)
    written = [save(folder / "results.csv", _results_csv(document))]
    if document["affinity"] is not None:
        written.append(save(folder / "affinity.csv", affinity_csv(document["affinity"])))
    return written


def _results_csv(document: dict[str, Any]) -> str:
    """One line a method and task."""
    rows: list[list[Cell]] = [
        [method, task, one["accuracy"], one["macro_f1"], one["ece"], one["n"]]
        for method, tasks in document["metrics"].items()
        for task, one in tasks.items()
    ]
    return table_text(["method", "task", "accuracy", "macro_f1", "ece", "test_images"], rows)


def affinity_csv(found: dict[str, Any]) -> str:
    """One line a pair."""
    names = found["tasks"]
    columns = ("matrix", "standard_error", "normalised", "normalised_standard_error", "n")
    rows: list[list[Cell]] = [
        [source, recipient, *(found[key][i][j] for key in columns)]
        for i, source in enumerate(names)
        for j, recipient in enumerate(names)
    ]
    return table_text(["source", "recipient", "affinity", *columns[1:]], rows)


def open_prompts(path: Path) -> PromptFolder:
    """A prompt folder, or the one of a run folder."""
    return load_prompts(path)


def image_files(given: Iterable[Path]) -> list[Path]:
    """The files, and for a folder the images in it by name; InputError for what is not there."""
    files: list[Path] = []
    for path in given:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in IMAGES and file.is_file())
            if not inside:
                raise InputError(f"Folder {path} must hold images ({', '.join(IMAGES)}), but holds none.")
            files += inside
        elif path.exists():
            files.append(path)
        else:
            raise InputError(f"Image {path} must be there, but is not; check the path.")
    return files


def cache_folder() -> Path:
    """Where the cache is."""
    return default_root()
