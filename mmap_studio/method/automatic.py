"""Sizes of prompts that follow from the backbone and the number of training images.

Few images bear few parameters. Up to `FEW` a class a task sees its group's prompt alone, with half as many source
columns as its widths allow; beyond that also one of its own, with all of them. The limit was chosen on pictograms of
the starter's training part that were kept apart (205 a style, one seed, accuracy 43.3 % at zero-shot): the group's
prompt alone, 556 parameters, gave 42.8, 43.7, 45.9, 46.0 and 46.1 % at 1, 4, 8, 16 images a class and at all of them;
both, 7,336 parameters, gave 47.1 and 47.4 % at 16 and at all.

From `ENOUGH` images a class on classes have residuals. On such pictograms of the present starter (one seed, difference
to zero-shot in accuracy and, with every class counted alike, in balanced accuracy) they changed -1.5 and -0.4 points to
-2.3 and -0.5 at 2 images a class, -1.9 and +0.5 to -1.2 and +2.9 at 4, and +0.6 and +1.5 to +4.0 and +2.8 at 16.
"""

from collections.abc import Sequence
from math import gcd

from mmap_studio.config import LARGEST_COLUMNS, PromptSettings, Settings
from mmap_studio.method.task import TaskSpec

FEW = 8
"""Training images a class up to which a task has no prompt of its own."""
ENOUGH = 4
"""Training images a class from which classes have residuals."""
LARGEST_DEPTH = 9
"""Layers with prompts of their own, of 12 (MaPLe and PromptSRC)."""


def automatic(
    settings: Settings, text_width: int, image_width: int, layers: int, tasks: Sequence[TaskSpec] = ()
) -> Settings:
    """The settings with a number for every size that is 0, and a value for what is "auto".

    layers : `FrozenClip.depth`   tasks : whose training images count; none: as for few
    """
    if not settings.prompt.automatic:
        return settings
    prompt = sized(settings.prompt, text_width, image_width, layers, images_per_class(tasks))
    return settings.model_copy(update={"prompt": prompt})


def sized(prompt: PromptSettings, text_width: int, image_width: int, layers: int, images: float = 0) -> PromptSettings:
    """As `automatic`, for this many training images a class."""
    few, widest = images <= FEW, gcd(text_width, image_width) or 1  # 1 where no tower takes prompts
    most = min(LARGEST_COLUMNS, widest // 2 if few and widest % 2 == 0 else widest)
    tokens = prompt.wanted_tokens
    wanted = {
        "tokens": tokens,
        "source_rows": prompt.source_rows or tokens,
        "source_columns": prompt.source_columns or next(n for n in range(most, 0, -1) if widest % n == 0),
        "depth": prompt.depth or max(1, min(LARGEST_DEPTH, layers)),
        "parts": ("group" if few else "both") if prompt.parts == "auto" else prompt.parts,
        "class_residual": _residual(images) if prompt.class_residual == "auto" else prompt.class_residual,
    }
    return prompt.model_copy(update=wanted)


def _residual(images: float) -> str:
    return "on" if images >= ENOUGH else "off"


def images_per_class(tasks: Sequence[TaskSpec]) -> float:
    """Training images a class, on average over all tasks; 0 without tasks."""
    classes = sum(len(task.class_names) for task in tasks)
    return sum(len(task.train) for task in tasks) / classes if classes else 0.0
