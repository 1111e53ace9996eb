"""Text options of a new project: templates, class names, and classes that are merged or left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mmap_studio.data.domains import unusable
from mmap_studio.errors import InputError
from mmap_studio.formatting import SHOWN, shown, shown_value, some
from mmap_studio.session.project.project_file import TaskEntry
from mmap_studio.storage.documents import LONGEST_NAME

ALL = ""
"""The task name that means every task."""


@dataclass(frozen=True)
class TextOptions:
    """What CLIP is to read, asked for when a project is made; later it stands in project.toml."""

    templates: Mapping[str, str] = field(default_factory=dict)
    """Task name, or `ALL` -> text around a class name."""
    ensembles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Task name, or `ALL` -> templates averaged for zero-shot."""
    class_names: Mapping[str, str] = field(default_factory=dict)
    """Class as folders call it -> what CLIP reads."""
    merged: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What CLIP reads -> the classes that become this one."""
    left_out: tuple[str, ...] = ()
    """Classes that are not used."""

    def check(self, classes: Mapping[str, Sequence[str]]) -> None:
        """InputError for a task or a class that is not there.

        classes : task name -> its classes, as folders call them
        """
        for name in (*self.templates, *self.ensembles):
            if name != ALL and name not in classes:
                raise InputError(
                    f"A template can be given for the tasks {some(list(classes))}. Got {shown(name)} instead."
                )
        for text in (*self.templates.values(), *(text for many in self.ensembles.values() for text in many)):
            check_template(text)
        for text in (*self.class_names.values(), *self.merged):
            _check_text(text)
        there = {name for names in classes.values() for name in names}
        asked = (*self.class_names, *(name for names in self.merged.values() for name in names), *self.left_out)
        if unknown := [name for name in asked if name not in there]:
            raise InputError(
                f"Classes to be renamed, merged or left out must be there, but {some(unknown)} "
                f"{'is' if len(unknown) == 1 else 'are'} in no task; there are {some(sorted(there), 8)}."
            )

    def applied(self, entry: TaskEntry, classes: Sequence[str]) -> TaskEntry:
        """A task's entry with what concerns it and its classes."""
        here = set(classes)
        merged = {new: tuple(name for name in old if name in here) for new, old in self.merged.items()}
        update = {
            "template": self.templates.get(entry.name, self.templates.get(ALL, entry.template)),
            "ensemble": self.ensembles.get(entry.name, self.ensembles.get(ALL, entry.ensemble)),
            "class_names": self._names(entry, here),
            "merged": {new: old for new, old in merged.items() if old},
            "left_out": tuple(name for name in self.left_out if name in here),
        }
        return TaskEntry.model_validate(entry.model_dump() | update)

    def _names(self, entry: TaskEntry, here: set[str]) -> dict[str, str]:
        """Those the data has for its classes, and over them those that were asked for; of classes used as they are."""
        own = {raw: text for raw, text in self.class_names.items() if raw in here}
        gone = {*self.left_out, *(raw for members in self.merged.values() for raw in members)}
        return {raw: text for raw, text in entry.class_names.items() if raw not in gone} | own


def _check_text(text: str) -> None:
    """InputError for a text that no project can keep."""
    if why := unusable(text):
        raise InputError(
            f"A text that CLIP reads must have at most {LONGEST_NAME:,} letters that a file of text can hold. Got "
            f"{shown(text[:SHOWN])} instead, {why}."
        )


def check_template(text: str) -> None:
    """InputError for a text that does not take one class name, or that no project can keep."""
    _check_text(text)
    if text.count("{}") != 1:
        raise InputError(
            f"A template must contain {{}} once, where the class name goes. Got {shown_value(text)} instead."
        )
