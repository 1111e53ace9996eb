"""The controls around the heatmap: what it shows, the cell under the cursor in words, and the replay."""

from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QMenu, QSlider, QToolButton, QWidget

from mmap_studio.ui.affinity.matrix import ORDERS
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import button, described, flow, marked, note, row
from mmap_studio.ui.kit.elided import ElidedButton, ElidedLabel
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text, number_label
from mmap_studio.ui.kit.words import WORDS

MEASURED = {"exact": "exact", "first_order": "first-order", "training": "by training"}
"""Titles of the ways to measure affinity, by `AffinitySettings.how`."""
NARROW, SLIDER = 420, (40, 110)
"""Pixels below which text and replay are two lines; least and most of the slider."""
BEAT, LONGEST, LASTS = (66, 400), 90, 3000
"""Least and most milliseconds between two frames of a replay, its frames at most, and its length in milliseconds."""
_TIPS = {
    "exact": f"Exact: losses computed after every look-ahead. {WORDS['Look-ahead']}",
    "first_order": f"First-order estimate of the look-ahead, from gradients alone. {WORDS['Look-ahead']}",
    "training": f"By training: {WORDS['Affinity by training']}",
}


class ChoiceButton(ElidedButton):
    """A quiet button with a menu of exclusive entries; signal `chosen(key)`."""

    chosen = Signal(str)

    def __init__(self, name: str, tip: str, entries: Mapping[str, str]) -> None:
        super().__init__()
        described(self, name, tip).setProperty("kind", "link")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu, group = QMenu(self), QActionGroup(self)
        self._actions: dict[str, QAction] = {}
        for key, title in entries.items():
            action = menu.addAction(title)
            action.setCheckable(True)
            action.setData(key)
            group.addAction(action)
            self._actions[key] = action
        group.triggered.connect(lambda action: self.choose(action.data()))
        self.setMenu(menu)
        self.show_key(next(iter(entries)))

    def choose(self, key: str) -> None:
        if key != self.key:
            self.show_key(key)
            self.chosen.emit(key)

    def show_key(self, key: str, more: str = "") -> None:
        """Show an entry without a signal, with `more` behind its title."""
        self.key = key
        self._actions[key].setChecked(True)
        self.setText(f"{self._actions[key].text()}{more} ▾")


class HeatmapHeader(QWidget):
    """Signals: `changed()`, and `how_wanted` with one of `MEASURED` for another way to measure."""

    changed = Signal()
    how_wanted = Signal(str)

    def __init__(self, heading: bool = True) -> None:
        super().__init__()
        title = label("AFFINITY (SOURCE → RECIPIENT)", "heading")
        title.setVisible(heading)
        self.measured = ChoiceButton("How it was measured", "", MEASURED)
        self.measured.hide()
        self.measured.chosen.connect(self.how_wanted)
        tip = f"Raw: {WORDS['Affinity']}. Normalised: {WORDS['Normalised affinity']}"
        self.scale = ChoiceButton("Scale", tip, {"normalised": "normalised", "raw": "raw"})
        tip = "Mean of all measurements, or the latest one alone"
        self.kind = ChoiceButton("Measurement", tip, {"mean": "mean", "latest": "latest"})
        self.order = ChoiceButton("Order", "Order of rows and columns", ORDERS)
        layout = flow(title, None, self.measured, self.scale, self.kind, self.order)
        layout.setSpacing(theme.XS)
        self.setLayout(layout)
        for choice in (self.scale, self.kind, self.order):
            choice.chosen.connect(lambda _key: self.changed.emit())

    def show_measured(self, how: str | None, other: str = "") -> None:
        """Show one of `MEASURED` or nothing; `other` says in which settings the measurement differs from now."""
        self.measured.setVisible(how is not None)
        if how is not None:
            self.measured.show_key(how, ", other settings" if other else "")
            self.measured.setToolTip(as_text(f"{_TIPS[how]}. {other}" if other else _TIPS[how]))


class HeatmapFooter(QWidget):
    """Signal `sought(frame)`: the user or the replay goes to a frame."""

    sought = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.words = described(ElidedLabel(), "Cell under the cursor")
        self.value = described(number_label(), "Value of the cell under the cursor")
        for text in (self.words, self.value):
            text.setFont(theme.font())
        self.play = button("▶", "Replay the measurement", "Replay")
        self.play.setCheckable(True)
        self.slider = described(QSlider(Qt.Orientation.Horizontal), "Step", "Go to a step of the measurement")
        self.slider.setMinimumWidth(SLIDER[0])
        self.slider.setMaximumWidth(SLIDER[1])
        self.step = described(note(), "Step shown")
        self._lines = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(theme.XS)
        self._lines.addLayout(row(self.words, self.value, None), 1)
        self._lines.addLayout(row(self.play, self.slider, self.step))
        self._beat = QTimer(self)
        self._beat.timeout.connect(self._advance)
        self.play.toggled.connect(self._run)
        self.slider.valueChanged.connect(self.sought)
        self.show_frames(0, 0)

    @property
    def playing(self) -> bool:
        return self._beat.isActive()

    @property
    def beat(self) -> int:
        """Milliseconds a frame: few frames are shown slowly, many fast, so that a replay takes about `LASTS`."""
        return min(max(LASTS // max(1, self.slider.maximum()), BEAT[0]), BEAT[1])

    @property
    def at_end(self) -> bool:
        """Whether the last frame is shown, so that the view follows new ones."""
        return self.slider.value() >= self.slider.maximum()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """In a narrow panel the replay goes below the text."""
        directions = QBoxLayout.Direction
        self._lines.setDirection(directions.TopToBottom if self.width() < NARROW else directions.LeftToRight)

    def show_frames(self, count: int, at: int) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(0, count - 1))
            self.slider.setValue(at)
        for widget in (self.play, self.slider):
            widget.setVisible(count > 1)

    def show_step(self, step: int | None, steps: int) -> None:
        """Show which of how many steps the frame is of; None for no frame."""
        self.step.setText("" if step is None else f"step {step:,} / {steps:,}")
        widest = f"step {steps:,} / {steps:,}"  # or the pause button would move as the step grows
        self.step.setMinimumWidth(self.step.fontMetrics().horizontalAdvance(widest))

    def say(self, words: str, value: str = "") -> None:
        """Show a cell and its value as rich text; without a value, a hint."""
        self.words.setText(words)
        marked(self.words, "role", "" if value else "muted")
        self.value.setText(value)

    def stop(self) -> None:
        self.play.setChecked(False)

    def _run(self, on: bool) -> None:
        self.play.setText("❚❚" if on else "▶")
        self.play.setAccessibleName("Pause the replay" if on else "Replay")
        if on:
            if self.at_end:
                self.slider.setValue(0)
            self._beat.start(self.beat)
        else:
            self._beat.stop()

    def _advance(self) -> None:
        self.slider.setValue(self.slider.value() + max(1, self.slider.maximum() // LONGEST))
        if self.at_end:
            self.stop()
