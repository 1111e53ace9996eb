"""Names shortened to the room there is, so that what tells a name from its neighbours stays.

Of "Domain number 7 of hospital A" and "Domain number 8 of hospital A" neither the beginning nor the end tells them
apart. A name is therefore cut at its end, in its middle or at its beginning: the first of these by which no other name
beside it could be meant.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Literal, Protocol

DOTS = "…"
LEAST_HEAD = 2
"""Characters that are kept of the beginning at least, where the end or the middle tells a name apart."""
PLACES = 3
"""Places in which names part that are tried, from the end on."""
Place = Literal["end", "middle", "beginning"]


class Face(Protocol):
    """Measures texts, and cuts one: in letters, or in the pixels of a font."""

    def width(self, text: str) -> float:
        """Of a text as it is."""
        ...

    def cut(self, text: str, place: Place, room: float) -> str:
        """As much of a text as fits, with `DOTS` where something is left out; it may be nothing but those."""
        ...


class Letters:
    """A face in which every letter is 1 wide."""

    def width(self, text: str) -> float:
        return len(text)

    def cut(self, text: str, place: Place, room: float) -> str:
        if len(text) <= room:
            return text
        kept = max(0, int(room) - len(DOTS))
        head = {"end": kept, "middle": -(-kept // 2), "beginning": 0}[place]
        return text[:head] + DOTS + text[len(text) - kept + head :]


LETTERS = Letters()


def short_name(name: str, room: float, others: Iterable[str] = (), face: Face = LETTERS) -> str:
    """The name as it is where it fits into the room, else cut so that no other of `others` could be meant.

    room : letters, or what `face` measures in
    others : the names that stand beside it; the name itself may be among them. Where no cut tells them apart, the one
        that fewest of them share.
    """
    if face.width(name) <= room:
        return name
    rivals = tuple(dict.fromkeys(other for other in others if other != name))
    best, fewest = "", len(rivals) + 1
    for cut in filter(None, _cuts(name, face, room, rivals)):
        confused = sum(_could_be(cut, rival) for rival in rivals)
        if confused == 0:
            return cut
        if confused < fewest:
            best, fewest = cut, confused
    return best or DOTS


def _cuts(name: str, face: Face, room: float, rivals: tuple[str, ...]) -> Iterator[str]:
    """Every way to cut a name, the most readable first."""
    if not rivals:
        yield face.cut(name, "middle", room)
        return
    yield face.cut(name, "end", room)
    yield face.cut(name, "middle", room)
    parted = sorted(set(map(partial(_shared, name), rivals)), reverse=True)[:PLACES]
    starts = dict.fromkeys(start for at in parted for start in sorted({name.rfind(" ", 0, at + 1) + 1, at} - {0}))
    for head in (LEAST_HEAD, 0):
        for start in starts:  # from the word in which the names part, and from the very letter
            before = name[:head] + DOTS if start > head else DOTS
            rest = room - face.width(before)
            if rest > 0:
                yield before + face.cut(name[start:], "end", rest)
                yield before + face.cut(name[start:], "middle", rest)  # names that part in two places
    yield face.cut(name, "beginning", room)


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
