"""Below the settings: what a run would train, its share of CLIP, and how long it may take."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QFrame, QVBoxLayout, QWidget

from mmap_studio.formatting import percent, short_count, size
from mmap_studio.session.estimates.forecast import RunEstimate
from mmap_studio.session.estimates.trained_share import TrainedShare
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.elided import ElidedLabel
from mmap_studio.ui.kit.panel import label

MEASURED = "At the speed last measured on this machine with this backbone and these sizes"
GUESSED = "From the number of multiplications and how many this CPU does; nothing of these sizes was measured yet"


class RunFacts(QWidget):
    """A few numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("What a run would be")
        self.trained, self.share, self.time, self.memory, self.device = (ElidedLabel("–", "strong") for _ in range(5))
        rule = QFrame()
        rule.setProperty("kind", "rule")
        form = QFormLayout()
        form.setVerticalSpacing(theme.XS)
        rows = {
            "Trained": (self.trained, "Numbers that a run trains, of all the backbone has"),
            "Share of CLIP": (self.share, "Trained numbers by all weights of the backbone"),
            "Time": (self.time, MEASURED),
            "Memory": (self.memory, "Beside the program's own: the weights, and what one step keeps"),
            "Device": (self.device, "Where the backbone is"),
        }
        for title, (value, tip) in rows.items():
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            value.setToolTip(tip)
            value.setAccessibleName(title)
            form.addRow(label(title, "muted"), value)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, theme.XS, 0, 0)
        layout.addWidget(rule)
        layout.addLayout(form)

    def show_share(self, share: TrainedShare | None) -> None:
        """None while the backbone is not loaded."""
        self.trained.setText("–" if share is None else f"{share.trained:,} of {short_count(share.total)}")
        self.share.setText("–" if share is None else percent(share.share, 3))

    def show_estimate(self, estimate: RunEstimate) -> None:
        """Time and memory of a run."""
        self.time.setText(estimate.time())
        self.time.setToolTip(MEASURED if estimate.measured else GUESSED)
        self.memory.setText(size(estimate.memory.bytes if estimate.memory else None))
        self.memory.setToolTip("" if estimate.memory is None else estimate.memory.text())

    def show_device(self, text: str) -> None:
        """Where the backbone is."""
        self.device.setText(text)
