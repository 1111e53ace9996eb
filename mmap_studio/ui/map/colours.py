"""How the points of the map look: one style a category, by colour and by shape."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from mmap_studio.session.explore.projection import FeatureSet
from mmap_studio.ui.kit import theme

ColourBy = Literal["task", "class", "right"]
COLOUR_BY: dict[ColourBy, str] = {"task": "Colour: task", "class": "Colour: class", "right": "Colour: right or wrong"}
SHAPES = ("disc", "square", "triangle", "diamond", "ring", "cross")
SIZE = 7.0
"""Pixels of a point."""
_POLYGONS = {
    "square": [(-0.42, -0.42), (0.42, -0.42), (0.42, 0.42), (-0.42, 0.42)],
    "triangle": [(0, -0.55), (0.52, 0.42), (-0.52, 0.42)],
    "diamond": [(0, -0.58), (0.5, 0), (0, 0.58), (-0.5, 0)],
}


@dataclass(frozen=True)
class Style:
    """The look of one category."""

    title: str
    ink: int | str
    """Place in the theme's series of colours, or the name of one of its tokens."""
    shape: str

    @property
    def colour(self) -> str:
        """In the theme in force."""
        tokens = theme.current()
        if isinstance(self.ink, int):
            return tokens.series[self.ink % len(tokens.series)]
        found: str = getattr(tokens, self.ink)
        return found


@dataclass(frozen=True)
class Styling:
    """A style for every point."""

    styles: tuple[Style, ...]
    of: np.ndarray
    """int64 (N,): index into `styles`."""


def styling(features: FeatureSet, by: ColourBy, after: bool) -> Styling:
    """Styles by task, by class name, or by right and wrong before or after prompting."""
    if by == "right":
        return _by_verdict(features, after)
    if by == "task":
        return Styling(_cycle(features.tasks), features.task_of)
    names = list(dict.fromkeys(name for names in features.class_names for name in names))
    place = {name: n for n, name in enumerate(names)}
    tables = [np.array([place[name] for name in names_], dtype=np.int64) for names_ in features.class_names]
    of = np.zeros(len(features), dtype=np.int64)
    for t, table in enumerate(tables):
        rows = features.task_of == t
        of[rows] = table[features.labels[rows]]
    return Styling(_cycle(names), of)


def draw_point(painter: QPainter, style: Style, at: QPointF, size: float = SIZE) -> None:
    """One point, as vectors."""
    colour = QColor(style.colour)
    hollow = style.shape in ("ring", "cross")
    painter.setPen(QPen(colour, 1.5) if hollow else Qt.PenStyle.NoPen)
    painter.setBrush(Qt.BrushStyle.NoBrush if hollow else colour)
    half = size / 2
    if style.shape in ("disc", "ring"):
        radius = half - (0.75 if hollow else 0.25)
        painter.drawEllipse(at, radius, radius)
    elif style.shape == "cross":
        reach = half - 1
        painter.drawLine(at + QPointF(-reach, -reach), at + QPointF(reach, reach))
        painter.drawLine(at + QPointF(-reach, reach), at + QPointF(reach, -reach))
    else:
        painter.drawPolygon(QPolygonF([at + QPointF(x * size, y * size) for x, y in _POLYGONS[style.shape]]))


def _cycle(names: Sequence[str]) -> tuple[Style, ...]:
    """Eight colours and five shapes run side by side: forty names before a pair of them comes again."""
    return tuple(Style(name, n, SHAPES[n % 5]) for n, name in enumerate(names))


def _by_verdict(features: FeatureSet, after: bool) -> Styling:
    styles = (Style("right", "right", "disc"), Style("wrong", "wrong", "cross"), Style("not judged", "muted", "ring"))
    said = features.predictions(after)
    of = np.full(len(features), 2) if said is None else np.where(said < 0, 2, said != features.labels)
    return Styling(styles, of)
