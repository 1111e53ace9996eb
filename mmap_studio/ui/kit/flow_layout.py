"""A layout that wraps controls onto more lines where one is too narrow.

Qt has none; its example (flowlayout) and the packages with copies of it neither stretch items nor right-align the rest
of a line, which the toolbars of the views need.
"""

from collections.abc import Callable, Iterator

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem, QSizePolicy, QSpacerItem

READABLE = 112
"""Width down to which a long text is cut before it goes to a line of its own, pixels."""


class FlowLayout(QLayout):
    """A horizontal box layout that wraps; stretches and expanding items take what is left of their line."""

    def __init__(self, spacing: int) -> None:
        super().__init__()
        self._items: list[QLayoutItem] = []
        self._heights: dict[int, int] = {}
        """By width, until an item needs another size."""
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)

    def addStretch(self) -> None:  # noqa: N802
        self.addItem(QSpacerItem(0, 0, QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum))

    # ---- as Qt asks

    def addItem(self, item: QLayoutItem) -> None:  # noqa: N802
        self._items.append(item)
        self.invalidate()

    def invalidate(self) -> None:
        self._heights.clear()
        super().invalidate()

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:  # noqa: N802
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802
        return Qt.Orientation.Horizontal

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        if width not in self._heights:
            self._heights[width] = self._arrange(QRect(0, 0, width, 0), move=False)
        return self._heights[width]

    def sizeHint(self) -> QSize:  # noqa: N802
        shown = self._shown()
        width = sum(one.sizeHint().width() for one in shown) + self._gaps(shown)
        return QSize(width, max((_height(one) for one in shown), default=0))

    def minimumSize(self) -> QSize:  # noqa: N802
        shown = self._shown()
        width = max((one.minimumSize().width() for one in shown), default=0)
        return QSize(width, max((_height(one) for one in shown), default=0))

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def _shown(self) -> list[QLayoutItem]:
        return [one for one in self._items if _is_stretch(one) or not one.isEmpty()]

    def _lines(self, width: int) -> list[list[QLayoutItem]]:
        """The items of each line, as few lines as can be read; no text is cut where these have room for all of it."""
        cut, whole = list(self._broken(width, _narrowest)), list(self._broken(width, _whole))
        return whole if len(whole) == len(cut) else cut

    def _broken(self, width: int, needed: Callable[[QLayoutItem], int]) -> Iterator[list[QLayoutItem]]:
        """A stretch at the start of a later line stays and right-aligns what follows."""
        line: list[QLayoutItem] = []
        used = 0
        for item in self._shown():
            needs = 0 if _is_stretch(item) else needed(item) + self.spacing()
            if used and used + needs - self.spacing() > width:
                yield line
                line, used = [], 0
            line.append(item)
            used += needs
        if line:
            yield line

    def _arrange(self, rect: QRect, move: bool) -> int:
        """Height of the lines at this width; places the items if `move`."""
        y = rect.y()
        for number, line in enumerate(self._lines(rect.width())):
            y += self.spacing() if number else 0
            height = max(_height(one) for one in line)
            if move:
                self._place(line, QRect(rect.x(), y, rect.width(), height))
            y += height
        return y - rect.y()

    def _place(self, line: list[QLayoutItem], rect: QRect) -> None:
        widths = self._widths(line, rect.width())
        x = rect.x()
        for item, width in zip(line, widths, strict=True):
            height = _height(item)
            item.setGeometry(QRect(x, rect.y() + (rect.height() - height) // 2, width, height))
            x += width + (0 if _is_stretch(item) else self.spacing())

    def _gaps(self, line: list[QLayoutItem]) -> int:
        return self.spacing() * max(0, sum(not _is_stretch(one) for one in line) - 1)

    def _widths(self, line: list[QLayoutItem], width: int) -> list[int]:
        """Widths of the items: their size hints, with what the line lacks taken away or what is left added."""
        hints = [0 if _is_stretch(one) else one.sizeHint().width() for one in line]
        left = width - self._gaps(line) - sum(hints)
        if left >= 0:
            return [hint + more for hint, more in zip(hints, _added(line, hints, left), strict=True)]
        spare = [0 if _is_stretch(one) else hint - _narrowest(one) for one, hint in zip(line, hints, strict=True)]
        taken = _shares(min(-left, sum(spare)), spare)
        return [min(hint - less, width) for hint, less in zip(hints, taken, strict=True)]


def _added(line: list[QLayoutItem], hints: list[int], left: int) -> list[int]:
    """What each item gets of the width left: stretches, or else expanding items up to their maximum size."""
    grows = [_is_stretch(one) for one in line]
    if not any(grows):
        grows = [bool(one.expandingDirections() & Qt.Orientation.Horizontal) for one in line]
    shares = _shares(left if any(grows) else 0, [int(one) for one in grows])
    most = [one.maximumSize().width() - hint for one, hint in zip(line, hints, strict=True)]
    return [min(share, limit) for share, limit in zip(shares, most, strict=True)]


def _is_stretch(item: QLayoutItem) -> bool:
    return item.spacerItem() is not None


def _height(item: QLayoutItem) -> int:
    return 0 if _is_stretch(item) else item.sizeHint().height()


def _whole(item: QLayoutItem) -> int:
    return item.sizeHint().width()


def _narrowest(item: QLayoutItem) -> int:
    """The least width at which an item can be read; never more than its size hint."""
    return min(item.sizeHint().width(), max(item.minimumSize().width(), READABLE))


def _shares(amount: int, weights: list[int]) -> list[int]:
    """Whole numbers in proportion to the weights that add up to the amount."""
    total, given, shares = sum(weights), 0, []
    for place in range(len(weights)):
        until = amount * sum(weights[: place + 1]) // total if total else 0
        shares.append(until - given)
        given = until
    return shares
