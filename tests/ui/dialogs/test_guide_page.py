"""The page about the window names the keys that the window has."""

import re

from mmap_studio.resources import resource
from mmap_studio.ui.actions.catalogue import ACTIONS

PAGE = resource("guide.md")
SHORTCUTS = {spec.shortcut for spec in ACTIONS if spec.shortcut}
OF_QT = {"Ctrl+A", "Ctrl+C", "Shift+Tab", "Ctrl+arrows", "Ctrl+Up", "Ctrl+Alt+E", "Shift+Return"}
"""Keys of the board, the tables and the focus chain, which are no actions."""


def test_every_key_of_the_whole_window_on_the_page_is_an_actions():
    said = set(re.findall(r"\b(?:(?:Ctrl|Alt|Shift)\+)+\w+|\bF\d\b", PAGE.read_text(encoding="utf-8")))
    assert said - OF_QT - {"F2"} <= SHORTCUTS
    assert {"F5", "Ctrl+K", "Ctrl+Z", "Alt+0"} <= said


def test_the_panels_are_named_in_the_order_of_their_keys():
    line = next(line for line in PAGE.read_text(encoding="utf-8").splitlines() if "Alt+1 to Alt+9" in line)
    named = line.partition("panel: ")[2].rstrip(" |").split(", ")
    shown = sorted((spec for spec in ACTIONS if re.fullmatch(r"Alt\+\d", spec.shortcut)), key=last_digit)
    assert [spec.key.removeprefix("show_").replace("board", "groups") for spec in shown] == named


def last_digit(spec) -> int:
    return (int(spec.shortcut[-1]) - 1) % 10
