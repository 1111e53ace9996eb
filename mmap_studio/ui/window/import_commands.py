"""Commands that import data: a new project, tasks for the one that is open, whatever is dropped on the window.

What reads data sets is imported where it is called, in the background: the window opens without it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from mmap_studio.data.paths import expanded
from mmap_studio.errors import InputError, StudioError
from mmap_studio.formatting import counted, printable, some
from mmap_studio.session.backbones.resolve import portable
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import SplitSettings, TaskEntry
from mmap_studio.session.runtime.background import BackgroundRunner, raise_if_dropped
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.actions.registry import Command
from mmap_studio.ui.dialogs.new_dialog import NewDialog, ask_files
from mmap_studio.ui.kit.dialog import accepted
from mmap_studio.ui.kit.paths import has_project
from mmap_studio.ui.panels.log_view import LogView
from mmap_studio.ui.window import error_dialog
from mmap_studio.ui.window.notice import NoticeBar
from mmap_studio.ui.window.status import StatusLine

if TYPE_CHECKING:
    from mmap_studio.session.dataset.relocation import Moved
    from mmap_studio.session.ingest.examples import Example
    from mmap_studio.session.ingest.report import ImportReport, Reading


class ImportCommands:
    """New, Add folders, Add archives or tables, and a drop on the window.

    log : the list of messages, for the report of an import
    open_project : shows the project in a folder
    parent : of its dialogs
    """

    def __init__(
        self,
        studio: Studio,
        log: LogView,
        status: StatusLine,
        background: BackgroundRunner,
        open_project: Callable[[str], object],
        parent: QWidget,
    ) -> None:
        self.studio, self._log, self.status, self.background = studio, log, status, background
        self.open, self.parent = open_project, parent
        self.actions: dict[str, Command] = {
            "new": lambda: self.ask_new([]),
            "add_tasks": self.ask_folder,
            "add_files": self.ask_files,
            "find_moved": self.ask_moved,
        }

    def ask_new(self, folders: Sequence[str]) -> None:
        dialog = NewDialog(folders, self.parent)
        if accepted(dialog):
            home, name = dialog.home.text().strip(), dialog.name.text().strip()
            follow = dialog.follow.isChecked()
            self.new(dialog.folders, home, name, dialog.backbone.absolute(), dialog.split.value, follow)

    def new(
        self, data: Sequence[str], home: str, name: str | None = None, backbone: str = "starter",
        split: SplitSettings | None = None, follow: bool = False,
    ) -> None:  # fmt: skip
        def found(report: "ImportReport") -> None:
            def made(project: Project) -> None:
                self.open(str(project.folder))
                if self.studio.project is None or self.studio.project.folder != project.folder:
                    self.status.show_phase("Ready", False)  # it was not opened after all
                self.report(report, project.folder)

            kept = portable(backbone, expanded(home))
            make = partial(Project.new, home, report.entries, name, kept, split)
            self.background.run(make, made, self.failed, whole=True)

        self.status.show_phase(f"Scanning {', '.join(data)}", True)
        self.background.run(partial(_survey, data, split or SplitSettings(identity="auto"), follow), found, self.failed)

    def ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self.parent, "Add a folder of images")
        if folder:
            self.add([folder])

    def ask_files(self) -> None:
        files = ask_files(self.parent)
        if files:
            self.add(files)

    def add(self, folders: Sequence[str]) -> None:
        """Every domain in these folders becomes a task; one undoable step."""
        if self.studio.project is None:
            self.ask_new(folders)
            return
        self.studio.refuse_during_run("tasks are added")
        self._scan(folders, {}, self.studio.project, self.studio.project.folder, frozenset())

    def _scan(
        self, folders: Sequence[str], layouts: Mapping[str, str], now: Project, home: Path, instead: Collection[str]
    ) -> None:
        """Survey folders as tasks of the project in `home`, which may be another one than that of now."""
        taken = [entry.name for entry in now.file.tasks if entry.name not in instead]
        follow = any(entry.follow_links for entry in now.file.tasks if entry.name in instead)
        survey = partial(_survey, folders, now.file.split, follow, layouts, taken)

        def done(report: "ImportReport") -> None:
            try:
                self._take(report, home, instead)
            except StudioError as error:
                self.failed(error)

        self.status.show_phase("Scanning the folders", True)
        self.background.run(survey, done, self.failed)

    def _take(self, report: "ImportReport", home: Path, instead: Collection[str]) -> None:
        """Into the project that was meant, as it is now, in place of some tasks: it may have been left meanwhile."""
        project = self.studio.project
        if project is None or project.folder != home:
            raise InputError(
                f"{', '.join(report.paths)} must be added to the project in {home}, but another project is open now; "
                "open it again and add the folders again."
            )
        others = [entry for entry in project.file.tasks if entry.name not in instead]
        report = report.with_free_names([entry.name for entry in others])
        self.studio.edit_tasks("Read folders anew" if instead else "Add tasks", [*others, *report.entries])
        self.report(report, home)

    def failed(self, error: BaseException) -> None:
        self.status.show_phase("Ready", False)
        error_dialog.tell(self.parent, str(error))

    def report(self, report: "ImportReport", home: Path) -> None:
        """Say what was found for the project in `home`, while it is open, once the names of classes are checked."""
        project, problems = self.studio.project, self.studio.engine.name_problems
        if project is not None and project.folder == home:
            tokens = project.settings.prompt.inserted

            def check() -> "ImportReport":
                return report.with_names_checked(lambda task, names, template: problems(task, names, template, tokens))

            self.background.run(check, lambda checked: self._show(checked, home), self.failed)

    def _show(self, report: "ImportReport", home: Path) -> None:
        """In the log, and in a dialog that stops nothing."""
        if self.studio.project is None or self.studio.project.folder != home:
            return
        for line in (report.sentence, *report.problems, *report.notes):
            self._log.add(line)
        from mmap_studio.ui.dialogs.import_dialog import ImportDialog

        def look() -> "tuple[Example, ...]":
            from mmap_studio.session.ingest.examples import examples

            return examples(report, raise_if_dropped)

        dialog = ImportDialog(report, self.parent)
        dialog.read_otherwise.connect(lambda read, layout: self.read_otherwise(report, home, read, layout))
        drop = self.background.run(look, dialog.show_examples, lambda error: dialog.show_examples(()))
        dialog.finished.connect(drop)
        dialog.open()

    def read_otherwise(self, report: "ImportReport", home: Path, read: "Reading", layout: str) -> None:
        """Read folders of the project in `home` as something else: tasks make way for others; one undoable step."""
        if self.studio.project is not None:
            layouts = {**report.layouts, **dict.fromkeys(read.paths, layout)}
            self._scan(report.paths, layouts, self.studio.project, home, {entry.name for entry in report.entries})

    # ---- images that have moved

    def tell_missing(self, notice: NoticeBar) -> None:
        """Say which tasks of the project that is open have lost their folders, with a button to find them."""
        project = self.studio.project
        if project is None:
            return
        entries, home = project.file.tasks, project.folder

        def done(missing: list[TaskEntry]) -> None:
            now = self.studio.project
            if not missing or now is None or now.folder != home:
                return
            names, first = some([entry.name for entry in missing], 2), project.folder_of(missing[0])
            sentence = f"The images of {names} are not there any more: there is no {printable(first)}."
            tip = "Choose the folder that the images lie in now; their split stays as it was drawn"
            notice.say(sentence, {"Find them…": (tip, self.ask_moved, True)}, warning=True)

        look = partial(_missing, project, entries)
        self.background.run(look, done, lambda error: None)

    def ask_moved(self) -> None:
        folder = QFileDialog.getExistingDirectory(self.parent, "The folder that the images lie in now")
        if folder:
            self.find_moved(folder)

    def find_moved(self, folder: str) -> None:
        """Tasks whose folders are missing are found in or below a folder; one undoable step."""
        project = self.studio.project
        if project is None:
            return
        self.studio.refuse_during_run("images are looked for")

        def find() -> "tuple[Moved, ...]":
            from mmap_studio.session.dataset.relocation import find_moved, relocated

            moved = find_moved(project, folder)
            relocated(project, moved)  # with their splits, which are files
            return moved

        def found(moved: "tuple[Moved, ...]") -> None:
            try:
                self.studio.check_open(project)
                new = {one.before.name: one for one in moved}
                now = self.studio.project
                assert now is not None
                entries = [
                    new[entry.name].entry if entry.name in new and new[entry.name].before == entry else entry
                    for entry in now.file.tasks
                ]
                self.studio.edit_tasks("Find moved images", entries)
            except StudioError as error:
                self.failed(error)
                return
            for one in moved:
                self._log.add(one.sentence)
            self.status.show_note(f"Found the images of {counted(len(moved), 'task')}")

        self.status.show_phase(f"Looking for images in {printable(folder)}", True)
        self.background.run(find, found, self.failed, whole=True)

    # ---- dropped on the window

    def take_drop(self, folders: Sequence[str]) -> None:
        """A project's folder is opened, other folders become tasks; without a project, a new one is offered."""
        if len(folders) == 1 and has_project(folders[0]):
            self.open(folders[0])
        else:
            self.add(folders)


def _survey(
    paths: Sequence[str], split: SplitSettings, follow: bool, layouts: Mapping[str, str] = {}, taken: Sequence[str] = ()
) -> "ImportReport":
    """As `import_report`; it ends when it is dropped."""
    from mmap_studio.session.ingest.report import import_report

    return import_report(paths, split, layouts, taken, tick=raise_if_dropped, follow=follow)


def _missing(project: Project, entries: Sequence[TaskEntry]) -> list[TaskEntry]:
    """Tasks whose folders are not there; asking a drive that is gone may take long."""
    return [entry for entry in entries if project.is_missing(entry)]
