"""From the classes of a folder to those of a task: renamed, merged, left out."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from mmap_studio.data.names import clean_class_name
from mmap_studio.errors import InputError
from mmap_studio.formatting import shown, some
from mmap_studio.method.task import TaskSpec
from mmap_studio.session.project.project_file import TaskEntry

UNUSED = -1


def task_classes(entry: TaskEntry, raw: tuple[str, ...]) -> tuple[tuple[str, ...], np.ndarray]:
    """Names as CLIP reads them, and int64 (len(raw),): the task's class of every raw class, `UNUSED` if left out.

    A merged class stands where the first of its members would. Raises InputError naming the task for classes that
    are not there, that are asked for in two ways, or of which fewer than two are left.
    """
    _check(entry, raw)
    new_name = {old: new for new, members in entry.merged.items() for old in members}
    names: list[str] = []
    place: dict[str, int] = {}
    index = np.full(len(raw), UNUSED, np.int64)
    for number, name in enumerate(raw):
        if name in entry.left_out:
            continue
        key = f"merged {new_name[name]}" if name in new_name else f"own {name}"
        if key not in place:
            place[key] = len(names)
            names.append(new_name.get(name) or entry.class_names.get(name, clean_class_name(name)))
        index[number] = place[key]
    if len(names) < 2:
        raise InputError(
            f"Task {shown(entry.name)} must have at least 2 classes, but merging and leaving out leaves "
            f"{some(names) or 'none'}."
        )
    return tuple(names), index


def raw_names(raw: tuple[str, ...], index: np.ndarray) -> tuple[tuple[str, ...], ...]:
    """For every class of a task the raw classes it is made of; `index` as `task_classes` gives it."""
    return tuple(tuple(raw[i] for i in np.flatnonzero(index == place)) for place in range(int(index.max()) + 1))


def raw_classes(entry: TaskEntry, task: TaskSpec) -> tuple[str, ...]:
    """The classes that the data of `task`, which `entry` describes, has: those in use and those left out."""
    used = [name for names in task.raw_names for name in names] or list(task.class_names)
    return tuple(sorted({*used, *entry.left_out}))


def read_as(entry: TaskEntry, raw: Sequence[str]) -> dict[str, str]:
    """Raw class -> what CLIP reads, or would if it were not left out."""
    new_name = {old: new for new, members in entry.merged.items() for old in members}
    return {name: new_name.get(name) or entry.class_names.get(name, clean_class_name(name)) for name in raw}


def members_by_text(texts: Mapping[str, str], used: Collection[str]) -> dict[str, list[str]]:
    """What CLIP reads -> the raw classes in use that are read as it: several are merged. Arguments as of `reworded`."""
    members: dict[str, list[str]] = {}
    for raw, text in texts.items():
        if raw in used:
            members.setdefault(text, []).append(raw)
    return members


def reworded(entry: TaskEntry, texts: Mapping[str, str], used: Collection[str]) -> TaskEntry:
    """The entry with other words: raw classes in use that are read as the same text become one class.

    texts : raw class -> what CLIP reads, for every class of the data   used : those that are not left out

    InputError where fewer than two classes are left.
    """
    members = members_by_text(texts, used)
    alone = {names[0]: text for text, names in members.items() if len(names) == 1}
    update = {
        "class_names": {raw: text for raw, text in alone.items() if text != clean_class_name(raw)},
        "merged": {text: tuple(names) for text, names in members.items() if len(names) > 1},
        "left_out": tuple(raw for raw in texts if raw not in used),
    }
    made = entry.model_copy(update=update)
    task_classes(made, tuple(texts))
    return made


def _check(entry: TaskEntry, raw: tuple[str, ...]) -> None:
    members = [name for names in entry.merged.values() for name in names]
    asked = {"class_names": list(entry.class_names), "merged": members, "left_out": list(entry.left_out)}
    unknown = list(dict.fromkeys(name for names in asked.values() for name in names if name not in raw))
    if unknown:
        verb = "is not one" if len(unknown) == 1 else "are not"
        raise InputError(
            f"Task {entry.name!r}: classes named in project.toml must be folders, but {', '.join(unknown)} {verb}."
        )
    twice = [name for name, count in Counter(name for names in asked.values() for name in names).items() if count > 1]
    if twice:
        raise InputError(
            f"Task {shown(entry.name)}: a class can be renamed, merged or left out, but {some(twice)} is asked for in "
            "two of these ways in project.toml; keep one."
        )
    blank = [new for new, names in entry.merged.items() if not new.strip() or not names]
    if blank:
        raise InputError(f"Task {shown(entry.name)}: every merged class in project.toml needs a name and members.")
