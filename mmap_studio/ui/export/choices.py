"""What can be exported now: for each choice its files, and for each file how it is made and written."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QWidget

from mmap_studio.session.studio import exports
from mmap_studio.session.studio.exports import Write
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.export import figures
from mmap_studio.ui.export.view_figures import curves_figure, heatmap_figure
from mmap_studio.ui.kit.paths import is_there

SUFFIXES = (".png", ".svg", ".pdf")
Prepare = Callable[[], Write]
"""In the window's thread and quick; what it gives writes in another."""


@dataclass(frozen=True)
class ExportOption:
    """One tick box."""

    title: str
    files: Mapping[str, Prepare]
    """By name in the folder; one that ends in "/" is a folder."""

    @property
    def names(self) -> str:
        """The files in words."""
        *first, last = self.files
        return f"{', '.join(first)} and {last}" if first else last

    def replaced(self, folder: Path) -> list[str]:
        """Those that are in the folder already."""
        return [name for name in self.files if is_there(folder / name)]


def choices(studio: Studio, views: Views) -> list[ExportOption]:
    """Only what there is."""
    found = []
    prompts = exports.prompts(studio)
    if prompts is not None:
        found.append(ExportOption(f"Prompts {prompts.words}", {exports.FOLDER: partial(_same, prompts.write)}))
    found.append(ExportOption("Affinity", _ready(exports.affinity(studio))))
    if views.heatmap.shown is not None:
        found.append(_figure("Heatmap, as it is shown", "heatmap", lambda: heatmap_figure(views.heatmap)))
    if views.results.shown():
        shown = views.results
        tables = {"results.csv": shown.as_text, "results.json": shown.as_json, "results.tex": shown.as_latex,
                  "results.md": shown.as_markdown}  # fmt: skip
        found.append(
            ExportOption("Results, as they are shown", {n: partial(_table, n, of) for n, of in tables.items()})
        )
    if views.curves.drawn:
        found.append(_figure("Curves, as they are shown", "curves", lambda: curves_figure(views.curves)))
    found.append(ExportOption("Groups on the board", _ready(exports.grouping(studio))))
    return [one for one in found if one.files]


def _ready(files: Mapping[str, Write]) -> dict[str, Prepare]:
    return {name: partial(_same, write) for name, write in files.items()}


def _same(write: Write) -> Write:
    return write


def _table(name: str, text: Callable[[], str]) -> Write:
    return exports.file(name, text())


def _figure(title: str, name: str, make: Callable[[], QWidget], suffixes: Iterable[str] = SUFFIXES) -> ExportOption:
    """Made anew for every file: that takes milliseconds, and nothing is kept while the next one is waited for."""

    def render(suffix: str) -> Write:
        view = make()
        try:
            return exports.file(f"{name}{suffix}", figures.render(view, suffix))
        finally:
            view.hide()
            view.deleteLater()

    return ExportOption(title, {f"{name}{suffix}": partial(render, suffix) for suffix in suffixes})
