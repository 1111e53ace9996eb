"""The confusion view: the confusion matrix of a method on a task, and the most confused pairs of classes."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTreeWidgetItem, QWidget

from mmap_studio.formatting import counted, percent
from mmap_studio.method.task import TaskSpec
from mmap_studio.session.explore.changed import NO_CLASS, ChangedImages
from mmap_studio.session.explore.selection import Selection
from mmap_studio.session.results.formats import matrix_json, matrix_text
from mmap_studio.ui.kit.controls import (
    HeadedTree,
    button,
    choose,
    column,
    combo,
    described,
    flow,
    note,
    quiet_tree,
    refill,
    splitter,
)
from mmap_studio.ui.kit.plain_text import as_text
from mmap_studio.ui.results.confusion_matrix import ConfusionMatrix
from mmap_studio.ui.results.confusion_table import Order, images_in, most_confused, order_of

if TYPE_CHECKING:
    from mmap_studio.method.evaluation import Evaluation

SPLIT = "test"
ORDERS: dict[Order, str] = {"class": "By class", "confused": "Most confused first"}


class ConfusionView(QWidget):
    """Clicking a cell or a pair selects its images, which gallery and map then show."""

    def __init__(self, selection: Selection) -> None:
        super().__init__()
        self.setAccessibleName("Confusion")
        self.selection = selection
        self._tasks: dict[str, TaskSpec] = {}
        self._results: dict[str, Mapping[str, Evaluation]] = {}
        self._drawn: tuple[object, object, object] = (self, self, "")
        """Task, evaluation and order that are drawn; nothing is at first."""
        self._seen = True
        self.method = combo("Method", "Method whose predictions are shown", yields=True)
        self.task = combo("Task", "Task shown")
        self.order = combo(
            "Order of the classes", "Order of the classes", {title: key for key, title in ORDERS.items()}
        )
        self.wrong = button("Select misclassified", "Select all misclassified images")
        self.whole = button("Fit", "Fit all classes (0, or a double click on the names)", "Fit all classes")
        self.whole.hide()
        self.matrix = ConfusionMatrix()
        self.readout = note()
        self.pairs = described(HeadedTree(), "Most confused pairs", "Click or press Enter to select the images")
        quiet_tree(self.pairs, ["Most confused", "Images"])
        header = self.pairs.header()
        header.setSortIndicatorClearable(True)  # a third click goes back to the order of most_confused
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSectionsClickable(True)
        header.sortIndicatorChanged.connect(self._sorted)
        head = flow(self.method, self.task, self.order, None, self.whole, self.wrong)
        body = splitter(self.matrix, self.pairs, stretch=(3, 2), sizes=[300, 200])  # the names have the rest
        column(head, body, self.readout, parent=self, stretch=[body])
        for box in (self.method, self.task, self.order):
            box.currentIndexChanged.connect(self._refresh)
        self.matrix.chosen.connect(self._choose)
        self.matrix.pointed.connect(self._point)
        self.pairs.itemClicked.connect(self._open_pair)
        self.pairs.itemActivated.connect(self._open_pair)
        self.wrong.clicked.connect(lambda: self._select(np.not_equal, "misclassified", False))
        self.whole.clicked.connect(lambda: self.matrix.zoom(None))
        self.matrix.zoomed.connect(self.whole.setVisible)
        self._refresh()

    def show_tasks(self, tasks: Sequence[TaskSpec]) -> None:
        self._tasks = {task.name: task for task in tasks}
        refill(self.task, {name: name for name in self._tasks})
        self._refresh()

    def show_results(
        self, results: Mapping[str, Mapping[str, "Evaluation"]], titles: Mapping[str, str] | None = None
    ) -> None:
        """Show evaluations by method and task; the chosen method stays chosen, a new one is not switched to."""
        self._results = dict(results)
        named = {(titles or {}).get(m, m.replace("_", " ").capitalize()): m for m in results}
        refill(self.method, named)
        self._refresh()

    def open(self, method: str, task: str) -> None:
        choose(self.method, method)
        choose(self.task, task)

    @property
    def evaluation(self) -> "Evaluation | None":
        return self._results.get(self.method.currentData(), {}).get(self.task.currentData())

    def as_text(self) -> str:
        """The matrix in the order shown as CSV."""
        names, counts = self._shown()
        return matrix_text(names, names, counts, "truth \\ prediction")

    def as_json(self) -> str:
        names, counts = self._shown()
        return matrix_json(names, names, counts)

    def look(self, seen: bool) -> None:
        """Take note whether the view is visible; behind another tab it draws nothing."""
        self._seen = seen
        self._refresh()

    def _shown(self) -> tuple[list[str], np.ndarray]:
        self._draw()
        order = self.matrix.order
        return [self.matrix.names[c] for c in order], self.matrix.counts[np.ix_(order, order)]

    def _refresh(self) -> None:
        """Draw if visible: hundreds of classes take a while."""
        if self._seen:
            self._draw()

    def _draw(self) -> None:
        task, evaluation, order = self._tasks.get(self.task.currentData()), self.evaluation, self.order.currentData()
        if task is self._drawn[0] and evaluation is self._drawn[1] and order == self._drawn[2]:
            return
        self._drawn = task, evaluation, order
        names = task.class_names if task and evaluation else ()
        counts = evaluation.confusion if task and evaluation else np.zeros((0, 0), dtype=np.int64)
        self.matrix.show_matrix(counts, names, order_of(counts, names, order))
        self.wrong.setEnabled(bool(names))
        self._show_pairs(counts, names)
        self._point(-1, -1)

    def _show_pairs(self, counts: np.ndarray, names: Sequence[str]) -> None:
        self.pairs.clear()
        self.pairs.setSortingEnabled(False)
        for pair in most_confused(counts):
            item = QTreeWidgetItem(self.pairs, [f"{names[pair.truth]} → {names[pair.predicted]}"])
            item.setData(1, Qt.ItemDataRole.DisplayRole, pair.count)  # as a number, so that it sorts as one
            item.setData(0, Qt.ItemDataRole.UserRole, (pair.truth, pair.predicted))
            item.setToolTip(0, as_text(self.matrix.sentence(pair.truth, pair.predicted)))
            item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.pairs.setSortingEnabled(True)

    def _choose(self, truth: int, predicted: int, extend: bool) -> None:
        names = self.matrix.names
        what = f"{names[truth]} predicted as {names[predicted]}" if truth != predicted else f"{names[truth]}, correct"
        self._select(lambda labels, predictions: images_in(labels, predictions, truth, predicted), what, extend)

    def _select(self, rule: Callable[[np.ndarray, np.ndarray], np.ndarray], what: str, extend: bool) -> None:
        """Select the images for which `rule` of labels and predictions (N,) is true."""
        task, evaluation = self._tasks.get(self.task.currentData()), self.evaluation
        if task and evaluation:
            mask = rule(task.split(SPLIT).labels, evaluation.predictions) & (evaluation.predictions != NO_CLASS)
            self.selection.select({(task.name, SPLIT): mask}, f"{task.name}: {what}", extend)

    def _point(self, truth: int, predicted: int) -> None:
        evaluation = self.evaluation
        if truth >= 0:
            self.readout.setText(self.matrix.sentence(truth, predicted))
        elif isinstance(evaluation, ChangedImages):
            self.readout.setText(f"{counted(evaluation.n, 'image')} {evaluation.kind}, of {evaluation.of:,}")
        elif evaluation:
            self.readout.setText(f"{percent(evaluation.accuracy)} of {counted(evaluation.n, 'test image')} correct")
        else:
            self.readout.setText("No test predictions yet")

    def _open_pair(self, item: QTreeWidgetItem) -> None:
        truth, predicted = item.data(0, Qt.ItemDataRole.UserRole)
        self._choose(truth, predicted, False)

    def _sorted(self, column: int) -> None:
        if column < 0:
            self._show_pairs(self.matrix.counts, self.matrix.names)
