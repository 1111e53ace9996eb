"""Which class texts the map marks: every task reads a class with prompts of its own, so six tasks have six of each."""

import numpy as np

from mmap_studio.session.explore.projection import FeatureSet


def marked_texts(features: FeatureSet, places: np.ndarray, task: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """float (K, 2) places and K names out of the (M, 2) of all texts.

    task : index of the task whose own texts are wanted; -1 for every class once, in the middle of its texts.
    """
    names = np.array(features.text_names, dtype=object)
    if task >= 0:
        own = (features.text_tasks == task) | (features.text_tasks < 0)
        return places[own], tuple(names[own])
    once = tuple(dict.fromkeys(features.text_names))
    middles = [places[names == name].mean(0) for name in once]
    return np.array(middles).reshape(-1, 2), once
