"""The tasks of the project: what each is, and how good CLIP is at it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QImage, QPixmap
from PySide6.QtWidgets import QListView, QMenu, QVBoxLayout, QWidget

from mmap_studio.formatting import counted
from mmap_studio.method.task import TaskSpec
from mmap_studio.session.project.project import Project
from mmap_studio.ui.kit import theme
from mmap_studio.ui.panels import previews
from mmap_studio.ui.panels.tasks_delegate import TasksDelegate
from mmap_studio.ui.panels.tasks_model import TaskRow, TasksModel


class TasksPanel(QWidget):
    """A list of tasks."""

    chosen = Signal(str)
    """The current task changed."""
    opened = Signal(str)
    """A task was double-clicked or Return pressed on it."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Tasks")
        self.model, self.view = TasksModel(), QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(TasksDelegate(self.view))
        self.view.setAccessibleName("Tasks of the project")
        self.view.setToolTip("The tasks of the project. Ctrl+R renames, Ctrl+Del removes, Return shows the images.")
        self.view.setMouseTracking(True)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        self.view.selectionModel().currentChanged.connect(self._current)
        self.view.activated.connect(self._activated)
        self.view.customContextMenuRequested.connect(self._menu)
        self._actions: Sequence[QAction] = ()
        theme.changed.connect(self.view.viewport().update)

    def use_actions(self, actions: Sequence[QAction]) -> None:
        """What the context menu offers."""
        self._actions = actions

    def show_project(self, project: Project) -> None:
        """The tasks as the project file names them."""
        before = {row.name: row for row in self.model.rows}
        rows = [before.get(e.name) or TaskRow(e.name, QPixmap()) for e in project.file.tasks]
        current = self.current
        self.model.show(rows)
        self.choose(current or (rows[0].name if rows else ""))

    def show_tasks(self, tasks: Sequence[TaskSpec]) -> None:
        """Counts, once the images are read."""
        by_name = {task.name: task for task in tasks}
        rows = [_known(row, by_name[row.name]) if row.name in by_name else row for row in self.model.rows]
        current = self.current
        self.model.show(rows)
        self.choose(current)

    def show_scores(self, accuracies: Mapping[str, float], zero_shot: bool) -> None:
        """Accuracy now, or of zero-shot."""
        self.model.score(accuracies, zero_shot)

    def show_previews(self, images: Mapping[str, QImage]) -> None:
        """Images by task, for tasks that have none yet."""
        self.model.rows = [
            replace(row, preview=QPixmap.fromImage(images[row.name]))
            if row.preview.isNull() and row.name in images
            else row
            for row in self.model.rows
        ]
        self.view.viewport().update()

    def previews(self) -> dict[str, QPixmap]:
        """The image of every task, for the board."""
        return {row.name: row.preview for row in self.model.rows}

    @property
    def current(self) -> str:
        """The chosen task; empty if none."""
        index = self.view.currentIndex()
        return self.model.rows[index.row()].name if index.isValid() and index.row() < len(self.model.rows) else ""

    def choose(self, name: str) -> None:
        """Make a task the current one."""
        for number, row in enumerate(self.model.rows):
            if row.name == name:
                self.view.setCurrentIndex(self.model.index(number))

    def _current(self) -> None:
        if self.current:
            self.chosen.emit(self.current)

    def _activated(self) -> None:
        self.opened.emit(self.current)

    def _menu(self, place: QPoint) -> None:
        menu = QMenu(self)
        menu.addActions(list(self._actions))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.view.viewport().mapToGlobal(place))


def _classes(task: TaskSpec) -> str:
    return counted(len(task.class_names), "class")


def _known(row: TaskRow, task: TaskSpec) -> TaskRow:
    counts = f"{len(task.train):,} train · {len(task.val):,} val\n{len(task.test):,} test · {_classes(task)}"
    preview = previews.from_task(task) if row.preview.isNull() else row.preview
    return TaskRow(row.name, preview, counts, row.accuracy, row.zero_shot)
