"""All views of the window and what one does to another: the board in the middle, the others in docks around it."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QWidget

from mmap_studio.session.explore.selection import ImageRef
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.affinity.view import HeatmapView
from mmap_studio.ui.board.view import BoardView
from mmap_studio.ui.compare.view import CompareView
from mmap_studio.ui.curves.view import CurvesView
from mmap_studio.ui.docks.dock import Dock
from mmap_studio.ui.docks.docks import Docks
from mmap_studio.ui.explain.why_view import WhyView
from mmap_studio.ui.images.view import GalleryView
from mmap_studio.ui.images.viewer import Viewer
from mmap_studio.ui.kit.controls import button, column
from mmap_studio.ui.kit.panel import Panel
from mmap_studio.ui.map.view import MapView
from mmap_studio.ui.panels.facts import RunFacts
from mmap_studio.ui.panels.log_view import LogView
from mmap_studio.ui.panels.settings import SettingsForm
from mmap_studio.ui.panels.tasks_panel import TasksPanel
from mmap_studio.ui.results.confusion_view import ConfusionView
from mmap_studio.ui.results.view import ResultsView
from mmap_studio.ui.runs.view import RunsView

TAKEN_OUT = 1100, 760
"""Pixels of the comparison in a window of its own, at least."""


class Views(Docks):
    """All views of one window; what they show comes from the presenter."""

    def __init__(self, studio: Studio, background: BackgroundRunner) -> None:
        self._background = background
        self.tasks, self.heatmap = TasksPanel(), HeatmapView(heading=False)
        self.board = BoardView(studio.board, background)
        self.settings, self.facts = SettingsForm(), RunFacts()
        self.curves, self.results, self.log = CurvesView(), ResultsView(), LogView()
        self.gallery, self.confusion = GalleryView(studio.selection), ConfusionView(studio.selection)
        self.compare = CompareView(background.run)
        self.why = WhyView(studio.board, background)
        self.runs = RunsView()
        self.map = MapView(studio.selection, self.gallery.thumbnails, background.run)
        self.add = button("+ add folder", "Add folders of images as tasks, or drop them on the window", "add folder")
        super().__init__(Panel("", self.board), self._docks())
        self.docks["confusion"].visibilityChanged.connect(self.confusion.look)
        self.docks["why"].visibilityChanged.connect(self.why.look)
        self.docks["runs"].visibilityChanged.connect(self.runs.look)
        self.docks["compare"].visibilityChanged.connect(self.compare.look)
        self.docks["compare"].topLevelChanged.connect(self._make_room)
        self.tasks.opened.connect(self.show_images)
        self.board.selection_changed.connect(self.why.show_tasks)
        self.board.header.why_wanted.connect(lambda: self.show_view(self.why))
        self.board.task_activated.connect(self.show_images)
        self.board.task_hovered.connect(lambda task: self.heatmap.light([task] if task else []))
        self.heatmap.hovered.connect(lambda *tasks: self.board.light([task for task in tasks if task]))
        self.gallery.opened.connect(self.open_image)

    def show_view(self, view: QWidget) -> None:
        """Bring a view, or a part of one, to the front and give it the focus."""
        home = view
        for dock in self.docks.values():
            if dock.isAncestorOf(view):
                dock.bring_to_front()
                if dock.isFloating():
                    dock.activateWindow()
                home = dock.home if view is dock.view else view
        (home if home.isVisible() else view).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def show_images(self, task: str) -> None:
        self.gallery.open(task)
        self.show_view(self.gallery)

    def open_image(self, image: ImageRef) -> None:
        grid = self.gallery.grid
        grid.go(grid.grid.items.find(image))
        Viewer(grid, self._background.run, self.window()).open()

    def _make_room(self, floating: bool) -> None:
        """A comparison that is taken out of its dock gets a window for a table and plots."""
        dock = self.docks["compare"]
        if floating:
            room = dock.screen().availableSize()
            dock.resize(dock.size().expandedTo(QSize(*TAKEN_OUT)).boundedTo(room * 0.9))

    def _docks(self) -> tuple[Dock, ...]:
        """Every view but the board; a row of tabs has them in this order."""
        side = QWidget()
        column(self.settings, self.facts, parent=side, stretch=[self.settings])
        return (
            Dock("tasks", "Tasks", self.tasks, self.add, home=self.tasks.view),
            Dock("affinity", "Affinity", self.heatmap, self.heatmap.header, home=self.heatmap.plot),
            Dock("settings", "Settings", side, home=self.settings.first()),
            Dock("curves", "Curves", self.curves, home=self.curves.legend, below="left"),
            Dock("images", "Images", self.gallery, home=self.gallery.grid, below="left"),
            Dock("map", "Map", self.map, home=self.map.before, below="left"),
            Dock("log", "Log", self.log, home=self.log.table, below="left"),
            Dock("results", "Results", self.results, home=self.results.table, below="right"),
            Dock("confusion", "Confusion", self.confusion, home=self.confusion.matrix, below="right"),
            Dock("runs", "Runs", self.runs, home=self.runs.table, below="right"),
            Dock("compare", "Compare", self.compare, below="right"),
            Dock("why", "Why", self.why, home=self.why.cells, below="right"),
        )
