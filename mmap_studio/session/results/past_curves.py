"""The curves of a project's newest run that trained something, from its run folder: for a window opened later."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from mmap_studio.errors import StudioError
from mmap_studio.session.backbones.public_names import public_name
from mmap_studio.session.events import PastCurves
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.loss_curves import Curve
from mmap_studio.storage.runs import RunFolder, list_runs

Key = tuple[str, str, str]
"""Phase, its note, task."""


def past_curves(project: Project) -> Iterator[PastCurves]:
    """Of the newest run with this backbone and these tasks, if there is one; runs that cannot be read are passed over.

    A list of results already says which runs cannot be read.
    """
    for run in reversed(list_runs(project.runs)):
        try:
            found = curves_of(run) if _alike(run, project) else None
            if found is not None:
                yield found
                return
        except (StudioError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError):
            continue


def curves_of(run: RunFolder) -> PastCurves | None:
    """The curves of a run; None where it trained nothing. CorruptError and others where they cannot be read."""
    rows = [row for row in run.metrics() if row.get("what") == "epoch"]
    return PastCurves(run.name, *_curves(rows)) if rows else None


def _alike(run: RunFolder, project: Project) -> bool:
    config = run.config()
    names = [task["name"] for task in config["tasks"]]
    return public_name(config["backbone"]) == public_name(project.file.backbone) and names == [
        entry.name for entry in project.file.tasks
    ]


def _curves(rows: Sequence[Mapping[str, Any]]) -> tuple[dict[Key, np.ndarray], dict[Key, np.ndarray]]:
    """Losses and accuracies; what a run that was gone on with trained once more replaces what it was stopped in."""
    losses: dict[Key, Curve] = {}
    accuracies: dict[Key, Curve] = {}
    for row in rows:
        for task, values in row["losses"].items():
            key = str(row["phase"]), str(row["note"]), str(task)
            if row["first_step"] == 1:
                losses[key], accuracies[key] = Curve(), Curve()
            for step, loss in enumerate(values, start=row["first_step"]):
                losses[key].append(step, float("nan") if loss is None else loss)
            accuracy = row.get("validation", {}).get(task)
            if accuracy is not None:
                accuracies[key].append(row["epoch"], accuracy)
    return _kept(losses), _kept(accuracies)


def _kept(curves: Mapping[Key, Curve]) -> dict[Key, np.ndarray]:
    return {key: np.stack(curve.points()).astype(np.float32) for key, curve in curves.items() if len(curve)}
