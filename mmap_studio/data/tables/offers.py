"""Which lists and tables a folder has, as layouts to be read: `lists:FOLDER`, `manifest:FILE`, `parquet`, `webdataset`.

A name may end in `#COLUMN`, the one of the classes where a table has several.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from mmap_studio.data.file_kinds import TABLES, is_columnar
from mmap_studio.data.layouts import without_unions
from mmap_studio.data.tables.annotations import BOXES
from mmap_studio.data.tables.image_columns import class_columns as image_class_columns
from mmap_studio.data.tables.image_columns import has_images
from mmap_studio.data.tables.image_index import ImageIndex
from mmap_studio.data.tables.lists import list_folders, style_of
from mmap_studio.data.tables.manifests import SUFFIXES, class_columns, is_of_classes, table_problem, together
from mmap_studio.data.tables.parquet import opens
from mmap_studio.data.tables.part_lists import part_lists, part_of
from mmap_studio.data.tables.web_shards import is_shard
from mmap_studio.formatting import shown

MOST_TABLES = 100
"""Tables and JSON files that are looked into."""
FORM = re.compile(r"sample[-_ ]?submission.*|submission[-_ ]?(format|form|example|sample)?", re.IGNORECASE)
"""What a table is called that a competition gives to be filled in: its classes are made up."""
A_FORM = "a form to be filled in"
ONCE = "shows each class once"
LOOK_AT = 3
"""Archives by which shards are known."""


@dataclass(frozen=True)
class Offers:
    """What there is of each kind; paths are below the root."""

    lists: dict[str, list[str]]
    """Folder -> its lists."""
    shards: tuple[str, ...]
    image_tables: tuple[str, ...]
    manifests: tuple[str, ...]
    joined: bool
    """The manifests can be read as one."""
    problems: dict[str, str]
    """Tables that are none of images -> why, in one sentence."""
    columns: tuple[str, ...] = ()
    """Columns that may be the classes, the first is taken; of image tables or of the one manifest."""
    parts: dict[str, list[str]] = field(default_factory=dict)
    """Folder, or folder and number of the split -> its lists of parts; see `part_lists`."""
    aside: tuple[str, ...] = ()
    """Of `lists` and `parts` those that are read where they are asked for alone: the splits of a folder after its
    first, and lists that say no part beside lists that do."""

    @property
    def layouts(self) -> list[str]:
        """Each of them can be asked for; those that say the same in another way are not repeated."""
        shards = ["webdataset"] if self.shards else []
        lists = [f"lists:{key or '.'}" for key in (*self.lists, *self.parts) if key not in self.aside]
        return [*lists, *shards, *self._tables]

    @property
    def all_layouts(self) -> list[str]:
        """With other splits than the first, single tables of several, and other columns of classes."""
        single = [f"manifest:{path}" for path in self.manifests] if self.joined else []
        aside = [f"lists:{key or '.'}" for key in self.aside]
        return [*self.layouts, *aside, *single, *self.by_column]

    @property
    def _tables(self) -> list[str]:
        tables = ["manifest"] if self.joined else [f"manifest:{path}" for path in self.manifests]
        return [*(["parquet"] if self.image_tables else []), *tables]

    @property
    def by_column(self) -> list[str]:
        return [f"{layout}#{column}" for layout in self._tables[:1] for column in self.columns[1:]]


def offers_of(root: Path, texts: Sequence[str], packed: Sequence[str], images: ImageIndex) -> Offers:
    """What lists and tables there are below a root.

    texts : files that may be lists or tables   packed : archives   images : the images below the root
    """
    image_tables = tuple(sorted(text for text in texts if is_columnar(text) and has_images(root / text)))
    parts, bare, aside = _part_lists(root, texts, images)
    lists = list_folders(root, [path for path in texts if path not in bare], images)
    aside += [folder for folder in lists if any(key.rpartition("/")[0] in (folder, folder or ".") for key in parts)]
    parts = {key: paths for key, paths in parts.items() if key not in lists}
    listed = {path for paths in lists.values() for path in paths}
    tables = [path for path in texts if path.lower().endswith(SUFFIXES) and path not in image_tables]
    tables = sorted((path for path in tables if path not in listed), key=lambda path: (path.count("/"), path))
    forms = [path for path in tables if FORM.fullmatch(PurePosixPath(path).stem)]
    problems = {path: table_problem(root / path) for path in tables[:MOST_TABLES] if path not in forms}
    manifests = tuple(sorted(path for path, why in problems.items() if why is None))
    shown_once = _of_classes(root, manifests)
    manifests = tuple(without_unions([path for path in manifests if path not in shown_once]))
    joined = len(manifests) > 1 and together(root, manifests, images)
    shards = tuple(sorted(packed)) if packed and all(is_shard(root / path) for path in sorted(packed)[:LOOK_AT]) else ()
    columns = image_class_columns(root / image_tables[0]) if image_tables else []
    columns = columns or (class_columns(root / manifests[0]) if manifests else [])
    named = {path: why for path, why in problems.items() if why and (path.lower().endswith(TABLES) or BOXES in why)}
    named |= {path: f"Table {shown(path)} is {A_FORM}, by its name." for path in forms}
    named |= {path: f"Table {shown(path)} {ONCE}, beside tables of parts." for path in shown_once}
    return Offers(lists, shards, image_tables, manifests, joined, named, tuple(columns), parts, tuple(aside))


def _of_classes(root: Path, manifests: Sequence[str]) -> list[str]:
    """Of tables in one folder, where some are of parts, those of no part that show each class once."""
    parted = {path.rpartition("/")[0] for path in manifests if part_of(path)[0] == "train"}
    others = [path for path in manifests if path.rpartition("/")[0] in parted and not part_of(path)[0]]
    return [path for path in others if is_of_classes(root / path)]


def _part_lists(
    root: Path, texts: Sequence[str], images: ImageIndex
) -> tuple[dict[str, list[str]], set[str], list[str]]:
    """Key -> lists of parts, all their paths, and the keys of the splits after the first of a folder."""
    parts: dict[str, list[str]] = {}
    aside: list[str] = []
    for folder, splits in part_lists(root, texts, images).items():
        keys = [f"{folder or '.'}/{number or 0}" for number in splits] if len(splits) > 1 else [folder]
        parts |= dict(zip(keys, splits.values(), strict=True))
        aside += keys[1:]
    return parts, {path for paths in parts.values() for path in paths}, aside


def damaged(root: Path, texts: Sequence[str]) -> list[str]:
    """Tables of columns that do not open."""
    return [text for text in sorted(texts) if is_columnar(text) and not opens(root / text)]


def is_list(path: Path) -> bool:
    """Whether a file is a list of images by its lines."""
    return style_of(path, ImageIndex(())) is not None
