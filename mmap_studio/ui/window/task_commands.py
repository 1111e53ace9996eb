"""Commands on the chosen task: its name, its class names, and taking it out of the project."""

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtWidgets import QWidget

from mmap_studio.errors import InputError, StudioError
from mmap_studio.session.dataset.classes import raw_classes
from mmap_studio.session.project.project import BUILT_IN, Project
from mmap_studio.session.project.project_file import TaskEntry
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.studio.engine import StudioEngine
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.actions.registry import Command
from mmap_studio.ui.dialogs.classes_dialog import ClassesDialog
from mmap_studio.ui.kit.dialog import accepted
from mmap_studio.ui.kit.questions import ask_text
from mmap_studio.ui.panels.tasks_panel import TasksPanel
from mmap_studio.ui.window import error_dialog
from mmap_studio.ui.window.status import StatusLine

DataClasses = Mapping[str, tuple[str, ...]]
"""Classes in the data of tasks that are not read, by the task's name."""


class TaskCommands:
    """What the Edit menu does to the task chosen in the list.

    parent : of its dialogs
    """

    def __init__(
        self, studio: Studio, tasks: TasksPanel, status: StatusLine, background: BackgroundRunner, parent: QWidget
    ) -> None:
        self._studio, self._tasks, self._status, self._background = studio, tasks, status, background
        self._parent = parent
        self.actions: dict[str, Command] = {
            "rename_task": self.rename,
            "remove_task": self.remove,
            "classes": self.edit_classes,
        }

    def rename(self) -> None:
        old = self._tasks.current
        new = ask_text(self._parent, "Rename task", f"New name of {old}:", old) if old else None
        if new is not None and new != old:
            renamed = [e.model_copy(update={"name": new}) if e.name == old else e for e in self._entries()]
            self._studio.edit_tasks(f"Rename {old}", renamed)

    def remove(self) -> None:
        """Take the task out of the project; its images stay."""
        name = self._tasks.current
        if name and self._studio.project is not None:
            self._studio.edit_tasks(f"Remove {name}", [entry for entry in self._entries() if entry.name != name])

    def edit_classes(self) -> None:
        """Edit the class names: of a task that could not be read, too, since its names may be why."""
        project, name = self._studio.project, self._tasks.current
        entry = next((e for e in self._entries() if e.name == name), None)
        if project is None or entry is None:
            return
        read = {task.name for task in self._studio.known.tasks}
        if name not in read and entry.folder.startswith(BUILT_IN):
            raise InputError("Class names can be edited once the images are read; wait for the status bar.")
        unread = [e for e in project.file.tasks if e.name not in read and not e.folder.startswith(BUILT_IN)]
        if unread:
            engine = self._studio.engine
            look, show = partial(_classes_in_data, engine, project, unread, entry), partial(self._show_classes, entry)
            self._background.run(look, show, lambda error: error_dialog.tell(self._parent, str(error)))
        else:
            self._show_classes(entry, {})

    def _entries(self) -> Sequence[TaskEntry]:
        return () if self._studio.project is None else self._studio.project.file.tasks

    def _show_classes(self, entry: TaskEntry, unread: DataClasses) -> None:
        """Show the dialog of class names; one undoable step for all tasks that it changes."""
        project, engine = self._studio.project, self._studio.engine
        if project is None or entry not in project.file.tasks:
            return  # edited or left meanwhile
        if self._studio.jobs.doing == "running" or self._studio.jobs.run_waits:
            self._status.show_note(f"Class names of {entry.name} can be edited when the run has ended")
            return
        tokens = project.settings.prompt.inserted

        def problems(names: list[str], template: str) -> list[str] | None:
            return engine.name_problems(entry.name, names, template, tokens)

        classes = self._classes(unread)
        raw = next((raw for one, raw in classes if one == entry), ())
        others = [pair for pair in classes if pair[0] != entry]
        dialog = ClassesDialog(entry, raw, engine.token_counts, self._parent, problems, others)
        if accepted(dialog):
            self._studio.check_open(project)
            self._take_classes(dialog, entry, unread)

    def _take_classes(self, dialog: ClassesDialog, edited: TaskEntry, unread: DataClasses) -> None:
        """Put the class names into the tasks of now: folders that were looked into meanwhile may have added some."""
        name, tasks = edited.name, self._entries()
        if edited not in tasks:
            raise InputError(f"Task {name!r} was changed while its class names were edited; edit them again.")
        entries = [dialog.result_for(entry) if entry.name == name else entry for entry in tasks]
        if dialog.everywhere.isChecked():
            known = {e.name: raw for e, raw in self._classes(unread) if e != edited}
            entries = [dialog.changes_for(e, known[e.name]) if e.name in known else e for e in entries]
        if entries != list(tasks):
            self._studio.edit_tasks(f"Class names of {name}", entries)

    def _classes(self, unread: DataClasses) -> list[tuple[TaskEntry, tuple[str, ...]]]:
        read = {task.name: task for task in self._studio.known.tasks}
        known = {e.name: raw_classes(e, read[e.name]) for e in self._entries() if e.name in read}
        known = {**unread, **known}
        return [(entry, known[entry.name]) for entry in self._entries() if entry.name in known]


def _classes_in_data(
    engine: StudioEngine, project: Project, entries: Sequence[TaskEntry], needed: TaskEntry
) -> DataClasses:
    """Classes in the data of each task; one whose data cannot be read is left out, but raises if it is needed."""
    found = {}
    for entry in entries:
        try:
            found[entry.name] = engine.classes_in_data(project, entry)
        except StudioError:
            if entry == needed:
                raise
    return found
