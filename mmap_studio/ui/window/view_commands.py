"""Commands on the window itself: theme, views, layout, guide and About."""

from functools import partial

from PySide6.QtWidgets import QWidget

from mmap_studio.ui.actions.registry import Command
from mmap_studio.ui.dialogs.about import About
from mmap_studio.ui.dialogs.guide import Guide
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.dialog import bring_to_front
from mmap_studio.ui.kit.preferences import Preferences


class ViewCommands:
    """The View and Help menus.

    parent : of the guide and of About
    """

    def __init__(self, views: Views, preferences: Preferences, parent: QWidget) -> None:
        self._views, self._preferences, self._parent = views, preferences, parent
        shown = {
            "tasks": views.tasks.view, "affinity": views.heatmap, "board": views.board,
            "settings": views.settings.first(), "curves": views.curves, "images": views.gallery, "map": views.map,
            "log": views.log, "results": views.results, "confusion": views.confusion, "why": views.why,
            "compare": views.compare,
        }  # fmt: skip
        self.actions: dict[str, Command] = {
            "theme_system": partial(self.set_theme, "system"),
            "theme_light": partial(self.set_theme, "light"),
            "theme_dark": partial(self.set_theme, "dark"),
            "reset_layout": self.reset_layout,
            "guide": self.show_guide,
            "about": lambda: About(parent).open(),
        }
        self.actions |= {f"show_{key}": partial(views.show_view, view) for key, view in shown.items()}

    def set_theme(self, name: theme.Choice) -> None:
        theme.apply(name)
        self._preferences.save("theme", name)

    def reset_layout(self) -> None:
        self._preferences.remove("layout")
        self._views.arrange()

    def show_guide(self) -> None:
        """Open the guide to the window beside it, or bring it to the front."""
        bring_to_front(self._parent.findChild(Guide) or Guide(self._parent))
