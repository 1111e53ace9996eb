"""What makes up step k: pictures and captions, a pure function of the seed and k, so that a run can be resumed."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.build_starter.captions import TEMPLATES, Captions, make_captions
from tools.build_starter.pools import Pool

EMOJI, ICONS = 104, 88  # pictures a batch
MILD, MILD_STEPS = 0.2, 700  # share of pictures left as they are: 1 at first, then falling to MILD
PHRASE_SHARE = np.array([0.5, 0.3, 0.2])  # names, tags, subgroup
MAIN_SHARE = {"caption": 0.3, "class": 0.5}  # how often the first template is set; else any of them


@dataclass(frozen=True, slots=True)
class Batch:
    """B pictures, a caption each."""

    rows: np.ndarray  # (B,) pictures in the corpus
    mild: np.ndarray  # (B,) bool: hardly augmented
    phrases: np.ndarray  # (B,) what the caption says
    templates: np.ndarray  # (B,) how it says it
    also: np.ndarray  # (B, B) bool: caption j would be right for picture i too, i != j
    classes: np.ndarray  # (B,) index into CLASSES, -1: none
    class_template: int  # template of the class names in this step


class Corpus:
    """The drawn pictograms with their captions; see `corpus.py` for the files."""

    def __init__(self, folder: Path, emoji: int = EMOJI, icons: int = ICONS):
        self.emoji, self.icons = emoji, icons
        self.pictures = np.load(folder / "pictures.npy", mmap_mode="r")
        self.regions = np.load(folder / "regions.npy", mmap_mode="r")
        document = json.loads((folder / "corpus.json").read_text())
        self.captions: Captions = make_captions(document["concepts"])
        self.concept = np.array([concept for concept, _, _ in document["rows"]])
        kinds, paints = np.array([kind.split("-") for _, kind, _ in document["rows"]]).T
        self.plain = kinds == "mono"
        self.pools = [self._pool(member, paints) for member in self._sources(kinds == "emoji")]

    def _sources(self, coloured: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Emoji and icons; an emoji drawn in one colour is an emoji where its concept is drawn in colour too."""
        has_tags = np.array([len(tags) > 0 for _, tags, _ in self.captions.of_concept])
        emoji = coloured | (np.isin(self.concept, self.concept[coloured]) & has_tags[self.concept])
        return emoji, ~emoji

    def _pool(self, member: np.ndarray, paints: np.ndarray) -> Pool:
        return Pool(np.flatnonzero(member), self.concept[member], paints[member], self.captions.class_of_concept)

    def batch(self, seed: int, step: int) -> Batch:
        """The batch of one step."""
        rng = np.random.default_rng((seed, step))
        mild = rng.random(self.emoji + self.icons) < max(MILD, 1 - step / MILD_STEPS)
        parts = np.split(mild, [self.emoji])
        rows = np.concatenate([pool.draw(rng, part) for pool, part in zip(self.pools, parts, strict=True)])
        concepts = self.concept[rows]
        phrases = np.array([self._phrase(concept, rng) for concept in concepts])
        templates = rng.integers(len(TEMPLATES), size=len(rows))
        templates[rng.random(len(rows)) < MAIN_SHARE["caption"]] = 0
        class_template = 0 if rng.random() < MAIN_SHARE["class"] else int(rng.integers(len(TEMPLATES)))
        classes = self.captions.class_of_concept[concepts]
        return Batch(rows, mild, phrases, templates, self._also(concepts, phrases), classes, class_template)

    def _phrase(self, concept: int, rng: np.random.Generator) -> int:
        groups = self.captions.of_concept[concept]
        share = PHRASE_SHARE * [bool(group) for group in groups]
        group = groups[rng.choice(3, p=share / share.sum())]
        return group[rng.integers(len(group))]

    def _also(self, concepts: np.ndarray, phrases: np.ndarray) -> np.ndarray:
        known = [{phrase for group in self.captions.of_concept[concept] for phrase in group} for concept in concepts]
        also = np.array([[phrase in own for phrase in phrases] for own in known])
        np.fill_diagonal(also, False)
        return also
