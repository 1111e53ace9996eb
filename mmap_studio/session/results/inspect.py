"""What a path holds: a folder of prompts or of a method, a run, a project, an artifact or a safetensors file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mmap_studio.data.paths import real
from mmap_studio.errors import InputError, StudioError
from mmap_studio.session.backbones.resolve import missing_file
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import FILE_NAME
from mmap_studio.session.run.exported import exported_folder, read_method, read_prompts
from mmap_studio.storage.foreign.hdf5 import unpack_foreign
from mmap_studio.storage.method_folder import RECORD as METHOD_RECORD
from mmap_studio.storage.method_folder import is_method_folder, verify_method
from mmap_studio.storage.model_weights import TORCHSCRIPT, is_torchscript
from mmap_studio.storage.prompt_folder import RECORD as PROMPT_RECORD
from mmap_studio.storage.prompt_folder import verify_prompts
from mmap_studio.storage.runs import LOCK, RunFolder, list_runs
from mmap_studio.storage.runs import RECORD as RUN_RECORD
from mmap_studio.storage.tensors import check_tensors, tensor_header

LARGEST_ARTIFACT = 1 << 30
"""Bytes of an artifact that is still read, all of it at once."""
LARGEST = 1 << 36
"""Bytes of a safetensors file whose numbers are still read."""


def inspect(path: Path) -> dict[str, Any]:
    """``kind``, ``path``, what is in it, and ``problems``: one sentence for everything that does not verify."""
    for kind, fits, look in _KINDS:
        if fits(path):
            return {"format": 1, "kind": kind, "path": str(path), **look(path)}
    if not path.exists():
        raise InputError(f"{path} must be there, but is not; check the path.")
    if is_torchscript(path):
        raise InputError(f"{path} must be something of the studio's, or weights, but {TORCHSCRIPT.format(path)}.")
    raise InputError(
        f"{path} must be a prompt folder ({PROMPT_RECORD}), a method folder ({METHOD_RECORD}), a run ({RUN_RECORD}), "
        f"a project ({FILE_NAME}), an .h5 artifact or a .safetensors file, but is none of them."
    )


def _prompts(path: Path) -> dict[str, Any]:
    problems = verify_prompts(path)
    try:
        folder, _ = read_prompts(path)
    except StudioError as error:
        return {"problems": problems or [str(error)]}
    adapters = {
        name: {"kind": one.kind, "name": one.name, "members": list(one.members), "shapes": _shapes(one.arrays)}
        for name, one in folder.adapters.items()
    }
    tasks = {
        task: {"classes": len(entry["class_names"]), "template": entry["template"], "group": entry["group"]}
        for task, entry in folder.classes.items()
    }
    return {"problems": problems, "adapters": adapters, "tasks": tasks, "meta": dict(folder.meta)}


def _method(path: Path) -> dict[str, Any]:
    problems = verify_method(path)
    try:
        folder, _ = read_method(path)
    except StudioError as error:
        return {"problems": problems or [str(error)]}
    models = [{"tasks": list(one.tasks), "shapes": _shapes(one.arrays)} for one in folder.models]
    tasks = {
        name: {"classes": len(one["class_names"]), "template": one["template"]} for name, one in folder.classes.items()
    }
    return {"problems": problems, "models": models, "tasks": tasks, "meta": dict(folder.meta)}


def _run(path: Path) -> dict[str, Any]:
    run = RunFolder(real(path))
    problems = run.verify()
    record: dict[str, Any] = {}
    if run.state != "damaged":
        record = {k: v for k, v in run.record().items() if k in ("title", "started", "ended", "reason")}
    files = sorted(one.relative_to(path).as_posix() for one in path.rglob("*") if one.is_file() and one.name != LOCK)
    return {"problems": problems, "state": run.state, **record, "files": files}


def _project(path: Path) -> dict[str, Any]:
    project = Project.open(path)
    runs = {run.name: run.state for run in list_runs(project.runs)}
    folders = {entry.name: entry.folder for entry in project.file.tasks}
    moved = missing_file(project.file.backbone, project.folder)
    missing = [moved] if moved else []
    missing += [
        f"Folder {project.folder_of(entry)} of task {entry.name!r} is not there; {project.remedy}."
        for entry in project.file.tasks
        if project.is_missing(entry)
    ]
    split = project.file.split.model_dump(mode="json")
    facts = {"name": project.name, "backbone": project.file.backbone, "split": split, "tasks": folders}
    return {"problems": missing, **facts, "preset": project.settings.preset, "runs": runs}


def _artifact(path: Path) -> dict[str, Any]:
    try:
        artifact = unpack_foreign(path, LARGEST_ARTIFACT)
    except StudioError as error:
        return {"problems": [str(error)]}
    return {"problems": [], "arrays": _shapes(artifact.arrays), "meta": artifact.meta}


def _safetensors(path: Path) -> dict[str, Any]:
    try:
        header = tensor_header(path)
        check_tensors(path, LARGEST)
    except StudioError as error:
        return {"problems": [str(error)]}
    arrays = {name: {"dtype": one.dtype, "shape": list(one.shape)} for name, one in header.tensors.items()}
    return {"problems": [], "arrays": arrays, "meta": dict(header.metadata)}


def _shapes(arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name: {"dtype": str(array.dtype), "shape": list(array.shape)} for name, array in arrays.items()}


_KINDS: tuple[tuple[str, Callable[[Path], bool], Callable[[Path], dict[str, Any]]], ...] = (
    ("prompts", lambda path: (path / PROMPT_RECORD).is_file(), _prompts),
    ("method", is_method_folder, _method),
    ("run", lambda path: (path / RUN_RECORD).is_file(), _run),
    ("project", lambda path: path.name in ("starter", FILE_NAME) or (path / FILE_NAME).is_file(), _project),
    ("artifact", lambda path: path.is_file() and path.suffix == ".h5", _artifact),
    ("safetensors", lambda path: path.is_file() and path.suffix == ".safetensors", _safetensors),
    ("prompts", lambda path: exported_folder(path) != path, lambda path: _prompts(exported_folder(path))),
)
"""Kind, how it is recognised, how it is looked at; the first that fits."""
