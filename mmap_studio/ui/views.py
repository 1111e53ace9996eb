"""All views of the window and how they lie: four panels above, two rows of tabs below."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from mmap_studio.session.studio import Studio
from mmap_studio.ui import theme
from mmap_studio.ui.board import BoardView
from mmap_studio.ui.confusion import ConfusionView
from mmap_studio.ui.curves import CurvesView
from mmap_studio.ui.gallery import GalleryView
from mmap_studio.ui.heatmap import HeatmapView
from mmap_studio.ui.log import LogView
from mmap_studio.ui.map_view import Background, MapView
from mmap_studio.ui.memory import Memory
from mmap_studio.ui.panel import Panel, link
from mmap_studio.ui.results import ResultsView
from mmap_studio.ui.run_facts import RunFacts
from mmap_studio.ui.settings_form import SettingsForm
from mmap_studio.ui.tasks_panel import TasksPanel

TOP, BOTTOM, WHOLE = [230, 500, 380, 270], [690, 690], [560, 300]
"""Sizes of the splitters at first, in pixels; stretched in proportion."""


class Views(QWidget):
    """Holds the views; knows nothing of what they show."""

    def __init__(self, studio: Studio, background: Background | None = None) -> None:
        super().__init__()
        self.tasks, self.heatmap, self.board = TasksPanel(), HeatmapView(), BoardView(studio.board)
        self.settings, self.facts = SettingsForm(), RunFacts()
        self.curves, self.results, self.log = CurvesView(), ResultsView(), LogView()
        self.gallery, self.confusion = GalleryView(studio.selection), ConfusionView(studio.selection)
        self.map = MapView(studio.selection, self.gallery.thumbnails, background)
        self.add = link("+ add folder", "Add folders of images as tasks; or drop them here")
        self._lower = _tabs("Views of a run"), _tabs("Views of results")
        run_views: dict[str, QWidget] = {
            "Curves": self.curves, "Images": self.gallery, "Map": self.map, "Log": self.log,
        }  # fmt: skip
        result_views: dict[str, QWidget] = {"Results": self.results, "Confusion": self.confusion}
        for tabs, views in zip(self._lower, (run_views, result_views), strict=True):
            for title, view in views.items():
                tabs.addTab(view, title)
        self.top, self.bottom, self.whole = _splitter(True), _splitter(True), _splitter(False)
        self._lay_out()

    def show_view(self, view: QWidget) -> None:
        """Bring a tab to the front and the keyboard to it."""
        for tabs in self._lower:
            if tabs.indexOf(view) >= 0:
                tabs.setCurrentWidget(view)
        view.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def remember(self, memory: Memory) -> None:
        """Keep the splitters."""
        for name in ("top", "bottom", "whole"):
            memory.keep(f"layout/{name}", getattr(self, name).saveState())

    def recall(self, memory: Memory) -> None:
        """Put the splitters where they were."""
        for name in ("top", "bottom", "whole"):
            state = memory.bytes(f"layout/{name}")
            if state is not None:
                getattr(self, name).restoreState(state)

    def reset(self) -> None:
        """Everything where it was at first."""
        for splitter, sizes in ((self.top, TOP), (self.bottom, BOTTOM), (self.whole, WHOLE)):
            splitter.setSizes(sizes)

    def _lay_out(self) -> None:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.settings, 1)
        column.addWidget(self.facts)
        for panel in (
            Panel("Tasks", self.tasks, self.add),
            Panel("", self.heatmap),
            Panel("", self.board),
            Panel("Settings", side),
        ):
            self.top.addWidget(panel)
        for tabs in self._lower:
            self.bottom.addWidget(Panel("", tabs))
        self.whole.addWidget(self.top)
        self.whole.addWidget(self.bottom)
        for place, weight in enumerate((0, 3, 2, 0)):
            self.top.setStretchFactor(place, weight)
        self.whole.setStretchFactor(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.whole)
        self.reset()


def _splitter(horizontal: bool) -> QSplitter:
    made = QSplitter(Qt.Orientation.Horizontal if horizontal else Qt.Orientation.Vertical)
    made.setHandleWidth(theme.S)
    made.setChildrenCollapsible(False)
    return made


def _tabs(name: str) -> QTabWidget:
    made = QTabWidget()
    made.setAccessibleName(name)
    made.setDocumentMode(True)
    made.tabBar().setDrawBase(False)
    made.tabBar().setAccessibleName(name)
    return made
