"""The About dialog: what the program is, and the versions for a bug report."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QWidget

from mmap_studio.ui.kit.controls import described
from mmap_studio.ui.kit.dialog import Buttons, button_box, lay_out, sized
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import copy_text
from mmap_studio.ui.kit.versions import report

WORDS = (
    "Adapt one frozen CLIP to many image domains at once with multi-modal alignment prompts (MmAP: Xin, Du, Wang, "
    "Yan, Ding; AAAI 2024; arXiv 2312.08636). Apache-2.0; NOTICE lists the starter's drawings and their licences."
)


class About(QDialog):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About MmAP Studio")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        tip = "Versions to include in a bug report"
        self.versions = described(QPlainTextEdit(report(), readOnly=True), "Versions", tip)
        buttons = button_box(self, Buttons.Close)
        copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.setToolTip("Copy the versions")
        copy.clicked.connect(self.copy)
        copy.setAutoDefault(False)
        buttons.button(Buttons.Close).setDefault(True)
        lay_out(self, label("MmAP Studio", "display"), label(WORDS, "muted", wrap=True), self.versions, buttons)
        sized(self, 520, 420)
        buttons.button(Buttons.Close).setFocus()

    def copy(self) -> None:
        copy_text(self.versions.toPlainText())
