"""Everything that is computed once: features, affinity, trained groups and scores, as arrays in a store.

Each pair of functions turns one kind of value into arrays and back; a value that comes back equals the one that went
in, bit for bit. `Cached` asks the store first and remembers whether it had to compute.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
from pydantic import Field

from mmap_studio.formatting import counted, printable
from mmap_studio.method.affinity.lookahead import AffinityEstimate, AffinityMeter
from mmap_studio.method.affinity.meter import HISTORY
from mmap_studio.method.bank import Adapters, PromptKey
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import ENSEMBLE, Evaluation, class_text_features, ensemble_features
from mmap_studio.method.prompt_shape import ARRAY_NAMES, CODES, DIRECTIONS, GATE
from mmap_studio.method.training import TrainedGroup
from mmap_studio.session.cache.digests import text_digest
from mmap_studio.session.cache.turn import Turn
from mmap_studio.storage.documents import Document
from mmap_studio.storage.store import ArrayStore

Shape = tuple[int | None, ...]
T = TypeVar("T")
SCORE_ARRAYS = ("per_class", "confusion", "predictions", "confidence")
Arrays = dict[str, np.ndarray]


class Cached:
    """A store with a count of what it had and what had to be made."""

    def __init__(self, store: ArrayStore) -> None:
        self.store, self.hits, self.misses = store, 0, 0

    def get(self, kind: str, digest: str) -> tuple[Arrays, dict[str, Any]] | None:
        """Arrays and meta of an artifact, or None."""
        artifact = self.store.get(kind, digest)
        self.hits, self.misses = self.hits + (artifact is not None), self.misses + (artifact is None)
        return None if artifact is None else (dict(artifact.arrays), dict(artifact.meta))

    def read(self, kind: str, digest: str, parse: Callable[[Arrays, dict[str, Any]], T]) -> T | None:
        """What `parse` makes of an artifact; None where there is none.

        One of which it cannot make anything, with another key, type or shape than was stored, is set aside, and is
        then made again: whoever wrote it, it is not what its name says.
        """
        try:
            found = self.get(kind, digest)
            return None if found is None else parse(*found)
        except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, AssertionError) as error:
            self.hits, self.misses = self.hits - 1, self.misses + 1
            self.store.refuse(kind, digest, printable(str(error))[:200] or type(error).__name__)
            return None

    def put(self, kind: str, digest: str, arrays: Arrays, meta: dict[str, Any]) -> None:
        self.store.put(kind, digest, arrays, meta)

    def array(self, kind: str, digest: str, shape: Shape, make: Callable[[], np.ndarray]) -> np.ndarray:
        """One array of float32, made if it is not there; None in its shape is any number."""

        def kept() -> np.ndarray | None:
            return self.read(kind, digest, lambda arrays, _: checked_array(arrays, "values", "f4", shape))

        found = kept()
        if found is not None:
            return found
        with Turn(self.store, kind, digest) as turn:
            deque(turn.wait(), maxlen=0)
            found = kept()
            if found is None:
                found = make()
                self.put(kind, digest, {"values": found}, {})
        return found


def checked_array(arrays: Mapping[str, np.ndarray], name: str, dtype: str, shape: Shape) -> np.ndarray:
    """An array of this type and shape; KeyError or ValueError for another."""
    array = arrays[name]
    fits = array.ndim == len(shape) and all(b in (None, a) for a, b in zip(array.shape, shape, strict=True))
    if array.dtype.str[1:] != dtype or not fits:
        raise ValueError(f"array {name!r} of {array.dtype} {array.shape} in place of {dtype} {shape}")
    return array


def cached_texts(cached: Cached, clip: FrozenClip, names: Sequence[str], template: str) -> np.ndarray:
    """Unprompted text features (C, d) under one template."""
    texts = [template.replace("{}", name) for name in names]
    return cached.array(
        "embeddings",
        text_digest(clip, [texts]),
        (len(texts), clip.embed_width),
        lambda: class_text_features(clip, texts),
    )


def cached_ensemble(
    cached: Cached, clip: FrozenClip, names: Sequence[str], templates: Sequence[str] = ()
) -> np.ndarray:
    """Unprompted text features (C, d), averaged over these templates, or else those of `ENSEMBLE`."""
    templates = templates or ENSEMBLE
    texts = [[template.replace("{}", name) for name in names] for template in templates]
    return cached.array(
        "embeddings",
        text_digest(clip, texts),
        (len(names), clip.embed_width),
        lambda: ensemble_features(clip, names, templates),
    )


def scores_to_arrays(scores: Evaluation) -> tuple[Arrays, dict[str, Any]]:
    """An `Evaluation` as arrays; numbers that are not finite are kept as arrays too, since JSON has none."""
    numbers = np.array([scores.accuracy, scores.macro_f1, scores.ece], dtype=np.float64)
    return {name: getattr(scores, name) for name in SCORE_ARRAYS} | {"numbers": numbers}, {}


def scores_from_arrays(arrays: Arrays, classes: int, images: int) -> Evaluation:
    """Back from `scores_to_arrays`; KeyError or ValueError for what is not of so many classes and images."""
    checked_array(arrays, "numbers", "f8", (3,))
    checked_array(arrays, "per_class", "f8", (classes,))
    checked_array(arrays, "confusion", "i8", (classes, classes))
    predictions = checked_array(arrays, "predictions", "i8", (images,))
    checked_array(arrays, "confidence", "f4", (images,))
    if images and not 0 <= predictions.min() <= predictions.max() < classes:
        raise ValueError(f"predictions of other than {counted(classes, 'class')}")
    accuracy, macro_f1, ece = (float(x) for x in arrays["numbers"])
    return Evaluation(accuracy=accuracy, macro_f1=macro_f1, ece=ece, **{name: arrays[name] for name in SCORE_ARRAYS})


def group_to_arrays(group: TrainedGroup) -> tuple[Arrays, dict[str, Any]]:
    """A `TrainedGroup`; MmAPs and losses by number, their names in the meta."""
    keys = list(group.final)
    arrays = {
        f"{which}_{index}_{name}": values[name]
        for which, adapters in (("final", group.final), ("best", group.best))
        for index, values in enumerate(adapters[key] for key in keys)
        for name in values
    }
    arrays |= {f"losses_{index}": group.losses[name] for index, name in enumerate(group.members) if group.losses}
    meta = {
        "members": list(group.members),
        "adapters": [[key.kind, *key.members] for key in keys],
        "best_epoch": group.best_epoch,
        "validation": [dict(scores) for scores in group.validation],
        "complete": group.complete,
        "zero_shot": dict(group.zero_shot),
        "texts": {name: list(texts) for name, texts in group.texts.items()},
    }
    return arrays, meta


class _GroupMeta(Document):
    """The meta of a trained group."""

    members: list[str]
    adapters: list[list[str]]
    best_epoch: int
    validation: list[dict[str, float]]
    complete: bool
    zero_shot: dict[str, float] = Field(default_factory=dict)
    texts: dict[str, list[str]] = Field(default_factory=dict)


def group_from_arrays(arrays: Arrays, meta: dict[str, Any], members: Sequence[str] | None = None) -> TrainedGroup:
    """Back from `group_to_arrays`; groups of earlier versions have no losses and no accuracy of zero-shot.

    LookupError or ValueError for what is none, or not of `members`, or has MmAPs of several shapes.
    """
    _GroupMeta.model_validate(meta)
    if members is not None and sorted(meta["members"]) != sorted(members):
        raise ValueError(f"a group of {meta['members']}")

    def adapters(which: str) -> Adapters:
        found = {
            PromptKey(kind, tuple(members)): _arrays_of_prompt(arrays, f"{which}_{index}_")
            for index, (kind, *members) in enumerate(meta["adapters"])
        }
        sizes = [{name: one.shape for name, one in own.items() if name not in _OF_CLASSES} for own in found.values()]
        if any(shapes != sizes[0] for shapes in sizes):
            raise ValueError("MmAPs of several shapes")
        return found

    return TrainedGroup(
        members=tuple(meta["members"]),
        final=adapters("final"),
        best=adapters("best"),
        best_epoch=int(meta["best_epoch"]),
        validation=tuple(dict(scores) for scores in meta["validation"]),
        complete=bool(meta["complete"]),
        losses=losses_from_arrays(arrays, meta["members"]),
        zero_shot=dict(meta.get("zero_shot", {})),
        texts={name: tuple(texts) for name, texts in meta.get("texts", {}).items()},
    )


_OF_CLASSES = {CODES: 2, DIRECTIONS: 2}
"""Axes of the arrays that only some MmAPs of a group have."""


def _arrays_of_prompt(arrays: Arrays, prefix: str) -> Arrays:
    some = {name: axes for name, axes in ({GATE: 1} | _OF_CLASSES).items() if prefix + name in arrays}
    axes = dict.fromkeys(ARRAY_NAMES, 3) | some
    return {name: checked_array(arrays, prefix + name, "f4", (None,) * count) for name, count in axes.items()}


def losses_from_arrays(arrays: Arrays, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Of every task float32 (2, n), steps and losses; none for an artifact of a version that kept none."""
    found = {name: arrays.get(f"losses_{index}") for index, name in enumerate(names)}
    for index in range(len(names)):
        if f"losses_{index}" in arrays:
            checked_array(arrays, f"losses_{index}", "f4", (2, None))
    return {name: points for name, points in found.items() if points is not None}


def affinity_to_arrays(
    history: Sequence[tuple[int, AffinityEstimate]], losses: Mapping[str, np.ndarray] | None = None
) -> tuple[Arrays, dict[str, Any]]:
    """The last estimate, and every single measurement with its step, so that the window can replay it.

    losses : of every task (2, n), steps and losses
    """
    last = history[-1][1]
    arrays = last.to_arrays()
    arrays |= {HISTORY: np.stack([e.latest for _, e in history]), "steps": np.array([step for step, _ in history])}
    arrays |= {f"losses_{index}": losses[name] for index, name in enumerate(last.tasks)} if losses else {}
    return arrays, {"tasks": list(last.tasks)}


def affinity_from_arrays(
    arrays: Arrays, meta: dict[str, Any], tasks: Sequence[str] | None = None
) -> list[tuple[int, AffinityEstimate]]:
    """The measurements again, one after the other as they were taken: (step, estimate so far).

    LookupError or ValueError for what is none, or not of `tasks`.
    """
    side = len(meta["tasks"])
    checked_array(arrays, "steps", "i8", (None,))
    if arrays["history"].shape[1:] != (side, side) or arrays["history"].dtype.kind != "f" or not len(arrays["steps"]):
        raise ValueError(f"measurements {arrays['history'].shape} of {side} tasks")
    if tasks is not None and list(meta["tasks"]) != list(tasks):
        raise ValueError(f"measurements of {meta['tasks']}")
    meter = AffinityMeter(meta["tasks"])
    history = []
    for step, latest in zip(arrays["steps"], arrays[HISTORY], strict=True):
        meter.update(latest)
        history.append((int(step), meter.snapshot()))
    return history
