"""The affinity heatmap: live during a run, replayed, and lit together with the board."""

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QWidget

from mmap_studio.ui.affinity.controls import HeatmapFooter, HeatmapHeader
from mmap_studio.ui.affinity.matrix import (
    DisplayedMatrix,
    Frame,
    Replay,
    decimals,
    displayed,
    number,
    ordered,
    symmetric_range,
)
from mmap_studio.ui.affinity.plot import HeatmapPlot
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column, described, note
from mmap_studio.ui.kit.plain_text import as_text

if TYPE_CHECKING:
    from mmap_studio.method.affinity.meter import AffinityEstimate
    from mmap_studio.method.grouping.grouping import Grouping

PACE = 66
"""Milliseconds between two drawings at least: 15 a second."""
_DASHED = "Dashed: no evidence that these groups do better than all together"
_HINT = "Point at a cell to see how much the task of its row helps the task of its column"
_HINT_DASHED = f"{_HINT}\n{_DASHED}"


class HeatmapView(QWidget):
    """Rows are sources, columns recipients. Signal `hovered(source, recipient)`: task names, empty for no cell."""

    hovered = Signal(str, str)

    def __init__(self, heading: bool = True) -> None:
        super().__init__()
        self.setAccessibleName("Affinity heatmap")
        self.replay = Replay()
        self._grouping: Grouping | None = None
        self._steps = 0
        self._at = -1
        self._lit: tuple[str, ...] = ()
        self._reach: dict[object, float] = {}
        self.header, self.footer = HeatmapHeader(heading), HeatmapFooter()
        self.plot = described(HeatmapPlot(), "Affinity matrix", _HINT)
        words = "No affinity yet. A run shows here how much a training step on one task helps another."
        self.empty = note(words, centred=True)
        self._pace = QTimer(self, singleShot=True, interval=PACE)
        self._dirty = False
        parts = self.header, self.plot, self.empty, self.footer
        column(*parts, parent=self, stretch=parts[1:3], spacing=theme.XS)
        self._pace.timeout.connect(self._paced)
        self.header.changed.connect(self.draw)
        self.footer.sought.connect(self._seek)
        self.plot.pointed.connect(self._point)
        theme.changed.connect(self._restyle)
        self.clear()

    # ---- what it shows

    def append(self, estimate: "AffinityEstimate", step: int, steps: int | None = None) -> None:
        """Add the affinity after a step (of `steps`); drawn at most 15 times a second."""
        follow = self.footer.at_end and not self.footer.playing
        self.replay.append(Frame(step, estimate))
        self._steps = max(step, steps or 0)
        if follow:
            self._at = -1
        self._ask()

    def clear(self) -> None:
        self.footer.stop()
        self.replay.clear()
        self._at, self._steps = -1, 0
        self._reach.clear()
        self.draw()

    def set_grouping(self, grouping: "Grouping | None", certain: bool = True) -> None:
        """Set the groups that are outlined and that the order by group follows; dashed where they are not certain."""
        self._grouping = grouping
        self.plot.cells.certain = certain
        self.plot.cells.update()
        self.draw()

    def set_measured(self, how: str | None, other: str = "") -> None:
        """Show how it was measured: one of `MEASURED` or None; `other` says if with other settings."""
        self.header.show_measured(how, other)

    def light(self, tasks: Collection[str]) -> None:
        self._lit = tuple(tasks)
        self._show_lit()

    @property
    def shown(self) -> DisplayedMatrix | None:
        """The matrix that is drawn; None before anything was measured."""
        return self.plot.shown if self.replay.frames else None

    @property
    def sentence(self) -> str:
        """What the cells show, in words, for a figure."""
        kind = {"mean": "mean of all measurements", "latest": "latest measurement"}[self.header.kind.key]
        step = self.footer.step.text()
        dashed = "" if self.plot.cells.certain else "; dashed: groups without evidence"
        return f"Affinity, {self.header.scale.key}, {kind}, {step}; hatched: not significant{dashed}"

    # ---- drawing

    def _ask(self) -> None:
        self._dirty = True
        if not self._pace.isActive():
            self.draw()
            self._pace.start()

    def _paced(self) -> None:
        if self._dirty:
            self.draw()
            self._pace.start()

    def draw(self) -> None:
        self._dirty = False
        frames = self.replay.frames
        for widget, there in ((self.plot, bool(frames)), (self.empty, not frames), (self.footer, bool(frames))):
            widget.setVisible(there)
        if not frames:
            return
        last = len(frames) - 1
        at = last if self._at < 0 else min(self._at, last)
        self.footer.show_frames(len(frames), at)
        self.footer.show_step(frames[at].step, self._steps)
        self._show(frames[at].estimate, frames[last].estimate)

    def _show(self, estimate: "AffinityEstimate", last: "AffinityEstimate") -> None:
        normalised, latest = self.header.scale.key == "normalised", self.header.kind.key == "latest"
        order = ordered(last, self.header.order.key, self._grouping)
        matrix = displayed(estimate, order, normalised, latest, self._grouping)
        whole = last.matrix("latest" if latest else "mean", normalised)
        key = (normalised, latest)
        self._reach[key] = symmetric_range(whole, self._reach.get(key))
        before = self.plot.shown.tasks
        self.plot.show_matrix(matrix, self._reach[key])
        if matrix.tasks != before:
            self._show_lit()
        self._say()

    def _show_lit(self) -> None:
        tasks = self.shown.tasks if self.shown else ()
        self.plot.show_lit(tuple(row for row, task in enumerate(tasks) if task in self._lit))

    def _restyle(self) -> None:
        self.plot.restyle()
        self._say()

    # ---- what the user does

    def _seek(self, frame: int) -> None:
        self._at = -1 if self.footer.at_end else frame
        self.draw()

    def _point(self, row: int, column: int) -> None:
        self._show_lit()
        self._say()
        tasks = self.shown.tasks if self.shown else ()
        self.hovered.emit(*((tasks[row], tasks[column]) if row >= 0 else ("", "")))

    def _say(self) -> None:
        shown, cursor, muted = self.shown, self.plot.cells.cursor, theme.current().muted
        if shown is None or cursor is None:
            self.footer.say("Point at a cell to see its value")
            self.plot.setToolTip(_HINT if self.plot.cells.certain else _HINT_DASHED)
            return
        row, column = cursor
        source, recipient = shown.tasks[row], shown.tasks[column]
        value, n = _value(shown, row, column, self.plot.reach), shown.counts[row, column]
        doubt = " · not significant" if shown.hatched[row, column] and n else ""
        rest = f"<span style='color:{muted}'>n = {n}{doubt}</span>"
        self.footer.say(f"{source} → {recipient}", f"<b>{value}</b> &nbsp;{rest}")
        self.footer.words.setAccessibleDescription(f"{source} to {recipient}: {value}, n = {n}{doubt}")
        self.plot.setToolTip(as_text(f"{source} → {recipient}\n{value}, n = {n}{doubt}"))

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        super().hideEvent(event)
        self.footer.stop()


def _value(shown: DisplayedMatrix, row: int, column: int, reach: float) -> str:
    digits, value, error = decimals(reach), shown.values[row, column], shown.errors[row, column]
    if not np.isfinite(value):
        return "not measured"
    return number(value, digits) + (f" ± {number(error, digits)}" if np.isfinite(error) else "")
