"""Layouts of data sets that can be read: their names, and the folder names that give a split."""

from mmap_studio.errors import InputError
from mmap_studio.formatting import shown

AUTO = "auto"
LAYOUTS = {
    "domains": "<domain>/<class>/<image>",
    "tasks": "<task>/<class>/<image>, every task with classes of its own",
    "domain-splits": "<domain>/{train,val,test}/<class>/<image>",
    "split-domains": "{train,val,test}/<domain>/<class>/<image>",
    "one-task": "<class>/<image>, or {train,val,test}/<class>/<image>: one task",
    "lists": "list files <domain>_{train,val,test}.txt of lines `path label`",
    "parquet": "Parquet tables with the images in them, as Hugging Face data sets",
    "manifest": "a CSV or Parquet table with columns for path, class, and if there are several, task and split",
}
"""Name -> what it looks like. `lists:FOLDER`, `manifest:FILE`, `parquet:FILE` say which, below the root."""
TREES = ("domains", "tasks", "domain-splits", "split-domains", "one-task")
"""Layouts that folders alone make."""
SPLIT_NAMES = {"train": "train", "val": "val", "valid": "val", "validation": "val", "crossval": "val", "test": "test"}
"""Folder names (any case) that give a split."""


def check_layout(layout: str) -> tuple[str, str]:
    """The name and what follows the colon. InputError for a name that is none."""
    name, _, which = layout.partition(":")
    if layout != AUTO and (name not in LAYOUTS or (which and name in TREES)):
        raise InputError(
            f"A layout must be auto, {', '.join(LAYOUTS)}, lists:FOLDER, manifest:FILE or parquet:FILE. "
            f"Got {shown(layout)} instead."
        )
    return name, which
