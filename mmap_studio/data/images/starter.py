"""The bundled starter: the same pictograms in several drawing styles, one style a task.

Each style is one lossless sheet, pictogram k at row k // columns, column k % columns; `data.json` says class and
split of every pictogram, the same for all styles, so no test pictogram is trained on in any of them.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mmap_studio.data.domains import Domain
from mmap_studio.data.file_table import FileTable, ImageFile
from mmap_studio.data.images.decode import ImageError, read_rgb
from mmap_studio.data.images.image_sets import ArrayImages
from mmap_studio.data.images.resize import to_geometry
from mmap_studio.errors import CorruptError, StudioError
from mmap_studio.formatting import counted, shown
from mmap_studio.method.task import SPLITS, Geometry, TaskSpec
from mmap_studio.storage.documents import read_json

FORMAT = 1


@dataclass(frozen=True)
class StarterTask:
    """One drawing style: all its images, and what is known of them."""

    domain: Domain
    """Its files are the pictograms, by their code points, with the part that the starter gives them."""
    images: ArrayImages
    """In the order of the files."""
    template: str


def read_starter(folder: str | Path, to: Geometry | None = None) -> tuple[StarterTask, ...]:
    """The starter's tasks, in the order of `data.json`; equal files in two of them are the same pictogram.

    to : what the images are brought to; as they are stored (64 pixels) if not given

    Raises CorruptError naming the file when one is missing, damaged or does not fit the others.
    """
    table = _read_table(Path(folder) / "data.json")
    return tuple(_task(Path(folder) / task["sheet"], task["name"], table, to) for task in table["tasks"])


def load_starter(folder: str | Path, to: Geometry | None = None) -> tuple[TaskSpec, ...]:
    """As `read_starter`, split as the starter gives it."""
    specs = []
    for task in read_starter(folder, to):
        given = np.array(task.domain.given_splits)
        train, val, test = (task.images.subset(np.flatnonzero(given == part)) for part in SPLITS)
        specs.append(TaskSpec(task.domain.name, task.domain.classes, train, val, test, task.template))
    return tuple(specs)


def _task(sheet: Path, name: str, table: dict[str, Any], to: Geometry | None) -> StarterTask:
    pictograms = table["pictograms"]
    pixels = _cells(sheet, len(pictograms["class"]), table["size"], table["columns"])
    if to is not None and to.size != table["size"]:
        pixels = np.stack([to_geometry(Image.fromarray(cell), to) for cell in pixels])
    codes = pictograms.get("code") or [str(number) for number in range(len(pictograms["class"]))]
    rows = zip(codes, pictograms["class"], pictograms["split"], strict=True)
    files = FileTable.of(ImageFile(str(code), label, 0, 0, part) for code, label, part in rows)
    domain = Domain(name, Path(f"starter:{name}"), tuple(table["classes"]), files)
    return StarterTask(domain, ArrayImages(pixels, np.array(pictograms["class"], np.int64)), table["template"])


def _cells(sheet: Path, count: int, size: int, columns: int) -> np.ndarray:
    """uint8 (count, size, size, 3): the cells of a sheet, row by row."""
    try:
        grid = np.asarray(read_rgb(sheet))
    except ImageError as error:
        raise CorruptError(f"Starter sheet {shown(sheet)} cannot be read: {error.reason}; install again.") from None
    rows = -(-count // columns)
    if grid.shape != (rows * size, columns * size, 3):
        raise CorruptError(
            f"Starter sheet {shown(sheet)} must be {columns * size} x {rows * size} pixels. "
            f"Got {grid.shape[1]} x {grid.shape[0]} instead; install again."
        )
    cells = grid.reshape(rows, size, columns, size, 3).swapaxes(1, 2)  # (rows, columns, size, size, 3)
    return cells.reshape(rows * columns, size, size, 3)[:count]


def _read_table(path: Path) -> dict[str, Any]:
    try:
        table: dict[str, Any] = read_json(path)
        problem = _problem(table)
    except (StudioError, KeyError, TypeError, AttributeError) as error:
        problem = f"it cannot be read ({error})"
    if problem:
        raise CorruptError(f"Starter table {shown(path)} cannot be used: {problem}; install again.")
    return table


def _problem(table: dict[str, Any]) -> str | None:
    if table["format"] != FORMAT:
        return f"it has format {table['format']!r}, required is {FORMAT}"
    classes, splits = table["pictograms"]["class"], table["pictograms"]["split"]
    if len(classes) != len(splits) or not classes:
        return f"it names {counted(len(classes), 'class')} for {counted(len(splits), 'split')}"
    if not all(isinstance(k, int) and 0 <= k < len(table["classes"]) for k in classes):
        return "a class index is outside its class list"
    if not set(splits) <= set(SPLITS):
        return f"its splits must be {', '.join(SPLITS)}, found {sorted(set(splits))}"
    shaped = table["size"] > 0 and table["columns"] > 0 and isinstance(table["template"], str)
    named = all(isinstance(task[key], str) for task in table["tasks"] for key in ("name", "sheet"))
    return None if shaped and named else "its size, columns, template or tasks are not of their kind"
