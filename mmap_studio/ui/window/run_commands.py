"""Commands on the run: start, pause, stop, comparisons, and the same run for the command line."""

from PySide6.QtWidgets import QWidget

from mmap_studio.session.engines.choice import RunOn
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.actions.registry import Command
from mmap_studio.ui.dialogs.controls_dialog import ControlsDialog
from mmap_studio.ui.dialogs.run_on_dialog import RunOnDialog
from mmap_studio.ui.dialogs.sweep_dialog import SweepDialog
from mmap_studio.ui.dialogs.try_dialog import TryDialog
from mmap_studio.ui.kit.dialog import accepted, bring_to_front
from mmap_studio.ui.kit.plain_text import copy_text
from mmap_studio.ui.kit.preferences import Preferences
from mmap_studio.ui.window.status import StatusLine

RUN_ON = "run_on"
"""Group of the preferences."""


class RunCommands:
    """The Run menu.

    parent : of its dialogs
    """

    def __init__(self, studio: Studio, status: StatusLine, preferences: Preferences, parent: QWidget) -> None:
        self._studio, self._status, self._preferences, self._parent = studio, status, preferences, parent
        studio.engine.run_on = RunOn.of(preferences.texts(RUN_ON))
        self.actions: dict[str, Command] = {
            "run": studio.jobs.run,
            "continue": studio.jobs.resume,
            "pause": studio.job.pause,
            "resume": studio.job.resume,
            "stop": studio.jobs.stop,
            "measure": lambda: studio.jobs.run(only_affinity=True),
            "seeds": studio.repeat,
            "compare": self.compare,
            "sweep": self.show_sweep,
            "try": self.show_try,
            "run_on": self.choose_where,
            "copy_command": self.copy_command,
        }

    def compare(self) -> None:
        """Show what a run with controls would train and how long it would take, and start it if that is wanted."""
        project, dialog = self._studio.project, ControlsDialog(self._studio, self._parent)
        if accepted(dialog):
            self._studio.check_open(project)
            self._studio.jobs.run(controls=dialog.chosen, seeds=dialog.seeds)

    def show_sweep(self) -> None:
        """Open the dialog that searches for settings, or bring it to the front."""
        bring_to_front(self._parent.findChild(SweepDialog) or SweepDialog(self._studio, self._parent))

    def show_try(self) -> None:
        """Open the dialog that classifies the user's own images, or bring it to the front."""
        bring_to_front(self._parent.findChild(TryDialog) or TryDialog(self._studio, self._parent))

    def choose_where(self) -> None:
        """Choose where runs and comparisons are made that begin from now on; kept from one start to the next."""
        dialog = RunOnDialog(self._studio.engine.run_on, self._parent)
        if accepted(dialog):
            self._studio.engine.run_on = wanted = dialog.wanted
            self._preferences.remove(RUN_ON)
            for name, text in wanted.texts.items():
                self._preferences.save(f"{RUN_ON}/{name}", text)
            self._status.show_note(f"What begins from now on runs on {wanted.words}")

    def copy_command(self) -> None:
        command = self._studio.command()
        copy_text(command)
        self._status.show_note(f"Copied: {command}")
