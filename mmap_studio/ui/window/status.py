"""The status bar: phase, bar, pace; on the right what the last edit was and where the list of all actions is."""

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from mmap_studio.session.estimates.eta import Pace
from mmap_studio.session.runtime.job import State
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.elided import ElidedLabel
from mmap_studio.ui.kit.panel import label

STATE_TITLES = {
    State.IDLE: "", State.PREPARING: "preparing", State.RUNNING: "running", State.PAUSED: "paused",
    State.STOPPING: "stopping", State.DONE: "done", State.FAILED: "failed", State.CANCELLED: "stopped",
}  # fmt: skip

PHASE_TITLES = {
    "backbone": "Loading the backbone", "tasks": "Reading the tasks", "zero_shot": "Zero-shot",
    "affinity": "Measuring affinity", "grouping": "Grouping", "training": "Training", "evaluation": "Evaluating",
    "controls": "Controls", "export": "Writing the prompts", "map": "Preparing the map",
}  # fmt: skip


class StatusLine(QWidget):
    """Shows how far the job is."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Status")
        self.phase, self.pace, self.note = ElidedLabel("Ready"), ElidedLabel("", "muted"), ElidedLabel("", "small")
        self.whole = label("", "strong", "Progress of the run")
        self.whole.setToolTip("Share of the whole run that is done, and how long the rest will take at its speed")
        self.whole.hide()
        self.phase.setAccessibleName("Phase")
        self.hint = label("", "small", "Where all actions are")
        self.bar = QProgressBar(textVisible=False)
        self.bar.setAccessibleName("Progress of the phase")
        self.bar.setFixedWidth(200)
        self.bar.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.M, theme.XS, theme.M, theme.S)
        layout.setSpacing(theme.M)
        for widget in (self.phase, self.bar, self.pace):
            layout.addWidget(widget)
        layout.addStretch(1)
        layout.addWidget(self.whole)
        layout.addWidget(self.note)
        layout.addWidget(self.hint)

    def show_phase(self, text: str, busy: bool) -> None:
        """What is going on; `busy` shows a bar that does not know its end yet."""
        self.phase.setText(text)
        self.bar.setVisible(busy)
        self.pace.setText("")
        if busy:
            self.bar.setRange(0, 0)

    def show_pace(self, pace: Pace) -> None:
        """How far it is."""
        self.bar.setRange(0, max(1, pace.total))
        self.bar.setValue(pace.done)
        self.pace.setText(pace.text())

    def show_whole(self, text: str) -> None:
        """How far the whole run is; empty hides it."""
        self.whole.setText(text)
        self.whole.setVisible(bool(text))

    def show_hint(self, keys: QKeySequence) -> None:
        """How the list of all actions is opened."""
        self.hint.setText(f"{keys.toString(QKeySequence.SequenceFormat.NativeText) or 'Help menu:'} all actions")

    def show_note(self, text: str) -> None:
        """One short line on the right."""
        self.note.setText(text)
