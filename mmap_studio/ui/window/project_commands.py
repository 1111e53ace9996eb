"""Commands on the project and its tasks."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QFileDialog, QMainWindow

from mmap_studio.errors import InputError, StudioError
from mmap_studio.session.backbones.backbones import absolute
from mmap_studio.session.backbones.catalogue import catalogue
from mmap_studio.session.dataset.classes import raw_classes
from mmap_studio.session.estimates.flops import cpu_speed
from mmap_studio.session.project.copying import copy_project
from mmap_studio.session.project.project import BUILT_IN, Project
from mmap_studio.session.project.project_file import TaskEntry
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.runtime.cores import beside_a_window
from mmap_studio.session.studio.engine import Engine
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.dialogs.backbone_dialog import BackboneDialog
from mmap_studio.ui.dialogs.classes_dialog import ClassesDialog
from mmap_studio.ui.dialogs.split_dialog import SplitDialog
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.kit.questions import ask_text
from mmap_studio.ui.window import error_dialog
from mmap_studio.ui.window.status import StatusLine

Looked = Mapping[str, tuple[str, ...]]


class ProjectCommands:
    """What the Project and Edit menus do."""

    studio: Studio
    frame: QMainWindow
    status: StatusLine
    views: Views
    background: BackgroundRunner

    def do_open(self) -> None:
        """Ask for a folder."""
        folder = QFileDialog.getExistingDirectory(self.frame, "Open a project")
        if folder:
            self.open(folder)

    def do_starter(self) -> None:
        """The project that ships with the studio."""
        self.open("starter")

    def open(self, path: str) -> None:
        """Show a project."""
        raise NotImplementedError

    def do_rename_task(self) -> None:
        """Ask for a name."""
        old = self.views.tasks.current
        if not old:
            return
        new = ask_text(self.frame, "Rename task", f"New name of {old}:", old)
        if new is not None and new != old:
            self._change(f"Rename {old}", old, {"name": new})

    def do_remove_task(self) -> None:
        """Take it out of the project."""
        name = self.views.tasks.current
        if name and self.studio.project is not None:
            rest = [entry for entry in self.studio.project.file.tasks if entry.name != name]
            self.studio.edit_tasks(f"Remove {name}", rest)

    def do_classes(self) -> None:
        """Edit what CLIP reads: of a task that could not be read, too, since its names may be why."""
        project, name = self.studio.project, self.views.tasks.current
        entry = next((e for e in project.file.tasks if e.name == name), None) if project is not None else None
        if project is None or entry is None:
            return
        read = {task.name for task in self.studio.known.tasks}
        if name not in read and entry.folder.startswith(BUILT_IN):
            raise InputError("Class names can be edited once the images are read; wait for the status bar.")
        unread = [e for e in project.file.tasks if e.name not in read and not e.folder.startswith(BUILT_IN)]
        look = partial(_classes_in_data, self.studio.engine, project, unread, entry)
        if unread:
            self.background.run(look, partial(self._ask_words, entry), lambda error: self._say(str(error)))
        else:
            self._ask_words(entry, {})

    def _ask_words(self, entry: TaskEntry, looked: Looked) -> None:
        """Show the words of a task; one undoable step for all tasks that change.

        looked : classes of tasks that are not read, by name
        """
        project, engine = self.studio.project, self.studio.engine
        if project is None or entry not in project.file.tasks:
            return  # edited or left meanwhile
        if self.studio.doing == "running" or self.studio.run_waits:
            self.status.show_note(f"Class names of {entry.name} can be edited when the run has ended")
            return
        prompts = project.settings.prompt

        def judge(names: list[str], template: str) -> list[str] | None:
            return engine.name_problems(entry.name, names, template, prompts.seen)

        found = self._classes(project.file.tasks, looked)
        raw = next((raw for one, raw in found if one == entry), ())
        others = [pair for pair in found if pair[0] != entry]
        dialog = ClassesDialog(entry, raw, engine.token_counts, self.frame, judge, others)
        try:
            if dialog.exec() == QDialog.DialogCode.Accepted:
                self.studio.check_open(project)
                self._take_words(dialog, entry, looked)
        finally:
            dialog.deleteLater()

    def _say(self, sentence: str) -> None:
        error_dialog.tell(self.frame, sentence)

    def _take_words(self, dialog: ClassesDialog, edited: TaskEntry, looked: Looked) -> None:
        """Into the tasks that there are now: folders that were looked into meanwhile may have added some."""
        name, tasks = edited.name, () if self.studio.project is None else self.studio.project.file.tasks
        if edited not in tasks:
            raise InputError(f"Task {name!r} was changed while its words were edited; edit them again.")
        entries = [dialog.result_for(entry) if entry.name == name else entry for entry in tasks]
        if dialog.everywhere.isChecked():
            known = {e.name: raw for e, raw in self._classes(tasks, looked) if e != edited}
            entries = [dialog.changes_for(e, known[e.name]) if e.name in known else e for e in entries]
        if entries != list(tasks):
            self.studio.edit_tasks(f"Words of {name}", entries)

    def _classes(self, tasks: Sequence[TaskEntry], looked: Looked) -> list[tuple[TaskEntry, tuple[str, ...]]]:
        """The tasks whose classes are known, with those of their data: they are read, or were looked at."""
        read = {task.name: task for task in self.studio.known.tasks}
        known = {e.name: raw_classes(e, read[e.name]) for e in tasks if e.name in read}
        return [(e, known.get(e.name) or looked[e.name]) for e in tasks if e.name in known or e.name in looked]

    def do_backbone(self) -> None:
        """Choose, fetch or load another CLIP; one undoable step."""
        project = self.studio.project
        if project is None:
            return
        dialog = BackboneDialog(project.file.backbone, self.frame)
        drop = self.background.run(
            lambda: catalogue(cpu_speed(beside_a_window())), dialog.show_choices, dialog.show_failure
        )
        answer = dialog.exec()
        drop()
        dialog.deleteLater()
        if answer == QDialog.DialogCode.Accepted:
            self.studio.check_open(project)
            self.studio.set_backbone(absolute(dialog.chosen))

    def do_split(self) -> None:
        """Which images are for what; one undoable step."""
        project = self.studio.project
        if project is None:
            return
        if all(entry.folder.startswith(BUILT_IN) for entry in project.file.tasks):
            raise InputError(
                "The starter's images are split by pictogram, so that none is trained on in one style and tested in "
                "another; tasks from folders of your own can be split otherwise."
            )
        dialog = SplitDialog(project.file.split, self.frame)
        answer = dialog.exec()
        dialog.deleteLater()
        if answer == QDialog.DialogCode.Accepted:
            self.studio.check_open(project)
            self.studio.set_split(dialog.field.value)

    def do_save(self) -> None:
        """There is nothing to do, and it says so."""
        if self.studio.project is not None:
            self.status.show_note(f"Every edit is saved as it is made, in {self.studio.project.folder}")

    def do_save_copy(self) -> None:
        """Ask for a folder."""
        home = QFileDialog.getExistingDirectory(self.frame, "Save a copy: an empty folder to keep it in")
        if home:
            self.save_copy(home)

    def save_copy(self, home: str) -> None:
        """A project of its own, and open it."""
        assert self.studio.project is not None
        project, board = self.studio.project, self.studio.board.to_json()

        def failed(error: BaseException) -> None:
            error_dialog.tell(self.frame, str(error))

        def copied(made: object) -> None:
            if self.studio.doing == "running":
                self.status.show_note(f"The copy is in {home}; it can be opened when the run has ended")
                return
            if self.studio.project == project and self.studio.board.to_json() == board:
                self.studio.unsaved = ""  # all of it is in the copy
            self.open(home)

        self.background.run(lambda: copy_project(project, board, home), copied, failed, whole=True)

    def do_show_folder(self) -> None:
        """In the file manager."""
        if self.studio.project is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(self.studio.project.folder))))

    def _change(self, label: str, name: str, update: dict[str, Any]) -> None:
        assert self.studio.project is not None
        entries = [e.model_copy(update=update) if e.name == name else e for e in self.studio.project.file.tasks]
        self.studio.edit_tasks(label, entries)


def _classes_in_data(engine: Engine, project: Project, entries: Sequence[TaskEntry], needed: TaskEntry) -> Looked:
    """Classes of tasks that are not read, by name; those that cannot be looked at either are left out, but the one
    that is needed raises."""
    found = {}
    for entry in entries:
        try:
            found[entry.name] = engine.classes_in_data(project, entry)
        except StudioError:
            if entry == needed:
                raise
    return found
