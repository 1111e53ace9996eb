"""What an artifact depends on, and hence the name it has in the cache.

A new `VERSION` makes every older artifact unused: raise it when the same inputs would give other numbers.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mmap_studio.config import PromptSettings, Section, Settings, TrainSettings
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.task import ImageSet, TaskSpec
from mmap_studio.storage.digest import digest_of

VERSION = 1


def features_digest(clip: FrozenClip, images: ImageSet) -> str:
    """Unprompted image features of one split."""
    return digest_of(version=VERSION, what="image features", **_backbone(clip), images=images.digest)


def place_digest(clip: FrozenClip, place: str) -> str:
    """Which sets of a domain have features, wherever its files have changed since."""
    return digest_of(version=VERSION, what="image features of a place", **_backbone(clip), place=place)


def text_digest(clip: FrozenClip, texts: Sequence[Sequence[str]]) -> str:
    """Text features of a class list under some templates."""
    return digest_of(version=VERSION, what="text features", **_backbone(clip), texts=[list(t) for t in texts])


def affinity_digest(clip: FrozenClip, tasks: Sequence[TaskSpec], settings: Settings) -> str:
    """Stage 1: order of the tasks included, since it orders the matrix."""
    return digest_of(
        version=VERSION,
        what="affinity",
        **_backbone(clip),
        tasks=[_training_data(task) for task in tasks],
        prompt=_prompt(settings.prompt, parts=settings.affinity.by == "training"),
        train={k: v for k, v in _train(settings.train).items() if k not in ("steps", "images")},
        affinity={k: v for k, v in settings.affinity.key.items() if v or k != "min_measurements"},
        seed=settings.seed,
    )


def group_digest(clip: FrozenClip, members: Sequence[TaskSpec], settings: Settings) -> str:
    """A trained group: members, their data, settings and seed; nothing of the other groups."""
    return digest_of(
        version=VERSION,
        what="group",
        **_backbone(clip),
        tasks=[_training_data(task) for task in sorted(members, key=lambda t: t.name)],
        prompt=_prompt(settings.prompt),
        train=_train(settings.train),
        seed=settings.seed,
    )


def scores_digest(of: str, task: TaskSpec, **more: Any) -> str:
    """Test scores of one task under something that has a digest itself."""
    return digest_of(
        version=VERSION, what="scores", of=of, task=task.name, test=task.test.digest, texts=task.texts(), **more
    )


def prompted_digest(of: str, task: TaskSpec, keep: str, images: int) -> str:
    """Features of at most `images` of a task's test images, and of its classes, under the prompts of the group `of`."""
    return digest_of(
        version=VERSION, what="prompted features", of=of, task=task.name, test=task.test.digest, texts=task.texts(),
        keep=keep, images=images,
    )  # fmt: skip


def control_digest(name: str, clip: FrozenClip, tasks: Sequence[TaskSpec], settings: Settings) -> str:
    """Scores of a control that trains something of its own."""
    return digest_of(
        version=VERSION,
        what="control",
        name=name,
        **_backbone(clip),
        tasks=[[*_training_data(task), task.test.digest] for task in tasks],
        train=_train(settings.train),
        finetune=_values(settings.finetune),
        seed=settings.seed,
    )


def trial_digest(
    clip: FrozenClip, tasks: Sequence[TaskSpec], settings: Settings, method: Mapping[str, Any], reads_images: bool
) -> str:
    """One method of a comparison, trained and tested once.

    method : what names it and how it was to be trained   reads_images : whether `settings.train` matters to it
    """
    return digest_of(
        version=VERSION,
        what="trial",
        method=method,
        **_backbone(clip),
        tasks=[
            [*_training_data(task), task.test.digest, list(task.ensemble), list(task.class_names), task.template]
            for task in tasks
        ],
        train=_train(settings.train) if reads_images else {},
        seed=settings.seed,
    )


def sweep_digest(clip: FrozenClip, tasks: Sequence[TaskSpec], settings: Settings, **asked: Any) -> str:
    """A search for settings; it depends on no test image.

    asked : what is varied, with which seeds and groups
    """
    return digest_of(
        version=VERSION,
        what="sweep",
        **_backbone(clip),
        tasks=[_training_data(task) for task in tasks],
        prompt=_prompt(settings.prompt),
        train=_train(settings.train) | {"keep": settings.train.keep},
        affinity=settings.affinity.key,
        grouping=_values(settings.grouping),
        **asked,
    )


def tested_digest(tasks: Sequence[TaskSpec]) -> str:
    """The test images of all tasks."""
    return digest_of(version=VERSION, what="test images", tasks=[[task.name, task.test.digest] for task in tasks])


def _backbone(clip: FrozenClip) -> dict[str, str]:
    return {"backbone": clip.digest, "precision": clip.precision}


def _training_data(task: TaskSpec) -> list[Any]:
    return [task.name, list(task.texts()), task.train.digest, task.val.digest]


def _train(settings: TrainSettings) -> dict[str, Any]:
    """`keep` chooses afterwards and `recompute` saves memory; neither changes what is trained.

    Compiled steps round differently. What was trained before they could be asked for keeps its name, and steps that
    cannot be compiled on a machine keep that of the compiled ones, as there they always round alike.
    """
    silent = ("keep", "recompute") if settings.compiled else ("keep", "recompute", "compiled")
    later = () if settings.min_steps else ("min_steps",)
    return {k: v for k, v in _values(settings).items() if k not in (*silent, *later)}


def _prompt(settings: PromptSettings, parts: bool = True) -> dict[str, Any]:
    """What was trained before there were other starts, other ways to join prompts, or class residuals keeps its name.

    parts : False for what neither the scope of prompts nor class residuals change
    """
    old = (
        settings.start == "random" and "start", settings.join == "concatenate" and "join", not parts and "parts",
        (not parts or settings.class_residual == "off") and "class_residual",
    )  # fmt: skip
    return {k: v for k, v in _values(settings).items() if k not in old}


def _values(settings: Section) -> dict[str, Any]:
    return settings.model_dump(mode="json")
