"""A sweep at work: trial after trial, each kept when it is done, so that a stop loses the training in hand at most.

Trials are trained on the training images and chosen by accuracy on the validation images, which are the same in all of
them, whatever is varied. Test images are not looked at, but once, for the chosen settings, where that is asked for.
What is kept is one artifact of the store, and the trained groups beside it; the same call goes on from there.
"""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from itertools import product
from statistics import fmean

import numpy as np

from mmap_studio.config import Settings
from mmap_studio.data.images.image_sets import Subset
from mmap_studio.errors import BackboneError, DeviceLostError, InputError, StudioError, TrainingError
from mmap_studio.formatting import counted, percent, points, printable, some
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import TrainedGroup
from mmap_studio.session.backbones.loading import open_backbone
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.cache.digests import sweep_digest, tested_digest
from mmap_studio.session.cache.turn import Turn
from mmap_studio.session.dataset.tasks import read_tasks
from mmap_studio.session.estimates.facts import facts_of
from mmap_studio.session.estimates.trained_share import problem
from mmap_studio.session.events import GroupingChosen, GroupReady, Notice, Scores, Stepped
from mmap_studio.session.methods import RUN, ZERO_SHOT
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.pipeline import run_without_record
from mmap_studio.session.run.run_options import RunOptions
from mmap_studio.session.run.scoring import trainable_parameters
from mmap_studio.session.runtime.device_loss import device_loss_said
from mmap_studio.session.runtime.generator_result import Returning
from mmap_studio.session.sweep.events import SweepReport
from mmap_studio.session.sweep.options import SweepOptions
from mmap_studio.session.sweep.sampler import check_optuna, hopeless, next_changes
from mmap_studio.session.sweep.space import (
    FULL,
    GROUPS,
    SHOTS,
    Parameter,
    Value,
    fewer_than,
    parse_space,
    usual_space,
)
from mmap_studio.session.sweep.trial import AS_THEY_ARE, KeptSweep, Sweep, SweepTest, SweepTrial
from mmap_studio.storage.store import ArrayStore

KIND = "sweeps"
OF_INSERTED = ("prompt.start", "prompt.tokens", "prompt.source_rows", "prompt.parts", "prompt.join")
"""Settings that say how many prompt tokens stand among a text's own."""
OF_THE_SETTINGS = (InputError, BackboneError, TrainingError)
"""Errors that follow from a trial's settings: values that do not fit each other, a loss that is not finite."""
PROPOSALS, DRAW = 1, 1
"""Seeds of what Optuna draws, and of the images that trials with few are trained on."""


def sweep(project: Project, options: SweepOptions, store: ArrayStore) -> Generator[SweepReport, None, Sweep]:
    """Every report of a sweep; returns all its trials.

    InputError at the first `next` for settings that cannot be swept, and without Optuna.
    """
    return (yield from _Sweeping(project, options, store).reports())


class _Sweeping:
    """One sweep at work: what was read and made so far."""

    clip: FrozenClip
    tasks: tuple[TaskSpec, ...]
    digest: str
    test_images: str

    def __init__(self, project: Project, options: SweepOptions, store: ArrayStore) -> None:
        options.check()
        self.project, self.options, self.cached = project, options, Cached(store)
        project.require_tasks()
        self.names = [entry.name for entry in project.file.tasks]
        RunOptions(options.groups).check(self.names, project.settings.grouping.groups)
        self.space = parse_space(options.over or usual_space(project.settings), project.settings, self.names)
        if not options.only_kept:
            check_optuna()
        self.known = KeptSweep()
        self.again: set[int] = set()
        """Numbers of trials that failed for no reason of their settings: they are not kept."""
        self.total = options.trials + 1

    def reports(self) -> Generator[SweepReport, None, Sweep]:
        yield from self._opened()
        with Turn(self.cached.store, KIND, self.digest) as turn:
            for sentence in turn.wait("The same sweep", self.clip.watch):
                yield self._notice(sentence)
            self.known = self._kept()
            for done, trial in enumerate(self.known.trials, start=1):
                yield self._report(trial.title, trial=trial, kept=True, done=done)
            if not self.options.only_kept:
                yield from self._searched()
            if self.options.test:
                yield from self._tested()
        return self.found()

    def found(self) -> Sweep:
        """With the trials that are there."""
        validated = sum(len(task.val) for task in self.tasks)
        return Sweep(
            self.project.name, self.space, tuple(self.names), validated, self.options.seeds, self.options.groups,
            tuple(self.known.trials), self.known.zero_shot, self._looks(), self.digest,
        )  # fmt: skip

    # ---- what all trials share

    def _opened(self) -> Iterator[SweepReport]:
        """Load the backbone and read the images; what cannot be chosen by validation is refused."""
        settings, name = self.project.settings, self.project.file.backbone
        self.clip = self.options.clip or open_backbone(name, settings.device, settings.precision, self.project.folder)
        if self.options.watch is not None:
            self.clip.watch = self.options.watch
        self._refuse_what_the_backbone_does_not_take()
        reading = Returning(read_tasks(self.project, self.clip, self.cached, self._inserted()))
        for event in reading:
            if isinstance(event, Notice):
                yield self._notice(event.text)
        self.tasks = reading.value[0]
        if bare := [task.name for task in self.tasks if not len(task.val)]:
            raise InputError(
                f"A sweep chooses by accuracy on validation images, but {some(bare)} must have some and has none; "
                "choose another split."
            )
        self.test_images = tested_digest(self.tasks)
        asked = {"space": self.space.text, "seeds": list(self.options.seeds), "groups": self.options.groups}
        self.digest = sweep_digest(self.clip, self.tasks, settings, **asked)
        if self.space.follows:
            yield self._notice(
                f"The {self.project.settings.prompt.source_rows} source rows of the project do not divide every number "
                "of prompt tokens; in this sweep they follow from the tokens (prompt.source_rows=0)."
            )
        if fewer := fewer_than(self.space, self.options.trials):
            self.total = (self.space.count or 0) + 1
            yield self._notice(fewer)

    def _refuse_what_the_backbone_does_not_take(self) -> None:
        """InputError for values with which no trial could be trained, before the first one is."""
        facts = facts_of(self.clip)
        for one in self.space.parameters:
            if one.name.startswith("prompt."):
                for value in _ends(one):
                    settings = self.space.alone(self.project.settings, one.name, value)
                    if wrong := problem(settings.prompt, facts):
                        raise InputError(f"{one.name} cannot be swept over {one.text.partition('=')[2]}: {wrong}")

    def _inserted(self) -> int:
        """The most prompt tokens that stand among a text's own in any trial."""
        counts = [one for one in self.space.parameters if one.name in OF_INSERTED]
        found = [self.project.settings.prompt.inserted]
        for values in product(*(one.listed for one in counts)):
            changes = dict(zip((one.name for one in counts), values, strict=True))
            with suppress(InputError):  # which such a trial says itself
                found.append(self.space.settings(self.project.settings, changes).prompt.inserted)
        return max(found)

    # ---- the trials

    def _searched(self) -> Iterator[SweepReport]:
        """Trials until there are as many as are asked for, or no other combination is left."""
        if not any(one.number == AS_THEY_ARE for one in self.known.trials):
            yield from self._made(AS_THEY_ARE, {})
        while self._searched_so_far < self.options.trials:
            changes = next_changes(self.space, self.known.trials, self.options.trials, PROPOSALS)
            if changes is None:
                self.total = len(self.known.trials)
                if self.space.count is None:
                    yield self._notice(
                        f"{counted(self._searched_so_far, 'trial')} with all the settings that were found in "
                        f"{self.space.text}, to three digits; a wider range has more."
                    )
                break
            yield from self._made(max(one.number for one in self.known.trials) + 1, changes)

    @property
    def _searched_so_far(self) -> int:
        return sum(one.number != AS_THEY_ARE for one in self.known.trials)

    def _made(self, number: int, changes: dict[str, Value]) -> Iterator[SweepReport]:
        """One trial, kept when it is done.

        One whose settings cannot be trained is kept as that; one that failed for another reason, such as memory that
        did not suffice, is left out of this search and tried again by the next. A lost device ends the search.
        """
        began, made = time.perf_counter(), []
        trial = SweepTrial(number=number, changes=changes, state="done", values=[])
        try:
            settings = self.space.settings(self.project.settings, changes)
            for seed in self.options.seeds:
                words = f"{trial.title}, seed {seed}" if len(self.options.seeds) > 1 else trial.title
                one = Returning(self._trained(words, settings, changes, seed))
                with device_loss_said("sweep"):
                    yield from one
                made.append(one.value)
                values = [found.mean for found in made]
                last = len(made) == len(self.options.seeds)
                if number != AS_THEY_ARE and not last and hopeless(self.space, self.known.trials, changes, values):
                    trial = trial.model_copy(update={"state": "pruned"})
                    break
        except (InputError, BackboneError, RuntimeError, MemoryError) as error:
            if number == AS_THEY_ARE or isinstance(error, DeviceLostError):
                raise
            if not isinstance(error, OF_THE_SETTINGS):
                self.again.add(number)
            why = str(error) if isinstance(error, StudioError) else f"{type(error).__name__}: {printable(error)[:300]}"
            trial = trial.model_copy(update={"state": "failed", "why": why[:2000]})
            later = ", and is tried again when the sweep goes on" if number in self.again else ""
            yield self._notice(f"{trial.title[:1].upper()}{trial.title[1:]} could not be trained{later}: {why}")
        found = {"values": [one.mean for one in made], "seconds": time.perf_counter() - began}
        if made:
            tasks = {name: fmean(one.per_task[name] for one in made) for name in made[0].per_task}
            found |= {"per_task": tasks, "parameters": made[0].parameters, "grouping": made[0].grouping}
        trial = trial.model_copy(update=found)
        zero_shot = made[0].zero_shot if made else self.known.zero_shot
        self._keep(self.known.model_copy(update={"trials": [*self.known.trials, trial], "zero_shot": zero_shot}))
        yield self._report(trial.title, trial=trial)

    def _trained(
        self, words: str, settings: Settings, changes: Mapping[str, Value], seed: int
    ) -> Generator[SweepReport, None, "_Made"]:
        """One training: as much of a run as needs no test image."""
        groups: list[TrainedGroup] = []
        grouping = ""
        events = run_without_record(*self._run(settings, changes, seed, untested=True), self.cached.store)
        with closing(events):
            for event in events:
                if isinstance(event, Stepped):
                    yield self._report(words, step=event.report.step, steps=event.report.steps)
                elif isinstance(event, GroupingChosen):
                    grouping = event.grouping.text()
                elif isinstance(event, GroupReady):
                    groups.append(event.group)
                self.clip.watch()
        per_task: dict[str, float] = {}
        zero_shot: dict[str, float] = {}
        for group in groups:
            epoch = group.best_epoch - 1 if settings.train.keep == "best" else -1
            per_task |= group.validation[epoch]
            zero_shot |= group.zero_shot
        return _Made(per_task, fmean(zero_shot.values()), trainable_parameters(groups), grouping)

    def _run(
        self, settings: Settings, changes: Mapping[str, Value], seed: int, untested: bool
    ) -> tuple[Project, RunOptions]:
        """A run with the settings of a trial."""
        project = self.project.with_settings(settings.model_copy(update={"seed": seed}))
        tasks = tuple(with_shots(task, changes.get(SHOTS, FULL)) for task in self.tasks)
        groups = str(changes.get(GROUPS, self.options.groups))
        return project, RunOptions(groups, watch=self.options.watch, clip=self.clip, tasks=tasks, untested=untested)

    # ---- the test images

    def _looks(self) -> tuple[SweepTest, ...]:
        """At the test images that the project has now; the sweep's name depends on none."""
        return tuple(one for one in self.known.looks if one.images == self.test_images)

    def _tested(self) -> Iterator[SweepReport]:
        """Score the chosen settings on the test images, where that has not been done."""
        found = self.found()
        best = found.best
        if best is None:
            raise InputError("No trial of this sweep is done, so there are no settings to test; leave --kept out.")
        if found.tested is not None:
            return
        if found.looks:
            yield self._notice(
                "The test images were looked at before for other settings of this sweep: what they say of these is no "
                "longer independent of the choice."
            )
        scores: dict[str, list[float]] = {RUN: [], ZERO_SHOT: []}
        settings = self.space.settings(self.project.settings, best.changes)
        for seed in self.options.seeds:
            events = run_without_record(*self._run(settings, best.changes, seed, untested=False), self.cached.store)
            with device_loss_said("sweep"), closing(events):
                for event in events:
                    if isinstance(event, Stepped):  # where the cache was pruned
                        words = f"The test of {best.title}"
                        yield self._report(words, step=event.report.step, steps=event.report.steps)
                    elif isinstance(event, Scores) and event.method in scores:
                        scores[event.method].append(event.mean)
                    self.clip.watch()
        look = SweepTest(
            number=best.number, values=scores[RUN], zero_shot=scores[ZERO_SHOT][0], images=self.test_images
        )
        self._keep(self.known.model_copy(update={"looks": [*self.known.looks, look]}))
        change = points(100 * (look.mean - look.zero_shot), minus="-")
        yield self._notice(f"On the test images: {percent(look.mean)} ({change} against zero-shot).")

    # ---- what is kept

    def _kept(self) -> KeptSweep:
        found = self.cached.read(KIND, self.digest, lambda _, meta: KeptSweep.model_validate(meta))
        order = {one.name: place for place, one in enumerate(self.space.parameters)}  # a document sorts its keys
        trials = [
            one.model_copy(update={"changes": dict(sorted(one.changes.items(), key=lambda item: order[item[0]]))})
            for one in (found.trials if found else ())
        ]
        return found.model_copy(update={"trials": trials}) if found else KeptSweep()

    def _keep(self, known: KeptSweep) -> None:
        self.known = known
        lasting = [one for one in known.trials if one.number not in self.again]
        kept = known.model_copy(update={"trials": lasting})
        self.cached.put(KIND, self.digest, {}, kept.model_dump(mode="json"))

    def _report(self, text: str, step: int = 0, steps: int = 0, **more: object) -> SweepReport:
        report = SweepReport(len(self.known.trials), max(self.total, len(self.known.trials)), text, step, steps)
        return replace(report, **more)  # type: ignore[arg-type]

    def _notice(self, sentence: str) -> SweepReport:
        return self._report(sentence, notice=True)


@dataclass(frozen=True)
class _Made:
    """One training."""

    per_task: Mapping[str, float]
    """Accuracy on validation."""
    zero_shot: float
    """Mean over the tasks."""
    parameters: int
    grouping: str

    @property
    def mean(self) -> float:
        return fmean(self.per_task.values())


def with_shots(task: TaskSpec, shots: Value) -> TaskSpec:
    """The task with at most so many training images a class, drawn so that fewer are among more; `FULL`: all.

    Validation and test images stay as they are, so that trials with different numbers are chosen by the same images.
    """
    if shots == FULL or not isinstance(shots, int):
        return task
    labels = task.train.labels
    drawn = np.argsort(np.random.PCG64(DRAW).random_raw(len(labels)), kind="stable")
    order = drawn[np.argsort(labels[drawn], kind="stable")]
    ends = np.cumsum(np.bincount(labels, minlength=len(task.class_names)))[:-1]
    rows = np.sort(np.concatenate([own[:shots] for own in np.split(order, ends)]))
    return task if len(rows) == len(labels) else replace(task, train=Subset(task.train, rows))


def _ends(one: Parameter) -> tuple[Value, ...]:
    return one.values or (one.low, one.high)
