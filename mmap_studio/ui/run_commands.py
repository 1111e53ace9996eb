"""Commands on the job."""

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow

from mmap_studio.session.studio import Studio
from mmap_studio.ui.status import StatusLine


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
        """A run with every control."""
        self.studio.run(controls=("all",))

    def do_copy_command(self) -> None:
        """The same for the command line."""
        command = self.studio.command()
        QGuiApplication.clipboard().setText(command)
        self.status.show_note(f"Copied: {command}")
