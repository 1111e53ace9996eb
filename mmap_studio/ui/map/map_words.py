"""What the map says of its points."""

import numpy as np

from mmap_studio.formatting import counted
from mmap_studio.session.explore.projection import FeatureSet


def how_many(features: FeatureSet) -> str:
    """How many images are shown, and of how many."""
    shown, every = len(features), sum(features.sizes)
    if shown == every:
        return counted(shown, f"{features.split} image")
    return f"{shown:,} of {counted(every, f'{features.split} image')}, evenly chosen"


def untrained(features: FeatureSet) -> str:
    """Which tasks have no prompts in these groups yet."""
    if features.after is None:
        return ""
    without = ~np.isfinite(features.after).all(1)
    names = [task for t, task in enumerate(features.tasks) if without[features.task_of == t].any()]
    return f"not trained in these groups: {', '.join(names)}" if names else ""


def describe_point(features: FeatureSet, point: int) -> str:
    """Truth, task, and what was predicted before and after."""
    image = features.image(point)
    lines = [features.class_name(point), f"{image.task}, {image.split} {image.index}"]
    for when, said in (("before", features.predictions_before), ("after", features.predictions_after)):
        if said is not None and said[point] >= 0:
            mark = "✓" if said[point] == features.labels[point] else "✗"
            lines.append(f"{when}: {mark} {features.class_name(point, int(said[point]))}")
    return "\n".join(lines)
