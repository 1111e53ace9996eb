"""Projects opened before: remembered, and offered on the welcome page and in the Project menu."""

from collections.abc import Callable

from PySide6.QtWidgets import QMenu

from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.ui.kit.preferences import Preferences
from mmap_studio.ui.window.recent_list import RecentList, missing, named


class Recent:
    """Keeps list and menu as the memory is."""

    def __init__(
        self,
        preferences: Preferences,
        shown: RecentList,
        menu: QMenu,
        open_: Callable[[str], object],
        background: BackgroundRunner,
    ) -> None:
        self._preferences, self._list, self.menu, self._open, self._background = (
            preferences,
            shown,
            menu,
            open_,
            background,
        )
        menu.setToolTipsVisible(True)
        shown.forgotten.connect(self.forget)
        self._show()

    def add(self, path: str) -> None:
        """A project was opened."""
        self._preferences.add_recent(path)
        self._show()

    def forget(self, path: str) -> None:
        """It is not offered any more."""
        self._preferences.forget_recent(path)
        self._show()

    def _show(self) -> None:
        paths = self._preferences.recent
        self._list.show_paths(paths)
        self._background.run(lambda: missing(paths), self._list.show_missing, lambda error: None)
        self.menu.clear()
        self.menu.menuAction().setEnabled(bool(paths))
        for path in paths:
            name, place = named(path)
            action = self.menu.addAction(name.replace("&", "&&"))
            action.setToolTip(place)
            action.triggered.connect(lambda _=False, path=path: self._open(path))
