"""Commands on the job."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QMainWindow

from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.dialogs.controls_dialog import ControlsDialog
from mmap_studio.ui.dialogs.try_dialog import TryDialog
from mmap_studio.ui.window.status import StatusLine


class RunCommands:
    """What the Run menu does."""

    studio: Studio
    frame: QMainWindow
    status: StatusLine

    def do_run(self) -> None:
        """Start."""
        self.studio.run()

    def do_pause(self) -> None:
        """Rest."""
        self.studio.job.pause()

    def do_resume(self) -> None:
        """Go on."""
        self.studio.job.resume()

    def do_stop(self) -> None:
        """End soon."""
        self.studio.stop()

    def do_measure(self) -> None:
        """Affinity and the suggestion."""
        self.studio.run(only_affinity=True)

    def do_compare(self) -> None:
        """Say what a run with controls would train and how long, and begin it if that is wanted."""
        project, dialog = self.studio.project, ControlsDialog(self.studio, self.frame)
        answer = dialog.exec()
        dialog.deleteLater()
        if answer == QDialog.DialogCode.Accepted:
            self.studio.check_open(project)
            self.studio.run(controls=dialog.chosen, seeds=dialog.seeds)

    def do_try(self) -> None:
        """Images of the user's own, beside the window."""
        found = self.frame.findChild(TryDialog) or TryDialog(self.studio, self.frame)
        found.show()
        found.raise_()
        found.activateWindow()

    def do_copy_command(self) -> None:
        """The same for the command line."""
        command = self.studio.command()
        QGuiApplication.clipboard().setText(command)
        self.status.show_note(f"Copied: {command}")
