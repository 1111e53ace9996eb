"""Names shortened as `session.short_names` does, in the pixels of a font."""

from collections.abc import Iterable
from functools import lru_cache

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF

from mmap_studio.session.short_names import Place, short_name

_MODES = {
    "end": Qt.TextElideMode.ElideRight, "middle": Qt.TextElideMode.ElideMiddle, "beginning": Qt.TextElideMode.ElideLeft
}  # fmt: skip


def shortened(name: str, font: QFont, room: float, others: Iterable[str] = ()) -> str:
    """The name as it is where it fits into `room` pixels, else cut so that no other of `others` could be meant."""
    return _shortened(name, font.toString(), float(room), tuple(others))


@lru_cache(maxsize=4096)
def _shortened(name: str, font: str, room: float, others: tuple[str, ...]) -> str:
    return short_name(name, room, others, _Pixels(font))


class _Pixels:
    def __init__(self, font: str) -> None:
        face = QFont()
        face.fromString(font)
        self._metrics = QFontMetricsF(face)

    def width(self, text: str) -> float:
        return self._metrics.horizontalAdvance(text)

    def cut(self, text: str, place: Place, room: float) -> str:
        return self._metrics.elidedText(text, _MODES[place], room)
