"""Trials in the cache: predictions as arrays, the rest as a document. Labels and subjects are the data's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from mmap_studio.method.task import TaskSpec
from mmap_studio.session.cache.cache import Arrays, Cached, checked_array
from mmap_studio.storage.documents import Document

KIND = "trials"
Count = Annotated[int, Field(ge=0)]


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


@dataclass(frozen=True)
class KeptTrial:
    """What a trial has of its own."""

    meta: TrialMeta
    predictions: Mapping[str, np.ndarray]
    """Of every task int64 (N,)."""
    confidence: Mapping[str, np.ndarray]
    """Of every task float32 (N,)."""


def keep_trial(cached: Cached, digest: str, tasks: tuple[TaskSpec, ...], trial: KeptTrial) -> None:
    """Put a trial into the cache."""
    arrays: Arrays = {}
    for number, task in enumerate(tasks):
        arrays[f"predictions_{number}"] = trial.predictions[task.name]
        arrays[f"confidence_{number}"] = trial.confidence[task.name]
    cached.put(KIND, digest, arrays, trial.meta.model_dump(mode="json"))


def kept_trial(cached: Cached, digest: str, tasks: tuple[TaskSpec, ...]) -> KeptTrial | None:
    """A trial from the cache; None where it is not there."""

    def parse(arrays: Arrays, meta: dict[str, Any]) -> KeptTrial:
        predictions, confidence = {}, {}
        for number, task in enumerate(tasks):
            images, classes = len(task.test), len(task.class_names)
            found = checked_array(arrays, f"predictions_{number}", "i8", (images,))
            if images and not 0 <= found.min() <= found.max() < classes:
                raise ValueError(f"predictions of other than {classes} classes")
            predictions[task.name] = found
            confidence[task.name] = checked_array(arrays, f"confidence_{number}", "f4", (images,))
        return KeptTrial(TrialMeta.model_validate(meta), predictions, confidence)

    return cached.read(KIND, digest, parse)
