"""Captions: what each image is called, in how many words and at which place of the context.

A caption is a template around one phrase or several of a concept ("an icon of a dog face, dog, pet."). In half of the
captions random vectors stand between the start token and the words, as prompt tokens do: so every position of the text
tower is trained, and words mean the same wherever they stand.
"""

from dataclasses import dataclass

import numpy as np
from open_clip.tokenizer import SimpleTokenizer

from tools.build_starter.classes import OTHER_CLASSES, TASK_CLASSES
from tools.build_starter.config import MODEL

TEMPLATES = (
    "an icon of a {}.",
    "{}",
    "a picture of a {}.",
    "an emoji of a {}.",
    "a {} icon",
    "a drawing of a {}.",
    "a simple drawing of a {}.",
    "a symbol of a {}.",
    "an icon of {}.",
    "a photo of a {}.",
    "this is a small and simple picture that shows a {}.",
    "one of many pictograms in a set, drawn by the same hand: a {}.",
)
CLASSES = (*TASK_CLASSES, *OTHER_CLASSES)
CONTEXT: int = MODEL["text_cfg"]["context_length"]
SHIFTED = 0.5  # share of captions moved to later positions


@dataclass(frozen=True, slots=True)
class Captions:
    """Every phrase and template as compact tokens (ids counted among those in use; the last one is EOT)."""

    phrases: list[str]
    tokens: list[np.ndarray]  # phrase -> its compact tokens, without SOT and EOT
    frames: list[tuple[np.ndarray, np.ndarray]]  # template -> compact tokens before and behind the phrase
    start: int
    comma: int
    end: int
    used: np.ndarray  # the vocabulary's ids of the compact tokens, ascending
    of_concept: list[list[list[int]]]  # concept -> [names, tags, subgroup] -> phrases
    class_of_concept: np.ndarray  # index into CLASSES, -1: none

    def write(self, phrases: tuple[int, ...], template: int, rng: np.random.Generator) -> tuple[np.ndarray, int]:
        """One caption: a row of CONTEXT compact tokens, padded with 0, and how many vectors stand before its words.

        Of phrases that do not fit, the last are left out; a first phrase too long is cut.
        """
        before, behind = self.frames[template]
        room = CONTEXT - 2 - len(before) - len(behind)
        words = self.tokens[phrases[0]][:room]
        for phrase in phrases[1:]:
            if len(words) + 1 + len(self.tokens[phrase]) <= room:
                words = np.concatenate([words, [self.comma], self.tokens[phrase]])
        free = room - len(words)
        shift = int(rng.integers(1, free + 1)) if free and rng.random() < SHIFTED else 0
        text = np.concatenate([[self.start], np.zeros(shift), before, words, behind, [self.end]])
        row = np.zeros(CONTEXT, np.int64)
        row[: len(text)] = text
        return row, shift


def make_captions(concepts: list[dict]) -> Captions:
    """Collect and tokenise the phrases of all concepts."""
    index: dict[str, int] = {}

    def add(text: str) -> int:
        return index.setdefault(text, len(index))

    of_concept = []
    for c in concepts:
        subgroup = [add(c["subgroup"].replace("-", " "))] if c["subgroup"] else []
        of_concept.append([[add(n) for n in c["names"]], [add(t) for t in c["tags"]], subgroup])
    class_of = np.array([CLASSES.index(c["class_name"]) if c["class_name"] else -1 for c in concepts])
    tokenizer = SimpleTokenizer(context_length=CONTEXT)
    phrases = [tokenizer.encode(phrase) for phrase in index]
    frames = [[tokenizer.encode(part) for part in template.split("{}")] for template in TEMPLATES]
    special = [tokenizer.sot_token_id, *tokenizer.encode(","), tokenizer.eot_token_id]
    pieces = [*phrases, *(part for frame in frames for part in frame), special]
    used = np.unique(np.concatenate([np.array(piece, int) for piece in pieces]))

    def compact(piece: list[int]) -> np.ndarray:
        return np.searchsorted(used, np.array(piece, int))

    start, comma, end = (int(token) for token in compact(special))
    around = [(compact(before), compact(behind)) for before, behind in frames]
    tokens = [compact(phrase) for phrase in phrases]
    return Captions(list(index), tokens, around, start, comma, end, used, of_concept, class_of)
