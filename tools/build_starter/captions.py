"""Captions: what each image is called, and which captions would be wrong as negatives."""

from dataclasses import dataclass

import numpy as np
from open_clip.tokenizer import SimpleTokenizer

from tools.build_starter.classes import OTHER_CLASSES, TASK_CLASSES
from tools.build_starter.config import MODEL
from tools.build_starter.model import compact_tokens

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
)
CLASSES = (*TASK_CLASSES, *OTHER_CLASSES)


@dataclass(frozen=True, slots=True)
class Captions:
    """Every phrase in every template, as compact tokens."""

    phrases: list[str]
    rows: np.ndarray  # (phrases, templates, L) compact token rows; 0 is padding
    lengths: np.ndarray  # (phrases, templates) tokens with SOT and EOT
    used: np.ndarray  # the ids of the compact tokens
    of_concept: list[list[list[int]]]  # concept -> [names, tags, subgroup] -> phrases
    class_of_concept: np.ndarray  # index into CLASSES, -1: none


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
    phrases = list(index)
    tokenizer = SimpleTokenizer(context_length=MODEL["text_cfg"]["context_length"])
    texts = [template.format(phrase) for phrase in phrases for template in TEMPLATES]
    tokens = tokenizer(texts).numpy()
    lengths = tokens.argmax(1) + 1
    rows, used = compact_tokens(tokens[:, : lengths.max()])
    shape = (len(phrases), len(TEMPLATES))
    rows = rows.reshape(*shape, -1).astype(np.int32)
    return Captions(phrases, rows, lengths.reshape(shape), used, of_concept, class_of)
