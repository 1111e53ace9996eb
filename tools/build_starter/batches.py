"""What makes up step k: images and captions, a pure function of the seed and k, so that a run can be resumed."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.build_starter.captions import TEMPLATES, Captions, make_captions
from tools.build_starter.pools import Pool

EMOJI, ICONS = 104, 88  # images a batch
MILD, MILD_STEPS = 0.2, 700  # share of images left as they are: 1 at first, then falling to MILD
PHRASE_SHARE = np.array([0.5, 0.35, 0.15])  # names, tags, subgroup


@dataclass(frozen=True, slots=True)
class Batch:
    """B images, a caption each."""

    rows: np.ndarray  # (B,) images in the corpus
    mild: np.ndarray  # (B,) bool: hardly augmented
    phrases: np.ndarray  # (B,) what the caption says
    templates: np.ndarray  # (B,) how it says it
    also: np.ndarray  # (B, B) bool: caption j would be right for image i too, i != j
    classes: np.ndarray  # (B,) index into CLASSES, -1: none


class Corpus:
    """The drawn pictograms with their captions; see `corpus.py` for the files."""

    def __init__(self, folder: Path, emoji: int = EMOJI, icons: int = ICONS):
        self.emoji, self.icons = emoji, icons
        self.images = np.load(folder / "images.npy", mmap_mode="r")
        document = json.loads((folder / "corpus.json").read_text())
        self.captions: Captions = make_captions(document["concepts"])
        self.concept = np.array([concept for concept, _, _ in document["rows"]])
        self.plain = np.array([plain for _, _, plain in document["rows"]])
        kinds = np.array([kind for _, kind, _ in document["rows"]])
        self.pools = [self._pool(np.flatnonzero(kinds == kind)) for kind in ("emoji", "icon")]

    def _pool(self, rows: np.ndarray) -> Pool:
        return Pool(rows, self.concept[rows], self.captions.class_of_concept)

    def batch(self, seed: int, step: int) -> Batch:
        """The batch of one step."""
        rng = np.random.default_rng((seed, step))
        mild = rng.random(self.emoji + self.icons) < max(MILD, 1 - step / MILD_STEPS)
        counts = (self.emoji, self.icons)
        rows = np.concatenate([pool.draw(rng, count) for pool, count in zip(self.pools, counts, strict=True)])
        concepts = self.concept[rows]
        phrases = np.array([self._phrase(concept, rng) for concept in concepts])
        templates = rng.integers(len(TEMPLATES), size=len(rows))
        classes = self.captions.class_of_concept[concepts]
        return Batch(rows, mild, phrases, templates, self._also(concepts, phrases), classes)

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
