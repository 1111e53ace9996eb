"""The status bar: phase and progress on the left; notes and the shortcut of the palette on the right."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QWidget

from mmap_studio.session.estimates.eta import Pace
from mmap_studio.session.runtime.job import State
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import described, row
from mmap_studio.ui.kit.elided import ElidedLabel
from mmap_studio.ui.kit.panel import label

STATE_TITLES = {
    State.IDLE: "", State.PREPARING: "preparing", State.RUNNING: "running", State.PAUSED: "paused",
    State.STOPPING: "stopping", State.DONE: "done", State.FAILED: "failed", State.CANCELLED: "stopped",
}  # fmt: skip


class ProgressBar(QProgressBar):
    """A progress bar that is painted in its turn: Qt's own paints all that is due in its window at every new value."""

    def show_steps(self, done: int, total: int) -> None:
        """Show that `done` of `total` steps are done; 0 of 0 is a bar without an end."""
        self.setUpdatesEnabled(False)
        self.setRange(0, total)
        self.setValue(done)
        self.setUpdatesEnabled(True)  # it asks for a paint


class StatusLine(QWidget):
    """Shows the phase of the job, its progress, and short notes."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Status")
        self.phase, self.pace, self.note = ElidedLabel("Ready"), ElidedLabel("", "muted"), ElidedLabel("", "small")
        self.whole = label("", "strong", "Progress of the run")
        self.whole.setToolTip("Share of the whole run that is done, and how long the rest will take at this speed")
        self.whole.hide()
        self.phase.setAccessibleName("Phase")
        self.hint = label("", "small", "Shortcut of all actions")
        self.bar = described(ProgressBar(textVisible=False), "Progress of the phase")
        self.bar.setFixedWidth(200)
        self.bar.hide()
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.note.setSizePolicy(
            QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred
        )  # it has what the others leave
        parts = self.phase, self.bar, self.pace, self.note, self.whole, self.hint
        row(*parts, parent=self, stretch=[self.note], spacing=theme.M, margins=(theme.M, theme.XS, theme.M, theme.S))

    def show_phase(self, text: str, busy: bool) -> None:
        """Show a phase; `busy` shows a progress bar without an end."""
        self.phase.setText(text)
        self.bar.setVisible(busy)
        self.pace.setText("")
        if busy:
            self.bar.show_steps(0, 0)

    def show_pace(self, pace: Pace) -> None:
        """Show how far the phase is; how long it takes only where no run says how long all of it does."""
        self.bar.show_steps(pace.done, max(1, pace.total))
        self.pace.setText(pace.text(left=self.whole.isHidden()))

    def show_whole(self, text: str) -> None:
        """Show the progress of the whole run; empty hides it."""
        self.whole.setText(text)
        self.whole.setVisible(bool(text))

    def show_hint(self, keys: QKeySequence) -> None:
        self.hint.setText(f"{keys.toString(QKeySequence.SequenceFormat.NativeText) or 'Help menu:'} all actions")

    def show_note(self, text: str) -> None:
        """Show a short note; empty removes it."""
        self.note.setText(text)
