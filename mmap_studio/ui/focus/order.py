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
    # not by nextInFocusChain: PySide takes what that returns for a child of the widget that was asked, and forgets all
    # of it, menus and actions too, when that widget goes
    widgets = enumerate(window.findChildren(QWidget))
    places = {(rank, n): widget for n, widget in widgets if (rank := _rank(widget, ranks)) >= 0}
    stops = sorted(place for place, widget in places.items() if _stops(widget, window))
    if not stops:
        return False
    focus = QApplication.focusWidget()
    here = next((place for place, widget in places.items() if widget is focus), (-1, -1))
    if forward:
        there = next((stop for stop in stops if stop > here), stops[0])
    else:
        there = next((stop for stop in reversed(stops) if stop < here), stops[-1])
    places[there].setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
    return True


def _rank(widget: QWidget, ranks: dict[QWidget, int]) -> int:
    above: QWidget | None = widget
    while above is not None:
        if above in ranks:
            return ranks[above]
        above = above.parentWidget()
    return -1


def _stops(widget: QWidget, window: QWidget) -> bool:
    takes = bool(widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value) and widget.focusProxy() is None
    return takes and widget.isVisible() and widget.isEnabled() and widget.window() is window
