"""About: what this is, with every version and a button that copies them."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPlainTextEdit, QVBoxLayout, QWidget

from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.versions import report

WORDS = (
    "Adapt one frozen CLIP to many image domains at once with multi-modal alignment prompts (MmAP: Xin, Du, Wang, "
    "Yan, Ding; AAAI 2024; arXiv 2312.08636). Apache-2.0; the starter's drawings and their licences are in NOTICE."
)


class About(QDialog):
    """Versions and licences."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About MmAP Studio")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.versions = QPlainTextEdit(report(), readOnly=True)
        self.versions.setAccessibleName("Versions")
        self.versions.setToolTip("Versions to name in a report")
        words = label(WORDS, "muted")
        words.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        copy = buttons.addButton("Copy", QDialogButtonBox.ButtonRole.ActionRole)
        copy.setToolTip("Copy the versions")
        copy.clicked.connect(self.copy)
        copy.setAutoDefault(False)
        buttons.button(QDialogButtonBox.StandardButton.Close).setDefault(True)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.XL, theme.XL, theme.XL, theme.L)
        layout.setSpacing(theme.M)
        for widget in (label("MmAP Studio", "display"), words, self.versions, buttons):
            layout.addWidget(widget)
        self.resize(520, 420)
        buttons.button(QDialogButtonBox.StandardButton.Close).setFocus()

    def copy(self) -> None:
        """Put the versions on the clipboard."""
        QGuiApplication.clipboard().setText(self.versions.toPlainText())
