"""What makes up step k: images and captions, a pure function of the seed and k, so that a run can be resumed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.build_starter.captions import TEMPLATES, Captions, make_captions
from tools.build_starter.pools import Pool

EMOJI, ICONS = 112, 80  # images a batch
MILD, MILD_STEPS = 0.2, 700  # share of images left as they are: 1 at first, then falling to MILD
PHRASE_SHARE = np.array([0.5, 0.35, 0.15])  # names, tags, subgroup
ALONE, MOST_MORE = 0.6, 5  # share of captions of one phrase, and how many more phrases the others have at most


@dataclass(frozen=True, slots=True)
class Texts:
    """N captions."""

    tokens: np.ndarray  # (N, CONTEXT) compact tokens, padded with 0
    shifts: np.ndarray  # (N,) positions behind the start token left free, for random vectors


@dataclass(frozen=True, slots=True)
class Batch:
    """B images, a caption each; and the captions of the S subgroups that they belong to."""

    rows: np.ndarray  # (B,) images in the corpus
    mild: np.ndarray  # (B,) bool: hardly augmented
    texts: Texts  # B of them
    also: np.ndarray  # (B, B) bool: caption j would be right for image i too, i != j
    classes: np.ndarray  # (B,) index into CLASSES, -1: none
    kinds: Texts  # S of them
    kind: np.ndarray  # (B,) index into `kinds`, -1: none


class Corpus:
    """The drawn pictograms with their captions; see `corpus.py` for the files."""

    def __init__(self, folder: Path, emoji: int = EMOJI, icons: int = ICONS):
        self.emoji, self.icons = emoji, icons
        self.images = np.load(folder / "images.npy", mmap_mode="r")
        document = json.loads((folder / "corpus.json").read_text())
        self.captions: Captions = make_captions(document["concepts"])
        self.known = [{phrase for group in groups for phrase in group} for groups in self.captions.of_concept]
        self.concept = np.array([concept for concept, _, _ in document["rows"]])
        self.plain = np.array([plain for _, _, plain in document["rows"]])
        kinds = np.array([kind for _, kind, _ in document["rows"]])
        self.pools = [self._pool(np.flatnonzero(kinds == kind)) for kind in ("emoji", "icon")]

    def _pool(self, rows: np.ndarray) -> Pool:
        return Pool(rows, self.concept[rows], self.captions.class_of_concept)

    def batch(self, seed: int, step: int, before: int = 0) -> Batch:
        """The batch of one step of a model that has learnt for `before` steps already."""
        rng = np.random.default_rng((seed, step))
        mild = rng.random(self.emoji + self.icons) < max(MILD, 1 - (before + step) / MILD_STEPS)
        counts = (self.emoji, self.icons)
        rows = np.concatenate([pool.draw(rng, count) for pool, count in zip(self.pools, counts, strict=True)])
        concepts = self.concept[rows]
        phrases = [self._phrases(concept, rng) for concept in concepts]
        subgroups = np.array([(self.captions.of_concept[concept][2] or [-1])[0] for concept in concepts])
        kinds = np.unique(subgroups[subgroups >= 0])
        kind = np.where(subgroups >= 0, np.searchsorted(kinds, subgroups), -1)
        classes = self.captions.class_of_concept[concepts]
        texts, named = self._write(phrases, rng), self._write([(int(phrase),) for phrase in kinds], rng)
        return Batch(rows, mild, texts, self._also(concepts, phrases), classes, named, kind)

    def _phrases(self, concept: int, rng: np.random.Generator) -> tuple[int, ...]:
        """One phrase of a concept, or several: first a name, tag or the subgroup, then any others."""
        groups = self.captions.of_concept[concept]
        share = PHRASE_SHARE * [bool(group) for group in groups]
        group = groups[rng.choice(3, p=share / share.sum())]
        first = group[rng.integers(len(group))]
        others = sorted(self.known[concept] - {first})
        if not others or rng.random() < ALONE:
            return (first,)
        more = rng.permutation(others)[: rng.integers(1, MOST_MORE + 1)]
        return (first, *more.tolist())

    def _write(self, phrases: Sequence[tuple[int, ...]], rng: np.random.Generator) -> Texts:
        templates = rng.integers(len(TEMPLATES), size=len(phrases))
        written = [self.captions.write(*caption, rng) for caption in zip(phrases, templates.tolist(), strict=True)]
        return Texts(np.stack([row for row, _ in written]), np.array([shift for _, shift in written]))

    def _also(self, concepts: np.ndarray, phrases: list[tuple[int, ...]]) -> np.ndarray:
        said = [set(caption) for caption in phrases]
        also = np.array([[caption <= self.known[concept] for caption in said] for concept in concepts])
        np.fill_diagonal(also, False)
        return also
