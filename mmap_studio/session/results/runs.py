"""The runs of a project as a command names them: the newest, an unfinished one, one by its folder. Loads no torch."""

from pathlib import Path

from mmap_studio.config import settings_from
from mmap_studio.data.paths import real
from mmap_studio.errors import InputError, StudioError
from mmap_studio.session.project.places import STARTER
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import FILE_NAME
from mmap_studio.session.run.run_options import UNFINISHED
from mmap_studio.storage.runs import RECORD, RunFolder, latest


def newest_run(project: Project) -> RunFolder | None:
    return latest(project.runs)


def unfinished_run(project: Project) -> RunFolder | None:
    """The run that `--resume` continues."""
    return latest(project.runs, *UNFINISHED)


def seed_of(run: RunFolder | None) -> int | None:
    """The seed a run was started with; None where there is no run, or its config cannot be read."""
    try:
        return settings_from(run.config()["settings"]).seed if run is not None else None
    except (StudioError, KeyError, TypeError, AttributeError):
        return None


def find_run(path: Path) -> RunFolder:
    """The run folder at `path`, or the last finished run of the project there."""
    if (path / RECORD).is_file():
        return RunFolder(real(path))
    if (path / FILE_NAME).is_file() or str(path) == STARTER:
        run = latest(Project.open(path).runs, "finished")
        if run is None:
            raise InputError(f"Project {path} must have a finished run, but has none; use `mmap-studio run`.")
        return run
    raise InputError(f"A run must be a folder with {RECORD}, or a project that has one, but {path} is neither.")
