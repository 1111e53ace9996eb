"""The dialog that classifies images outside the project, zero-shot and with the trained prompts."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtCore import QSize, QTimer
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QIcon
from PySide6.QtWidgets import QDialog, QFileDialog, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from mmap_studio.formatting import counted, percent
from mmap_studio.session.dataset.image_files import PATTERNS, images_in
from mmap_studio.session.events import Event, Guesses, TasksReady, TriedImage, TriedImages
from mmap_studio.session.runtime.job import Finished, State
from mmap_studio.session.studio.events import ProjectEdited, ProjectOpened
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.images.thumbnails import to_pixmap
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column, combo, described, note, push_button, quiet_tree, refill, row
from mmap_studio.ui.kit.dialog import Buttons, button_box, lay_out, sized
from mmap_studio.ui.kit.painting import LEFT
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.paths import dropped_files, take_copy, too_many
from mmap_studio.ui.kit.plain_text import as_text

AT_MOST = 500
"""Images in the list."""
SIDE = 48
"""Pixels of a thumbnail."""
IMAGE, ZERO_SHOT, PROMPTED = range(3)
EMPTY = "Drop images here, or choose some. They are only classified: no task and no file changes."


class TryDialog(QDialog):
    """One per window. It keeps its list while it is hidden, and classifies anew when prompts or tasks have changed."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Try on images")
        self.setAcceptDrops(True)
        self._studio = studio
        self._files: list[Path] = []
        self._more, self._refusal = False, ""
        """Whether images were left out of the list; why what was dropped last was not taken."""
        self._waiting: list[Path] = []
        """Files without a prediction yet."""
        self._asked: tuple[object, ...] = ()
        """`_key` of the task that the predictions are of."""
        self._stopped = False
        """Predictions that still arrive are of another task or of other prompts."""
        self.task = combo("Task", "The task whose classes, template and prompts are used")
        self.choose = push_button("&Choose images…", "Image files of any folder; folders can be dropped here")
        self.clear = push_button("C&lear", "Clear the list; the files stay")
        self.list = described(QTreeWidget(), "Images and their predictions", "Drop images or folders of images here")
        quiet_tree(self.list, ["Image", "Zero-shot", "With prompts"])
        self.list.setIconSize(QSize(SIDE, SIDE))
        self.empty, self.state = note(EMPTY, centred=True), note()
        self.state.setWordWrap(True)
        self.buttons = button_box(self, Buttons.Close)
        self.buttons.button(Buttons.Close).setAutoDefault(False)
        caption = label("Task", "", "Task of the images")
        caption.setBuddy(self.task)
        header = self.list.header()
        for section in (ZERO_SHOT, PROMPTED):
            header.setSectionResizeMode(section, QHeaderView.ResizeMode.Interactive)
            header.resizeSection(section, 170)
            self.list.headerItem().setTextAlignment(section, LEFT)
        body = column(self.list, self.empty, stretch=[self.list, self.empty])  # either of the two is shown
        head = row(caption, self.task, None, self.choose, self.clear)
        lay_out(self, head, body, self.state, self.buttons, stretch=body)
        sized(self, 680, 560)
        self._studio.listen(self._hear)
        self.task.currentIndexChanged.connect(self._classify_anew)
        self.choose.clicked.connect(self._open_files)
        self.clear.clicked.connect(self._empty)
        self._show_tasks()

    def take(self, paths: Iterable[Path]) -> None:
        """Add these files, and all images in these folders, to the list, and classify them."""
        known, self._refusal = set(self._files), ""
        found, more = images_in((path for path in paths if path not in known), AT_MOST)
        new = [path for path in found if path not in known]
        self._more = more or len(self._files) + len(new) > AT_MOST
        new = new[: AT_MOST - len(self._files)]
        self._files += new
        self._waiting += new
        self._classify()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802
        if dropped_files(event.mimeData()) or too_many(event.mimeData()):
            take_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802
        """Take the files once the drag is over, so that its source is not kept waiting."""
        paths, refusal = dropped_files(event.mimeData()), too_many(event.mimeData())
        take_copy(event)
        if refusal:
            self._refusal = refusal
            self._show_state()
            return
        QTimer.singleShot(0, self, lambda: self.take(paths))

    def _classify(self) -> None:
        """Classify the waiting files, now or when the studio's current work has ended."""
        name = self.task.currentData()
        if self._waiting and name is not None and self._studio.jobs.doing != "trying":
            self._asked = self._key(name)
            self._studio.jobs.try_images(name, tuple(self._waiting))
        self._show_state()

    def _key(self, name: str) -> tuple[object, ...]:
        """Classes, template and prompts of a task; equal keys have equal predictions."""
        spec = next((one for one in self._studio.known.tasks if one.name == name), None)
        return name, spec and (spec.class_names, spec.template), id(self._studio.group_of(name))

    def _classify_anew(self) -> None:
        """Classify all files again, for another task or other prompts."""
        self.list.clear()
        self._waiting = list(self._files)
        self._stop()
        self._classify()

    def _stop(self) -> None:
        if self._studio.jobs.doing == "trying":
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
            if event.state is State.FAILED and self._studio.jobs.doing == "trying":
                self._waiting.clear()  # it would fail again, and again
            QTimer.singleShot(0, self, self._work_ended)
        elif isinstance(event, ProjectOpened):
            self._empty()
        elif isinstance(event, TasksReady | ProjectEdited):
            self._show_tasks()

    def _work_ended(self) -> None:
        """Classify what waits; all files if prompts were trained meanwhile."""
        name = self.task.currentData()
        if self.isVisible() and name is not None and self._files and self._asked != self._key(name):
            self._classify_anew()
        else:
            self._classify()

    def _show_tasks(self) -> None:
        refill(self.task, {task.name: task.name for task in self._studio.known.tasks})
        self._show_state()

    def _show_state(self) -> None:
        self.empty.setVisible(not self._files)
        self.list.setVisible(bool(self._files))
        self.clear.setEnabled(bool(self._files))
        self.state.setText(" ".join(filter(None, (self._refusal, self._about_prompts(), self._about_files()))))

    def _about_prompts(self) -> str:
        name = self.task.currentData()
        if name is None:
            return "The tasks are not read yet."
        if self._studio.group_of(name) is None:
            return f"The group of {name} on the board is not trained with these settings: zero-shot only."
        members = next(group for group in self._studio.board.grouping if name in group)
        return f"Prompts of the group {' + '.join(members)}."

    def _about_files(self) -> str:
        limit = f"Only the first {AT_MOST} are listed; clear the list for others." if self._more else ""
        if not self._waiting:
            return limit
        if self._studio.jobs.doing in ("running", "opening"):
            return "They are classified when the current work has ended. " + limit
        return f"{len(self._files) - len(self._waiting)} of {counted(len(self._files), 'image')} classified. {limit}"

    def _empty(self) -> None:
        self._files, self._waiting, self._more, self._refusal = [], [], False, ""
        self._stop()
        self.list.clear()
        self._show_state()

    def _open_files(self) -> None:
        chosen, _ = QFileDialog.getOpenFileNames(self, "Choose images", filter=f"Images ({' '.join(PATTERNS)})")
        self.take(map(Path, chosen))


def _item(one: TriedImage) -> QTreeWidgetItem:
    """A row; a prediction that the prompts change is bold."""
    said = one.error or _best(one.alone)
    made = QTreeWidgetItem([one.image.name, said, _best(one.prompted)])
    if one.pixels is not None:
        made.setIcon(IMAGE, QIcon(to_pixmap(one.pixels, 2 * SIDE)))
    made.setSizeHint(IMAGE, QSize(0, SIDE + theme.S))
    made.setToolTip(IMAGE, as_text(str(one.image)))
    for place, guesses in ((ZERO_SHOT, one.alone), (PROMPTED, one.prompted)):
        made.setToolTip(place, as_text(one.error or "\n".join(f"{name}: {percent(share)}" for name, share in guesses)))
    if one.prompted and one.prompted[0][0] != one.alone[0][0]:
        strong = theme.font()
        strong.setBold(True)
        made.setFont(PROMPTED, strong)
    return made


def _best(guesses: Guesses) -> str:
    return f"{guesses[0][0]}, {percent(guesses[0][1], 0)}" if guesses else "–"
