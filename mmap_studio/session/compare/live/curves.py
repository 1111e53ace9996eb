"""The curves of a trial as those of a run are drawn."""

from collections.abc import Mapping

import numpy as np

from mmap_studio.session.compare.trial import Curve, Trial
from mmap_studio.session.events import PastCurves


def past_curves_of(trial: Trial) -> PastCurves:
    """Losses over steps and validation accuracies over epochs, each under what was trained."""
    return PastCurves(":".join(map(str, trial.cell)), _drawn(trial.losses), _drawn(trial.validation))


def _drawn(curves: Mapping[str, Curve]) -> dict[tuple[str, str, str], np.ndarray]:
    return {("training", "", name): np.array(points, np.float32).reshape(-1, 2).T for name, points in curves.items()}
