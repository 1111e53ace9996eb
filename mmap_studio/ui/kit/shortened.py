"""Names shortened to the room there is, so that what tells a name from its neighbours stays.

Of "Domain number 7 of hospital A" and "Domain number 8 of hospital A" neither the beginning nor the end tells them
apart. A name is therefore cut at its end, in its middle or at its beginning: the first of these by which no other name
beside it could be meant.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache, partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF

DOTS = "…"
LEAST_HEAD = 2
"""Characters that are kept of the beginning at least, where the end or the middle tells a name apart."""


def shortened(name: str, font: QFont, room: float, others: Iterable[str] = ()) -> str:
    """The name as it is where it fits into `room` pixels, else cut so that no other of `others` could be meant.

    others : the names that stand beside it; the name itself may be among them. Where no cut tells them apart, the one
        that fewest of them share.
    """
    return _shortened(name, font.toString(), float(room), tuple(others))


@lru_cache(maxsize=4096)
def _shortened(name: str, font: str, room: float, others: tuple[str, ...]) -> str:
    face = QFont()
    face.fromString(font)
    metrics = QFontMetricsF(face)
    if metrics.horizontalAdvance(name) <= room:
        return name
    rivals = tuple(dict.fromkeys(other for other in others if other != name))
    best, fewest = "", len(rivals) + 1
    for cut in filter(None, _cuts(name, metrics, room, rivals)):
        confused = sum(_could_be(cut, rival) for rival in rivals)
        if confused == 0:
            return cut
        if confused < fewest:
            best, fewest = cut, confused
    return best or DOTS


def _cuts(name: str, metrics: QFontMetricsF, room: float, rivals: tuple[str, ...]) -> Iterator[str]:
    """Every way to cut a name, the most readable first."""
    modes = Qt.TextElideMode
    if not rivals:
        yield metrics.elidedText(name, modes.ElideMiddle, room)
        return
    yield metrics.elidedText(name, modes.ElideRight, room)
    yield metrics.elidedText(name, modes.ElideMiddle, room)
    shared = max(map(partial(_shared, name), rivals))
    starts = sorted({name.rfind(" ", 0, shared + 1) + 1, shared} - {0})
    for head in (LEAST_HEAD, 0):
        for start in starts:  # from the word in which the names part, and from the very letter
            before = name[:head] + DOTS if start > head else DOTS
            rest = room - metrics.horizontalAdvance(before)
            if rest > 0:
                yield before + metrics.elidedText(name[start:], modes.ElideRight, rest)
    yield metrics.elidedText(name, modes.ElideLeft, room)


def _shared(name: str, other: str) -> int:
    """Characters that two names begin with alike."""
    return next((n for n, (a, b) in enumerate(zip(name, other, strict=False)) if a != b), min(len(name), len(other)))


def _could_be(cut: str, name: str) -> bool:
    """Whether a name could be meant by a cut one."""
    first, *rest = cut.split(DOTS)
    if not name.startswith(first):
        return False
    at = len(first)
    for place, part in enumerate(rest):
        if place == len(rest) - 1:
            return len(name) - len(part) >= at and name.endswith(part)
        found = name.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return name == first
