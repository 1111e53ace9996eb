"""The dialog that says where runs and comparisons are made: in this process, in several, or on a cluster."""

import importlib.util

from PySide6.QtWidgets import QDialog, QWidget

from mmap_studio.errors import InputError
from mmap_studio.session.engines.choice import MOST, RunOn
from mmap_studio.session.runtime.cores import cores
from mmap_studio.ui.kit.controls import combo, described, line_edit
from mmap_studio.ui.kit.dialog import Buttons, button_box, form, lay_out
from mmap_studio.ui.kit.fields import IntegerField, NumberField, inset
from mmap_studio.ui.kit.panel import label

HERE, PROCESSES, CLUSTER = "This process", "Processes on this computer", "A Ray cluster"
WHAT = {
    HERE: "One training after the other, beside the window.",
    PROCESSES: (
        "Trials of a comparison are made at once, and the window has its own process to itself. Two processes take "
        "twice the memory of one, and a run that is paused rests a few hundred steps later."
    ),
    CLUSTER: (
        "HOST:PORT of a Ray cluster that this computer is a node of, or local for one of this computer alone. Project, "
        "images and cache must lie on a disk that all nodes share. A named cluster must ask for a token. "
        "docs/cluster.md has the commands."
    ),
}
INTRO = "For runs and comparisons that begin from now on. With equal threads results are the same bits everywhere."
NO_RAY = "A cluster needs Ray, which is not installed: pip install 'mmap-studio[ray]'."
AUTOMATIC = "automatic"
WIDTH = 560


class RunOnDialog(QDialog):
    """`wanted` says what was chosen once the dialog is accepted."""

    def __init__(self, run_on: RunOn, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Run on")
        self.kind = combo("Run on", "Where runs and comparisons are made", {one: one for one in WHAT})
        self.processes = described(IntegerField(), "Processes", "Trials at a time")
        self.processes.setRange(1, MOST)
        address = "Address of the cluster's head, or local"
        self.cluster = line_edit("Cluster", address, run_on.cluster, "HOST:PORT or local")
        self.threads = described(IntegerField(), "Threads", "Of each process or job; equal threads give equal bits")
        self.threads.setRange(0, 1024)
        self.threads.setSpecialValueText(AUTOMATIC)
        self.share = described(NumberField(), "Share of a GPU", "Part of a GPU and of its memory that each job has")
        self.share.setRange(0, 1)
        self.share.setSpecialValueText(AUTOMATIC)
        self.what = label("", "muted", "What that means", wrap=True)
        self.problem = label("", "bad", "What is wrong", wrap=True)
        self.buttons = button_box(self)
        self.fields = form()
        for field in (self.kind, self.processes, self.cluster, self.threads, self.share):
            self.fields.addRow(field.accessibleName(), field)
        lay_out(self, label(INTRO, wrap=True), self.fields, self.what, self.problem, self.buttons)
        self.setMinimumWidth(WIDTH)
        self._show(run_on)
        self.kind.currentIndexChanged.connect(self._changed)
        self.cluster.textChanged.connect(self._changed)
        for number in (self.processes, self.threads, self.share):
            inset(number.lineEdit())
            number.valueChanged.connect(self._changed)
        self._changed()

    @property
    def wanted(self) -> RunOn:
        kind = self.kind.currentText()
        threads = self.threads.value() or None
        if kind == PROCESSES:
            return RunOn(self.processes.value(), threads=threads)
        if kind == CLUSTER:
            return RunOn(None, self.cluster.text().strip(), threads, self.share.value() or None)
        return RunOn()

    def _show(self, run_on: RunOn) -> None:
        kind = CLUSTER if run_on.cluster else HERE if run_on.processes is None else PROCESSES
        self.kind.setCurrentText(kind)
        self.processes.setValue(run_on.processes or max(2, cores() - 1))
        self.threads.setValue(run_on.threads or 0)
        self.share.setValue(run_on.gpu_share or 0)

    def _changed(self) -> None:
        kind = self.kind.currentText()
        shown = {self.processes: kind == PROCESSES, self.cluster: kind == CLUSTER, self.threads: kind != HERE,
                 self.share: kind == CLUSTER}  # fmt: skip
        for field, there in shown.items():
            self.fields.setRowVisible(field, there)
        self.what.setText(WHAT[kind])
        problem = self._problem(kind)
        self.problem.setText(problem)
        self.problem.setVisible(bool(problem))
        unsaid = kind == CLUSTER and not self.cluster.text().strip()
        ok = self.buttons.button(Buttons.Ok)
        ok.setEnabled(not problem and not unsaid)
        ok.setDefault(ok.isEnabled())  # it would be drawn as one that can be pressed

    def _problem(self, kind: str) -> str:
        """One sentence; empty where it can be meant, or is still to be written."""
        if kind == CLUSTER and importlib.util.find_spec("ray") is None:
            return NO_RAY
        if kind == CLUSTER and not self.cluster.text().strip():
            return ""
        try:
            self.wanted.check()
        except InputError as error:
            return str(error)
        return ""
