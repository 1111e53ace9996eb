"""Below the settings: what a run would train, its share of CLIP, and how long it may take."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QFrame, QVBoxLayout, QWidget

from mmap_studio.session.sizes import TrainedShare
from mmap_studio.ui import theme
from mmap_studio.ui.panel import label


class RunFacts(QWidget):
    """A few numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("What a run would be")
        self.trained, self.share, self.time, self.device = (label("–", "strong") for _ in range(4))
        rule = QFrame()
        rule.setProperty("kind", "rule")
        form = QFormLayout()
        form.setVerticalSpacing(theme.XS)
        rows = {
            "Trained": (self.trained, "Numbers that a run trains, of all the backbone has"),
            "Share of CLIP": (self.share, "Trained numbers by all weights of the backbone"),
            "Estimate": (self.time, "Time at the rate last measured on this machine; memory: weights and activations"),
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
        self.trained.setText("–" if share is None else f"{share.trained:,} of {short(share.total)}")
        self.share.setText("–" if share is None else f"{share.percent:.3f} %")

    def show_estimate(self, text: str) -> None:
        """Time and memory."""
        self.time.setText(text)

    def show_device(self, text: str) -> None:
        """Where the backbone is."""
        self.device.setText(text)


def short(number: float) -> str:
    """Such as 414, 5.0 k, 9.9 M."""
    for limit, unit in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if number >= limit:
            return f"{number / (1e3 if unit == ' k' else limit):.1f}{unit}"
    return f"{number:,.0f}"
