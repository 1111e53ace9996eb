"""What a window can hand out of a project beside its figures: prompts, the affinity as tables and HDF5, the groups.

Each is asked for in the window's thread, which takes from the state what is needed, and written in another.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmap_studio.session.results.export_files import affinity_csv, copy_prompts, save, save_affinity
from mmap_studio.session.results.formats import matrix_text
from mmap_studio.session.studio.studio import Studio
from mmap_studio.storage import atomic
from mmap_studio.storage.runs import PROMPTS

if TYPE_CHECKING:  # h5py and safetensors take a moment to import; they come in the thread
    from mmap_studio.storage.prompt_folder import PromptFolder

FOLDER = f"{PROMPTS}/"
"""The prompts, in the folder that is written to."""
Write = Callable[[Path], object]
"""Writes into the folder it is given."""


@dataclass(frozen=True)
class ExportSource:
    """Something that can be written, and where it comes from in words."""

    words: str
    write: Write


def write_into(folder: Path, write: Write) -> None:
    atomic.make_folder(folder)
    write(folder)


def prompts(studio: Studio) -> ExportSource | None:
    """The prompts of the groups on the board where all are trained, else those of the newest run that has some."""
    known, project, board = studio.known, studio.project, studio.board
    if project is None:
        return None
    groups = known.groups(board.grouping, project.settings)
    if groups:
        scores = known.results | {"run": known.current}
        make = partial(studio.engine.prompts, project, known.tasks, groups, scores)
        return ExportSource("of the groups on the board", lambda folder: _save(folder / PROMPTS, make()))
    runs = [r for row in known.book.rows() for r in row.results if r.method == "run" and r.run]
    newest = sorted((result.run for result in runs), reverse=True)  # they begin with their time
    name = next((name for name in newest if (project.runs / name / PROMPTS).is_dir()), None)
    if name is None:
        return None
    kept = project.runs / name / PROMPTS
    return ExportSource(f"of the run {name}", lambda folder: copy_prompts(kept, folder / PROMPTS))


def affinity(studio: Studio) -> dict[str, Write]:
    """The files of the affinity by name; none where it is not known."""
    estimate = studio.known.estimate
    if estimate is None:
        return {}

    def document() -> dict[str, Any]:
        from mmap_studio.session.run.run_document import affinity_document

        return affinity_document(estimate)

    matrix = matrix_text(estimate.tasks, estimate.tasks, estimate.mean, "source \\ recipient")
    return {
        "affinity.csv": lambda folder: save(folder / "affinity.csv", affinity_csv(document())),
        "affinity_matrix.csv": file("affinity_matrix.csv", matrix),
        "affinity.json": lambda folder: save(folder / "affinity.json", _json(document())),
        "affinity.h5": lambda folder: save_affinity(folder / "affinity.h5", estimate),
    }


def grouping(studio: Studio) -> dict[str, Write]:
    return {"grouping.json": file("grouping.json", _json(studio.board.to_json()))}


def file(name: str, content: bytes | str) -> Write:
    return lambda folder: save(folder / name, content)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _save(path: Path, folder: "PromptFolder") -> None:
    from mmap_studio.storage.prompt_folder import save_prompts

    save_prompts(path, folder, replace=True)
