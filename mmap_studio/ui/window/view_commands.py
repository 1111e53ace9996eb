"""Commands on the window itself."""

from PySide6.QtWidgets import QMainWindow

from mmap_studio.config import settings_from
from mmap_studio.session.explore.selection import ImageRef
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.actions.palette import ActionSearch
from mmap_studio.ui.actions.registry import Actions
from mmap_studio.ui.actions.shortcuts_dialog import ShortcutsDialog
from mmap_studio.ui.dialogs.about import About
from mmap_studio.ui.dialogs.guide import Guide
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.export.dialog import ExportDialog
from mmap_studio.ui.images.viewer import Viewer
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.preferences import Preferences


class ViewCommands:
    """What the View and Help menus do."""

    studio: Studio
    frame: QMainWindow
    views: Views
    registry: Actions
    preferences: Preferences
    background: BackgroundRunner

    def do_theme_system(self) -> None:
        """As the desktop."""
        self._theme("system")

    def do_theme_light(self) -> None:
        """Light."""
        self._theme("light")

    def do_theme_dark(self) -> None:
        """Dark."""
        self._theme("dark")

    def do_show_tasks(self) -> None:
        """The keyboard to the tasks."""
        self.views.show_view(self.views.tasks.view)

    def do_show_affinity(self) -> None:
        """The keyboard to the heatmap."""
        self.views.show_view(self.views.heatmap)

    def do_show_board(self) -> None:
        """The keyboard to the board."""
        self.views.show_view(self.views.board)

    def do_show_settings(self) -> None:
        """The keyboard to the settings."""
        self.views.show_view(self.views.settings.first())

    def do_show_curves(self) -> None:
        """Curves in front."""
        self.views.show_view(self.views.curves)

    def do_show_images(self) -> None:
        """Images in front."""
        self.views.show_view(self.views.gallery)

    def do_show_map(self) -> None:
        """Map in front."""
        self.views.show_view(self.views.map)

    def do_show_log(self) -> None:
        """Log in front."""
        self.views.show_view(self.views.log)

    def do_show_results(self) -> None:
        """Results in front."""
        self.views.show_view(self.views.results)

    def do_show_confusion(self) -> None:
        """Confusion in front."""
        self.views.show_view(self.views.confusion)

    def do_reset_layout(self) -> None:
        """As at first."""
        self.preferences.forget("layout")
        self.views.arrange()

    def do_reset_settings(self) -> None:
        """The preset's values."""
        if self.studio.project is not None:
            self.studio.set_settings(settings_from({"preset": self.studio.project.settings.preset}))

    def do_export(self) -> None:
        """Say what goes where, then write it."""
        dialog = ExportDialog(self.studio, self.views, self.background, self.frame)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def do_palette(self) -> None:
        """Search every action."""
        search = ActionSearch(self.registry.all(), self.frame)
        search.finished.connect(search.deleteLater)
        corner = self.frame.mapToGlobal(self.frame.rect().center())
        search.move(corner.x() - search.width() // 2, corner.y() - search.height() // 2)
        search.show()
        search.line.setFocus()

    def open_image(self, image: ImageRef) -> None:
        """An image of the gallery, large."""
        grid = self.views.gallery.grid
        grid.go(grid.grid.items.find(image))
        Viewer(grid, self.background.run, self.frame).open()

    def do_shortcuts(self) -> None:
        """See and change the keys of actions."""
        dialog = ShortcutsDialog(self.registry.shortcuts, self.frame)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def do_guide(self) -> None:
        """The page about the window, beside it."""
        guide = self.frame.findChild(Guide) or Guide(self.frame)
        guide.show()
        guide.raise_()
        guide.activateWindow()

    def do_about(self) -> None:
        """Versions and licences."""
        About(self.frame).open()

    def do_quit(self) -> None:
        """Close."""
        self.frame.close()

    def _theme(self, name: theme.Choice) -> None:
        theme.apply(name)
        self.preferences.keep("theme", name)
