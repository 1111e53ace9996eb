"""Projects opened before: remembered, and offered on the welcome page and in the Project menu."""

from collections.abc import Callable

from PySide6.QtWidgets import QMenu

from mmap_studio.session.runtime.background import Aside
from mmap_studio.ui.kit.preferences import Memory
from mmap_studio.ui.window.recent_list import RecentList, missing, named


class Recent:
    """Keeps list and menu as the memory is."""

    def __init__(
        self, memory: Memory, shown: RecentList, menu: QMenu, open_: Callable[[str], object], aside: Aside
    ) -> None:
        self._memory, self._list, self.menu, self._open, self._aside = memory, shown, menu, open_, aside
        menu.setToolTipsVisible(True)
        shown.forgotten.connect(self.forget)
        self._show()

    def add(self, path: str) -> None:
        """A project was opened."""
        self._memory.add_recent(path)
        self._show()

    def forget(self, path: str) -> None:
        """It is not offered any more."""
        self._memory.forget_recent(path)
        self._show()

    def _show(self) -> None:
        paths = self._memory.recent
        self._list.show_paths(paths)
        self._aside.run(lambda: missing(paths), self._list.show_missing, lambda error: None)
        self.menu.clear()
        self.menu.menuAction().setEnabled(bool(paths))
        for path in paths:
            name, place = named(path)
            action = self.menu.addAction(name.replace("&", "&&"))
            action.setToolTip(place)
            action.triggered.connect(lambda _=False, path=path: self._open(path))
