"""The JSON document of a run: what `--json` prints and `results.json` holds; docs/command-line.md explains its keys."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from mmap_studio.config import PromptSettings, Settings
from mmap_studio.method.affinity.lookahead import AffinityEstimate
from mmap_studio.method.clip import FrozenClip
from mmap_studio.session.events import GroupingChosen, Scores, SplitChosen
from mmap_studio.session.methods import CONTROLS, ENSEMBLE, RUN, ZERO_SHOT

FORMAT = 1
SIZES = ("tokens", "source_rows", "source_columns", "depth", "parts", "class_residual")
"""Of `PromptSettings`, what may be automatic and has a value in a run."""


def run_document(
    *,
    project: str,
    clip: FrozenClip,
    settings: Settings,
    splits: Sequence[SplitChosen],
    subjects: Mapping[str, Any],
    scores: Sequence[Scores],
    affinity: AffinityEstimate | None,
    grouping: GroupingChosen,
    timings: Mapping[str, float],
    paths: Mapping[str, str],
    trained_nothing: bool,
    at_zero_shot: Sequence[Sequence[str]] = (),
    sizes: PromptSettings | None = None,
    never_found: Mapping[str, Sequence[str]] = {},
) -> dict[str, Any]:
    """Everything a script wants to know of a run; numbers that are not finite become null."""
    by_method = {one.method: one for one in scores}
    run = by_method.get(RUN)
    trained = run.parameters if run else 0
    backbone = {"name": clip.name, "digest": clip.digest, "parameters": clip.parameters_count}
    return {
        "format": FORMAT,
        "project": project,
        "backbone": backbone | {"precision": clip.precision},
        "settings": settings.model_dump(mode="json"),
        "splits": {
            one.task: {"kind": one.kind, "seed": one.seed, "digest": one.digest, "images": dict(one.images)}
            for one in splits
        },
        "subjects": dict(subjects),
        "zero_shot": _scores(by_method.get(ZERO_SHOT)),
        "zero_shot_ensemble": _scores(by_method.get(ENSEMBLE)),
        "sizes": None if sizes is None else {name: getattr(sizes, name) for name in SIZES},
        "run": _scores(run),
        "at_zero_shot": [list(members) for members in at_zero_shot],
        "never_found": {name: list(classes) for name, classes in never_found.items()},
        "metrics": {one.method: _metrics(one) for one in scores},
        "controls": {name: _control(one) for name, one in by_method.items() if name in CONTROLS},
        "affinity": None if affinity is None else affinity_document(affinity),
        "grouping": _grouping(grouping),
        "trained_parameters": trained,
        "trained_share": trained / clip.parameters_count,
        "trained_nothing": trained_nothing,
        "timings": {name: round(seconds, 3) for name, seconds in timings.items()},
        "paths": dict(paths),
    }


def finite(value: float) -> float | None:
    """The number, or None where it is not finite: JSON has no NaN."""
    return float(value) if math.isfinite(value) else None


def _scores(scores: Scores | None) -> dict[str, Any] | None:
    if scores is None:
        return None
    per_task = {name: finite(one.accuracy) for name, one in scores.per_task.items()}
    return {"mean": finite(scores.mean), "per_task": per_task}


def _control(scores: Scores) -> dict[str, Any]:
    groups = scores.grouping.to_json() if scores.grouping else None
    return {**(_scores(scores) or {}), "trained_parameters": scores.parameters, "groups": groups}


def _metrics(scores: Scores) -> dict[str, Any]:
    return {
        name: {"accuracy": finite(one.accuracy), "macro_f1": finite(one.macro_f1), "ece": finite(one.ece), "n": one.n}
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
    found |= {name: [list(map(finite, row)) for row in table] for name, table in tables.items()}
    return found | {"n": [list(map(int, row)) for row in estimate.count]}


def _grouping(chosen: GroupingChosen) -> dict[str, Any]:
    evidence = chosen.suggested.evidence if chosen.suggested else None
    return {
        "groups": chosen.grouping.to_json(),
        "text": chosen.grouping.text(),
        "score": chosen.score,
        "how": chosen.how,
        "suggested": chosen.suggested.grouping.to_json() if chosen.suggested else None,
        "suggested_score": chosen.suggested.score if chosen.suggested else None,
        "evidence": evidence.to_json() if evidence else None,
    }
