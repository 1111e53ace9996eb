"""Styles of the map's points: a colour and a shape per task, per class, or per correct and wrong prediction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mmap_studio.session.explore.projection import FeatureSet
from mmap_studio.ui.kit import theme

ColourBy = Literal["task", "class", "right"]
COLOUR_BY: dict[ColourBy, str] = {"task": "Colour: task", "class": "Colour: class", "right": "Colour: correct or wrong"}
SHAPES = ("disc", "square", "triangle", "diamond", "ring", "cross")


@dataclass(frozen=True)
class PointStyle:
    title: str
    ink: int | str
    """Index into the theme's series of colours, or the name of one of its tokens."""
    shape: str

    @property
    def colour(self) -> str:
        tokens = theme.current()
        if isinstance(self.ink, int):
            return tokens.series[self.ink % len(tokens.series)]
        found: str = getattr(tokens, self.ink)
        return found


@dataclass(frozen=True)
class Styling:
    styles: tuple[PointStyle, ...]
    of: np.ndarray
    """int64 (N,): index into `styles`."""


def styling(features: FeatureSet, by: ColourBy, after: bool) -> Styling:
    """Styles by task, by class name, or by correct and wrong predictions before or after prompting."""
    if by == "right":
        return _by_correctness(features, after)
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


def _cycle(names: Sequence[str]) -> tuple[PointStyle, ...]:
    """Cycle through eight colours and five shapes side by side: a pair of them repeats after forty names."""
    return tuple(PointStyle(name, n, SHAPES[n % 5]) for n, name in enumerate(names))


def _by_correctness(features: FeatureSet, after: bool) -> Styling:
    styles = (
        PointStyle("correct", "right", "disc"),
        PointStyle("wrong", "wrong", "cross"),
        PointStyle("no prediction", "muted", "ring"),
    )
    said = features.predictions(after)
    of = np.full(len(features), 2) if said is None else np.where(said < 0, 2, said != features.labels)
    return Styling(styles, of)
