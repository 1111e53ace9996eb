"""Which lists and tables a folder has, as layouts to be read: `lists:FOLDER`, `manifest:FILE`, `parquet`, `webdataset`.

A name may end in `#COLUMN`, the one of the classes where a table has several.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mmap_studio.data.file_kinds import TABLES, is_columnar
from mmap_studio.data.tables.annotations import BOXES
from mmap_studio.data.tables.image_columns import class_columns as image_class_columns
from mmap_studio.data.tables.image_columns import has_images
from mmap_studio.data.tables.image_index import ImageIndex
from mmap_studio.data.tables.lists import list_folders, style_of
from mmap_studio.data.tables.manifests import SUFFIXES, class_columns, table_problem, together
from mmap_studio.data.tables.parquet import opens
from mmap_studio.data.tables.web_shards import is_shard
from mmap_studio.formatting import shown

MOST_TABLES = 100
"""Tables and JSON files that are looked into."""
FORM = re.compile(r"sample[-_ ]?submission.*|submission[-_ ]?(format|form|example|sample)?", re.IGNORECASE)
"""What a table is called that a competition gives to be filled in: its classes are made up."""
A_FORM = "a form to be filled in"
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

    @property
    def layouts(self) -> list[str]:
        """Each of them can be asked for; those that say the same in another way are not repeated."""
        tables = ["manifest"] if self.joined else [f"manifest:{path}" for path in self.manifests]
        images = ["parquet"] if self.image_tables else []
        shards = ["webdataset"] if self.shards else []
        return [*(f"lists:{folder or '.'}" for folder in self.lists), *shards, *images, *tables]

    @property
    def all_layouts(self) -> list[str]:
        """With single tables of several, and with other columns of classes."""
        single = [f"manifest:{path}" for path in self.manifests] if self.joined else []
        return [*self.layouts, *single, *self.by_column]

    @property
    def by_column(self) -> list[str]:
        tables = ["parquet"] if self.image_tables else self.layouts[len(self.lists) + bool(self.shards) :]
        return [f"{layout}#{column}" for layout in tables[:1] for column in self.columns[1:]]


def offers_of(root: Path, texts: Sequence[str], packed: Sequence[str], images: ImageIndex) -> Offers:
    """What lists and tables there are below a root.

    texts : files that may be lists or tables   packed : archives   images : the images below the root
    """
    image_tables = tuple(sorted(text for text in texts if is_columnar(text) and has_images(root / text)))
    lists = list_folders(root, texts, images)
    listed = {path for paths in lists.values() for path in paths}
    tables = [path for path in texts if path.lower().endswith(SUFFIXES) and path not in image_tables]
    tables = sorted((path for path in tables if path not in listed), key=lambda path: (path.count("/"), path))
    forms = [path for path in tables if FORM.fullmatch(PurePosixPath(path).stem)]
    problems = {path: table_problem(root / path) for path in tables[:MOST_TABLES] if path not in forms}
    manifests = tuple(sorted(path for path, why in problems.items() if why is None))
    joined = len(manifests) > 1 and together(root, manifests, images)
    shards = tuple(sorted(packed)) if packed and all(is_shard(root / path) for path in sorted(packed)[:LOOK_AT]) else ()
    columns = image_class_columns(root / image_tables[0]) if image_tables else []
    columns = columns or (class_columns(root / manifests[0]) if manifests else [])
    named = {path: why for path, why in problems.items() if why and (path.lower().endswith(TABLES) or BOXES in why)}
    named |= {path: f"Table {shown(path)} is {A_FORM}, by its name." for path in forms}
    return Offers(lists, shards, image_tables, manifests, joined, named, tuple(columns))


def damaged(root: Path, texts: Sequence[str]) -> list[str]:
    """Tables of columns that do not open."""
    return [text for text in sorted(texts) if is_columnar(text) and not opens(root / text)]


def is_list(path: Path) -> bool:
    """Whether a file is a list of images by its lines."""
    return style_of(path, ImageIndex(())) is not None
