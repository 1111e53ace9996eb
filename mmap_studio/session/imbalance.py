"""Classes of very unequal sizes: what accuracy hides of them, and the sentences that say so.

With 500 images of one class and 5 of another, a model that never names the rare one is right 99 times of 100. Macro-F1,
the mean over the classes, is then near 50 %.
"""

from collections.abc import Mapping, Sequence

from mmap_studio.formatting import counted, percent, shown, some

RATIO = 20
"""Training images of the largest class over those of the smallest, from which a user is told."""
GAP = 0.1
"""Accuracy over macro-F1 from which classes that are never found are named."""
GOOD = 0.75
"""Accuracy that looks good, and so may hide them: of a weak model nobody thinks that it finds every class."""


def imbalance_notice(task: str, counts: Mapping[str, int]) -> str:
    """That a task's classes are of very unequal sizes, by their training images; empty where they are not."""
    there = {name: count for name, count in counts.items() if count > 0}
    if not there:
        return ""
    most, least = max(there, key=lambda name: there[name]), min(there, key=lambda name: there[name])
    if there[most] < RATIO * there[least]:
        return ""
    return (
        f"Task {shown(task)}: class {shown(most)} has {counted(there[most], 'training image')} and {shown(least)} "
        f"{there[least]:,}; accuracy says little of the small classes, so read macro-F1 beside it, or balance them."
    )


def never_found(
    names: Sequence[str], images: Sequence[int], right: Sequence[int], accuracy: float, macro_f1: float
) -> list[str]:
    """Small classes of which no test image was found, where accuracy hides it.

    images, right : test images of every class, and those that were found   Small is less than half the mean.
    """
    if not (accuracy >= GOOD and accuracy - macro_f1 >= GAP):
        return []
    mean = sum(images) / len(images)
    each = zip(names, images, right, strict=True)
    return [name for name, count, found in each if 0 < count < mean / 2 and found == 0]


def never_found_notice(task: str, names: Sequence[str], accuracy: float | None, macro_f1: float | None) -> str:
    """That accuracy hides classes that were never found."""
    return (
        f"Task {shown(task)}: no test image of {some(names, 3)} was found, which an accuracy of {percent(accuracy)} "
        f"hides; macro-F1 is {percent(macro_f1)}."
    )
