"""A comparison as jobs for an engine: one prepares what all trials share, then each makes trials of one training.

The jobs put trials into the cache that they and the process that asks have in common, and say which; that process takes
them from there. Order and batches in which images are encoded are those of one process, so the bits are the same.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mmap_studio.errors import DeviceLostError, TrainingError
from mmap_studio.session.compare.options import CompareOptions
from mmap_studio.session.compare.trial import CHEAP, Amount, Cell
from mmap_studio.session.engines.engine import Begun, Ended, Engine, Failed, Job, Site, Told
from mmap_studio.session.engines.fan_out import Again, fanned_out
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.run_jobs import backbone_at, shared_root
from mmap_studio.session.run.unprompted_features import unprompted_features
from mmap_studio.storage.store import FolderStore

if TYPE_CHECKING:  # it imports this module
    from mmap_studio.session.compare.queue import ComparisonReport, Queue
    from mmap_studio.session.compare.trial_maker import Place

PREPARING = "preparing"


@dataclass(frozen=True)
class TrialsAsked:
    """What every job of a comparison is told."""

    project: Project
    options: CompareOptions
    root: str
    """Folder of the cache."""


@dataclass(frozen=True)
class Said:
    """A report of a job, without what would be large or belongs to its process."""

    text: str
    cell: Cell | None = None
    """Which trial it is about."""
    made: bool = False
    """Whether the trial is in the cache."""
    step: int = 0
    steps: int = 0
    notice: bool = False
    failed: bool = False


def made_by(engine: Engine, queue: "Queue") -> Iterator["ComparisonReport"]:
    """Reports of a queue whose trials an engine makes. InputError where the cache is not in a folder."""
    by_job: dict[str, list[Place]] = {}
    left = []
    for place in queue.places:
        if queue.kept(place) is not None:
            yield queue.report(place.text, trial=queue.trials[place], cached=True, place=place)
        else:
            left.append(place)
    if not left:
        return
    for place in left:
        by_job.setdefault(_job_of(place), []).append(place)
    yield queue.report(f"Trials are made by {engine.resources.name}.", notice=True)
    told, by_cell = set(queue.told), {place.cell: place for place in left}
    watch, more = queue.options.watch or (lambda: None), queue.options.more or (lambda: True)
    for message in fanned_out(engine, _jobs(queue, by_job), watch, more=more):
        if isinstance(message, Again):
            yield queue.report(message.sentence, notice=True)
        elif isinstance(message, Begun):
            about = next(iter(by_job.get(message.job.name, [])), None)
            yield queue.report(f"{message.job.title} runs on {message.where}.", notice=True, place=about)
        elif isinstance(message, Failed):
            yield from _given_up(queue, message, by_job.get(message.job.name, []))
        elif isinstance(message, Ended):
            yield from _taken(queue, by_job.get(message.job.name, []))
        elif isinstance(message, Told):
            said: Said = message.event
            about = by_cell.get(said.cell) if said.cell else None
            if said.made and about is not None:
                yield from _taken(queue, [about])
            elif not (said.notice and said.text in told):
                told |= {said.text} if said.notice else set()
                yield queue.report(
                    said.text, step=said.step, steps=said.steps, notice=said.notice, failed=said.failed, place=about
                )


def _taken(queue: "Queue", places: Sequence["Place"]) -> Iterator["ComparisonReport"]:
    """The trials that are in the cache since."""
    for place in places:
        if place not in queue.trials and queue.kept(place) is not None:
            yield queue.report(place.text, trial=queue.trials[place], place=place)


def _given_up(queue: "Queue", failed: Failed, places: Sequence["Place"]) -> Iterator["ComparisonReport"]:
    """A job whose process was lost every time leaves its trials out; any other error is everybody's."""
    if not isinstance(failed.error, TrainingError) or isinstance(failed.error, DeviceLostError):
        raise failed.error
    yield from _taken(queue, places)
    for place in places:
        if place not in queue.trials:
            text = f"{place.text} is left out: {failed.error}"
            yield queue.report(text, notice=True, failed=True, place=place)


def _job_of(place: "Place") -> str:
    """Name of the job that makes a trial: those of one training go together, and what takes seconds."""
    entry = place.entry
    what = entry.family if entry.family in CHEAP else f"{entry.trained_as}:{entry.scope}"
    if entry.family == "zero_shot":
        return PREPARING
    return f"{what}, {place.amount.label}, seed {place.seed}"


def _jobs(queue: "Queue", by_job: dict[str, list["Place"]]) -> list[Job]:
    settings = queue.project.settings.model_copy(update={"precision": queue.clip.precision})
    options = replace(queue.options, watch=None, clip=None, engine=None, more=None)
    asked = TrialsAsked(queue.project.with_settings(settings), options, shared_root(queue.cached.store))
    jobs = [Job(PREPARING, "Zero-shot, and features of the images", f"{__name__}:prepare", (asked,))]
    for name, places in by_job.items():
        if name == PREPARING:
            continue
        first = places[0]
        suggested = f"mmap_suggested:{first.entry.scope}, {first.amount.label}, seed {first.seed}"
        random = first.entry.groups == "random" and suggested in by_job
        title = f"Methods on features: {first.amount.words}, seed {first.seed}" if len(places) > 1 else first.text
        given = (asked, tuple(place.entry.name for place in places), first.amount, first.seed)
        jobs.append(Job(name, title, f"{__name__}:make", given, (PREPARING, *([suggested] if random else []))))
    return jobs


# ---- where a job runs


def prepare(site: Site, asked: TrialsAsked) -> Iterator[Said]:
    """Zero-shot, and the features that several trials need, in the order in which one process would compute them."""
    queue = yield from _opened(site, asked)
    for place in queue.places:
        entry = place.entry
        if entry.method is None or queue.kept(place) is not None:
            continue
        if entry.family == "zero_shot":
            yield from _told(queue, [place])
            continue
        material = queue.materials[place.amount, place.seed]
        for tasks in [material.tasks] if entry.scope == "pooled" else [(task,) for task in material.tasks]:
            parts = ("train", "val", "test") if entry.family in CHEAP else ("val",)
            if parts == ("val",) and not all(len(task.val) for task in tasks):
                continue
            for task in tasks:
                for part in parts:
                    site.watch()
                    if len(task.split(part)):
                        unprompted_features(queue.cached, queue.clip, task.split(part))


def make(site: Site, asked: TrialsAsked, methods: Sequence[str], amount: Amount, seed: int) -> Iterator[Said]:
    """Trials of these methods on one amount of images with one seed."""
    queue = yield from _opened(site, asked, (amount, seed))
    places = {place.entry.name: place for place in queue.places if (place.amount, place.seed) == (amount, seed)}
    yield from _told(queue, [places[name] for name in methods])


_LAST: list[tuple[object, "Queue"]] = []
"""The comparison that this process worked on last: its backbone is loaded and its images are read."""


def _opened(site: Site, asked: TrialsAsked, only: tuple[Amount, int] | None = None) -> Generator[Said, None, "Queue"]:
    from mmap_studio.session.compare.queue import Queue

    key = asked, asked.options.first, asked.options.without, site.device
    if not (_LAST and _LAST[0][0] == key):
        _LAST.clear()
        clip = backbone_at(site, asked.project, asked.project.settings.precision)
        _LAST.append((key, Queue(asked.project, replace(asked.options, clip=clip), FolderStore(asked.root))))
    queue = _LAST[0][1]
    queue.options = replace(queue.options, watch=site.watch)
    for report in queue.opened(only):
        yield Said(report.text, notice=report.notice)
    return queue


def _told(queue: "Queue", places: Sequence["Place"]) -> Iterator[Said]:
    """The reports of these trials, without their arrays."""
    for place in places:
        for one in queue.trial(place):
            cell, made = one.place.cell if one.place else None, one.trial is not None
            yield Said(one.text, cell, made, one.step, one.steps, one.notice, one.failed)
