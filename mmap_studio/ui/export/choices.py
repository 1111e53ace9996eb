"""What can be exported now: the options of the dialog, their files, and how each file is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from mmap_studio.session.compare.plots import Plot
from mmap_studio.session.compare.report import write_report
from mmap_studio.session.compare.svg import image
from mmap_studio.session.studio import exports
from mmap_studio.session.studio.exports import Write
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.compare.plots_page import PlotsPage
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.export import figures
from mmap_studio.ui.export.view_figures import curves_figure, heatmap_figure
from mmap_studio.ui.kit.paths import is_there

SUFFIXES = (".png", ".svg", ".pdf")
MANY = 8
"""Names that are told at most."""
Prepare = Callable[[], Write]
"""Called in the window's thread, and quick; the `Write` that it returns is called in another."""


@dataclass(frozen=True)
class ExportOption:
    """One tick box of the dialog."""

    title: str
    files: Mapping[str, Prepare]
    """By name in the folder; a name that ends in "/" is a folder."""

    @property
    def names(self) -> str:
        *first, last = self.files
        if len(first) >= MANY:
            return f"{len(self.files)} files: {', '.join(first[:3])} …"
        return f"{', '.join(first)} and {last}" if first else last

    def replaced(self, folder: Path) -> list[str]:
        return [name for name in self.files if is_there(folder / name)]


def choices(studio: Studio, views: Views) -> list[ExportOption]:
    found = []
    prompts, results = exports.prompts(studio), views.results
    if prompts is not None:
        found.append(ExportOption(f"Prompts {prompts.words}", _ready({exports.FOLDER: prompts.write})))
    found.append(ExportOption("Affinity", _ready(exports.affinity(studio))))
    if views.heatmap.shown is not None:
        found.append(_figure("Heatmap, as shown", "heatmap", lambda: heatmap_figure(views.heatmap)))
    if results.shown():
        tables = {"csv": results.as_text, "json": results.as_json, "tex": results.as_latex, "md": results.as_markdown}
        names = {f"results.{suffix}": text for suffix, text in tables.items()}
        files = {name: lambda name=name, text=text: exports.file(name, text()) for name, text in names.items()}
        found.append(ExportOption("Results, as shown", files))
    if views.curves.drawn:
        found.append(_figure("Curves, as shown", "curves", lambda: curves_figure(views.curves)))
    found += _comparison(views.compare.plots)
    found.append(ExportOption("Groups on the board", _ready(exports.grouping(studio))))
    return [one for one in found if one.files]


def _comparison(shown: PlotsPage) -> list[ExportOption]:
    """The report of the comparison with its tables, and its plots, drawn and written in another thread."""
    evidence, plots = shown.evidence, shown.available()
    if evidence is None or not plots:
        return []
    report = {"comparison/": lambda folder: write_report(evidence.comparison, folder / "comparison", replace=True)}

    def drawn(plot: Plot, name: str) -> Write:
        return lambda folder: exports.file(name, image(plot.figure, name.rpartition(".")[2]))(folder)

    names = {f"comparison-{plot.name}{suffix}": plot for plot in plots for suffix in SUFFIXES}
    files = {name: drawn(plot, name) for name, plot in names.items()}
    return [ExportOption("Comparison: report", _ready(report)), ExportOption("Comparison: plots", _ready(files))]


def _ready(files: Mapping[str, Write]) -> dict[str, Prepare]:
    def prepared(write: Write) -> Prepare:
        return lambda: write

    return {name: prepared(write) for name, write in files.items()}


def _figure(title: str, name: str, make: Callable[[], QWidget]) -> ExportOption:
    def render(suffix: str) -> Write:
        view = make()  # anew for every file: it takes milliseconds, and nothing is kept between two files
        try:
            return exports.file(f"{name}{suffix}", figures.render(view, suffix))
        finally:
            view.hide()
            view.deleteLater()

    return ExportOption(title, {f"{name}{suffix}": partial(render, suffix) for suffix in SUFFIXES})
