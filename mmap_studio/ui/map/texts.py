"""What the map says: counts, the facts of a point, and which class texts it marks."""

import numpy as np

from mmap_studio.formatting import counted
from mmap_studio.session.explore.projection import FeatureSet


def image_count(features: FeatureSet) -> str:
    """How many images are shown, and of how many."""
    shown, every = len(features), sum(features.sizes)
    if shown == every:
        return counted(shown, f"{features.split} image")
    return f"{shown:,} of {counted(every, f'{features.split} image')}, evenly sampled"


def untrained(features: FeatureSet) -> str:
    """Which tasks have no prompts for the groups on the board."""
    if features.after is None:
        return ""
    without = ~np.isfinite(features.after).all(1)
    names = [task for t, task in enumerate(features.tasks) if without[features.task_of == t].any()]
    return f"not trained in these groups: {', '.join(names)}" if names else ""


def describe_point(features: FeatureSet, point: int) -> str:
    """True class, task, and the predictions before and after prompting."""
    image = features.image(point)
    lines = [features.class_name(point), f"{image.task}, {image.split} {image.index}"]
    for when, said in (("before", features.predictions_before), ("after", features.predictions_after)):
        if said is not None and said[point] >= 0:
            mark = "✓" if said[point] == features.labels[point] else "✗"
            lines.append(f"{when}: {mark} {features.class_name(point, int(said[point]))}")
    return "\n".join(lines)


def marked_texts(features: FeatureSet, places: np.ndarray, task: int) -> tuple[np.ndarray, tuple[str, ...]]:
    """Places (K, 2) and names of the class texts to mark, out of `places`, float (M, 2) of all texts.

    Every task reads a class with prompts of its own, so that six tasks have six texts of each class.
    task : index of the task whose own texts are wanted; -1 for every class once, at the mean of its texts.
    """
    names = np.array(features.text_names, dtype=object)
    if task >= 0:
        own = (features.text_tasks == task) | (features.text_tasks < 0)
        return places[own], tuple(names[own])
    once = tuple(dict.fromkeys(features.text_names))
    means = [places[names == name].mean(0) for name in once]
    return np.array(means).reshape(-1, 2), once
