"""Export: which files, to which folder; it says what is written where before it is."""

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from mmap_studio.session.export_figures import matrix_json, matrix_text, save
from mmap_studio.session.export_folder import copy_prompts, make_folder, save_affinity
from mmap_studio.session.studio import Studio
from mmap_studio.ui import figures, theme
from mmap_studio.ui.panel import label
from mmap_studio.ui.views import Views

Writer = Callable[[Path], None]


class ExportDialog(QDialog):
    """Checks for what there is, a folder, and after it a way there."""

    def __init__(self, studio: Studio, views: Views, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export")
        self._studio, self._views = studio, views
        folder = (studio.project.folder if studio.project else Path.home()) / "export"
        self.folder = QLineEdit(str(folder))
        self.folder.setAccessibleName("Folder to write to")
        self.folder.setToolTip("Made if it is not there; files of the same name in it are replaced")
        browse = QPushButton("Choose…")
        browse.setToolTip("Choose the folder")
        browse.clicked.connect(self._browse)
        self._writers = self._found()
        self.checks = {name: QCheckBox(name) for name in self._writers}
        self.said = label("", "muted", "What was written")
        self.said.setWordWrap(True)
        self.show_folder = QPushButton("Show in folder")
        self.show_folder.setToolTip("Open the folder in the file manager")
        self.show_folder.setVisible(False)
        self.show_folder.clicked.connect(self._show_folder)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Close)
        self.buttons.accepted.connect(self.write)
        self.buttons.rejected.connect(self.reject)
        self._lay_out(browse)
        self.resize(520, 10)

    def write(self) -> None:
        """Write what is checked."""
        folder = Path(self.folder.text()).expanduser()
        make_folder(folder)
        written = []
        for name, check in self.checks.items():
            if check.isChecked():
                self._writers[name](folder)
                written.append(name.split(":")[0])
        what = ", ".join(written)
        self.said.setText(f"{len(written)} written to {folder}: {what}." if written else "Nothing is chosen.")
        self.show_folder.setVisible(bool(written))

    def _found(self) -> dict[str, Writer]:
        """What can be written now."""
        known, views = self._studio.known, self._views
        there: dict[str, Writer] = {}
        if known.ended is not None and known.ended.prompts is not None:
            there["Prompts: prompts/, an adapter folder for each group and task"] = self._prompts
        if known.estimate is not None:
            there["Affinity: affinity.csv, affinity.json and affinity.h5"] = self._matrix
            there["Heatmap: heatmap.png, .svg and .pdf"] = lambda at: self._figure(views.heatmap.plot, at, "heatmap")
        if known.results:
            there["Results: results.csv and results.json"] = self._results
        there["Curves: curves.png, .svg and .pdf"] = lambda at: self._figure(views.curves, at, "curves")
        there["Groups: grouping.json"] = self._grouping
        return there

    def _prompts(self, folder: Path) -> None:
        copy_prompts(self._studio.known.ended.prompts, folder / "prompts")

    def _matrix(self, folder: Path) -> None:
        estimate = self._studio.known.estimate
        assert estimate is not None
        save(folder / "affinity.csv", matrix_text(estimate.tasks, estimate.tasks, estimate.mean))
        save(folder / "affinity.json", matrix_json(estimate.tasks, estimate.tasks, estimate.mean))
        save_affinity(folder / "affinity.h5", estimate)

    def _results(self, folder: Path) -> None:
        save(folder / "results.csv", self._views.results.as_text())
        save(folder / "results.json", self._views.results.as_json())

    def _grouping(self, folder: Path) -> None:
        save(folder / "grouping.json", json.dumps(self._studio.board.to_json(), indent=1))

    def _figure(self, view: QWidget, folder: Path, name: str) -> None:
        for suffix in (".png", ".svg", ".pdf"):
            save(folder / f"{name}{suffix}", figures.render(view, suffix))

    def _browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Export to", self.folder.text())
        if chosen:
            self.folder.setText(chosen)

    def _show_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self.folder.text()))

    def _lay_out(self, browse: QPushButton) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        layout.setSpacing(theme.S)
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(browse)
        layout.addWidget(label("Write to", "heading"))
        layout.addLayout(row)
        layout.addWidget(label("What", "heading"))
        for name, check in self.checks.items():
            check.setChecked(True)
            check.setAccessibleName(name)
            check.setToolTip(f"Write {name.split(': ')[1]}")
            layout.addWidget(check)
        for widget in (self.said, self.show_folder, self.buttons):
            layout.addWidget(widget)
