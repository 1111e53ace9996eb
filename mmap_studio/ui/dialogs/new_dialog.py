"""New project: its folders of images, name, location, split and backbone."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QCompleter, QDialog, QFileDialog, QHBoxLayout, QWidget

from mmap_studio.data.paths import home
from mmap_studio.errors import StudioError
from mmap_studio.formatting import shown
from mmap_studio.session.backbones.resolve import absolute, names
from mmap_studio.session.dataset.image_files import DATA_SUFFIXES
from mmap_studio.session.project.project_file import SplitSettings
from mmap_studio.ui.dialogs.hub_dialog import HubDialog
from mmap_studio.ui.dialogs.split_dialog import SplitField
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import PlaceholderList, column, described, line_edit, push_button, row
from mmap_studio.ui.kit.dialog import Buttons, accepted, button_box, form, lay_out
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.paths import dropped_data, has_project, is_folder, take_copy, too_many, typed

FILES = "Model configs and weights (*.json *.safetensors *.bin *.pt *.pth)"


class NewDialog(QDialog):
    """Asks for a new project, and says what is missing before anything is made."""

    def __init__(self, folders: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New project")
        tip = "Each holds domains (domain/class/image), or is one (class/image); Del takes one out"
        self.list = PlaceholderList("Drop folders of images here, archives or tables of them, or add them")
        described(self.list, "Folders of images", tip)
        self.list.setFixedHeight(92)
        self.add_button = push_button("Add folder…", "A folder of domains, or one domain")
        self.add_button.clicked.connect(self._ask_folder)
        self.file_button = push_button("Add file…", "A zip or tar of images, or a CSV or Parquet table of them")
        self.file_button.clicked.connect(self._ask_file)
        self.hub_button = push_button("From the hub…", "A data set of the Hugging Face hub, by its name")
        self.hub_button.clicked.connect(self._ask_hub)
        self.follow = QCheckBox("Follow links that lead out of the folders")
        tip = "Without it such links are left out and counted; with it runs of the project read what they lead to, too"
        described(self.follow, "Follow links", tip)
        self.name = line_edit("Name", "What the project is called")
        self.home = line_edit("Location", "The project's folder, for settings, groups and runs")
        self.home_button = push_button("Choose…", "Choose where the project's folder is made")
        self.home_button.clicked.connect(self._ask_home)
        self.backbone, self.split = BackboneField(), SplitField(SplitSettings(identity="auto"))
        self.problem = label("", "bad", "What is missing", wrap=True)
        self.problem.hide()
        self._home_is_ours = True
        self._lay_out()
        self.name.textEdited.connect(self._named)
        self.home.textEdited.connect(lambda: setattr(self, "_home_is_ours", False))
        for folder in folders:
            self.take(folder)
        rows = self.list.model()
        for edited in (rows.rowsInserted, rows.rowsRemoved, self.name.textChanged, self.home.textChanged):
            edited.connect(self._mended)
        self.backbone.combo.currentTextChanged.connect(self._mended)

    @property
    def folders(self) -> list[str]:
        """Of images, in the order they were given."""
        return [self.list.item(place).text() for place in range(self.list.count())]

    def take(self, folder: str) -> None:
        """One more folder; the first one names the project."""
        if folder in self.folders:
            return
        self.list.addItem(folder)
        if not self.name.text():
            self.name.setText(Path(folder).name if is_folder(folder) else Path(folder).name.partition(".")[0])
            self._named()

    def accept(self) -> None:
        problem = self.refusal()
        self._show_problem(problem)
        if not problem:
            super().accept()

    def _show_problem(self, sentence: str) -> None:
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def _mended(self) -> None:
        """After an edit: what is still missing, where something was said to be missing; nothing before."""
        if self.problem.text():
            self._show_problem(self.refusal())

    def refusal(self) -> str:
        given = self.home.text().strip()
        home = typed(given)
        if not self.folders:
            return "A new project needs folders of images; add one, or drop it on the window."
        if not self.name.text().strip():
            return "A new project needs a name; type one."
        if not home.is_absolute():
            return f"The project must be kept in a folder with its whole path. Got {shown(given)} instead; choose one."
        if has_project(home):
            return f"{home} holds a project already; open it, or choose another folder."
        try:
            self.backbone.absolute()
        except StudioError as error:
            return str(error)
        return ""

    def _named(self) -> None:
        if self._home_is_ours:
            self.home.setText(str(_projects() / (self.name.text().strip().replace("/", "-") or "project")))

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "A folder of domains, or one domain")
        if folder:
            self.take(folder)

    def _ask_file(self) -> None:
        for file in ask_files(self):
            self.take(file)

    def _ask_hub(self) -> None:
        dialog = HubDialog(self)
        if accepted(dialog):
            self.take(dialog.path)

    def _ask_home(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Where the project's folder is made", self.home.text())
        if folder:
            self._home_is_ours = False
            self.home.setText(folder)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if dropped_data(event.mimeData()) or too_many(event.mimeData()):
            take_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        for folder in dropped_data(event.mimeData()):
            self.take(folder)
        take_copy(event)
        if refusal := too_many(event.mimeData()):
            self._show_problem(refusal)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        if event.key() == Qt.Key.Key_Delete and self.list.hasFocus():
            self.list.takeItem(self.list.currentRow())
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        fields = form()
        fields.addRow(
            "Images",
            column(
                self.list, row(self.add_button, self.file_button, self.hub_button, None), self.follow, spacing=theme.XS
            ),
        )
        place = row(self.home, self.home_button, stretch=[self.home])
        rows: tuple[tuple[str, QWidget | QHBoxLayout, QWidget], ...] = (
            ("Name", self.name, self.name), ("Location", place, self.home), ("Split", self.split, self.split.kind),
            ("Backbone", self.backbone, self.backbone.combo),
        )  # fmt: skip
        for words, field, buddy in rows:
            caption = label(words)
            caption.setBuddy(buddy)
            caption.setFixedHeight(self.home_button.sizeHint().height())  # in line with its field
            fields.addRow(caption, field)
        buttons = button_box(self)
        buttons.button(Buttons.Ok).setText("Make project")
        words = "Every domain becomes a task. Images are read where they are; nothing is copied or changed."
        lay_out(self, label(words, "muted"), fields, self.split.validation, self.problem, buttons)
        self.setMinimumWidth(620)
        self.setAcceptDrops(True)
        self.list.setAcceptDrops(False)  # what falls on it falls on the dialog


class BackboneField(QWidget):
    """A line to type or choose a name in, and a button for files."""

    def __init__(self) -> None:
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
        self.combo.setCurrentText("starter")
        tip = "A model config beside its weights, or weights of the architecture named in the line"
        file = described(push_button("File…", ""), "Backbone from a file", tip)
        file.clicked.connect(self._ask)
        row(self.combo, file, parent=self, stretch=[self.combo])

    @property
    def name(self) -> str:
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


def ask_files(parent: QWidget) -> list[str]:
    """Archives and tables of images that a user chooses."""
    known = " ".join(f"*{suffix}" for suffix in DATA_SUFFIXES)
    return QFileDialog.getOpenFileNames(parent, "Add archives or tables", filter=f"Archives and tables ({known})")[0]


def _projects() -> Path:
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(documents or home()) / "MmAP projects"
