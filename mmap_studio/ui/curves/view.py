"""The curves: loss and validation accuracy of every task, live during a run."""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from mmap_studio.session.methods import method_title
from mmap_studio.ui.curves.buffer import CurveBook, CurveKey
from mmap_studio.ui.curves.legend import CurvesLegend
from mmap_studio.ui.curves.lines import Line, Place
from mmap_studio.ui.curves.plot import CurvesPlot
from mmap_studio.ui.kit.controls import button, check, column, combo, flow, note, slider, splitter

if TYPE_CHECKING:
    from mmap_studio.method.training import TrainedGroup
    from mmap_studio.session.events import PastCurves, Stepped, TrainingResumed

NARROW = 560
"""Width in pixels below which captions and values are left out."""
REDRAW_MS = 80
"""Between two redraws: 12.5 Hz."""
SMOOTHING = 600
"""Initial weight of the moving average in thousandths (TensorBoard's 0.6): losses of small batches jump."""
RUNS = "Runs compared"
"""The stage in which runs lie over each other."""
STAGES = {"affinity": "Affinity", "training": "Training"}
NO_LOSS = "No losses yet. They appear here from the first step of a run."
NO_ACCURACY = "No validation accuracy yet. It comes with each epoch, where there are validation images."
NO_TASK = "No task is ticked. Tick one in the legend to see its curve."
BOTH, LOSS, ACCURACY = "Loss and accuracy", "Loss", "Validation accuracy"


class CurvesView(QWidget):
    """Takes the events of training as they come; draws at most every `REDRAW_MS`, and only while visible."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Curves")
        self.losses, self.accuracies = CurveBook(), CurveBook()
        self._places: dict[str, Place] = {}
        self._of_runs: set[str] = set()
        """Names that curves of compared runs have."""
        self._redraw = QTimer(self, singleShot=True, interval=REDRAW_MS)
        self._redraw.timeout.connect(self.redraw)
        self.loss_plot = CurvesPlot("Loss", "", "step", NO_LOSS)
        self.accuracy_plot = CurvesPlot("Validation accuracy", "%", "epoch", NO_ACCURACY)
        self.legend = CurvesLegend()
        self._follows = True
        self.stage = combo("Stage", "Stage of the run; follows the run until you choose one")
        self.which = combo("Plots", "Plots to show", {title: title for title in (BOTH, LOSS, ACCURACY)})
        tip = "Exponential moving average of the loss; 0 shows raw values"
        self.smoothing = slider("Smoothing of the loss", tip, 0, 990, SMOOTHING, 120)
        self.weight = note(f"{SMOOTHING / 1000:.2f}")
        self.weight.setMinimumWidth(self.fontMetrics().horizontalAdvance("0.000"))
        self.log = check("Log scale", "Loss on a logarithmic scale")
        self.all = button("Fit", "Fit and follow the data (0, or a double click)", "Fit the data")
        self.caption = note("Smoothing")
        self.caption.setBuddy(self.smoothing)
        smooth = self.caption, self.smoothing, self.weight
        self.head, inside = QWidget(), flow(self.stage, self.which, None, *smooth, self.log, self.all)
        inside.setContentsMargins(0, 0, 0, 0)
        self.head.setLayout(inside)
        self.stage.hide()  # until there is one
        parts = self.loss_plot, self.accuracy_plot, self.legend
        self.body = splitter(*parts, stretch=(1, 1, 1), sizes=[240, 220, 270])
        column(self.head, self.body, parent=self, stretch=[self.body])
        self._connect()

    def begin_run(self, tasks: Sequence[str] = ()) -> None:
        """Remove all curves; the order of `tasks` decides their colours."""
        self.losses.clear()
        self.accuracies.clear()
        self.stage.clear()
        self.stage.hide()
        self.legend.clear_tasks()
        self._places, self._follows, self._of_runs = {}, True, set()
        self._add_tasks(tasks)
        self._later()

    def show_tasks(self, tasks: Sequence[str]) -> None:
        """Set the tasks of the project: curves and names of tasks that were removed or renamed go."""
        if self._places.keys() <= {*tasks, *self._of_runs}:
            return
        hidden = self._places.keys() - self.legend.shown()
        for book in (self.losses, self.accuracies):
            book.keep([*tasks, *self._of_runs])
        self.legend.clear_tasks()
        others = {name: place for name, place in self._places.items() if name in self._of_runs}
        self._places = {}
        self._add_tasks(tasks)
        self._places |= others
        self.legend.show_tasks(self._places)
        self.legend.tick(self._places.keys() - hidden)
        self._show_rows()
        self._later()

    def add_step(self, event: "Stepped") -> None:
        """Add the losses of a training step, and at the end of an epoch the validation accuracies."""
        stage = stage_of(event.phase, event.note)
        self._add_tasks(event.report.losses)
        self._add_stage(stage)
        for task, loss in event.report.losses.items():
            self.losses.append(CurveKey(stage, task), event.report.step, loss)
        if event.report.group and event.report.group.validation:
            for task, accuracy in event.report.group.validation[-1].items():
                self.accuracies.append(CurveKey(stage, task), event.report.epoch, 100 * accuracy)
        self._later()

    def add_resumed(self, event: "TrainingResumed") -> None:
        """Show the steps and epochs that an earlier run has done of a training that goes on."""
        stage = stage_of(event.phase, event.note)
        self._add_tasks(event.members)
        self._add_stage(stage)
        validation = event.group.validation if event.group else ()
        for task, losses in event.losses.items():
            key, drawn = CurveKey(stage, task), np.isfinite(losses)
            self.losses.put(key, np.stack([1 + np.flatnonzero(drawn), losses[drawn]]))
            scores = [(epoch, 100 * found[task]) for epoch, found in enumerate(validation, 1) if task in found]
            self.accuracies.put(key, np.array(scores).reshape(-1, 2).T)
        self._later()

    def add_group(self, group: "TrainedGroup") -> None:
        """Replace the training curves of a group's tasks by those of a group from the cache."""
        self._add_tasks(group.members)
        self._add_stage(STAGES["training"])
        for task in group.members:
            key = CurveKey(STAGES["training"], task)
            scores = [(epoch, 100 * found[task]) for epoch, found in enumerate(group.validation, 1) if task in found]
            self.losses.put(key, group.losses.get(task, np.zeros((2, 0))))
            self.accuracies.put(key, np.array(scores).reshape(-1, 2).T)
        self._later()

    def add_affinity(self, losses: Mapping[str, np.ndarray]) -> None:
        """Show stage 1 from the cache: steps and losses (2, n) of every task."""
        self._add_tasks(losses)
        if self.stage.count() and self.stage.findText(STAGES["affinity"]) < 0:
            self.stage.insertItem(0, STAGES["affinity"], STAGES["affinity"])  # the stage shown stays
        self._add_stage(STAGES["affinity"])
        for task, points in losses.items():
            self.losses.put(CurveKey(STAGES["affinity"], task), points)
        self._later()

    def show_remembered(self, curves: "PastCurves") -> None:
        for book, found, scale in ((self.losses, curves.losses, 1), (self.accuracies, curves.accuracies, 100)):
            for (phase, words, task), points in found.items():
                stage = stage_of(phase, words)
                self._add_tasks([task])
                self._add_stage(stage)
                book.put(CurveKey(stage, task), points * np.array([[1], [scale]]))
        self.stage.setCurrentText(STAGES["training"])
        self._later()

    def show_runs(self, runs: Sequence[tuple[str, "PastCurves"]]) -> None:
        """Show the trainings of runs over each other, by titles: colours are of the tasks, dashes of the runs."""
        for book in (self.losses, self.accuracies):
            book.keep([name for name in self._places if name not in self._of_runs])
        tasks = [name for name in self._places if name not in self._of_runs]
        self.legend.clear_tasks()
        self._places, self._of_runs = {name: self._places[name] for name in tasks}, set()
        own = {name: number for number, name in enumerate(tasks)}
        titles = [title for title, _ in runs]
        for number, (title, curves) in enumerate(runs):
            told = title if titles.count(title) == 1 else f"{title} ({curves.run})"
            for book, found, scale in ((self.losses, curves.losses, 1), (self.accuracies, curves.accuracies, 100)):
                for (phase, words, task), points in found.items():
                    if stage_of(phase, words) == STAGES["training"]:
                        name = f"{told} · {task}"
                        self._places[name] = Line(own.setdefault(task, len(own)), number)
                        self._of_runs.add(name)
                        book.put(CurveKey(RUNS, name), points * np.array([[1], [scale]]))
        self.legend.show_tasks(self._places)
        self._add_stage(RUNS)
        self._follows = False
        self.stage.setCurrentText(RUNS)
        self._show_rows()
        self._later()

    @property
    def drawn(self) -> bool:
        return any(book.of(self.stage.currentText()) for book in (self.losses, self.accuracies))

    def figure(self) -> "CurvesView":
        """A copy of the view without its controls, for a figure of any size."""
        made = CurvesView()
        made.begin_run(list(self._places))
        made._places, made._of_runs = dict(self._places), set(self._of_runs)
        made.legend.show_tasks(made._places)
        made.legend.restyle()
        made.losses, made.accuracies = self.losses, self.accuracies
        made._add_stage(self.stage.currentText())
        losses = self.losses.of(self.stage.currentText())  # a group from the cache has none
        made.which.setCurrentText(self.which.currentText() if losses else ACCURACY)
        made.smoothing.setValue(self.smoothing.value())
        made.log.setChecked(self.log.isChecked())
        made.legend.tick(self.legend.shown())
        made._show_rows()
        made.legend.keep_shown()
        made.head.hide()
        return made

    def redraw(self) -> None:
        self._redraw.stop()
        shown, stage = self.legend.shown(), self.stage.currentText()
        weight = self.smoothing.value() / 1000
        pairs = (self.loss_plot, self.losses, weight), (self.accuracy_plot, self.accuracies, 0.0)
        for plot, book, smoothing in pairs:
            there = book.of(stage)
            curves = {key: curve for key, curve in there.items() if key.task in shown}
            plot.show_reason(NO_TASK if there and not curves else "")
            plot.draw(curves, self._places, smoothing)
        self._show_values()

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        super().showEvent(event)
        self._later()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        self.legend.show_room(self.width())
        if narrow == self.caption.isHidden():
            return
        for widget in (self.caption, self.weight):
            widget.setHidden(narrow)
        self.smoothing.setMaximumWidth(60 if narrow else 120)
        self.legend.show_narrow(narrow)
        plots = (self.width() - self.legend.minimumWidth()) // 2
        self.body.setSizes([plots, plots, self.legend.minimumWidth()])

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        super().hideEvent(event)
        self._redraw.stop()

    def _add_tasks(self, tasks: Iterable[str]) -> None:
        fresh = [task for task in tasks if task not in self._places]
        if fresh:
            there = len(self._places) - len(self._of_runs)
            self._places |= {task: there + n for n, task in enumerate(fresh)}
            self.legend.show_tasks(self._places)
            self._show_rows()

    def _add_stage(self, stage: str) -> None:
        if self.stage.findText(stage) < 0:
            self.stage.addItem(stage, stage)
            self.stage.show()
            if self._follows:
                self.stage.setCurrentText(stage)

    def _later(self) -> None:
        if self.isVisible() and not self._redraw.isActive():
            self._redraw.start()

    def _connect(self) -> None:
        self.stage.activated.connect(self._stage_chosen)
        self.stage.currentIndexChanged.connect(self._later)
        self.stage.currentIndexChanged.connect(self._show_rows)
        self.which.currentTextChanged.connect(lambda which: self.loss_plot.setVisible(which != ACCURACY))
        self.which.currentTextChanged.connect(lambda which: self.accuracy_plot.setVisible(which != LOSS))
        self.smoothing.valueChanged.connect(self._smooth)
        self.log.toggled.connect(self.loss_plot.set_logarithmic)
        self.legend.shown_changed.connect(self._later)
        self.all.clicked.connect(self.loss_plot.fit)
        self.all.clicked.connect(self.accuracy_plot.fit)
        self.loss_plot.hovered.connect(self._hover_loss)
        self.accuracy_plot.hovered.connect(self._hover_accuracy)

    def _show_rows(self) -> None:
        """In the legend, the compared runs or the tasks, whichever the stage is of."""
        compared = self.stage.currentText() == RUNS
        self.legend.show_only({name for name in self._places if (name in self._of_runs) == compared})

    def _stage_chosen(self, index: int) -> None:
        self._follows = index == self.stage.count() - 1

    def _smooth(self, value: int) -> None:
        self.weight.setText(f"{value / 1000:.2f}")
        self._later()

    def _hover_loss(self, step: float) -> None:
        self.loss_plot.show_cursor(step)
        self._show_values(step, math.nan)

    def _hover_accuracy(self, epoch: float) -> None:
        self.accuracy_plot.show_cursor(epoch)
        self._show_values(math.nan, epoch)

    def _show_values(self, step: float = math.nan, epoch: float = math.nan) -> None:
        losses = {key.task: value for key, value in self.loss_plot.values_at(step).items()}
        scores = {key.task: value / 100 for key, value in self.accuracy_plot.values_at(epoch).items()}
        self.legend.show_values(losses, scores)


def stage_of(phase: str, note: str) -> str:
    """The title of a phase, or of the control that its note names, in the list of stages."""
    return STAGES.get(phase) or method_title(note.partition(":")[0] or "control")
