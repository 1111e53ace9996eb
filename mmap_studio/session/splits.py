"""The split is drawn once and saved with the project, by file name: later files never move an image across parts."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from mmap_studio.data.importing import Domain
from mmap_studio.data.partition import Split
from mmap_studio.errors import CorruptError
from mmap_studio.method.task import SPLITS
from mmap_studio.session.project import Project
from mmap_studio.session.projectfile import TaskEntry
from mmap_studio.storage import atomic
from mmap_studio.storage.adapterfiles import slug


def remembered_split(project: Project, entry: TaskEntry, domain: Domain, draw: Callable[[], Split]) -> Split:
    """The saved split of a task; drawn and saved if there is none, or if its settings or class folders changed."""
    asked = _asked(project, entry, domain)
    path = project.folder / "splits" / f"{slug(entry.name)}.json"
    if path.exists():
        saved = _read(path)
        if saved["asked"] == asked:
            return _by_name(saved["files"], domain, str(path))
    split = draw()
    files = {part: [domain.files[row].path for row in split.part(part)] for part in SPLITS}
    atomic.make_folder(path.parent)
    atomic.write_json(path, {"asked": asked, "digest": split.digest, "files": files})
    return split


def _asked(project: Project, entry: TaskEntry, domain: Domain) -> str:
    """What the choice depended on, beside the files themselves."""
    values = [project.file.split.model_dump(mode="json"), entry.folder, list(domain.classes)]
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _read(path: Any) -> dict[str, Any]:
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        assert isinstance(saved["asked"], str)
        assert set(saved["files"]) == set(SPLITS)
    except (ValueError, KeyError, TypeError, AssertionError):
        raise CorruptError(
            f"{path} must hold a saved split, but does not; delete it to draw the split again."
        ) from None
    return dict(saved)


def _by_name(files: dict[str, list[str]], domain: Domain, path: str) -> Split:
    """Indices of the saved files that are still there, and a notice about the others."""
    row = {file.path: index for index, file in enumerate(domain.files)}
    parts = {part: [row[name] for name in names if name in row] for part, names in files.items()}
    known = {name for names in files.values() for name in names}
    gone, new = len(known - set(row)), len(set(row) - known)
    notices = []
    if gone or new:
        notices.append(
            f"Task {domain.name!r}: since its split was saved {gone} images went and {new} came; the new ones are not "
            f"used. Delete {path} to draw the split again."
        )
    return Split.of(parts, notices)
