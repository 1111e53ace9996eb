"""What a method learned, as a folder to take away: the arrays, the classes, and a card."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.formatting import code, markdown, percent, size
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.task import TaskSpec
from mmap_studio.session.backbones.public_names import public_name
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.compare.catalogue import MethodEntry
from mmap_studio.session.compare.trial import Trial
from mmap_studio.storage.method_folder import MethodFolder, SavedModel

KIND = "learned"
LARGEST = 64 << 20
"""Bytes of what a trial has learned, up to which it is kept; fine-tuned towers of CLIP's usual sizes are larger."""


def keep_learned(cached: Cached, digest: str, models: Sequence[SavedModel]) -> None:
    """Put what a trial has learned into the cache, where it is not too large."""
    if sum(array.nbytes for model in models for array in model.arrays.values()) > LARGEST:
        return
    arrays = {
        f"{number}_{place}": np.asarray(array)
        for number, model in enumerate(models)
        for place, array in enumerate(model.arrays.values())
    }
    meta = {"models": [{"tasks": list(model.tasks), "names": list(model.arrays)} for model in models]}
    cached.put(KIND, digest, arrays, meta)


def kept_learned(cached: Cached, digest: str) -> tuple[SavedModel, ...] | None:
    """What a trial has learned; None where it was not kept."""

    def parse(arrays: dict[str, np.ndarray], meta: dict[str, Any]) -> tuple[SavedModel, ...]:
        return tuple(
            SavedModel(
                tuple(map(str, one["tasks"])),
                {str(name): arrays[f"{number}_{place}"] for place, name in enumerate(one["names"])},
            )
            for number, one in enumerate(meta["models"])
        )

    return cached.read(KIND, digest, parse)


def method_folder_of(
    clip: FrozenClip, entry: MethodEntry, tasks: Sequence[TaskSpec], models: Sequence[SavedModel] | None,
    trial: Trial, zero_shot: Mapping[str, float], project: str,
) -> MethodFolder:  # fmt: skip
    """Everything needed to classify with a method again. InputError where its weights were too large to keep."""
    if models is None:
        raise InputError(
            f"What {entry.title!r} learned takes {size(trial.bytes)}, and more than {size(LARGEST)} is not kept; "
            "export a method that trains less."
        )
    classes = {
        t.name: {"class_names": list(t.class_names), "template": t.template, "ensemble": list(t.ensemble)}
        for t in tasks
    }
    accuracy = {name: one.evaluation.accuracy for name, one in trial.per_task.items() if len(one.labels)}
    meta = {
        "project": project,
        "method": entry.name,
        "title": entry.title,
        "source": entry.source,
        "backbone": public_name(clip.name),
        "backbone_digest": clip.digest,
        "precision": clip.precision,
        "image_size": clip.image_size,
        "preprocessing": {"mean": list(clip.mean), "std": list(clip.std)} | clip.geometry.unusual(),
        "amount": trial.amount.label,
        "seed": trial.seed,
        "values": dict(trial.values),
        "trained_parameters": trial.parameters,
        "at_zero_shot": list(trial.at_zero_shot),
        "scores": {"zero_shot": dict(zero_shot), "method": accuracy},
    }
    return MethodFolder(tuple(models), classes, _card(meta), meta)


def _card(meta: Mapping[str, Any]) -> str:
    scores = meta["scores"]
    rows = [
        f"| {markdown(task)} | {percent(scores['zero_shot'].get(task))} | {percent(found)} |"
        for task, found in scores["method"].items()
    ]
    stayed = markdown(", ".join(meta["at_zero_shot"]))
    better = f"\n**{stayed}: zero-shot was better on validation; this method is not used there.**\n" if stayed else ""
    return f"""# {markdown(meta["title"])}: {markdown(meta["project"])}
{better}
What {markdown(meta["title"])} ({markdown(meta["source"])}) learned for the frozen CLIP `{code(meta["backbone"])}`
(sha256 `{meta["backbone_digest"]}`): {meta["trained_parameters"]:,} trainable parameters.
Training images: {meta["amount"]} (a number a class and task, a share, or all); seed {meta["seed"]}.

| task | zero-shot test accuracy | with this method |
|---|---|---|
{chr(10).join(rows)}

## Use

```python
import mmap_studio

classifier = mmap_studio.load_classifier("this folder")
print(classifier.predict(["image.png"], task=classifier.tasks[0]))
```
"""
