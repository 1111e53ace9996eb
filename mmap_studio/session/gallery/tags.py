"""Tags: words that a user gives to images, kept in the project beside its splits. Importing this loads no torch.

An image is known by its path in its domain, so that tags stay where images are split otherwise or are moved with
their folder; the images that ship with the studio are known by their pixels.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import Field

from mmap_studio.data.paths import is_unicode
from mmap_studio.errors import CorruptError, InputError
from mmap_studio.formatting import counted, printable, shown_value, some
from mmap_studio.session.explore.selection import Place
from mmap_studio.storage import atomic
from mmap_studio.storage.documents import LARGE, Document, checked, read_json

if TYPE_CHECKING:
    from mmap_studio.method.task import TaskSpec

FILE, FORMAT = "tags.json", 1
LONGEST, MOST = 60, 1000
"""Letters of a tag, and tags of a project."""
LONGEST_PATH = 4096
"""Letters of an image's name."""
Names = frozenset[str]
Text = Annotated[str, Field(min_length=1, max_length=LONGEST_PATH)]


class _File(Document):
    """tags.json."""

    format: int
    tags: Annotated[dict[str, dict[str, list[Text]]], Field(max_length=MOST)]


@dataclass(frozen=True)
class Tags:
    """Which images have which tags; edits return a new value."""

    of: Mapping[str, Mapping[str, Names]] = field(default_factory=dict)
    """Tag -> task -> names of images, as `name_of` has them; no tag and no task without any."""

    @property
    def names(self) -> tuple[str, ...]:
        """All tags, by the alphabet."""
        return tuple(sorted(self.of, key=str.casefold))

    def count(self, tag: str) -> int:
        """Images that have it."""
        return sum(len(names) for names in self.of.get(tag, {}).values())

    def changed(self, tag: str, images: Mapping[str, Collection[str]], on: bool) -> "Tags":
        """With a tag given to these images, by task, or taken from them."""
        own = dict(self.of.get(tag, {}))
        for task, names in images.items():
            before = own.get(task, frozenset())
            own[task] = before | frozenset(names) if on else before - frozenset(names)
        own = {task: names for task, names in own.items() if names}
        rest = {name: tasks for name, tasks in self.of.items() if name != tag}
        return Tags(rest | ({tag: own} if own else {}))

    def renamed(self, tasks: Mapping[str, str]) -> "Tags":
        """With other names of tasks; what is tagged under a name that another task takes stays tagged beside it."""
        found: dict[str, dict[str, Names]] = {}
        for tag, own in self.of.items():
            found[tag] = {}
            for task, names in own.items():
                name = tasks.get(task, task)
                found[tag][name] = found[tag].get(name, frozenset()) | names
        return Tags(found)

    def shared(self, images: Mapping[str, Set[str]]) -> tuple[tuple[str, bool, bool], ...]:
        """Every tag, by the alphabet, and whether some and whether all of these images, by task, have it."""
        found = []
        for tag in self.names:
            pairs = [(names, self.of[tag].get(task, frozenset())) for task, names in images.items()]
            some_have = any(not tagged.isdisjoint(names) for names, tagged in pairs)
            found.append((tag, some_have, some_have and all(names <= tagged for names, tagged in pairs)))
        return tuple(found)

    def on(self, task: str, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Of every image the tags it has, by the alphabet."""
        own = [(tag, self.of[tag].get(task, frozenset())) for tag in self.names]
        return tuple(tuple(tag for tag, tagged in own if name in tagged) for name in names)

    def masks(self, tag: str, tasks: "Sequence[TaskSpec]", splits: Sequence[str]) -> dict[Place, np.ndarray]:
        """What `Selection.select` takes: bool (N,) of every task and split with such images."""
        found = {}
        for task in tasks:
            tagged = self.of.get(tag, {}).get(task.name)
            for split in splits if tagged else ():
                mask = np.array([name in (tagged or ()) for name in names_of(task, split)], dtype=bool)
                if mask.any():
                    found[task.name, split] = mask
        return found

    def to_json(self) -> dict[str, Any]:
        """As tags.json has it."""
        tags = {tag: {task: sorted(names) for task, names in own.items()} for tag, own in self.of.items()}
        return {"format": FORMAT, "tags": tags}


def names_of(task: "TaskSpec", split: str) -> list[str]:
    """What the images of a split are called."""
    from mmap_studio.session.dataset.pixels import name_of

    images = task.split(split)
    return [name_of(images, index) for index in range(len(images))]


def checked_tag(text: str) -> str:
    """A tag without blanks around it; InputError for none, for one that is too long or is not on one line."""
    tag = " ".join(text.split())
    if not tag or len(tag) > LONGEST or printable(tag) != tag:
        wanted = f"must be a word or a few, of 1 to {LONGEST} letters"
        raise InputError(f"A tag {wanted}. Got {shown_value(text)} instead; shorten it.")
    return tag


def check_kept(tags: Tags, images: Mapping[str, Collection[str]]) -> None:
    """InputError where tags.json could not be read again: images with names that it does not take, or too many.

    images : that were tagged last, by task
    """
    for names in images.values():
        for name in names:
            if not 0 < len(name) <= LONGEST_PATH or not is_unicode(name):
                wanted = f"must have a name of 1 to {LONGEST_PATH:,} letters that UTF-8 can write"
                raise InputError(f"An image that is tagged {wanted}. Got {shown_value(name)} instead; rename its file.")
    sets = [(tag, task, names) for tag, own in tags.of.items() for task, names in own.items()]
    most = sum(6 * (len(tag) + len(task) + sum(map(len, names))) + 16 * len(names) + 64 for tag, task, names in sets)
    if most > LARGE and (found := sum(_written(*one) for one in sets)) > LARGE:
        raise InputError(f"{FILE} must have at most {LARGE:,} bytes, but would have {found:,}; take tags away first.")


def _written(tag: str, task: str, names: Names) -> int:
    """Bytes that these names need in tags.json, at most."""
    text = json.dumps([tag, task, *names], ensure_ascii=False)
    return len(text.encode(errors="surrogatepass")) + 8 * len(names) + 32


def read_tags(folder: Path, told: Callable[[str], object] = lambda sentence: None) -> Tags:
    """The tags of a project's folder; none where there are none. CorruptError for a file that is none.

    told : hears a sentence on tags that cannot be shown, which are left out
    """
    path = folder / FILE
    if not path.exists():
        return Tags()
    value = read_json(path, LARGE, folder)
    if isinstance(value, dict) and isinstance(value.get("format"), int) and value["format"] > FORMAT:
        found_format = shown_value(value["format"])
        raise CorruptError(
            f"{path} must have format {FORMAT}, but has {found_format}; open the project with a newer mmap-studio."
        )
    found = checked(_File, value, path)
    tags, strange = Tags(), []
    for text, own in found.tags.items():
        try:
            tag = checked_tag(text)
        except InputError:
            strange.append(text[: LONGEST + 1])
        else:
            tags = tags.changed(tag, own, True)
    if strange:
        wanted = f"must be of 1 to {LONGEST} letters that can be shown"
        left_out = counted(len(strange), "tag")
        told(f"Tags {wanted}; {path} has {left_out} of another kind ({some(strange)}), left out when tags are edited.")
    return tags


def write_tags(folder: Path, tags: Tags) -> None:
    """Write them into a project's folder, which is there; whole or not at all, StorageError where the disk refuses."""
    atomic.write_json(folder / FILE, tags.to_json(), folder)
