"""Which images a batch takes: a concept (rarer classes more often), then one of its drawings."""

import numpy as np


class Pool:
    """The images of one source, grouped by concept.

    rows : (n,) images in the corpus; concepts : (n,) what they show; class_of_concept : class of every concept of
    the corpus, -1 for none
    """

    def __init__(self, rows: np.ndarray, concepts: np.ndarray, class_of_concept: np.ndarray):
        order = np.argsort(concepts, kind="stable")
        here, starts = np.unique(concepts[order], return_index=True)
        self.drawings = np.split(rows[order], starts[1:])
        self.weight = class_weights(class_of_concept[here])

    def draw(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """Images of `count` different concepts."""
        chosen = rng.choice(len(self.drawings), count, replace=False, p=self.weight)
        return np.array([rng.choice(self.drawings[k]) for k in chosen])


def class_weights(classes: np.ndarray) -> np.ndarray:
    """Probability of each concept: one over the root of its class's size; half as much without a class."""
    counts = np.bincount(classes + 1)
    weight = 1 / np.sqrt(counts[classes + 1])
    weight[classes < 0] *= 0.5
    return weight / weight.sum()
