"""Trials in the cache: predictions as arrays, the rest as a document. Labels and subjects are the data's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from mmap_studio.formatting import counted
from mmap_studio.session.cache.cache import Arrays, Cached, checked_array
from mmap_studio.session.compare.protocols.rounds import Tested
from mmap_studio.session.run.loss_curves import thinned
from mmap_studio.storage.documents import Document

KIND = "trials"
Shares = Annotated[list[Annotated[float, Field(ge=0, le=1)]], Field(max_length=100)]
Count = Annotated[int, Field(ge=0)]
POINTS, ALL_POINTS, CURVES = 64, 6400, 800
"""Of one curve, of all curves of a trial, and how many curves: a trial's document stays below 200 kB of them."""
Pair = Annotated[list[float], Field(min_length=2, max_length=2)]
Points = Annotated[list[Pair], Field(max_length=POINTS)]
Curves = Annotated[dict[str, Points], Field(max_length=CURVES)]


class TrialMeta(Document):
    """What is kept of a trial beside its predictions."""

    parameters: Count
    bytes: Count
    steps: Count
    images_seen: Count
    seconds: Annotated[float, Field(ge=0)]
    values: Annotated[dict[str, float], Field(max_length=100)]
    at_zero_shot: Annotated[list[str], Field(max_length=1000)]
    grouping: Annotated[str, Field(max_length=400_000)]
    curve: Annotated[dict[str, Shares], Field(max_length=2000)] = Field(default={})
    losses: Curves = Field(default={})
    validation: Curves = Field(default={})


@dataclass(frozen=True)
class KeptTrial:
    """What a trial has of its own."""

    meta: TrialMeta
    predictions: Mapping[str, np.ndarray]
    """Of everything tested int64 (N,)."""
    confidence: Mapping[str, np.ndarray]
    """Of everything tested float32 (N,)."""


def short(curves: Mapping[str, np.ndarray]) -> dict[str, list[list[float]]]:
    """Curves (2, n) as they are kept: `POINTS` each at most, fewer where there are many curves; none of one point."""
    there = {name: points for name, points in curves.items() if points.shape[1] > 1}
    limit = max(ALL_POINTS // max(len(there), 1), ALL_POINTS // CURVES)
    made = {}
    for name, points in list(there.items())[:CURVES]:
        steps, values = thinned(points[0].astype(float), points[1].astype(float), min(limit, POINTS))
        pairs = zip(steps.tolist(), values.tolist(), strict=True)
        made[name] = [[round(step, 1), round(value, 5)] for step, value in pairs if np.isfinite(value)]
    return made


def keep_trial(cached: Cached, digest: str, tested: Sequence[Tested], trial: KeptTrial) -> None:
    """Put a trial into the cache."""
    arrays: Arrays = {}
    for number, one in enumerate(tested):
        arrays[f"predictions_{number}"] = trial.predictions[one.name]
        arrays[f"confidence_{number}"] = trial.confidence[one.name]
    cached.put(KIND, digest, arrays, trial.meta.model_dump(mode="json"))


def kept_trial(cached: Cached, digest: str, tested: Sequence[Tested]) -> KeptTrial | None:
    """A trial from the cache; None where it is not there."""

    def parse(arrays: Arrays, meta: dict[str, Any]) -> KeptTrial:
        predictions, confidence = {}, {}
        for number, one in enumerate(tested):
            images, classes = len(one.task.test), len(one.task.class_names)
            found = checked_array(arrays, f"predictions_{number}", "i8", (images,))
            if images and not 0 <= found.min() <= found.max() < classes:
                raise ValueError(f"predictions of other than {counted(classes, 'class')}")
            predictions[one.name] = found
            confidence[one.name] = checked_array(arrays, f"confidence_{number}", "f4", (images,))
        return KeptTrial(TrialMeta.model_validate(meta), predictions, confidence)

    return cached.read(KIND, digest, parse)
