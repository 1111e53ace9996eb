"""A new project: which folders of images, what it is called, where it is kept, which backbone reads it."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from mmap_studio.errors import StudioError
from mmap_studio.session.dataset.image_files import DATA_SUFFIXES
from mmap_studio.ui.dialogs.backbone_field import BackboneField
from mmap_studio.ui.dialogs.split_field import SplitField
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import PlaceholderList, line_edit, push_button, row
from mmap_studio.ui.kit.dialog import Buttons, button_box, form, lay_out
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.paths import dropped_data, has_project, is_folder, typed


class NewDialog(QDialog):
    """Asks; what cannot be is said in it, before anything is made."""

    def __init__(self, folders: Sequence[str] = (), parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("New project")
        self.list = PlaceholderList("Drop folders of images here, archives or tables of them, or add them")
        self.list.setAccessibleName("Folders of images")
        self.list.setToolTip("Each holds domains (domain/class/image), or is one (class/image); Del takes one out")
        self.list.setFixedHeight(92)
        self.add_button = push_button("Add folder…", "A folder of domains, or one domain")
        self.add_button.clicked.connect(self._ask_folder)
        self.file_button = push_button("Add file…", "A zip or tar of images, or a CSV or Parquet table of them")
        self.file_button.clicked.connect(self._ask_file)
        self.name = line_edit("Name", "What the project is called")
        self.home = line_edit("Kept in", "The project's folder, for settings, groups and runs")
        self.home_button = push_button("Choose…", "Choose where the project's folder is made")
        self.home_button.clicked.connect(self._ask_home)
        self.backbone, self.split = BackboneField(), SplitField()
        self.problem = label("", "bad", "What is missing", wrap=True)
        self.problem.hide()
        self._home_is_ours = True
        self._lay_out()
        self.name.textEdited.connect(self._named)
        self.home.textEdited.connect(self._placed)
        for folder in folders:
            self.take(folder)

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
        """Close, if it can be made."""
        problem = self.refusal()
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        if not problem:
            super().accept()

    def refusal(self) -> str:
        """Why not; empty if it can be made."""
        home = typed(self.home.text())
        if not self.folders:
            return "A new project needs folders of images; add one, or drop it on the window."
        if not self.name.text().strip():
            return "A new project needs a name; type one."
        if not self.home.text().strip() or not home.is_absolute():
            return f"The project must be kept in a folder with its whole path. Got {str(home)!r} instead; choose one."
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

    def _placed(self) -> None:
        self._home_is_ours = False

    def _ask_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "A folder of domains, or one domain")
        if folder:
            self.take(folder)

    def _ask_file(self) -> None:
        for file in ask_files(self):
            self.take(file)

    def _ask_home(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Where the project's folder is made", self.home.text())
        if folder:
            self._home_is_ours = False
            self.home.setText(folder)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Folders may be dropped anywhere on it."""
        if dropped_data(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Each is one more."""
        for folder in dropped_data(event.mimeData()):
            self.take(folder)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Del takes a folder out of the list."""
        if event.key() == Qt.Key.Key_Delete and self.list.hasFocus():
            self.list.takeItem(self.list.currentRow())
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        fields, images, place = form(), QVBoxLayout(), QHBoxLayout()
        images.setSpacing(theme.XS)
        place.setSpacing(theme.S)
        images.addWidget(self.list)
        images.addLayout(row(self.add_button, self.file_button, None))
        place.addWidget(self.home, 1)
        place.addWidget(self.home_button)
        fields.addRow("Images", images)
        rows: tuple[tuple[str, QWidget | QHBoxLayout, QWidget], ...] = (
            ("Name", self.name, self.name), ("Kept in", place, self.home), ("Split", self.split, self.split.kind),
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
        lay_out(self, label(words, "muted"), fields, self.problem, buttons)
        self.setMinimumWidth(620)
        self.setAcceptDrops(True)
        self.list.setAcceptDrops(False)  # what falls on it falls on the dialog


def ask_files(parent: QWidget) -> list[str]:
    """Archives and tables of images that a user chooses."""
    known = " ".join(f"*{suffix}" for suffix in DATA_SUFFIXES)
    return QFileDialog.getOpenFileNames(parent, "Add archives or tables", filter=f"Archives and tables ({known})")[0]


def _projects() -> Path:
    documents = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(documents or Path.home()) / "MmAP projects"
