"""Commands on the run: start, pause, stop, comparisons, and the same run for the command line."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.actions.registry import Command
from mmap_studio.ui.dialogs.controls_dialog import ControlsDialog
from mmap_studio.ui.dialogs.try_dialog import TryDialog
from mmap_studio.ui.kit.dialog import accepted, bring_to_front
from mmap_studio.ui.window.status import StatusLine


class RunCommands:
    """The Run menu.

    parent : of its dialogs
    """

    def __init__(self, studio: Studio, status: StatusLine, parent: QWidget) -> None:
        self._studio, self._status, self._parent = studio, status, parent
        self.actions: dict[str, Command] = {
            "run": studio.jobs.run,
            "continue": studio.jobs.resume,
            "pause": studio.job.pause,
            "resume": studio.job.resume,
            "stop": studio.jobs.stop,
            "measure": lambda: studio.jobs.run(only_affinity=True),
            "compare": self.compare,
            "try": self.show_try,
            "copy_command": self.copy_command,
        }

    def compare(self) -> None:
        """Show what a run with controls would train and how long it would take, and start it if that is wanted."""
        project, dialog = self._studio.project, ControlsDialog(self._studio, self._parent)
        if accepted(dialog):
            self._studio.check_open(project)
            self._studio.jobs.run(controls=dialog.chosen, seeds=dialog.seeds)

    def show_try(self) -> None:
        """Open the dialog that classifies the user's own images, or bring it to the front."""
        bring_to_front(self._parent.findChild(TryDialog) or TryDialog(self._studio, self._parent))

    def copy_command(self) -> None:
        command = self._studio.command()
        QGuiApplication.clipboard().setText(command)
        self._status.show_note(f"Copied: {command}")
