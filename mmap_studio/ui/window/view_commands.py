"""Commands on the window itself: theme, views, layout, guide and About."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from mmap_studio.ui.actions.registry import Command
from mmap_studio.ui.dialogs.about import About
from mmap_studio.ui.dialogs.guide import Guide, headings
from mmap_studio.ui.docks.views import Views
from mmap_studio.ui.explain.tour import Tour, TourStop
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.dialog import bring_to_front
from mmap_studio.ui.kit.preferences import Preferences
from mmap_studio.ui.kit.words import WORDS
from mmap_studio.ui.window.header import Header


class ViewCommands:
    """The View and Help menus.

    parent : of the guide and of About
    """

    def __init__(self, views: Views, preferences: Preferences, parent: QWidget) -> None:
        self._views, self._preferences, self._parent = views, preferences, parent
        shown = {"board": views.board} | {key: dock.view for key, dock in views.docks.items()}
        self.actions: dict[str, Command] = {
            "theme_system": partial(self.set_theme, "system"),
            "theme_light": partial(self.set_theme, "light"),
            "theme_dark": partial(self.set_theme, "dark"),
            "reset_layout": self.reset_layout,
            "guide": self.show_guide,
            "tour": self.tour,
            "about": lambda: About(parent).open(),
        }
        self.actions |= {f"show_{key}": partial(views.show_view, view) for key, view in shown.items()}

    def set_theme(self, name: theme.Choice) -> None:
        theme.apply(name)
        self._preferences.save("theme", name)

    def reset_layout(self) -> None:
        self._preferences.remove("layout")
        self._views.arrange()

    def show_guide(self, at: str = "") -> None:
        """Open the guide to the window beside it, or bring it to the front; at a heading or word, if one is given."""
        guide = self._parent.findChild(Guide) or Guide(self._parent)
        bring_to_front(guide)
        if at:
            guide.go_to(at)

    def show_setting(self, dotted: str) -> None:
        self._views.show_view(self._views.settings)
        self._views.settings.reveal(dotted).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def searched(self) -> Sequence[tuple[str, str, Command]]:
        """What the palette finds beside actions: every setting, every heading of the guide, every word of the field."""
        settings = self._views.settings.titles().items()
        found = [(f"Setting: {title}", tip, partial(self.show_setting, dotted)) for dotted, (title, tip) in settings]
        found += [(f"Help: {one}", "A part of the guide", partial(self.show_guide, one)) for one in headings()]
        return found + [(f"Help: {term}", meaning, partial(self.show_guide, term)) for term, meaning in WORDS.items()]

    def tour(self) -> None:
        """Show the parts of the window one after another; of a project, since the page before has none of them."""
        views, window = self._views, self._parent
        header = window.findChild(Header)
        if header is None or not views.isVisible() or window.findChild(Tour) is not None:
            return

        def seen(view: QWidget) -> Callable[[], object]:
            return lambda: views.show_view(view)

        in_front = [dock for dock in views.docks.values() if not dock.visibleRegion().isEmpty()]
        tour = Tour(window, [
            TourStop(views.tasks, "Tasks", "One task is one domain of images. Drop folders on the window to add more; "
                     "the figure is the accuracy of CLIP alone, later that of the prompts.", seen(views.tasks.view)),
            TourStop(header.buttons["run"], "Run", "Measures which tasks help each other, suggests groups and trains "
                     "prompts for them. What it will train stands beside it; what is trained is not trained again."),
            TourStop(views.heatmap, "Affinity", f"{WORDS['Affinity']}. Hatched cells are within noise.",
                     seen(views.heatmap)),
            TourStop(views.board, "Groups", "Drag cards between groups; every group shows how the score would change. "
                     "Why? says what speaks for and against, Suggest finds the best grouping."),
            TourStop(views.results, "Results", "Every method on every task. A difference is coloured where it is more "
                     "than noise; Return on a score shows the images behind it.", seen(views.results)),
            TourStop(views.settings, "Settings", "Every setting has its explanation in the tooltip. Changed ones carry "
                     "a mark that sets them back.", seen(views.settings.first())),
            TourStop(header, "And everything else", "After a run this line says what it has come to, and the next "
                     "step. Ctrl+K finds every action, setting and word; F1 opens the guide."),
        ])  # fmt: skip

        def bring_back() -> None:
            for dock in in_front:
                dock.raise_()

        tour.ended.connect(bring_back)
