"""Which CLIP: one of the names that can be prompted, or a file; and the dialog that changes it for a project."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QFileDialog,
    QHBoxLayout,
    QWidget,
)

from mmap_studio.session.backbones.resolve import absolute, names
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import push_button

FILES = "Model configs and weights (*.json *.safetensors *.bin *.pt *.pth)"


class BackboneField(QWidget):
    """A line to type or choose a name in, and a button for files."""

    def __init__(self, name: str = "starter") -> None:
        super().__init__()
        self.combo = QComboBox(editable=True)
        self.combo.setAccessibleName("Backbone")
        self.combo.setToolTip(
            "starter is the small model that ships; ARCHITECTURE:TAG or ARCHITECTURE:FILE is any CLIP of open_clip"
        )
        self.combo.addItems(names())
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(24)
        completer = QCompleter(self.combo.model(), self.combo)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.combo.setCompleter(completer)
        self.combo.setCurrentText(name)
        file = push_button(
            "File…", "A model config beside its weights, or weights of the architecture named in the line"
        )
        file.setAccessibleName("Backbone from a file")
        file.clicked.connect(self._ask)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.S)
        layout.addWidget(self.combo, 1)
        layout.addWidget(file)

    @property
    def name(self) -> str:
        """As typed."""
        return self.combo.currentText().strip()

    def absolute(self) -> str:
        """As a project keeps it; BackboneError if it cannot be used."""
        return absolute(self.name)

    def _ask(self) -> None:
        file, _ = QFileDialog.getOpenFileName(self, "Backbone from a file", filter=FILES)
        if file:
            architecture = self.name.partition(":")[0]
            named = file.endswith(".json") or architecture in ("", "starter")
            self.combo.setCurrentText(file if named else f"{architecture}:{file}")
