"""Which pictures a batch takes: a concept (rarer classes more often), then one of its drawings."""

import numpy as np

PAINT_SHARE = {"own": 0.4, "lined": 0.25, "outline": 0.12, "cut": 0.11}  # outline comes in two widths


class Pool:
    """The pictures of one source, grouped by concept.

    rows : (n,) pictures in the corpus; concepts : (n,) what they show; paints : (n,) how they are painted;
    class_of_concept : class of every concept of the corpus, -1 for none
    """

    def __init__(self, rows: np.ndarray, concepts: np.ndarray, paints: np.ndarray, class_of_concept: np.ndarray):
        order = np.argsort(concepts, kind="stable")
        self.rows = rows[order]
        self.own = (paints == "own")[order].astype(float)
        self.share = np.array([PAINT_SHARE[paint] for paint in paints])[order]
        self.concepts, self.starts = np.unique(concepts[order], return_index=True)
        self.stops = np.append(self.starts[1:], len(rows))
        self.weight = class_weights(class_of_concept[self.concepts])

    def draw(self, rng: np.random.Generator, mild: np.ndarray) -> np.ndarray:
        """Rows of different concepts, one per entry of `mild`, where True asks for the drawing's own paint."""
        chosen = rng.choice(len(self.concepts), len(mild), replace=False, p=self.weight)
        return np.array([self._draw_one(rng, concept, own) for concept, own in zip(chosen, mild, strict=True)])

    def _draw_one(self, rng: np.random.Generator, concept: int, own: bool) -> int:
        span = slice(self.starts[concept], self.stops[concept])
        share = (self.own if own and self.own[span].any() else self.share)[span]
        return self.rows[span][rng.choice(len(share), p=share / share.sum())]


def class_weights(classes: np.ndarray) -> np.ndarray:
    """Probability of each concept: one over the root of its class's size; half as much without a class."""
    counts = np.bincount(classes + 1)
    weight = 1 / np.sqrt(counts[classes + 1])
    weight[classes < 0] *= 0.5
    return weight / weight.sum()
