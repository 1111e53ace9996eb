"""Tables of images: CSV, Parquet or JSON, one row an image.

Columns are known by their names: one for the path, one for the class, and if there are several of them one for the
task and one for the split. In a one-hot table every class is a column of 0 and 1. Several tables that belong together
(`train.csv` and `test.csv`; a `metadata.csv` in every folder) are read as one. Tables with the images in them are for
`image_tables`.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath

from mmap_studio.data.file_kinds import is_columnar, is_image
from mmap_studio.data.layouts import split_of
from mmap_studio.data.skipped import Skipped
from mmap_studio.data.tables.annotations import LINES, json_rows
from mmap_studio.data.tables.delimited import MAX_LINES as MAX_LINES
from mmap_studio.data.tables.delimited import csv_rows
from mmap_studio.data.tables.image_index import ImageIndex, covered, placed
from mmap_studio.data.tables.lists import LOOK_AT, find_base, meaning
from mmap_studio.data.tables.parquet import ERRORS, opened, unreadable, words
from mmap_studio.data.tables.rows import (
    BadRows,
    ImageRow,
    Parts,
    Rows,
    TableRows,
    Tails,
    check_path,
    watched,
    with_parts_of_folders,
)
from mmap_studio.errors import DataError
from mmap_studio.formatting import counted, shown, some

COLUMNS = {
    "path": ("path", "image", "file", "filename", "filepath", "image_path", "file_name", "img", "img_path",
             "image_name", "file_path", "image_file", "filenames", "fname", "img_name", "image_filename",
             "img_filename", "image_id", "img_id", "id"),
    "class": ("class", "label", "class_name", "category", "target", "labels", "label_name", "category_name",
              "species", "breed", "diagnosis", "dx", "class_id", "classid", "label_id", "category_id", "class_index",
              "fine_label"),
    "task": ("task", "domain", "dataset"),
    "split": ("split", "subset", "fold", "partition", "phase"),
}  # fmt: skip
"""What a column is for -> the names it may have, any case; the first that is there counts."""
SUFFIXES = (".csv", ".tsv", ".parquet", ".json", *LINES)
GENERIC = re.compile(r"metadata|_?classes|_?annotations(\.coco)?|labels?|data|index|images?|instances?", re.IGNORECASE)
"""Names of tables that say nothing of what is in them, without their suffix."""
FLAGS = {
    "is_train": "train", "is_training": "train", "is_valid": "val", "is_val": "val", "is_validation": "val",
    "is_test": "test",
}  # fmt: skip
"""Columns that say of a row whether it is of one part."""
YES = ("1", "1.0", "true", "yes", "t", "y")
NO_CLASS = ("nan", "<na>", "null")
"""What programs write into a cell that has nothing."""
MOST_CLASSES = 2_000
"""Rows of a table that shows each class once."""
LOOK_AT_ONE_HOT = 50
"""Rows by which a one-hot table is known."""
Values = tuple[str, str | None, str, str]
"""path, class (None where the table gives none, or several), task, split; the last two may be empty."""


def table_problem(path: Path) -> str | None:
    """Why a file is no table with columns for path and class, in one sentence; None where it is one.

    Reads its beginning, never fails.
    """
    try:
        next(_values(path, "", BadRows()), None)
    except DataError as error:
        return str(error)
    except OSError as error:
        return f"Table {shown(path)} cannot be read ({error.strerror})."
    return None


def columns_of(path: Path) -> list[str]:
    """The names of a table's columns; none where it is no table of cells. Never fails."""
    try:
        return [name.strip() for name in _header(path)]
    except (DataError, OSError, StopIteration):
        return []


def class_columns(path: Path) -> list[str]:
    """The columns of a table that may be its classes; none where it is no table of cells."""
    return [name for name in columns_of(path) if is_class_column(name)]


def is_class_column(name: str) -> bool:
    """Whether a column may be one of classes by its name: `label`, `coarse_label`."""
    small = plain(name)
    return small in COLUMNS["class"] or small.endswith(("_label", "_class", "_category"))


def read_manifests(
    root: Path, paths: Sequence[str], images: ImageIndex, tick: Callable[[], object], column: str = ""
) -> TableRows:
    """The rows of every task in some tables below a root, in the order in which the tasks first appear.

    column : the one of the classes, where it is not known by its name

    Raises DataError naming file and line (CSV) or row (Parquet) for what cannot be used.
    """
    tasks: dict[str, Rows] = {}
    parts = Parts()
    skipped: list[Skipped] = []
    said: list[str] = []
    for path in paths:
        name, part = _meaning(path, root, alone=len(paths) == 1)
        where = f"Table {shown(path if len(paths) > 1 else PurePosixPath(path).name)}"
        folder, tails = path.rpartition("/")[0], Tails(images)
        found: dict[str, list[ImageRow]] = {}
        bad = BadRows()
        for number, (image, label, task, split) in watched(_values(root / path, column, bad), tick):
            here = f"{where}, {number}"
            if label is None or label.strip().casefold() in NO_CLASS:
                skipped.append(Skipped(image, f"{where} gives it no class, or several"))
                continue
            if not image.strip() or not label.strip():
                empty = "every row must have a path and a class, but one of them is empty; fill it in."
                bad.add(DataError(f"{here}: {empty}"))
                continue
            try:
                tails.domain = task.strip().casefold()
                own, given = check_path(image.strip(), here, folder, tails), parts.of(split, here)
            except DataError as error:
                bad.add(error)
                continue
            row = ImageRow(own, sys.intern(label.strip()), given or part)
            found.setdefault(task.strip() or name, []).append(row)
        said += bad.notices(sum(map(len, found.values())))
        first = [row.path for rows in found.values() for row in rows[:LOOK_AT]]
        base, cut = find_base(first, images, path)
        for task, rows in found.items():
            kept = tasks.setdefault(task, Rows(task, where))
            kept.rows += [row._replace(path=placed(row.path, images, base, cut)) for row in rows]
    if not tasks:
        raise DataError(f"Table {shown(paths[0])} must have rows, but has none; name another.")
    said += [f"Column {shown(name)} is read as the parts." for name in _known_by_cells(root, paths, column)]
    said += with_parts_of_folders(list(tasks.values()))
    columns = dict.fromkeys(_column_of("split", columns_of(root / path)) for path in paths)
    return TableRows(list(tasks.values()), [*said, *parts.notices([name for name in columns if name])], skipped)


def _known_by_cells(root: Path, paths: Sequence[str], column: str) -> list[str]:
    """The columns that say the parts, by what is in them or as flags."""
    found: list[str] = []
    for path in paths:
        header = columns_of(root / path)
        places = _places(header, column)
        if not path.lower().endswith((".csv", ".tsv")) or "split" in places:
            continue
        places = _by_content(root / path, header, places)
        flags = [name for name in header if plain(name) in FLAGS]
        found += [header[places["split"]]] if "split" in places else flags
    return list(dict.fromkeys(found))


def is_of_classes(path: Path) -> bool:
    """Whether a table has as many classes as rows: it shows each class once, as GTSRB's `Meta.csv` does."""
    labels: list[str | None] = []
    try:
        for _, values in islice(_values(path, "", BadRows()), MOST_CLASSES + 1):
            labels.append(values[1])
    except DataError:
        return False
    return 1 < len(labels) <= MOST_CLASSES and len(set(labels)) == len(labels)


def together(root: Path, paths: Sequence[str], images: ImageIndex) -> bool:
    """Whether tables can be read as one: each in a folder of its own, for a part of its own, or of other images."""
    meanings = [(path.rpartition("/")[0], _meaning(path, root, alone=False)) for path in paths]
    names = {GENERIC.sub("", _without_part(path)) for path in paths}
    if len(names) == 1 and len(set(meanings)) == len(paths):
        return True
    seen: set[str] = set()
    for path in paths:
        try:
            first = [values[0] for _, values in islice(_values(root / path, "", BadRows()), LOOK_AT)]
        except DataError:
            return False
        if seen & set(first) or covered(first, images, *find_base(first, images, path)) == 0:
            return False
        seen |= set(first)
    return True


def _without_part(path: str) -> str:
    return meaning(PurePosixPath(path).name, Path("."), GENERIC)[0]


def _meaning(path: str, root: Path, alone: bool) -> tuple[str, str | None]:
    """The domain and the part that a table's name and folders say; of a table that is alone no part."""
    stem = PurePosixPath(path).stem.removeprefix("split_zhou_")
    if alone and not GENERIC.fullmatch(stem):
        return stem, None
    name, part = meaning(path, root, GENERIC)
    return name, None if alone else part


def _column_of(what: str, header: Sequence[str]) -> str:
    """The column that is for the path, the class, the task or the split; empty where none is."""
    places = _places(header, "")
    return header[places[what]] if what in places else ""


def _values(path: Path, column: str, bad: BadRows) -> Iterator[tuple[str, Values]]:
    """Where a row stands and what it says; sentences about rows that say neither path nor class go to `bad`."""
    name = path.name.lower()
    if is_columnar(name):
        return _parquet_values(path, column)
    return _json_values(path, column) if name.endswith((".json", *LINES)) else _csv_values(path, column, bad)


def _header(path: Path) -> list[str]:
    name = path.name.lower()
    if is_columnar(name):
        return list(opened(path).schema_arrow.names)
    if name.endswith((".json", *LINES)):
        return list(next(json_rows(path))[1])
    return next(csv_rows(path))[1]


def _csv_values(path: Path, column: str, bad: BadRows) -> Iterator[tuple[str, Values]]:
    lines = csv_rows(path)
    _, header = next(lines, (0, []))
    places = _by_content(path, header, _places(header, column))
    if "class" not in places and (hot := _one_hot(path, header, places)):
        yield from _one_hot_values(lines, header, places["path"], hot, path, bad)
        return
    places = _checked(header, path, column, places)
    flags = {place: FLAGS[name] for place, name in enumerate(map(plain, header)) if name in FLAGS}
    flags = {} if "split" in places else flags
    rest = "test" if flags and "train" in flags.values() else "train" if flags else ""
    for number, cells in lines:
        if not any(cells):
            continue
        if len(cells) != len(header):
            has = f"a row must have {counted(len(header), 'cell')} as the header has. Got {len(cells)} instead"
            bad.add(DataError(f"Table {shown(path.name)}, line {number}: {has}; correct the line."))
            continue
        path_, class_, task, split = (cells[places[c]] if c in places else "" for c in COLUMNS)
        given = next((part for place, part in flags.items() if cells[place].strip().casefold() in YES), rest)
        yield f"line {number}", (path_, class_, task, split or given)


def _by_content(path: Path, header: Sequence[str], places: dict[str, int]) -> dict[str, int]:
    """With the columns of paths and of parts that are known by their cells alone: the only one whose cells end as
    images do; the only one whose cells all name parts, training and another.
    """
    free = [place for place in range(len(header)) if place not in places.values()]
    if "path" not in places:
        rows = [cells for _, cells in islice(csv_rows(path), 1, 1 + LOOK_AT) if len(cells) == len(header)]
        files = [place for place in free if rows and all(is_image(row[place].strip()) for row in rows)]
        places = places | ({"path": files[0]} if len(files) == 1 else {})
    if "split" not in places:
        words: dict[int, set[str | None]] = {place: set() for place in free if place not in places.values()}
        for _, cells in islice(csv_rows(path), 1, None):
            for place in list(words):
                words[place].add(split_of(cells[place]) if place < len(cells) else None)
            words = {place: parts for place, parts in words.items() if None not in parts}
            if not words:
                break
        parted = [place for place, parts in words.items() if {"train"} < parts]
        places = places | ({"split": parted[0]} if len(parted) == 1 else {})
    return places


def _one_hot(path: Path, header: Sequence[str], places: Mapping[str, int]) -> list[int]:
    """The columns of a one-hot table, by its first rows; none where it is another."""
    others = [place for place in range(len(header)) if place not in places.values() and header[place].strip()]
    if "path" not in places or len(others) < 2:
        return []
    for _, cells in islice(csv_rows(path), 1, 1 + LOOK_AT_ONE_HOT):
        if len(cells) != len(header) or any(_flag(cells[place]) is None for place in others):
            return []
    return others


def _one_hot_values(
    lines: Iterator[tuple[int, list[str]]], header: Sequence[str], path: int, hot: Sequence[int], where: Path,
    bad: BadRows,
) -> Iterator[tuple[str, Values]]:  # fmt: skip
    several, rows = 0, 0
    for number, cells in lines:
        if not any(cells):
            continue
        if len(cells) != len(header) or any(_flag(cells[place]) is None for place in hot):
            odd = next((cells[place] for place in hot if len(cells) > place and _flag(cells[place]) is None), "")
            found = f"found {shown(odd)}" if len(cells) == len(header) else f"found {counted(len(cells), 'cell')}"
            flags = f"each of {len(hot)} classes must be 0 or 1; {found}; correct the line."
            bad.add(DataError(f"One-hot table {shown(where)}, line {number}: {flags}"))
            continue
        on = [header[place].strip() for place in hot if _flag(cells[place])]
        several, rows = several + (len(on) > 1), rows + 1
        yield f"line {number}", (cells[path], on[0] if len(on) == 1 else None, "", "")
    if several * 2 >= rows > 0:
        raise DataError(
            f"One-hot table {shown(where)} must give an image one class, but of {counted(rows, 'row')} {several:,} "
            f"{'gives' if several == 1 else 'give'} several, which is not read; write one class for every image."
        )


def _flag(cell: str) -> bool | None:
    return {"0": False, "1": True, "0.0": False, "1.0": True}.get(cell.strip())


def _json_values(path: Path, column: str) -> Iterator[tuple[str, Values]]:
    places: dict[str, str] = {}
    for where, row in json_rows(path):
        if not places:
            names = list(row)
            places = {what: names[place] for what, place in _checked(names, path, column).items()}
        path_, class_, task, split = (_text(row.get(places.get(what, ""))) for what in COLUMNS)
        yield where, (path_, class_ or None, task, split)


def _places(header: Sequence[str], column: str) -> dict[str, int]:
    names = [plain(name) for name in header]
    found = {what: [names.index(name) for name in known if name in names] for what, known in COLUMNS.items()}
    places = {what: own[0] for what, own in found.items() if own}
    if column and column in (own := [name.strip() for name in header]):
        places["class"] = own.index(column)
    elif "class" not in places:
        ends = [place for place, name in enumerate(header) if is_class_column(name)]
        places |= {"class": ends[0]} if ends else {}
    return places


def plain(name: str) -> str:
    """A column's name as it is looked up: ` Image Name ` is `image_name`."""
    return re.sub(r"[\s-]+", "_", name.strip().casefold())


def _checked(header: Sequence[str], path: Path, column: str, places: dict[str, int] | None = None) -> dict[str, int]:
    places = _places(header, column) if places is None else places
    if not header:
        raise DataError(
            f"Table {shown(path)} must begin with a line of names of columns, but is empty; get it again, or move it "
            "away."
        )
    if column and column not in [name.strip() for name in header]:
        raise DataError(
            f"Table {shown(path)} must have the column {shown(column)}; found {some(header) or 'none'}; name one "
            "of them."
        )
    for what in ("path", "class"):
        if what not in places:
            bare = any(map(is_image, header))
            known = "rename the one it is" + (", or name it with --label-column" if what == "class" else "")
            advice = "write one line with the names of the columns above the first" if bare else known
            raise DataError(
                f"Table {shown(path)} must have a column for the {what} ({', '.join(COLUMNS[what][:7])}); "
                f"found the columns {some([name[:40] for name in header]) or 'none'}; {advice}."
            )
    return places


def _parquet_values(path: Path, column: str) -> Iterator[tuple[str, Values]]:
    file = opened(path)
    names = file.schema_arrow.names
    places = _checked(names, path, column)
    number = 0
    try:
        for batch in file.iter_batches(8192, columns=[names[place] for place in places.values()]):
            columns = {what: words(path, batch.column(names[place]), number + 1) for what, place in places.items()}
            for row in range(batch.num_rows):
                number += 1
                path_, class_, task, split = (_text(columns[c][row]) if c in columns else "" for c in COLUMNS)
                yield f"row {number}", (path_, class_, task, split)
    except DataError:
        raise
    except ERRORS as error:
        raise unreadable(path, number + 1, error) from None


def _text(value: object) -> str:
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    return "" if value is None or isinstance(value, list | dict | bytes) else str(value)
