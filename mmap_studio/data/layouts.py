"""Layouts of data sets that can be read: their names, and the folder names that give a split."""

import re
from collections.abc import Sequence

from mmap_studio.errors import InputError
from mmap_studio.formatting import shown

AUTO = "auto"
LAYOUTS = {
    "domains": "<domain>/<class>/<image>",
    "tasks": "<task>/<class>/<image>, every task with classes of its own",
    "domain-splits": "<domain>/{train,val,test}/<class>/<image>",
    "split-domains": "{train,val,test}/<domain>/<class>/<image>",
    "one-task": "<class>/<image>, or {train,val,test}/<class>/<image>: one task",
    "nested": "<domain>/<class>/<folder>/<image>: every image below a class folder is of that class",
    "lists": "list files of lines `path label`, or `class/image` for a part, such as <domain>_{train,val,test}.txt",
    "parquet": "Parquet or Arrow tables with the images in them, as Hugging Face data sets",
    "webdataset": "WebDataset tars: images with a .cls, .json or .txt of the same name",
    "manifest": "a CSV, JSON or Parquet table with columns for path, class, and if there are several, task and split",
}
"""Name -> what it looks like. `lists:FOLDER`, `manifest:FILE`, `parquet:FILE` say which, below the root; `#COLUMN`
behind a table which column holds the classes."""
TREES = ("domains", "tasks", "domain-splits", "split-domains", "one-task", "nested")
"""Layouts that folders alone make."""
PARTS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "crossval": "val", "test": "test"}
"""Words for a part that file names are cleared of when subjects are looked for: more would draw old splits anew."""
SPLIT_NAMES = PARTS | {
    "training": "train", "trainval": "train", "dev": "val", "eval": "val", "evaluation": "val", "validate": "val",
    "testing": "test", "holdout": "test",
}  # fmt: skip
"""Names (any case) of folders, files and cells that give a split."""
_ORDER = re.compile(r"^\d{1,2}[-_. ]+")
"""A number by which folders are sorted: `1_train`, `2_test`."""
_SET = re.compile(r"(?<=[a-z])[-_ ]?(?:set|data|split|images|imgs|\d{1,4})$")


def split_of(name: str) -> str | None:
    """train, val or test where a folder's name says so: `Training`, `test_set`, `train-images`, `val2017`."""
    small = _ORDER.sub("", name.strip().casefold())
    return SPLIT_NAMES.get(small) or SPLIT_NAMES.get(_SET.sub("", small))


def without_unions(paths: Sequence[str]) -> list[str]:
    """Without files that name training and validation together, where there is one of training: `trainval.txt`."""
    known = {path.casefold() for path in paths}
    again = (re.sub("train[-_]?val(?!id)", "train", path.casefold()) for path in paths)
    return [path for path, plain in zip(paths, again, strict=True) if plain == path.casefold() or plain not in known]


def stems_of_parts(names: Sequence[str]) -> dict[str, dict[str, str]]:
    """What stands beside the word for a part -> name -> part, of names like `seg_train` and `seg_test`; only where all
    names are of this kind, and each such stem has training and another part.
    """
    found: dict[str, dict[str, str]] = {}
    for name in names:
        for place in (re.fullmatch(r"(?P<stem>.+)[-_. ](?P<word>[^-_. ]+)", name),
                      re.fullmatch(r"(?P<word>[^-_. ]+)[-_. ](?P<stem>.+)", name)):  # fmt: skip
            if place and (part := split_of(place["word"])):
                found.setdefault(place["stem"], {})[name] = part
                break
    whole = sum(map(len, found.values())) == len(names)
    return found if whole and all({"train"} < set(parts.values()) for parts in found.values()) else {}


def check_layout(layout: str) -> str:
    """The same layout; InputError for a name that is none."""
    name, which, column = parted(layout)
    if layout != AUTO and (name not in LAYOUTS or ((which or column) and name in TREES)):
        raise InputError(
            f"A layout must be auto, {', '.join(LAYOUTS)}, lists:FOLDER, manifest:FILE or parquet:FILE. "
            f"Got {shown(layout)} instead."
        )
    return layout


def parted(layout: str) -> tuple[str, str, str]:
    """The name, what follows the colon, and the column of classes that follows `#` in a layout of tables."""
    name = re.split("[:#]", layout, maxsplit=1)[0]
    rest, column = layout[len(name) :].removeprefix(":"), ""
    if name in ("manifest", "parquet") and "#" in rest:
        rest, _, column = rest.rpartition("#")
    return name, rest, column
