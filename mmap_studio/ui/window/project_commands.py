"""Commands on the whole project: open, copy, export, backbone, split and settings."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog, QWidget

from mmap_studio.config import settings_from
from mmap_studio.session.backbones.catalogue import catalogue
from mmap_studio.session.backbones.resolve import absolute
from mmap_studio.session.estimates.flops import cpu_speed
from mmap_studio.session.project.autosave import copy_project
from mmap_studio.session.project.places import STARTER
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.runtime.cores import beside_a_window
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.actions.registry import Command
from mmap_studio.ui.dialogs.backbone_dialog import BackboneDialog
from mmap_studio.ui.dialogs.split_dialog import SplitDialog
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.export.dialog import ExportDialog
from mmap_studio.ui.kit.dialog import accepted
from mmap_studio.ui.window import error_dialog
from mmap_studio.ui.window.status import StatusLine


class ProjectCommands:
    """What the Project and Edit menus do to the project that is open.

    open_project : shows the project in a folder
    parent : of its dialogs
    """

    def __init__(
        self,
        studio: Studio,
        views: Views,
        status: StatusLine,
        background: BackgroundRunner,
        open_project: Callable[[str], object],
        parent: QWidget,
    ) -> None:
        self._studio, self._views, self._status, self._background = studio, views, status, background
        self._open, self._parent = open_project, parent
        self.actions: dict[str, Command] = {
            "open": self.ask_open,
            "starter": lambda: open_project(STARTER),
            "save": self.show_saved,
            "save_copy": self.ask_copy,
            "export": self.export,
            "show_folder": self.show_folder,
            "backbone": self.change_backbone,
            "split": self.change_split,
            "reset_settings": self.reset_settings,
        }

    def ask_open(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._parent, "Open a project")
        if folder:
            self._open(folder)

    def show_saved(self) -> None:
        if self._studio.project is not None:
            self._status.show_note(f"Every edit is saved as it is made, in {self._studio.project.folder}")

    def ask_copy(self) -> None:
        folder = QFileDialog.getExistingDirectory(self._parent, "Save a copy: an empty folder to keep it in")
        if folder:
            self.save_copy(folder)

    def save_copy(self, folder: str) -> None:
        studio = self._studio
        assert studio.project is not None
        project, board = studio.project, studio.board.to_json()

        def copied(made: object) -> None:
            if studio.jobs.doing == "running":
                self._status.show_note(f"The copy is in {folder}; it can be opened when the run has ended")
                return
            if studio.project == project and studio.board.to_json() == board:
                studio.unsaved = ""  # all of it is in the copy
            self._open(folder)

        copy = partial(copy_project, project, board, folder)
        self._background.run(copy, copied, lambda error: error_dialog.tell(self._parent, str(error)), whole=True)

    def export(self) -> None:
        dialog = ExportDialog(self._studio, self._views, self._background, self._parent)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def show_folder(self) -> None:
        if self._studio.project is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._studio.project.folder)))

    def change_backbone(self) -> None:
        """Choose, download or load another CLIP; one undoable step."""
        project = self._studio.project
        if project is None:
            return
        dialog = BackboneDialog(project.file.backbone, self._parent)
        drop = self._background.run(
            lambda: catalogue(cpu_speed(beside_a_window())), dialog.show_choices, dialog.show_failure
        )
        chosen = accepted(dialog)
        drop()
        if chosen:
            self._studio.check_open(project)
            self._studio.set_backbone(absolute(dialog.chosen))

    def change_split(self) -> None:
        """Choose which images are for training, validation and test; one undoable step."""
        project = self._studio.project
        if project is None:
            return
        dialog = SplitDialog(project.file.split, self._parent)
        if accepted(dialog):
            self._studio.check_open(project)
            self._studio.set_split(dialog.field.value)

    def reset_settings(self) -> None:
        if self._studio.project is not None:
            self._studio.set_settings(settings_from({"preset": self._studio.project.settings.preset}))
