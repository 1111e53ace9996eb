"""How the images of the open project are split, to be changed."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QWidget

from mmap_studio.session.project.project_file import SplitSettings
from mmap_studio.ui.dialogs.split_field import TIP, SplitField
from mmap_studio.ui.kit.dialog import button_box, lay_out
from mmap_studio.ui.kit.panel import label

WORDS = "What was trained on another split is kept, and is there again when that split is."


class SplitDialog(QDialog):
    """The protocol of all tasks that are read from folders, lists or tables."""

    def __init__(self, split: SplitSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Split")
        self.field = SplitField(split)
        buttons = button_box(self)
        self.again = buttons.addButton("Draw again", QDialogButtonBox.ButtonRole.ActionRole)
        self.again.setToolTip("Other images for each part by the same numbers: the next seed, taken with OK")
        self.again.setAutoDefault(False)
        self.again.clicked.connect(self.field.draw_again)
        self.field.kind.currentIndexChanged.connect(self._offer_draw)
        self._offer_draw()
        lay_out(self, label(WORDS), self.field, label(f"{TIP}.", "muted", wrap=True), buttons)
        self.setMinimumWidth(560)

    def _offer_draw(self) -> None:
        """What folders or lists give is not drawn."""
        self.again.setEnabled(self.field.seed.isEnabled())
