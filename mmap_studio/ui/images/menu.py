"""What can be done with an image of the gallery: opened, similar ones found, tags given and taken."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

LISTED = 12
"""Tags in the menu at most, and all that the images have: these can be taken there, while others are typed."""


@dataclass(frozen=True)
class ImageCommands:
    """What the menu's entries do."""

    open: Callable[[], object]
    similar: Callable[[], object]
    new_tag: Callable[[], object]
    tag: Callable[[str, bool], object]


def image_menu(
    parent: QWidget, at: QPoint, count: int, tags: Sequence[tuple[str, bool, bool]], commands: ImageCommands
) -> QMenu:
    """The menu, shown.

    count : images that tags are given to   tags : the project's, and whether some and all of these images have it
    """
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    _entry(menu, "&Open\tReturn", commands.open)
    _entry(menu, "&Similar images\tS", commands.similar)
    menu.addSeparator()
    of = f" {count:,} images" if count > 1 else ""
    _entry(menu, f"&Tag{of}…\tT", commands.new_tag)
    there = [one for one in tags if one[1]]
    others = [one for one in tags if not one[1]]
    for name, _, on in (*there, *others[: max(0, LISTED - len(there))]):
        entry = _entry(menu, name.replace("&", "&&"), partial(commands.tag, name, not on))
        entry.setCheckable(True)
        entry.setChecked(on)
    menu.popup(at)
    return menu


def _entry(menu: QMenu, text: str, command: Callable[[], object]) -> QAction:
    made = QAction(text, menu)
    made.triggered.connect(lambda _=False: command())
    menu.addAction(made)
    return made
