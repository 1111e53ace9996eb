"""The plots of a comparison as they fill: the same figures as in the report, one at a time."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSignalBlocker
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QWidget

from mmap_studio.session.compare import plots, tables
from mmap_studio.session.compare.plots import Plot
from mmap_studio.session.compare.svg import image
from mmap_studio.ui.compare.figure import FigureView, Run
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import button, column, combo, note, refill, row
from mmap_studio.ui.kit.plain_text import copy_text

if TYPE_CHECKING:
    from mmap_studio.session.compare.live.evidence import Findings

EMPTY = "No plot yet. The first is drawn when two methods have a trial."
COPY_DPI = 216
"""Of an image that is copied: about 1,600 pixels across."""


class PlotsPage(QWidget):
    """A list of the plots that there are numbers for, and one of them."""

    def __init__(self, run: Run) -> None:
        super().__init__()
        self.evidence: Findings | None = None
        self._run = run
        self._titles: dict[str, str] = {}
        self._made: dict[plots.Ink, list[Plot]] = {}
        """The plots of the evidence, by their colours."""
        self._number = 0
        self.which = combo("Plot", "The plot that is shown", yields=True)
        self.before = button("‹", "The plot before this one", "Previous plot")
        self.after = button("›", "The next plot", "Next plot")
        self.figure, self.empty = FigureView(run), note(EMPTY, centred=True)
        head = row(self.before, self.which, self.after, stretch=[self.which])
        column(head, self.figure, self.empty, parent=self, stretch=[self.figure, self.empty], spacing=theme.XS)
        self.which.currentIndexChanged.connect(self._draw)
        self.before.clicked.connect(lambda: self.turn(-1))
        self.after.clicked.connect(lambda: self.turn(1))
        self.figure.turned.connect(self.turn)
        theme.changed.connect(self._draw)
        self._show_list([])

    def show_evidence(self, found: "Findings | None") -> None:
        """Show the plots of these trials; the one that is shown stays, as long as there are numbers for it."""
        if found is self.evidence:
            return
        self.evidence, self._made = found, {}
        self._number += 1
        self._show_list(self.available())
        self._draw()

    def available(self, ink: plots.Ink = plots.LIGHT) -> list[Plot]:
        """Every plot that there are numbers for."""
        found = self.evidence
        if found is None or len({row.method for row in found.rows}) < 2:
            return []
        if ink not in self._made:
            best = {one.amount: one.best for one in found.answer.amounts}
            self._made[ink] = plots.plots(found.comparison, found.rows, best, ink)
        return self._made[ink]

    def turn(self, step: int) -> None:
        """The next plot, or the one before, in a circle."""
        if self.which.count():
            self.which.setCurrentIndex((self.which.currentIndex() + step) % self.which.count())

    def copy_image(self) -> None:
        """Copy the plot in the light colours, drawn in another thread."""
        plot = self._shown(plots.LIGHT)
        if plot is not None:
            self._run(lambda: image(plot.draw(), "png", dpi=COPY_DPI, facecolor="white"), _to_clipboard, lambda e: None)

    def copy_numbers(self) -> None:
        """Copy the figures that the plots show, for a spreadsheet."""
        if self.evidence is not None:
            copy_text(tables.summary_csv(self.evidence.rows, "\t"))

    def _shown(self, ink: plots.Ink) -> Plot | None:
        name = self.which.currentData()
        return next((one for one in self.available(ink) if one.name == name), None)

    def _show_list(self, found: list[Plot]) -> None:
        titles = {one.title: one.name for one in found}
        if titles != self._titles:
            self._titles = titles
            with QSignalBlocker(self.which):
                refill(self.which, titles)
        for part in (self.figure, self.which, self.before, self.after):
            part.setVisible(bool(found))
        self.empty.setVisible(not found)

    def _draw(self) -> None:
        plot = self._shown(plots.DARK if theme.current().dark else plots.LIGHT)
        words = self.evidence.answer.text if self.evidence is not None else ""
        self.figure.show_plot(plot, str(self._number), words)


def _to_clipboard(png: bytes) -> None:
    QGuiApplication.clipboard().setImage(QImage.fromData(png))
