"""What the backbone is trained on: pictograms of other sets, drawn in several ways, with words.

Everything is drawn once at DRAWN pixels and kept as uint8 arrays in one folder:

- pictures.npy (N, D, D, 4): straight-alpha RGBA. Emoji of the coloured sets come in several paints.
- regions.npy (N, D, D): for single-colour icons, the areas that their lines enclose, numbered from 1 (0: none);
  training fills them with random colours, so that a line icon also becomes a line-and-colour drawing.
- corpus.json: "rows", per picture [concept, "kind-paint", drawing] with kind emoji (in colour), mono (one colour) or
  colour (an icon in colour); "concepts", per concept its names, tags, subgroup and class.
"""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from scipy import ndimage

from tools.build_starter.classes import Pictogram, class_of_subgroup, read_pictograms
from tools.build_starter.nouns import find_class, is_pictorial, noun_classes, words_of
from tools.build_starter.packages import IconSet, read_set
from tools.build_starter.render import render
from tools.build_starter.sources import with_role

DRAWN = 72
PAINTS = {  # CSS over an emoji's own paint, with a length in the icon's units
    "own": "",
    "lined": "*{{stroke:#000;stroke-width:{0};stroke-linejoin:round}}",  # flat colours in black lines
    "outline": "*{{fill:#fff;stroke:#000;stroke-width:{0};stroke-linejoin:round}}",  # black lines
    "cut": "*{{fill:#000;stroke:#fff;stroke-width:{0};stroke-linejoin:round}}",  # black shapes, white gaps
}
OWN = (("own", 0.0),)
EMOJI_PAINTS = (*OWN, ("lined", 2.5), ("outline", 2.5), ("outline", 5.0), ("cut", 2.0))  # line width, % of the box
FAINT = 2  # mean alpha below which a picture is as good as empty


@dataclass(slots=True)
class Concept:
    """What a picture shows, in words."""

    names: list[str]
    tags: list[str] = field(default_factory=list)
    subgroup: str = ""
    class_name: str = ""


class CorpusBuilder:
    """Collects pictures, and what they show."""

    def __init__(self, pictograms: list[Pictogram]):
        class_of = class_of_subgroup()
        self.keys, self.nouns = label_keys(pictograms), noun_classes(pictograms)
        self.concepts = [Concept([p.label], list(p.tags), p.subgroup, class_of.get(p.subgroup, "")) for p in pictograms]
        self.by_name: dict[str, int] = {}  # icon words -> concept
        self.pictures: list[np.ndarray] = []
        self.regions: list[np.ndarray] = []
        self.rows: list[tuple[int, str, int]] = []
        self.drawings = 0

    def add_emoji(self, icons: IconSet) -> None:
        """Add an emoji set's icons that are called like a Unicode pictogram."""
        kind, paints = ("emoji", EMOJI_PAINTS) if icons.coloured else ("mono", OWN)
        for name in sorted(icons.bodies):
            if name in self.keys:
                self._draw(icons, name, self.keys[name], paints, kind)

    def add_icons(self, icons: IconSet) -> None:
        """Add an icon set, one icon for every name: the first of "dog", "dog-fill", "dog-outline"."""
        seen: set[str] = set()
        for name in sorted(icons.bodies):
            words = words_of(name)
            text = " ".join(words)
            if is_pictorial(words) and text not in seen:
                seen.add(text)
                self._draw(icons, name, self._icon_concept(words), OWN, "colour" if icons.coloured else "mono")

    def _icon_concept(self, words: list[str]) -> int:
        text = " ".join(words)
        if text not in self.by_name:
            self.by_name[text] = len(self.concepts)
            self.concepts.append(Concept([text], [], *find_class(words, self.nouns)))
        return self.by_name[text]

    def _draw(self, icons: IconSet, name: str, concept: int, paints: tuple[tuple[str, float], ...], kind: str) -> None:
        """Draw one icon in its paints, up to the first one that resvg cannot read."""
        box = icons.boxes[name]
        try:
            for paint, width in paints:
                picture = render(icons.bodies[name], box, DRAWN, PAINTS[paint].format(width * max(box[2:]) / 100))
                if picture[..., 3].mean() >= FAINT:
                    self.pictures.append(picture)
                    self.regions.append(enclosed(picture) if kind == "mono" else np.zeros((DRAWN, DRAWN), np.uint8))
                    self.rows.append((concept, f"{kind}-{paint}", self.drawings))
        except ValueError:
            pass
        self.drawings += 1

    def write(self, folder: Path) -> None:
        """Write the three files."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "pictures.npy", np.stack(self.pictures))
        np.save(folder / "regions.npy", np.stack(self.regions))
        document = {"concepts": [asdict(concept) for concept in self.concepts], "rows": self.rows}
        (folder / "corpus.json").write_text(json.dumps(document))


def label_keys(pictograms: list[Pictogram]) -> dict[str, int]:
    """Label as sets spell it ("desert-island", "desertisland") -> index of the pictogram."""
    keys: dict[str, int] = {}
    for k, pictogram in enumerate(pictograms):
        key = re.sub(r"[^a-z0-9]+", "-", pictogram.label).strip("-")
        keys.setdefault(key, k)
        keys.setdefault(key.replace("-", ""), k)
    return keys


def enclosed(picture: np.ndarray) -> np.ndarray:
    """Number the areas that the lines of (D, D, 4) enclose: (D, D) uint8, 0 outside and on the lines."""
    line = picture[..., 3] > 96
    labels, _ = ndimage.label(ndimage.binary_fill_holes(line) & ~line)
    return np.minimum(labels, 255).astype(np.uint8)


def build_corpus(modules: Path, folder: Path, quick: bool = False) -> None:
    """Draw the pre-training sets into `folder`; `quick` takes the smallest of each kind, for a smoke test."""
    builder = CorpusBuilder(read_pictograms(modules))
    emoji, icons = (["fxemoji"], ["maki"]) if quick else (names("emoji"), names("icons"))
    for name in emoji:
        builder.add_emoji(read_set(modules, f"@iconify-json/{name}"))
    for name in icons:
        builder.add_icons(read_set(modules, f"@iconify-json/{name}"))
    builder.write(folder)


def names(role: str) -> list[str]:
    """The Iconify names of a role's sets."""
    return [package.name.removeprefix("@iconify-json/") for package in with_role(role)]
