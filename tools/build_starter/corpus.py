"""What the backbone is trained on: pictograms of other sets, with words.

Everything is drawn once at DRAWN pixels and kept in one folder:

- images.npy (N, D, D, 4): straight-alpha RGBA, uint8.
- corpus.json: "rows", per image [concept, "emoji" or "icon", whether it is drawn in one colour]; "concepts", per
  concept its names, tags, subgroup and class.
"""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from tools.build_starter.classes import Pictogram, class_of_subgroup, read_pictograms
from tools.build_starter.nouns import find_class, is_pictorial, noun_classes, words_of
from tools.build_starter.packages import IconSet, read_set
from tools.build_starter.render import render
from tools.build_starter.sources import with_role

DRAWN = 72
FAINT = 2  # mean alpha below which an image is as good as empty


@dataclass(slots=True)
class Concept:
    """What an image shows, in words."""

    names: list[str]
    tags: list[str] = field(default_factory=list)
    subgroup: str = ""
    class_name: str = ""


class CorpusBuilder:
    """Collects images, and what they show."""

    def __init__(self, pictograms: list[Pictogram]):
        class_of = class_of_subgroup()
        self.keys, self.nouns = label_keys(pictograms), noun_classes(pictograms)
        self.concepts = [Concept([p.label], list(p.tags), p.subgroup, class_of.get(p.subgroup, "")) for p in pictograms]
        self.by_name: dict[str, int] = {}  # icon words -> concept
        self.images: list[np.ndarray] = []
        self.rows: list[tuple[int, str, bool]] = []

    def add_emoji(self, icons: IconSet) -> None:
        """Add an emoji set's icons that are called like a Unicode pictogram."""
        for name in sorted(icons.bodies):
            if name in self.keys:
                self._draw(icons, name, self.keys[name], "emoji")

    def add_icons(self, icons: IconSet) -> None:
        """Add an icon set: of "dog", "dog-fill", "dog-outline" the first, and the last too where it has a class."""
        variants: dict[str, list[str]] = {}
        for name in sorted(icons.bodies):
            words = words_of(name)
            if is_pictorial(words):
                variants.setdefault(" ".join(words), []).append(name)
        for text, found in variants.items():
            concept = self._icon_concept(text.split())
            classed = bool(self.concepts[concept].class_name)
            for name in dict.fromkeys((found[0], found[-1]) if classed else found[:1]):
                self._draw(icons, name, concept, "icon")

    def _icon_concept(self, words: list[str]) -> int:
        text = " ".join(words)
        if text not in self.by_name:
            self.by_name[text] = len(self.concepts)
            self.concepts.append(Concept([text], [], *find_class(words, self.nouns)))
        return self.by_name[text]

    def _draw(self, icons: IconSet, name: str, concept: int, kind: str) -> None:
        """Draw one icon, unless resvg cannot read it or there is nothing to see."""
        try:
            image = render(icons.bodies[name], icons.boxes[name], DRAWN)
        except ValueError:
            return
        if image[..., 3].mean() >= FAINT:
            self.images.append(image)
            self.rows.append((concept, kind, not icons.coloured))

    def write(self, folder: Path) -> None:
        """Write the two files."""
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "images.npy", np.stack(self.images))
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
