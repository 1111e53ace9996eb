"""All views of the window: the board in the middle, every other one in a dock around it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.affinity.view import HeatmapView
from mmap_studio.ui.board.view import BoardView
from mmap_studio.ui.curves.view import CurvesView
from mmap_studio.ui.docks.dock import Dock
from mmap_studio.ui.docks.docks import Docks
from mmap_studio.ui.export.clipboard import offer_copies
from mmap_studio.ui.images.view import GalleryView
from mmap_studio.ui.kit.panel import Panel, link
from mmap_studio.ui.map.view import Background, MapView
from mmap_studio.ui.panels.facts import RunFacts
from mmap_studio.ui.panels.log_view import LogView
from mmap_studio.ui.panels.settings import SettingsForm
from mmap_studio.ui.panels.tasks_panel import TasksPanel
from mmap_studio.ui.results.confusion_view import ConfusionView
from mmap_studio.ui.results.view import ResultsView


class Views(Docks):
    """Holds the views; knows nothing of what they show."""

    def __init__(self, studio: Studio, background: Background | None = None) -> None:
        self.tasks, self.heatmap, self.board = TasksPanel(), HeatmapView(heading=False), BoardView(studio.board)
        self.settings, self.facts = SettingsForm(), RunFacts()
        self.curves, self.results, self.log = CurvesView(), ResultsView(), LogView()
        self.gallery, self.confusion = GalleryView(studio.selection), ConfusionView(studio.selection)
        self.map = MapView(studio.selection, self.gallery.thumbnails, background)
        self.add = link("+ add folder", "Add folders of images as tasks; or drop them on the window")
        self._homes: dict[QWidget, QWidget] = {
            self.heatmap: self.heatmap.plot, self.curves: self.curves.legend, self.gallery: self.gallery.grid,
            self.map: self.map.before, self.log: self.log.table, self.results: self.results.table,
            self.confusion: self.confusion.matrix,
        }  # fmt: skip
        super().__init__(Panel("", self.board), self._docks())
        self.docks["confusion"].visibilityChanged.connect(self.confusion.look)
        offer_copies(self)

    def show_view(self, view: QWidget) -> None:
        """Bring a view to the front and the keyboard to it."""
        for dock in self.docks.values():
            if dock is not view and dock.isAncestorOf(view):
                dock.bring()
                if dock.isFloating():
                    dock.activateWindow()
        home = self._homes.get(view, view)  # where arrows do something
        (home if home.isVisible() else view).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _docks(self) -> tuple[Dock, ...]:
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.settings, 1)
        column.addWidget(self.facts)
        return (
            Dock("tasks", "Tasks", self.tasks, self.add),
            Dock("affinity", "Affinity", self.heatmap, self.heatmap.header),
            Dock("settings", "Settings", side),
            Dock("curves", "Curves", self.curves),
            Dock("images", "Images", self.gallery),
            Dock("map", "Map", self.map),
            Dock("log", "Log", self.log),
            Dock("results", "Results", self.results),
            Dock("confusion", "Confusion", self.confusion),
        )
