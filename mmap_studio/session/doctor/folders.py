"""Check of folders: whether the cache, the home, the models, the settings and the log can be read and written."""

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from mmap_studio.errors import StudioError
from mmap_studio.formatting import counted, size
from mmap_studio.session.backbones.places import FOLDER_VARIABLE, models_folder
from mmap_studio.session.doctor.finding import Finding, State
from mmap_studio.session.project.places import HOME_VARIABLE, starter_home
from mmap_studio.storage import atomic
from mmap_studio.storage.store import CACHE_VARIABLE, cache_folder

LITTLE, NEARLY_NONE = 2 * 10**9, 10**8
"""Bytes free: less is a warning, or a problem. A run of ViT-B/16 on 10,000 images caches about 2 GB."""
TRIAL = "doctor-trial"


def the_folders() -> dict[str, tuple[Path, str]]:
    """What each folder is for -> where it is, and the variable that names another; empty where there is none."""
    import platformdirs

    return {
        "cache": (cache_folder(), CACHE_VARIABLE),
        "home": (starter_home(), HOME_VARIABLE),
        "models": (models_folder(), FOLDER_VARIABLE),
        "settings": (Path(platformdirs.user_config_dir("mmap-studio", appauthor=False)), ""),
        "log": (Path(platformdirs.user_state_dir("mmap-studio", appauthor=False)), ""),
    }


def folders() -> Iterator[Finding]:
    """Findings on every folder that is used, and on the disk below each."""
    for name, (path, variable) in the_folders().items():
        yield from folder(name, path, variable)
    yield from free({name: path for name, (path, _) in the_folders().items()})


def folder(name: str, path: Path, variable: str) -> Iterator[Finding]:
    """Whether one folder, or the one it will be made in, takes a file; and who else may write there."""
    elsewhere = f", or name another folder with {variable}" if variable else ""
    there = path.exists()
    if path.is_symlink() and not there:
        yield _problem(name, f"The {name} folder is a link that leads nowhere.", f"delete the link{elsewhere}")
        return
    if there and not path.is_dir():
        yield _problem(name, f"The {name} folder must be a folder, but is a file.", f"move it away{elsewhere}")
        return
    place = next((one for one in (path, *path.parents) if one.exists()), path)
    try:
        if there:
            os.listdir(path)
        atomic.write_bytes(place / f"{TRIAL}-{os.getpid()}", b"trial", place)
    except (StudioError, OSError) as error:
        why = str(error).rstrip(".")
        yield _problem(name, f"The {name} folder cannot be used: {why}.", f"change its permissions{elsewhere}")
        return
    finally:
        with suppress(StudioError, OSError):
            atomic.remove(place / f"{TRIAL}-{os.getpid()}", place)
    if there and (who := _others(path)):
        yield Finding("folders", "warning", f"The {name} folder {who}.", f"take that right away{elsewhere}")
    yield Finding("folders", "ok", f"The {name} folder {'can be written' if there else 'can be made'}.")


def _others(path: Path) -> str:
    """Who else may change what is in a folder; empty for nobody, or where the system does not say."""
    about = path.stat()
    if not hasattr(os, "getuid"):
        return ""
    if about.st_uid != os.getuid():
        return "belongs to another user"
    open_to_all = about.st_mode & stat.S_IWOTH and not about.st_mode & stat.S_ISVTX
    return "can be written by every user of this computer" if open_to_all else ""


def free(paths: Mapping[str, Path]) -> Iterator[Finding]:
    """How much the disks of these folders can still take, each disk once."""
    if not hasattr(os, "statvfs"):
        return
    disks: dict[int, tuple[list[str], int]] = {}
    for name, path in paths.items():
        place = next((one for one in (path, *path.parents) if one.exists()), None)
        if place is not None:
            about = os.statvfs(place)
            disks.setdefault(place.stat().st_dev, ([], about.f_bavail * about.f_frsize))[0].append(name)
    for names, left in disks.values():
        folders = f"the {'folder' if len(names) == 1 else 'folders'} {', '.join(names)}"
        if left < LITTLE:
            state: State = "problem" if left < NEARLY_NONE else "warning"
            yield Finding("disk", state, f"The disk of {folders} has {size(left)} left.",
                          "free some space, such as by `mmap-studio cache prune --max-size 1GB`")  # fmt: skip
        else:
            yield Finding("disk", "ok", f"The disk of {folders} has {size(left)} left.")


def links(root: Path) -> Finding | None:
    """Links in the cache, which nothing follows."""
    found = sum(1 for one in (*root.glob("*"), *root.glob("*/*")) if one.is_symlink())
    if not found:
        return None
    return Finding("cache", "warning", f"There {'is' if found == 1 else 'are'} {counted(found, 'link')} in the cache, "
                   "which nothing follows: what they name is made again.", "delete them")  # fmt: skip


def _problem(name: str, said: str, remedy: str) -> Finding:
    needed = name in ("cache", "home")
    return Finding("folders", "problem" if needed else "warning", said, remedy)
