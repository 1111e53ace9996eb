"""What a run would take, below the settings: trainable parameters, time, memory, device."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QWidget

from mmap_studio.formatting import percent, short_count, size
from mmap_studio.session.estimates.forecast import RunEstimate
from mmap_studio.session.estimates.trained_share import TrainedShare
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column, described, row
from mmap_studio.ui.kit.elided import ElidedLabel
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text

MEASURED = "From the speed last measured on this machine with this backbone and these sizes"
UNDER_WAY = "Of the run that is under way, from the speed of its own steps"
GUESSED = "From the number of multiplications and the speed of this CPU; nothing of these sizes was measured yet"


class RunFacts(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("What a run takes")
        self.trained, self.share, self.time, self.memory, self.device = (ElidedLabel("–", "strong") for _ in range(5))
        rule = QFrame()
        rule.setProperty("kind", "rule")
        layout = column(rule, parent=self, spacing=theme.XS, margins=(0, theme.XS, 0, 0))
        rows = {
            "Trainable parameters": (self.trained, "Parameters that a run trains"),
            "Share of CLIP": (self.share, "Trainable parameters as a share of the backbone's"),
            "Time": (self.time, MEASURED),
            "Memory": (self.memory, "In addition to the program's own: the weights and one training step"),
            "Device": (self.device, "Where the backbone runs"),
        }
        for title, (value, tip) in rows.items():
            described(value, title, tip).setAlignment(Qt.AlignmentFlag.AlignRight)
            # no form: a long title would narrow the values of the others
            layout.addLayout(row(label(title, "muted"), value, stretch=[value]))

    def show_share(self, share: TrainedShare | None) -> None:
        """Show the trainable parameters; None while the backbone is not loaded."""
        self.trained.setText("–" if share is None else f"{share.trained:,}")
        self.share.setText("–" if share is None else f"{percent(share.share, 3)} of {short_count(share.total)}")

    def show_estimate(self, estimate: RunEstimate) -> None:
        self.time.setText(estimate.time())
        self.time.setToolTip(MEASURED if estimate.measured else GUESSED)
        self.memory.setText(size(estimate.memory.bytes if estimate.memory else None))
        self.memory.setToolTip(as_text("" if estimate.memory is None else estimate.memory.text()))

    def show_left(self, left: str) -> None:
        """Of a run that is under way, how long the rest takes; as the status bar has it."""
        self.time.setText(left)
        self.time.setToolTip(UNDER_WAY)

    def show_device(self, text: str) -> None:
        self.device.setText(text)
