"""The starter's six tasks: the same pictograms in six styles, packed as one sprite sheet per style.

Files written to the output folder:

- `<task id>.webp`, one per style: lossless, RGB, a grid of `columns` cells a row, each `size` x `size` pixels, on
  white. Pictogram k is at row k // columns, column k % columns; cells after the last pictogram are white.
- `data.json`: {"format": 1, "size": 64, "columns": 32, "template": "an icon of a {}.",
  "tasks": [{"id", "name", "sheet", "package", "licence"}, ...], "classes": [name, ...],
  "pictograms": {"code": [...], "label": [...], "class": [index into classes, ...], "split": ["train" | "val" |
  "test", ...]}} with all lists of "pictograms" of one length, in the order of the cells.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from tools.build_starter.classes import SMALLEST_CLASS, TASK_CLASSES, Pictogram, class_of_subgroup, read_pictograms
from tools.build_starter.packages import plain_code, read_set
from tools.build_starter.render import fit, on_white, render
from tools.build_starter.sheets import coarsen, write_sheet
from tools.build_starter.sources import with_role

SIZE = 64
COLUMNS = 32
SEED = 20260
TEMPLATE = "an icon of a {}."
TASKS = (  # id (and file name), name on screen, package
    ("noto", "Noto", "@iconify-json/noto"),
    ("twemoji", "Twemoji", "@iconify-json/twemoji"),
    ("openmoji", "OpenMoji", "@iconify-json/openmoji"),
    ("fluent-flat", "Fluent flat", "@iconify-json/fluent-emoji-flat"),
    ("fluent-3d", "Fluent 3D", "@lobehub/fluent-emoji-3d"),
    ("high-contrast", "High contrast", "@iconify-json/fluent-emoji-high-contrast"),
)


def make_data(modules: Path, out: Path) -> None:
    """Draw all styles, choose pictograms, split, write."""
    out.mkdir(parents=True, exist_ok=True)
    pictograms = read_pictograms(modules)
    codes = [pictogram.code for pictogram in pictograms]
    styles = [draw_style(modules, package, codes) for _, _, package in TASKS]
    chosen = common_pictograms(pictograms, styles)
    for (task, _, _), style in zip(TASKS, styles, strict=True):
        write_sheet(coarsen(np.stack([style[p.code] for p, _ in chosen])), out / f"{task}.webp", COLUMNS)
    (out / "data.json").write_text(json.dumps(document(chosen), indent=1, ensure_ascii=False) + "\n")


def draw_style(modules: Path, package: str, codes: list[str]) -> dict[str, np.ndarray]:
    """Draw those of `codes` that a style has: code -> (SIZE, SIZE, 3) uint8 on white."""
    if not package.startswith("@iconify-json/"):  # images named by code point
        files = {plain_code(path.stem): path for path in sorted((modules / package / "assets").glob("*.webp"))}
        return {code: on_white(fit(Image.open(files[code]), SIZE)) for code in codes if code in files}
    icons = read_set(modules, package)
    names = {code: icons.name_of_code[code] for code in codes if code in icons.name_of_code}
    return {code: on_white(render(icons.bodies[name], icons.boxes[name], SIZE)) for code, name in names.items()}


def common_pictograms(pictograms: list[Pictogram], styles: list[dict[str, np.ndarray]]) -> list[tuple[Pictogram, str]]:
    """The pictograms that every style has, with their class, of the classes large enough; by class, then code point."""
    class_of = class_of_subgroup()
    order = {name: k for k, name in enumerate(TASK_CLASSES)}
    found = [
        (p, class_of[p.subgroup])
        for p in pictograms
        if class_of.get(p.subgroup) in order and all(p.code in style for style in styles)
    ]
    counts = {name: sum(other == name for _, other in found) for name in order}
    kept = [(p, name) for p, name in found if counts[name] >= SMALLEST_CLASS]
    return sorted(kept, key=lambda pair: (order[pair[1]], pair[0].code))


def document(chosen: list[tuple[Pictogram, str]]) -> dict[str, object]:
    """What goes into data.json."""
    licences = {package.name: package.licence for package in with_role("task")}
    names = [name for _, name in chosen]
    classes = list(dict.fromkeys(names))
    table = {
        "code": [p.code for p, _ in chosen],
        "label": [p.label for p, _ in chosen],
        "class": [classes.index(name) for name in names],
        "split": split(names),
    }
    tasks = [
        {"id": task, "name": name, "sheet": f"{task}.webp", "package": package, "licence": licences[package]}
        for task, name, package in TASKS
    ]
    return {
        "format": 1,
        "size": SIZE,
        "columns": COLUMNS,
        "template": TEMPLATE,
        "tasks": tasks,
        "classes": classes,
        "pictograms": table,
    }


def split(classes: list[str], seed: int = SEED) -> list[str]:
    """Draw the split, stratified by class: one of "train", "val", "test" per pictogram."""
    rng = np.random.default_rng(seed)
    result = ["test"] * len(classes)
    for name in sorted(set(classes)):
        members = rng.permutation([k for k, other in enumerate(classes) if other == name])
        train, val = split_sizes(len(members))
        for position, k in enumerate(members[: train + val]):
            result[k] = "train" if position < train else "val"
    return result


def split_sizes(count: int) -> tuple[int, int]:
    """How many of a class's pictograms go to train (60 %) and val (10 %, at least one); the rest is test.

    Large classes stay large in every part: training on a balanced part and testing on the whole would ask prompts to
    learn one distribution and judge them on another.
    """
    return round(0.6 * count), max(1, round(0.1 * count))
