"""Forecast of a run before it starts: memory by its parts, time at the speed of this machine.

The window shows it beside the settings, a run says it before each of its long phases, and the list of backbones is
made of the same two functions, `footprint` and `multiply_adds`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from typing import TYPE_CHECKING, Protocol

from mmap_studio.config import Settings
from mmap_studio.formatting import time_left
from mmap_studio.method.automatic import automatic
from mmap_studio.session.estimates.flops import BESIDE, affinity_multiply_adds, multiply_adds, seconds_of
from mmap_studio.session.estimates.memory import ClassTexts, Footprint, footprint, in_a_step
from mmap_studio.session.estimates.progress import TRAINED, planned, predicted_seconds
from mmap_studio.session.estimates.progress import measured as passes_measured
from mmap_studio.session.estimates.throughput import Rates, classes_of, saved_rates, shape_key
from mmap_studio.session.estimates.trained_share import BackboneFacts

if TYPE_CHECKING:  # torch takes seconds to import
    from mmap_studio.method.task import TaskSpec


class KnownTasks(Protocol):
    """What a session knows of its tasks."""

    @property
    def tasks(self) -> Sequence["TaskSpec"]: ...

    @property
    def texts(self) -> Sequence[ClassTexts]:
        """Lengths of the class texts of every task; none while they are not counted."""

    @property
    def methods(self) -> Mapping[str, object]:
        """Scores by method."""


@dataclass(frozen=True)
class RunEstimate:
    """Time and memory of a run before it starts."""

    seconds: float | None = None
    """None where nothing of this shape was measured on this machine yet, and its speed is not known."""
    memory: Footprint | None = None
    """None while the backbone is not loaded."""
    measured: bool = True
    """Whether the time is from the speed of an earlier run; else from that of a few matrix products."""

    def time(self) -> str:
        """Such as ``about 3 min 20 s``."""
        if self.seconds is None:
            return "after the first steps"
        if self.seconds < 1:
            return "a moment"
        return f"{'about' if self.measured else 'roughly'} {time_left(self.seconds)}"


def estimate(
    settings: Settings,
    known: KnownTasks,
    backbone: BackboneFacts | None,
    untrained: Sequence[Sequence[str]],
    measured: bool,
    controls: Sequence[str] = (),
    done: Mapping[str, float] | None = None,
) -> RunEstimate:
    """Time and memory of a run that trains these groups, and measures affinity unless it is `measured`.

    Empty while the board has tasks that were not read yet, as after a renaming. `done` as in `forecast`.
    """
    read = {task.name for task in known.tasks}
    if backbone is None or not read or not all(read.issuperset(members) for members in untrained):
        return RunEstimate()
    texts = known.texts if len(known.texts) == len(known.tasks) else ()
    scored = "zero_shot" in known.methods
    return forecast(settings, backbone, known.tasks, texts, untrained, measured, scored, controls, done)


def forecast(
    settings: Settings,
    backbone: BackboneFacts,
    tasks: Sequence["TaskSpec"],
    texts: Sequence[ClassTexts],
    untrained: Sequence[Sequence[str]],
    measured: bool,
    scored: bool,
    controls: Sequence[str] = (),
    done: Mapping[str, float] | None = None,
) -> RunEstimate:
    """Time and memory of what is left to do for these tasks; texts : theirs, none while they are not counted.

    controls : counted in full, though some of their results may be cached
    done : of phases, the share that was done before a stop besides what is finished
    """
    settings = automatic(settings, backbone.text_width, backbone.image_width, backbone.layers, tasks)
    parts = planned(tasks, settings, controls, affinity=not measured)
    parts["zero_shot"].share = float(scored)
    for name in ("training", "evaluation"):
        parts[name].share = 1 - sum(map(len, untrained)) / len(tasks)
    for name, share in (done or {}).items():
        if name not in parts:  # the affinity of one task
            continue
        parts[name].share = min(1.0, parts[name].share + share)
    of_task = dict(zip([task.name for task in tasks], texts, strict=True)) if texts else {}
    groups = [[of_task[name] for name in members] for members in untrained] if of_task else []
    steps = {task.name: in_a_step(settings.train.batch_size, len(task.train)) for task in tasks}
    images = [[steps[name] for name in members] for members in untrained]
    every = list(steps.values())
    rates = saved_rates(shape_key(settings, backbone, len(tasks), classes_of(tasks)))
    first = at_first(settings, backbone, groups or [list(texts)], images if groups else [every])
    first |= {} if measured else affinity_at_first(settings, backbone, texts, every)
    seconds = predicted_seconds(parts, _with_affinity(rates, first) if rates else first)
    if all(part.share == 1 for part in parts.values()):
        seconds = 0.0
    memory = None
    if backbone.shape is not None and of_task:
        largest = max((len(part) for task in tasks for part in (task.val, task.test)), default=0)
        looked = () if measured or settings.affinity.by == "training" else texts
        if not measured and settings.affinity.by == "training":  # of its pairs the one with most classes
            pair = nlargest(2, zip(texts, every, strict=True), key=lambda one: one[0].classes)
            groups, images = [*groups, [own for own, _ in pair]], [*images, [count for _, count in pair]]
        memory = footprint(settings, backbone.shape, groups, looked, images, every, largest)
    return RunEstimate(seconds, memory, bool(rates))


def _with_affinity(rates: Rates, first: Rates) -> Rates:
    """Measured rates; of an affinity that was never measured, by how much its work differs from a training's."""
    if "affinity" in rates or not {"training", "affinity"} <= set(first) or "training" not in rates:
        return rates
    return rates | {"affinity": rates["training"] * first["affinity"] / first["training"]}


def at_first(
    settings: Settings,
    backbone: BackboneFacts,
    groups: Sequence[Sequence[ClassTexts]],
    images: Sequence[Sequence[int]],
) -> Rates:
    """Seconds a pass of an image, from the work of the groups' steps and the speed of the CPU; none elsewhere.

    images : of every task of every group in a step
    """
    count = sum(map(sum, images))
    if backbone.speed is None or backbone.shape is None or not count or not any(groups):
        return {}
    steps = zip(groups, images, strict=True)
    work = sum(multiply_adds(settings, backbone.shape, texts, own, BESIDE) for texts, own in steps)
    return {"training": seconds_of(work, backbone.speed) / (TRAINED * count)}


def affinity_at_first(
    settings: Settings, backbone: BackboneFacts, texts: Sequence[ClassTexts], images: Sequence[int]
) -> Rates:
    """The same of measuring the affinity of all tasks: many classes take longer there than their images do."""
    if backbone.speed is None or backbone.shape is None or not sum(images) or len(texts) < 2:
        return {}
    if settings.affinity.by == "training":
        return {"affinity": at_first(settings, backbone, [texts], [images])["training"]}
    work = affinity_multiply_adds(settings, backbone.shape, texts, images, BESIDE)
    passes = sum(images) * (TRAINED + passes_measured(settings, len(texts)))
    return {"affinity": seconds_of(work, backbone.speed) / passes}
