"""The words of the field, each in a sentence: for the tooltips where they stand, and for the search of all actions."""

WORDS = {
    "Affinity": (
        "How much a training step on one task (row) lowers the loss of another (column), relative to that loss: 0.1 is "
        "ten percent; a negative value means that the step harms"
    ),
    "Normalised affinity": (
        "Affinity divided by the recipient's affinity to itself: 1 helps it as much as a step on its own images does"
    ),
    "Look-ahead": "A trial step on one task that is never kept: only its effect on the losses of all tasks is read off",
    "Affinity by training": (
        "How much lower the loss of a task (column) is after a training together with another (row) than after one "
        "alone, relative to that loss; every pair is trained several times, which takes minutes to hours"
    ),
    "Score of a grouping": (
        "Mean over tasks of the mean affinity that a task receives from the others in its group; only differences "
        "between groupings mean something"
    ),
    "Evidence for groups": (
        "Whether groups beat all together by more than two standard errors, and by more than the best of all "
        "groupings gains by chance"
    ),
    "Calibration error (ECE)": (
        "Mean distance between the confidence of predictions and how often they are right, over 15 bins of confidence; "
        "0 % is best"
    ),
    "Macro-F1": "F1 (the harmonic mean of precision and recall) of each class, averaged: small classes count like any",
    "95 % interval": (
        "Where a difference lies as far as the test images, and several seeds, can tell; where it holds zero, the "
        "difference is within noise"
    ),
    "Zero-shot": "CLIP with the names of the classes alone, before any training",
    "Prompt tokens": "Learned vectors that CLIP's towers read beside their own tokens; CLIP's weights stay as they are",
}  # fmt: skip
"""By term."""
