"""The one JSON document of a run: what `--json` prints and `results.json` holds; docs/command-line.md has its keys."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mmap_studio.method.affinity import AffinityEstimate
from mmap_studio.method.clip import FrozenClip
from mmap_studio.session.events import GroupingChosen, Scores, SplitChosen
from mmap_studio.session.run.scoring import ENSEMBLE, RUN, ZERO_SHOT

FORMAT = 1


def run_document(
    *,
    project: str,
    backbone: Mapping[str, Any],
    settings: Mapping[str, Any],
    splits: Sequence[SplitChosen],
    scores: Sequence[Scores],
    affinity: AffinityEstimate | None,
    grouping: GroupingChosen | None,
    timings: Mapping[str, float],
    paths: Mapping[str, str],
    cached: bool,
) -> dict[str, Any]:
    """Everything a script wants to know of a run; numbers that are not finite become null."""
    by_method = {one.method: one for one in scores}
    run = by_method.get(RUN)
    trained = run.parameters if run else 0
    controls = {one.method: _scores(one, full=True) for one in scores if one.method not in (ZERO_SHOT, RUN)}
    return {
        "format": FORMAT,
        "project": project,
        "backbone": dict(backbone),
        "settings": dict(settings),
        "splits": {
            one.task: {"kind": one.kind, "seed": one.seed, "digest": one.digest, "images": dict(one.images)}
            for one in splits
        },
        "zero_shot": _scores(by_method.get(ZERO_SHOT)),
        "zero_shot_ensemble": _scores(by_method.get(ENSEMBLE)),
        "run": _scores(run),
        "metrics": {one.method: _metrics(one) for one in scores},
        "controls": {name: value for name, value in controls.items() if name != ENSEMBLE},
        "affinity": None if affinity is None else affinity_document(affinity),
        "grouping": _grouping(grouping),
        "trained_parameters": trained,
        "trained_share": trained / backbone["parameters"],
        "trained_nothing": cached,
        "timings": {name: round(seconds, 3) for name, seconds in timings.items()},
        "paths": dict(paths),
    }


def backbone_document(clip: FrozenClip) -> dict[str, Any]:
    """What a run was made with."""
    return {
        "name": clip.name,
        "digest": clip.digest,
        "parameters": clip.parameters_count,
        "precision": clip.precision,
    }


def number(value: float) -> float | None:
    """JSON has no NaN."""
    return float(value) if math.isfinite(value) else None


def _scores(scores: Scores | None, full: bool = False) -> dict[str, Any] | None:
    if scores is None:
        return None
    per_task = {name: number(one.accuracy) for name, one in scores.per_task.items()}
    found: dict[str, Any] = {"mean": number(scores.mean), "per_task": per_task}
    if full:
        found["trained_parameters"] = scores.parameters
        found["groups"] = scores.grouping.to_json() if scores.grouping else None
    return found


def _metrics(scores: Scores) -> dict[str, Any]:
    return {
        name: {"accuracy": number(one.accuracy), "macro_f1": number(one.macro_f1), "ece": number(one.ece), "n": one.n}
        for name, one in scores.per_task.items()
    }


def affinity_document(estimate: AffinityEstimate) -> dict[str, Any]:
    """Names, and the matrices row by row: raw and normalised, their standard errors, the number of measurements."""
    normalised, normalised_error = estimate.normalised()
    tables = {
        "matrix": estimate.mean,
        "standard_error": estimate.standard_error,
        "normalised": normalised,
        "normalised_standard_error": normalised_error,
    }
    found: dict[str, Any] = {"tasks": list(estimate.tasks), "rows": "source", "columns": "recipient"}
    found |= {name: [[number(cell) for cell in row] for row in table] for name, table in tables.items()}
    return found | {"n": [[int(cell) for cell in row] for row in estimate.count]}


def _grouping(chosen: GroupingChosen | None) -> dict[str, Any] | None:
    if chosen is None:
        return None
    return {
        "groups": chosen.grouping.to_json(),
        "text": chosen.grouping.text(),
        "score": chosen.score,
        "how": chosen.how,
        "suggested": chosen.suggested.grouping.to_json() if chosen.suggested else None,
        "suggested_score": chosen.suggested.score if chosen.suggested else None,
    }
