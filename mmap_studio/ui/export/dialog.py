"""The export dialog: which files, to which folder; says beforehand what is written and what it replaces."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFileDialog, QStyle, QWidget

from mmap_studio.data.paths import home
from mmap_studio.formatting import counted
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.export.choices import ExportOption, choices
from mmap_studio.ui.export.writer import ExportWriter
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import check, line_edit, push_button, row
from mmap_studio.ui.kit.dialog import lay_out, sized
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.paths import is_folder, typed


class ExportDialog(QDialog):
    """A tick box per option, the folder to write to, and afterwards a button that opens it."""

    def __init__(
        self, studio: Studio, views: Views, background: BackgroundRunner, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self._studio, self._project = studio, studio.project
        self.choices = choices(studio, views)
        self.checks = [check(choice.title, f"Write {choice.names}", True) for choice in self.choices]
        self.writer = ExportWriter(background, self)
        self._build((studio.project.folder if studio.project else home()) / "export")
        self._lay_out()
        self.browse.clicked.connect(self._browse)
        self.folder.textChanged.connect(self._preview)
        for box in self.checks:
            box.toggled.connect(self._preview)
        self.show_folder.clicked.connect(self._show_folder)
        self.buttons.accepted.connect(self.write)
        self.buttons.rejected.connect(self.reject)
        self.writer.writing.connect(lambda name: self.said.setText(f"Writing {name}…"))
        self.writer.ended.connect(self._ended)
        self._preview()

    @property
    def path(self) -> Path | None:
        """The folder to write to; None while the text is no absolute path."""
        path = typed(self.folder.text())
        return path if path.is_absolute() else None

    def chosen(self) -> list[ExportOption]:
        return [choice for choice, box in zip(self.choices, self.checks, strict=True) if box.isChecked()]

    def write(self) -> None:
        """Write the ticked files; InputError if another project was opened meanwhile."""
        self._studio.check_open(self._project)
        if self.path is not None and not self.writer.busy:
            files = [pair for choice in self.chosen() for pair in choice.files.items()]
            self._set_open(False)
            self.writer.start(self.path, files)

    def reject(self) -> None:
        """Close; files that are not being written yet are left out."""
        self.writer.stop()
        super().reject()

    def _build(self, folder: Path) -> None:
        tip = "Created if it does not exist; files of the same name in it are replaced"
        self.folder = line_edit("Folder to write to", tip, str(folder))
        self.browse = push_button("Choose…", "Choose the folder")
        self.said = label("", "muted", "What will be written, or was", wrap=True)
        self.said.setMinimumHeight(3 * self.fontMetrics().lineSpacing())  # the dialog keeps its size
        self.show_folder = push_button("Show in folder", "Open the folder in the file manager")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.save = self.buttons.addButton("Export", QDialogButtonBox.ButtonRole.AcceptRole)
        self.save.setToolTip("Write the ticked files")
        self.save.setDefault(True)
        self.buttons.addButton(self.show_folder, QDialogButtonBox.ButtonRole.ActionRole)

    def _lay_out(self) -> None:
        files: list[QWidget] = []
        indent = self.style().pixelMetric(QStyle.PixelMetric.PM_IndicatorWidth) + theme.S
        for choice, box in zip(self.choices, self.checks, strict=True):
            names = label(choice.names, "muted", f"Files of {choice.title}", wrap=True)
            names.setIndent(indent)
            files += [box, names]
        head = label("Write to", "heading"), row(self.folder, self.browse), label("Files", "heading")
        lay_out(self, *head, *files, self.said, None, self.buttons, spacing=theme.S)
        sized(self, 560, self.sizeHint().height())

    def _preview(self) -> None:
        path, chosen = self.path, self.chosen()
        self.save.setEnabled(path is not None and bool(chosen))
        self.show_folder.setEnabled(path is not None and is_folder(path))
        if path is None:
            self.said.setText("The folder must be an absolute path, such as one that Choose… gives.")
        elif not chosen:
            self.said.setText("No files are ticked.")
        else:
            self.said.setText(_announced(path, chosen))

    def _ended(self, written: list[str], why: str) -> None:
        self._set_open(True)
        self._preview()
        where = f"{_counted(written)} written to {self.path}."
        self.said.setText(f"{where} {why}".strip() if written or not why else why)
        if not why:
            self.show_folder.setFocus()

    def _set_open(self, on: bool) -> None:
        for widget in (self.folder, self.browse, self.save, self.show_folder, *self.checks):
            widget.setEnabled(on)

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Export to", self.folder.text())
        if chosen:
            self.folder.setText(chosen)

    def _show_folder(self) -> None:
        if self.path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.path)))


def _counted(names: Sequence[str]) -> str:
    """Files and whole folders, each counted as what they are."""
    folders = sum(name.endswith("/") for name in names)
    files = len(names) - folders
    counts = [counted(files, "file") if files or not folders else "", counted(folders, "folder") if folders else ""]
    return " and ".join(filter(None, counts))


def _announced(path: Path, chosen: list[ExportOption]) -> str:
    files = [name for choice in chosen for name in choice.files]
    replaced = [name for choice in chosen for name in choice.replaced(path)]
    said = f"{_counted(files)} will be written to {path}"
    if not is_folder(path):
        return f"{said}, a new folder."
    return f"{said}. Replaces {', '.join(replaced)}." if replaced else f"{said}; no files there are replaced."
