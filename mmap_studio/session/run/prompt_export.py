"""The prompt folder of trained groups: adapters, classes, and the card (README.md)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mmap_studio.config import Settings
from mmap_studio.formatting import code, counted, markdown, percent
from mmap_studio.method.bank import PromptKey
from mmap_studio.method.class_residual import SCALE
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import Evaluation
from mmap_studio.method.prompt import GATE_RATE
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import TrainedGroup
from mmap_studio.session.methods import RUN
from mmap_studio.storage.prompt_folder import Adapter, PromptFolder, named

_ADDED = f"""Text prompts are added to the states of a text's first words, in units of their root mean square; image
prompts are attended to apart, weighted by tanh({GATE_RATE} image_gate)."""
_HOW = {
    ("zero_shot", "add"): f"A task has the sum of its group's and its own. {_ADDED}",
    ("zero_shot", "concatenate"): f"A task sees the tokens of its group and then its own. {_ADDED}",
    ("random", "add"): "A task has the sum of its group's and its own, inserted as tokens.",
    ("random", "concatenate"): "A task sees the tokens of its group and then its own, inserted among a tower's own.",
}
_RESIDUALS = f""" `{SCALE} class_codes @ class_directions` is added to the features of class texts, which are then
brought to length 1 again; its rows are the texts of the members' classes, members in alphabetical order, each text
once."""
BASE_KEY = "base_model_name_or_path"


def prompt_folder_of(
    clip: FrozenClip,
    tasks: Sequence[TaskSpec],
    groups: Sequence[TrainedGroup],
    settings: Settings,
    scores: Mapping[str, Mapping[str, Evaluation]],
    project: str,
) -> PromptFolder:
    """Everything needed to use the prompts again, and what they scored, by method and task."""
    adapters = [
        _adapter(clip, key, arrays, settings)
        for group in groups
        for key, arrays in group.kept(settings.train.keep).items()
    ]
    keep = settings.train.keep
    group_of = {name: group_name(group.members) for group in groups for name in group.members}
    shared = settings.prompt.parts != "task"
    classes = {
        task.name: {
            "class_names": list(task.class_names),
            "template": task.template,
            "group": group_of[task.name] if shared else None,
        }
        for task in tasks
        if task.name in group_of
    }
    meta = {
        "project": project,
        "backbone": clip.name,
        "backbone_digest": clip.digest,
        "precision": clip.precision,
        "image_size": clip.image_size,
        "preprocessing": {"mean": clip.mean, "std": clip.std} | clip.geometry.unusual(),
        "parts": settings.prompt.parts,
        "complete": all(group.complete for group in groups),
        "at_zero_shot": [list(group.members) for group in groups if group.worse(keep)],
        "settings": settings.model_dump(mode="json"),
        "scores": {
            method: {name: one.accuracy for name, one in per_task.items() if one.n}
            for method, per_task in scores.items()
        },
        "macro_f1": {name: one.macro_f1 for name, one in scores.get(RUN, {}).items() if one.n},
        "trained_parameters": sum(a.size for adapter in adapters for a in adapter.arrays.values()),
    }
    return PromptFolder(named(adapters), classes, card(meta, classes), meta)


def group_name(members: Sequence[str]) -> str:
    """The name of a group's adapter: its members."""
    return " + ".join(members)


def _adapter(clip: FrozenClip, key: PromptKey, arrays: Mapping[str, Any], settings: Settings) -> Adapter:
    config = {BASE_KEY: clip.name, "backbone_digest": clip.digest, "seed": settings.seed, "inference_mode": True}
    name = group_name(key.members)
    return Adapter(key.kind, name, key.members, dict(arrays), config)


def card(meta: Mapping[str, Any], classes: Mapping[str, Mapping[str, Any]]) -> str:
    """README.md of the folder: what, how trained, scores against zero-shot, how to load."""
    before, after = meta["scores"].get("zero_shot", {}), meta["scores"].get("run", {})
    f1 = meta.get("macro_f1", {})
    rows = [
        f"| {markdown(task)} | {percent(before.get(task))} | {percent(after.get(task))} | {percent(f1.get(task))} "
        f"| {markdown(entry['group'] or '–')} |"
        for task, entry in classes.items()
    ]
    prompt, train = meta["settings"]["prompt"], meta["settings"]["train"]
    resize = meta["preprocessing"]
    how = f"`{resize.get('resize_mode', 'shortest')}`, {resize.get('interpolation', 'bicubic')}"
    unfinished = "" if meta["complete"] else "\n**The training was stopped early: these are the prompts it had.**\n"
    better = "zero-shot was better on validation, so these prompts are exactly that"
    stayed = "".join(f"\n**{markdown(', '.join(names))}: {better}.**\n" for names in meta["at_zero_shot"])
    steps = f" (at least {counted(train['min_steps'], 'step')})" if train["min_steps"] else ""
    residuals = _RESIDUALS if prompt["class_residual"] == "on" else ""
    return f"""# MmAP prompts: {markdown(meta["project"])}
{unfinished}{stayed}
Multi-modal Alignment Prompts (arXiv 2312.08636) for the frozen CLIP `{code(meta["backbone"])}`
(sha256 `{meta["backbone_digest"]}`), {meta["trained_parameters"]:,} trainable parameters.

| task | zero-shot test accuracy | with these prompts | macro-F1 with them | group |
|---|---|---|---|---|
{chr(10).join(rows)}

Trained with {counted(prompt["tokens"], "prompt token")} (source {prompt["source_rows"]} x {prompt["source_columns"]}),
depth {prompt["depth"]}, {counted(train["epochs"], "epoch")}{steps} of {train["optimizer"]} at {train["learning_rate"]},
seed {meta["settings"]["seed"]}. Images are brought to {meta["image_size"]} pixels by open_clip's resize mode {how}.

## Use

```python
import mmap_studio

classifier = mmap_studio.PromptedClassifier.load("this folder")
print(classifier.predict(["image.png"], task={json.dumps(next(iter(classes)))}))
```

The text prompt of a layer is `text_factor ⊗ source_prompt`, the image prompt `image_factor ⊗ source_prompt`
(Kronecker products). {_HOW[prompt["start"], prompt["join"]]}{residuals} The files follow PEFT's layout, but PEFT
itself cannot load them: it does not know this method.
"""
