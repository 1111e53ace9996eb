"""Images that are in no task, dropped or chosen: what CLIP says of them alone, and with the trained prompts."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QIcon
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mmap_studio.formatting import percent
from mmap_studio.session.dataset.image_files import PATTERNS, images_in
from mmap_studio.session.events import Event, Guesses, TasksReady, TriedImage, TriedImages
from mmap_studio.session.runtime.job import Finished, State
from mmap_studio.session.studio.events import ProjectEdited, ProjectOpened
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.images.thumbnails import to_pixmap
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import combo, note, quiet_tree, refill, row
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.paths import dropped_files

AT_MOST = 500
"""Images at a time."""
SIDE = 48
"""Pixels of a thumbnail."""
IMAGE, ALONE, PROMPTED = range(3)
EMPTY = "Drop images here, or choose some. They are only looked at: no task and no file changes."


class TryDialog(QDialog):
    """One a window; it stays as it is while it is hidden, and asks anew when the prompts or tasks are other ones."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Try on images")
        self.setAcceptDrops(True)
        self._studio = studio
        self._files: list[Path] = []
        self._more = False
        self._waiting: list[Path] = []
        """Files that were not asked about yet, or whose answer is not here."""
        self._asked: Any = None
        """What the answers are of: `_what` of the task."""
        self._stopped = False
        """What is still said was asked before, of another task or of other prompts."""
        self.task = combo("Task", "As an image of which task: its classes, its template, its prompts")
        self.choose, self.clear = QPushButton("&Choose images…"), QPushButton("C&lear")
        self.choose.setToolTip("Files of any folder; folders can be dropped on this window")
        self.clear.setToolTip("Empty the list; the files stay")
        self.list = QTreeWidget()
        self.list.setAccessibleName("Images and what they are taken for")
        self.list.setToolTip("Drop images or folders of images here")
        quiet_tree(self.list, ["Image", "CLIP alone", "With the prompts"])
        self.list.setIconSize(QSize(SIDE, SIDE))
        self.empty, self.state = note(EMPTY, centred=True), note()
        self.state.setWordWrap(True)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self._lay_out()
        self._connect()
        self._show_tasks()

    def take(self, paths: Iterable[Path]) -> None:
        """Ask about these files, and all images in these folders, after those that are there."""
        known = set(self._files)
        found, more = images_in((path for path in paths if path not in known), AT_MOST)
        new = [path for path in found if path not in known]
        self._more = more or len(self._files) + len(new) > AT_MOST
        new = new[: AT_MOST - len(self._files)]
        self._files += new
        self._waiting += new
        self._ask()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        """Files and folders of this computer."""
        if dropped_files(event.mimeData()):
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Acted on once the drag is over, so that its source is not kept waiting."""
        paths = dropped_files(event.mimeData())
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        QTimer.singleShot(0, self, lambda: self.take(paths))

    # ---- inside

    def _ask(self) -> None:
        """About what waits, if the studio can be asked now; else when what it does has ended."""
        name = self.task.currentData()
        if self._waiting and name is not None and self._studio.doing != "trying":
            self._asked = self._what(name)
            self._studio.try_images(name, tuple(self._waiting))
        self._show_state()

    def _what(self, name: str) -> Any:
        """Classes, template and prompts of a task: where these are the same, so are the answers."""
        spec = next((one for one in self._studio.known.tasks if one.name == name), None)
        return name, spec and (spec.class_names, spec.template), id(self._studio.group_of(name))

    def _ask_anew(self) -> None:
        """Another task or other prompts: every image once more."""
        self.list.clear()
        self._waiting = list(self._files)
        self._stop()
        self._ask()

    def _stop(self) -> None:
        if self._studio.doing == "trying":
            self._stopped = True
            self._studio.job.stop()

    def _hear(self, event: Event) -> None:
        if isinstance(event, TriedImages) and not self._stopped:
            for one in event.tried:
                if one.image in self._waiting:
                    self._waiting.remove(one.image)
                    self.list.addTopLevelItem(_item(one))
            self._show_state()
        elif isinstance(event, Finished):
            self._stopped = False
            if event.state is State.FAILED and self._studio.doing == "trying":
                self._waiting.clear()  # it would fail again, and again
            QTimer.singleShot(0, self, self._ended)
        elif isinstance(event, ProjectOpened):
            self._empty()
        elif isinstance(event, TasksReady | ProjectEdited):
            self._show_tasks()

    def _ended(self) -> None:
        """Something has ended: what waits can be asked, and prompts may have been trained."""
        name = self.task.currentData()
        if self.isVisible() and name is not None and self._files and self._asked != self._what(name):
            self._ask_anew()
        else:
            self._ask()

    def _show_tasks(self) -> None:
        refill(self.task, {task.name: task.name for task in self._studio.known.tasks})
        self._show_state()

    def _show_state(self) -> None:
        self.empty.setVisible(not self._files)
        self.list.setVisible(bool(self._files))
        self.clear.setEnabled(bool(self._files))
        self.state.setText(" ".join(filter(None, (self._about_prompts(), self._about_files()))))

    def _about_prompts(self) -> str:
        name = self.task.currentData()
        if name is None:
            return "The tasks of the project are not read yet."
        if self._studio.group_of(name) is None:
            return f"The group of {name} on the board is not trained with these settings: CLIP alone is asked."
        members = next(group for group in self._studio.board.grouping if name in group)
        return f"Prompts of the group {' + '.join(members)}."

    def _about_files(self) -> str:
        limit = f"These are the first {AT_MOST}; clear the list for others." if self._more else ""
        if not self._waiting:
            return limit
        if self._studio.doing in ("running", "opening"):
            return "They are looked at when what is under way has ended. " + limit
        return f"{len(self._files) - len(self._waiting)} of {len(self._files)} looked at. {limit}"

    def _empty(self) -> None:
        self._files, self._waiting, self._more = [], [], False
        self._stop()
        self.list.clear()
        self._show_state()

    def _open_files(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self, "Choose images", filter=f"Images ({' '.join(PATTERNS)})")
        self.take(map(Path, chosen))

    def _connect(self) -> None:
        self._studio.listen(self._hear)
        self.task.currentIndexChanged.connect(self._ask_anew)
        self.choose.clicked.connect(self._open_files)
        self.clear.clicked.connect(self._empty)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        close = self.buttons.button(QDialogButtonBox.StandardButton.Close)
        for button in (self.choose, self.clear, close):
            button.setAutoDefault(False)
        caption = label("As an image of", "", "Task of the images")
        caption.setBuddy(self.task)
        header = self.list.header()
        for column, width in ((ALONE, 170), (PROMPTED, 170)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(column, width)
            self.list.headerItem().setTextAlignment(column, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        layout.setSpacing(theme.M)
        layout.addLayout(row(caption, self.task, None, self.choose, self.clear))
        layout.addWidget(self.list, 1)
        layout.addWidget(self.empty, 1)
        layout.addWidget(self.state)
        layout.addWidget(self.buttons)
        self.resize(680, 560)


def _item(one: TriedImage) -> QTreeWidgetItem:
    """A row; where the prompts change CLIP's mind, theirs is bold."""
    said = one.error or _best(one.alone)
    made = QTreeWidgetItem([one.image.name, said, _best(one.prompted)])
    if one.pixels is not None:
        made.setIcon(IMAGE, QIcon(to_pixmap(one.pixels, 2 * SIDE)))
    made.setSizeHint(IMAGE, QSize(0, SIDE + theme.S))
    made.setToolTip(IMAGE, str(one.image))
    for column, guesses in ((ALONE, one.alone), (PROMPTED, one.prompted)):
        made.setToolTip(column, one.error or "\n".join(f"{name}: {percent(share)}" for name, share in guesses))
    if one.prompted and one.prompted[0][0] != one.alone[0][0]:
        strong = theme.font()
        strong.setBold(True)
        made.setFont(PROMPTED, strong)
    return made


def _best(guesses: Guesses) -> str:
    return f"{guesses[0][0]}, {percent(guesses[0][1], 0)}" if guesses else "–"
