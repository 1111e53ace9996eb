"""The tab order: panel after panel as they are read on the screen, never into one that lies behind another.

Qt's own order is that in which widgets were made: cards of a new group would come last, and panels behind a tab count
as visible to it.
"""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget


def move_focus(window: QWidget, regions: Sequence[QWidget], forward: bool) -> bool:
    """Move the focus to the next control or the one before, in a circle. False if there is none.

    regions : parts of the window in reading order; what is in none of them is passed over
    """
    ranks = {region: rank for rank, region in enumerate(regions)}
    places = [(rank, n, widget) for n, widget in enumerate(_inside(window)) if (rank := _rank(widget, ranks)) >= 0]
    stops = sorted(place[:2] for place in places if _stops(place[2], window))
    if not stops:
        return False
    of = {place[:2]: place[2] for place in places}
    focus = QApplication.focusWidget()
    here = next((place[:2] for place in places if place[2] is focus), (-1, -1))
    if forward:
        there = next((stop for stop in stops if stop > here), stops[0])
    else:
        there = next((stop for stop in reversed(stops) if stop < here), stops[-1])
    of[there].setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    return True


def _inside(window: QWidget) -> list[QWidget]:
    """All widgets of the window, in the order in which they were added.

    Not by `nextInFocusChain`: PySide takes what that returns for a child of the widget that was asked, and forgets all
    of it, menus and actions too, when that widget goes.
    """
    return window.findChildren(QWidget)


def _rank(widget: QWidget, ranks: dict[QWidget, int]) -> int:
    above: QWidget | None = widget
    while above is not None:
        if above in ranks:
            return ranks[above]
        above = above.parentWidget()
    return -1


def _stops(widget: QWidget, window: QWidget) -> bool:
    takes = widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value
    return bool(takes and widget.isVisible() and widget.isEnabled() and widget.window() is window) and (
        widget.focusProxy() is None
    )
