"""The queue of a comparison: trial after trial, each kept when it is done: a stop loses at most the one in hand.

Order: what takes seconds first, on all amounts and seeds, so that a useful table is there early; then seed by seed, few
images before many. Every method sees the same images in the same parts, has its hyper-parameters chosen by the same
rule, gives the weights of its last step, and stays at zero-shot where that is better on validation, as MmAP does.
"""

import os
import platform
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from mmap_studio.config import FixedImages, FixedSteps, Settings
from mmap_studio.errors import BackboneError, DeviceLostError, InputError, Interrupted, StudioError
from mmap_studio.formatting import printable, shown
from mmap_studio.method.affinity.lookahead import AffinityEstimate
from mmap_studio.method.budget import Budget
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import class_text_features, predict
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.rivals.method import Data, Learned, Method, checked
from mmap_studio.method.rivals.selection import accuracy, fitted
from mmap_studio.method.rivals.weights.interpolated import Interpolated
from mmap_studio.method.task import ImageSet, TaskSpec
from mmap_studio.method.training import TrainedGroup
from mmap_studio.session.backbones.loading import open_backbone
from mmap_studio.session.backbones.public_names import public_name
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.cache.digests import affinity_digest, text_digest, trial_digest
from mmap_studio.session.cache.turn import Turn
from mmap_studio.session.compare.board_groups import on_board
from mmap_studio.session.compare.catalogue import (
    Entry,
    catalogue,
    chosen_entries,
    left_out_for,
    trained_method,
    unanswered,
    zero_shot_method,
)
from mmap_studio.session.compare.kept_trials import KIND, KeptTrial, TrialMeta, keep_trial, kept_trial
from mmap_studio.session.compare.method_export import LARGEST, keep_learned, kept_learned
from mmap_studio.session.compare.options import BaselineError, CompareOptions, in_order
from mmap_studio.session.compare.protocols.protocol import SHOTS, Protocol
from mmap_studio.session.compare.protocols.rounds import Round, Tested, rounds
from mmap_studio.session.compare.remaining import Ahead, said
from mmap_studio.session.compare.trial import CHEAP, Amount, Cell, Comparison, TaskScores, Trial
from mmap_studio.session.compare.trial_jobs import made_by
from mmap_studio.session.dataset.tasks import read_tasks
from mmap_studio.session.estimates.facts import facts_of, texts_of
from mmap_studio.session.estimates.forecast import forecast
from mmap_studio.session.events import GroupingChosen, GroupReady, Notice, Scores, SplitChosen, Stepped
from mmap_studio.session.methods import RUN
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.context import RunContext, sized_for
from mmap_studio.session.run.pipeline import run_without_record
from mmap_studio.session.run.run_options import RunOptions
from mmap_studio.session.run.run_recorder import versions
from mmap_studio.session.run.scoring import score_beyond
from mmap_studio.session.run.stages import group_steps, measured_affinity
from mmap_studio.session.run.unprompted_features import unprompted_features
from mmap_studio.session.runtime.device_loss import device_loss_said
from mmap_studio.session.runtime.generator_result import Returning, result
from mmap_studio.storage.method_folder import SavedModel
from mmap_studio.storage.store import ArrayStore

OF_ONE_TRIAL = (InputError, BackboneError, RuntimeError, MemoryError)
"""Errors that leave out one trial: a loss that is not finite, images, memory or a backbone that do not suffice for a
method. A full disk or a lost device ends all."""
BUDGETS = 2
"""How budgets are counted, in the names of trials within one."""
FEATURE_SECONDS = 10.0
"""Of a trial on frozen features, roughly: the starter's take 1 to 20 on one core."""


@dataclass(frozen=True)
class ComparisonReport:
    """How far a comparison is."""

    done: int
    """Trials."""
    total: int
    text: str
    """The trial in hand, such as ``CLIP-LoRA, pooled: 4 images a class, seed 1``; or a sentence for the user."""
    step: int = 0
    steps: int = 0
    """Of the trial in hand."""
    trial: Trial | None = None
    """At its end."""
    cached: bool = False
    notice: bool = False
    """Whether `text` is a sentence."""
    place: "Place | None" = None
    """Of the trial in hand, or of the one that is done or left out."""
    failed: bool = False
    """Whether the trial at `place` is left out; `text` says why."""
    ahead: tuple[Ahead, ...] = ()
    """Every trial in the order of the queue; said once, before the first."""


@dataclass(frozen=True)
class Place:
    """One trial to be made."""

    entry: Entry
    amount: Amount
    seed: int

    @property
    def text(self) -> str:
        return f"{self.entry.title}: {self.amount.words}, seed {self.seed}"

    @property
    def cell(self) -> Cell:
        return self.entry.name, self.amount.label, self.seed


@dataclass(frozen=True)
class Material:
    """The project on one amount of images with one seed."""

    project: Project
    tasks: tuple[TaskSpec, ...]
    splits: tuple[SplitChosen, ...]
    rounds: tuple[Round, ...]
    """Of training, as the protocol has them."""
    settings: Settings
    budget: Budget

    @property
    def tested(self) -> tuple[Tested, ...]:
        """Everything that a trial is tested on, round by round."""
        return tuple(one for each in self.rounds for one in each.tested)

    def data(
        self, clip: FrozenClip, cached: Cached, tasks: tuple[TaskSpec, ...], asked: tuple[TaskSpec, ...] = ()
    ) -> Data:
        def features(clip: FrozenClip, images: ImageSet) -> np.ndarray:
            return unprompted_features(cached, clip, images)

        def texts(clip: FrozenClip, given: tuple[str, ...]) -> np.ndarray:
            shape = (len(given), clip.embed_width)
            digest = text_digest(clip, [list(given)])
            return cached.array("embeddings", digest, shape, lambda: class_text_features(clip, given))

        return Data(clip, tasks, self.settings.train, features, texts, asked, self.budget)


@dataclass
class _Found:
    """What the models of a method predict and took, while they are trained one after the other."""

    predictions: dict[str, np.ndarray] = field(default_factory=dict)
    confidence: dict[str, np.ndarray] = field(default_factory=dict)
    at_zero_shot: list[str] = field(default_factory=list)
    models: list[Learned] = field(default_factory=list)
    """Without their arrays."""
    saved: list[SavedModel] = field(default_factory=list)
    """Their arrays, as long as all of them are small enough to be kept."""
    bytes: int = 0
    seconds: float = 0.0
    curve: dict[str, list[float]] = field(default_factory=dict)

    def meta(self, rounds: int) -> TrialMeta:
        """What they took, on average over the rounds, and all seconds."""
        return TrialMeta(
            parameters=sum(one.parameters for one in self.models) // rounds,
            bytes=self.bytes // rounds,
            steps=sum(one.steps for one in self.models) // rounds,
            images_seen=sum(one.images_seen for one in self.models) // rounds,
            seconds=self.seconds,
            values=dict(self.models[0].values) if len(self.models) == 1 else {},
            at_zero_shot=self.at_zero_shot,
            grouping="",
            curve=self.curve,
        )


def compare(
    project: Project, options: CompareOptions, store: ArrayStore
) -> Generator[ComparisonReport, None, Comparison]:
    """Every report of a comparison; returns all trials. InputError at the first `next` for methods that are none."""
    return (yield from Queue(project, options, store).reports())


class Queue:
    """One comparison at work: what was read and made so far."""

    def __init__(self, project: Project, options: CompareOptions, store: ArrayStore) -> None:
        self.project, self.options, self.cached = project, options, Cached(store)
        self.entries = chosen_entries(options.all_methods)
        self.unanswered = unanswered(self.entries, options.protocol)
        """About the methods that the protocol leaves out."""
        self.entries = tuple(entry for entry in self.entries if entry.answers(options.protocol))
        self.places = ordered(planned(self.entries, options.amounts, options.seeds), options)
        self.trials: dict[Place, Trial] = {}
        self.materials: dict[tuple[Amount, int], Material] = {}
        self.told: set[str] = set()
        self._clip: FrozenClip | None = None
        if options.board is None:  # for all processes as they are now
            board = on_board(project)
            self.options = replace(options, board=board.text() if board is not None else "")

    @property
    def clip(self) -> FrozenClip:
        """The backbone, once the queue is `opened`."""
        assert self._clip is not None
        return self._clip

    def reports(self) -> Generator[ComparisonReport, None, Comparison]:
        """As `compare`."""
        if not self.project.file.tasks:
            raise InputError(f"Project {self.project.name!r} must have tasks, but has none; add folders of images.")
        if not any(entry.name == self.options.baseline for entry in self.entries):
            raise BaselineError(
                f"A comparison must be with a method that has an answer by its protocol, but is with "
                f"{shown(self.options.baseline)}; choose another baseline. {self.unanswered}"
            )
        for sentence in filter(None, (self.unanswered, self._budget())):
            yield self.report(sentence, notice=True)
        yield from self.opened()
        ahead = self._outlook()
        yield self.report(said(ahead), notice=True, ahead=ahead)
        engine = self.options.engine
        if engine is not None and not self.options.only_kept:
            yield from made_by(engine, self)
        else:
            for place in self.places:
                if self.options.more is not None and not self.options.more():
                    break
                yield from self.trial(place)
        return self.comparison()

    def opened(self, only: tuple[Amount, int] | None = None) -> Iterator[ComparisonReport]:
        """Load the backbone and read the images of all trials, or of those on one amount with one seed."""
        settings = self.project.settings
        if self._clip is None:
            self._clip = self.options.clip or open_backbone(
                self.project.file.backbone, settings.device, settings.precision, self.project.folder
            )
            yield from self._take_what_fits()
        if self.options.watch is not None:
            self.clip.watch = self.options.watch
        for amount, seed in dict.fromkeys((place.amount, place.seed) for place in self.places):
            if only in (None, (amount, seed)):
                yield from self._material(amount, seed)

    def _take_what_fits(self) -> Iterator[ComparisonReport]:
        """Leave out the methods that the backbone cannot take, and say so; BaselineError where the baseline is one."""
        fits = self.clip.capability
        if said := left_out_for(self.entries, fits, public_name(self.clip.name)):
            if any(entry.name == self.options.baseline for entry in self.entries if entry.lacks(fits)):
                raise BaselineError(
                    f"A comparison must be with a method that the backbone can take, but is with "
                    f"{shown(self.options.baseline)} ({fits.why}); choose another baseline."
                )
            self.entries = tuple(entry for entry in self.entries if not entry.lacks(fits))
            self.places = tuple(place for place in self.places if not place.entry.lacks(fits))
            self.told.add(said)
            yield self.report(said, notice=True)

    def _budget(self) -> str:
        """What the budget is, and to what it does not apply; empty for that of the settings."""
        solved = [entry.title for entry in self.entries if entry.solved]
        but = f" It does not apply to what is solved or not trained: {', '.join(solved)}." if solved else ""
        return f"{self.options.budget.words}{but}" if self.options.budget.words else ""

    def _outlook(self) -> tuple[Ahead, ...]:
        """What lies ahead: which of it is kept already, and how long the rest takes at this machine's speed."""
        found = []
        for place in self.places:
            material = self.materials[place.amount, place.seed]
            kept = self.cached.store.has(KIND, self.digest(place, material))
            seconds = 0.0 if kept else self._expected(place)
            found.append(Ahead(place.entry.name, place.amount, place.seed, kept, seconds, material.tasks))
        return tuple(found)

    def _expected(self, place: Place) -> float | None:
        """Seconds of a trial: what a run of MmAP on these images takes, once for each training that it needs.

        None where nothing is known of this machine's speed yet.
        """
        entry, material = place.entry, self.materials[place.amount, place.seed]
        if entry.family in CHEAP:
            return FEATURE_SECONDS
        tasks = material.rounds[0].trained
        names = [tuple(task.name for task in tasks)]
        affinity = entry.groups in ("auto", "random") or entry.needs_affinity
        found = forecast(
            material.settings, facts_of(self.clip), tasks, texts_of(self.clip, tasks), names, not affinity, scored=True
        ).seconds
        trainings = len(entry.method.candidates) if entry.method and self.options.choose else 1
        trainings *= len(material.rounds)
        return None if found is None else found * trainings

    def comparison(self) -> Comparison:
        """With the trials that are there."""
        options, some = self.options, next(iter(self.materials.values()), None)
        made = [self.trials[place] for place in self.places if place in self.trials]
        names = tuple(entry.name for entry in self.entries)
        tasks = tuple(one.name for one in some.tested) if some else ()
        return Comparison(
            self.project.name, tasks, names, options.amounts, options.seeds, tuple(made), options.baseline,
            self.options.measure, self._about(), protocol=options.protocol, budget=options.budget,
        )  # fmt: skip

    def _about(self) -> dict[str, Any]:
        clip, settings, some = self.clip, self.project.settings, next(iter(self.materials.values()), None)
        splits = {
            f"{amount.label}, seed {seed}": {split.task: split.digest for split in one.splits}
            for (amount, seed), one in sorted(self.materials.items())
        }
        return {
            "backbone": {"name": public_name(clip.name), "digest": clip.digest, "parameters": clip.parameters_count},
            "sources": {entry.name: entry.source for entry in self.entries},
            "class_names": {one.name: list(one.task.class_names) for one in some.tested} if some else {},
            "protocol": f"{self.options.protocol.title}. {self.options.protocol.what}",
            "settings": settings.model_dump(mode="json"),
            "budget": self._budget() or "as the settings say, and as methods on features were published",
            "splits": splits,
            "choice": "on validation images, or three folds of the training images" if self.options.choose
            else "published hyper-parameters",
            "versions": versions(),
            "machine": {"system": platform.system(), "processor": platform.machine(), "cores": os.cpu_count(),
                        "device": str(clip.device)},
        }  # fmt: skip

    def report(self, text: str, **more: Any) -> ComparisonReport:
        """What is said of the queue as it is now."""
        return ComparisonReport(len(self.trials), len(self.places), text, **more)

    def _material(self, amount: Amount, seed: int) -> Generator[ComparisonReport, None, Material]:
        """The tasks split for this amount, read once."""
        if (amount, seed) not in self.materials:
            project = at_amount(self.project, amount, seed)
            tokens = project.settings.prompt.inserted
            reading = Returning(read_tasks(project, self.clip, self.cached, tokens))
            for event in reading:
                if isinstance(event, Notice) and event.text not in self.told:
                    self.told.add(event.text)
                    yield self.report(event.text, notice=True)
            tasks, splits, drawn = reading.value
            each = rounds(self.options.protocol, tasks, drawn.tested)
            budget = self.options.budget
            project = project.with_settings(within(project.settings, budget))
            self.materials[amount, seed] = Material(project, tasks, splits, each, project.settings, budget)
        return self.materials[amount, seed]

    def kept(self, place: Place) -> Trial | None:
        """The trial from the cache, which is done with that; None where it is not there."""
        material = self.materials[place.amount, place.seed]
        kept = kept_trial(self.cached, self.digest(place, material), material.tested)
        if kept is not None:
            self.trials[place] = _made(place, material, kept, self.options.protocol)
        return None if kept is None else self.trials[place]

    def trial(self, place: Place) -> Iterator[ComparisonReport]:
        """Take a trial from the cache, or make it; none of a method that cannot be trained, which is said."""
        material = yield from self._material(place.amount, place.seed)
        cached = self.kept(place) is not None
        if not cached and self.options.only_kept:
            return
        if not cached:
            method = place.entry.method and trained_method(place.entry)
            training = replace(place.entry, method=method) if method else place.entry
            with Turn(self.cached.store, KIND, self.digest(replace(place, entry=training), material)) as turn:
                for sentence in turn.wait(place.text, self.clip.watch):
                    yield self.report(sentence, notice=True)
                if self.kept(place) is None:
                    try:
                        with device_loss_said("comparison"):
                            yield from self._made_anew(place, material)
                    except Exception as error:
                        if not of_one_trial(place, error):
                            raise
                        yield self.report(left_out(place, error), notice=True, place=place, failed=True)
                        return
                    made = self.kept(place)
                    assert made is not None, "what was just kept is there"
        yield self.report(place.text, trial=self.trials[place], cached=cached, place=place)

    def _made_anew(self, place: Place, material: Material) -> Iterator[ComparisonReport]:
        if place.entry.method is None:
            yield from self._prompted(place, material)
        else:
            yield from self._fitted(place, place.entry.method, material)

    def make_again(self, place: Place) -> Iterator[ComparisonReport]:
        """A trial of which something is missing in the cache."""
        material = self.materials[place.amount, place.seed]
        self.cached.store.remove(KIND, self.digest(place, material))
        yield from self.trial(place)

    def digest(self, place: Place, material: Material) -> str:
        """The name that a trial has in the cache."""
        entry, settings, protocol = place.entry, material.settings, self.options.protocol
        if entry.method is None:
            sized = sized_for(self.clip, with_parts(settings, entry), material.tasks)
            about: dict[str, Any] = {
                "name": entry.name,
                "prompt": sized.prompt.model_dump(mode="json"),
                "affinity": settings.affinity.key if entry.groups in ("auto", "random") else {},
                "grouping": settings.grouping.model_dump(mode="json") if entry.groups in ("auto", "random") else {},
                **protocol.key,
            }
            about |= {"board": self.options.board} if entry.groups == "board" else {}
            return trial_digest(self.clip, material.tasks, settings, about, reads_images=True)
        about = {"name": entry.method.name, "scope": entry.scope, "choose": self.options.choose,
                 "candidates": [dict(one) for one in entry.method.candidates], **protocol.key}  # fmt: skip
        if self.options.budget.key and not entry.solved:
            about |= {**self.options.budget.key, "counted": BUDGETS}
        if entry.needs_affinity:
            sized = sized_for(self.clip, settings, material.tasks)
            about |= {"affinity": affinity_digest(self.clip, material.tasks, sized)}
        about |= {"package": entry.package} if entry.package else {}
        reads_images = entry.family not in CHEAP or bool(entry.package)
        return trial_digest(self.clip, material.tasks, settings, about, reads_images)

    def _fitted(self, place: Place, method: Method, material: Material) -> Iterator[ComparisonReport]:
        """Train a method, and test every method asked for that uses the same training and is not kept yet.

        Hyper-parameters are chosen as the method does whose training it is, whichever are asked for.
        """
        method = trained_method(place.entry) or method
        alike = [
            e
            for e in self.entries
            if (e.trained_as, e.scope) == (place.entry.trained_as, place.entry.scope)
            and (e == place.entry or not self.cached.store.has(KIND, self.digest(replace(place, entry=e), material)))
        ]
        found = {entry.name: _Found() for entry in alike}
        models = [(each, tasks) for each in material.rounds for tasks in _models(place.entry, each)]
        before = self._learned(place, method, material, len(models))
        for each, tasks in models:
            began, tested = time.perf_counter(), each.tested_by(tasks)
            asked = tuple(one.task for one in tested if not any(one.task is task for task in tasks))
            data = material.data(self.clip, self.cached, tasks, asked)
            data = replace(data, affinity=partial(self._affinity, material, tasks))
            validation: float | None = None
            if before:
                learned, took = before.pop(0)
            else:
                training = Returning(fitted(method, data, place.seed, self.options.choose))
                for fitting in training:
                    yield self.report(place.text, step=fitting.step, steps=fitting.steps, place=place)
                    self.clip.watch()
                learned, validation = training.value.learned, training.value.validation
                took = time.perf_counter() - began
            for entry in alike:
                assert entry.method is not None
                began, known = time.perf_counter(), validation if entry.method is method else None
                own = entry.method.derived(data, learned) if isinstance(entry.method, Interpolated) else learned
                self._tested(entry.method, data, tested, own, known, found[entry.name])
                found[entry.name].seconds += took + time.perf_counter() - began
        for entry in alike:
            one = found[entry.name]
            trial = KeptTrial(one.meta(len(material.rounds)), one.predictions, one.confidence)
            digest = self.digest(replace(place, entry=entry), material)
            if len(one.saved) == len(models) and self.options.protocol == SHOTS:
                keep_learned(self.cached, digest, one.saved)
            keep_trial(self.cached, digest, material.tested, trial)

    def _affinity(self, material: Material, tasks: tuple[TaskSpec, ...]) -> np.ndarray:
        """Of these tasks, as a run measures it: it is kept like that of any run."""
        context = RunContext.of(self.cached, self.clip, tasks, material.settings)
        estimate: AffinityEstimate = result(measured_affinity(context))
        return estimate.mean

    def _learned(
        self, place: Place, method: Method, material: Material, models: int
    ) -> list[tuple[Learned, float]]:  # fmt: skip
        """What the training that a trial uses has learned, model by model, and its seconds, where both are kept."""
        mine = place.entry
        entry = next((e for e in catalogue().values() if (e.method, e.scope) == (method, mine.scope)), mine)
        if entry == mine:
            return []
        digest = self.digest(replace(place, entry=entry), material)
        saved, trial = kept_learned(self.cached, digest), kept_trial(self.cached, digest, material.tested)
        if saved is None or trial is None or len(saved) != models:
            return []
        meta, seen = trial.meta, trial.meta.images_seen // models
        sizes = [sum(array.size for array in one.arrays.values()) for one in saved]
        return [
            (Learned(one.arrays, size, meta.steps // models, seen, meta.values), meta.seconds / models)
            for one, size in zip(saved, sizes, strict=True)
        ]  # fmt: skip

    def _tested(
        self, method: Method, data: Data, tested: Sequence[Tested], learned: Learned, validation: float | None,
        found: _Found,
    ) -> None:  # fmt: skip
        """Test predictions of one model; those of zero-shot where it is better on validation.

        validation : the model's accuracy there, where the choice of hyper-parameters has measured it
        """
        classify = method.predictor(data, learned)
        worse = False
        if learned.arrays and all(len(task.val) for task in data.tasks):
            images = {task.name: task.val for task in data.tasks}
            plain = zero_shot_method()
            at_zero = accuracy(plain, data, Learned({}, 0), images)
            reached = accuracy(method, data, learned, images) if validation is None else validation
            worse = reached < at_zero
            classify = plain.predictor(data, Learned({}, 0)) if worse else classify
        for one in tested:
            if isinstance(method, Interpolated):
                found.curve[one.name] = list(method.curve(data, learned, one.task, one.task.test))
            self.clip.watch()
            probabilities = checked(method, classify(one.task, one.task.test), one.task, len(one.task.test))
            found.predictions[one.name], found.confidence[one.name] = predict(probabilities)
        found.at_zero_shot += [one.name for one in tested] if worse else []
        found.models.append(replace(learned, arrays={}))
        found.bytes += learned.bytes
        if found.bytes <= LARGEST:
            found.saved.append(SavedModel(tuple(task.name for task in data.tasks), learned.arrays))

    def _prompted(self, place: Place, material: Material) -> Iterator[ComparisonReport]:
        """MmAP: as much of the pipeline as a run of these groups takes, for every round."""
        entry, metas = place.entry, []
        predictions: dict[str, np.ndarray] = {}
        confidence: dict[str, np.ndarray] = {}
        project = material.project.with_settings(with_parts(material.settings, entry))
        groups = entry.groups
        if groups == "random":
            groups = yield from self._random_groups(place, material)
        if groups == "board":
            groups = self._board_groups()
        for each in material.rounds:
            options = RunOptions(groups, watch=self.options.watch, clip=self.clip, tasks=each.trained)
            began = time.perf_counter()
            own, trained, grouping = yield from self._ran(place, project, options)
            context = RunContext.of(self.cached, self.clip, each.trained, project.settings)
            for one in each.tested:
                known = any(one.task is task for task in each.trained)
                scores = (
                    own.per_task[one.task.name] if known else score_beyond(context, _group_of(one, trained), one.task)
                )
                predictions[one.name], confidence[one.name] = scores.predictions, scores.confidence
            metas.append(_meta(context, own, trained, each, grouping, time.perf_counter() - began))
        trial = KeptTrial(_mean(metas), predictions, confidence)
        keep_trial(self.cached, self.digest(place, material), material.tested, trial)

    def _ran(
        self, place: Place, project: Project, options: RunOptions
    ) -> Generator[ComparisonReport, None, tuple[Scores, list[TrainedGroup], str]]:
        """Scores, groups and grouping of a run without a record."""
        scores: Scores | None = None
        grouping = ""
        trained: list[TrainedGroup] = []
        for event in run_without_record(project, options, self.cached.store):
            if isinstance(event, Stepped):
                yield self.report(place.text, step=event.report.step, steps=event.report.steps, place=place)
            elif isinstance(event, GroupingChosen):
                grouping = event.grouping.text()
            elif isinstance(event, GroupReady):
                trained.append(event.group)
            elif isinstance(event, Scores) and event.method == RUN:
                scores = event
            self.clip.watch()
        assert scores is not None, "a run ends with its scores"
        return scores, trained, grouping

    def _board_groups(self) -> str:
        if not self.options.board:
            raise InputError(
                "The board must have groups of the project's tasks, and has none; make some in the window, or compare "
                "another form of MmAP."
            )
        return self.options.board

    def _random_groups(self, place: Place, material: Material) -> Generator[ComparisonReport, None, str]:
        """Random groups of the sizes that the suggested ones have; of one group pairs instead."""
        suggested = replace(place, entry=chosen_entries(["mmap_suggested"])[0])
        kept = kept_trial(self.cached, self.digest(suggested, material), material.tested)
        if kept is None:
            yield from self._prompted(suggested, material)
            kept = kept_trial(self.cached, self.digest(suggested, material), material.tested)
        assert kept is not None
        names = [task.name for task in material.tasks]
        like = Grouping.parse(kept.meta.grouping, names)
        if len(like) == 1:
            like = Grouping(tuple(tuple(names[start : start + 2]) for start in range(0, len(names), 2)))
        return Grouping.random(names, like, place.seed).text()


def planned(entries: Sequence[Entry], amounts: Sequence[Amount], seeds: Sequence[int]) -> tuple[Place, ...]:
    """All trials in the order of the queue."""
    places = [Place(e, amount, seed) for seed in seeds for amount in sorted(amounts) for e in entries]
    return tuple(sorted(places, key=lambda place: place.entry.family not in CHEAP))


def ordered(places: Sequence[Place], options: CompareOptions) -> tuple[Place, ...]:
    """Without what is to be left out; what was moved up comes behind zero-shot, which all others are compared with."""
    wanted = [place for place in places if place.cell not in options.without]
    return tuple(in_order(wanted, lambda place: place.cell, lambda place: place.entry.family, options.first))


def of_one_trial(place: Place, error: Exception) -> bool:
    """Whether the others can go on; a method of another package may raise anything."""
    ends = isinstance(error, OSError | Interrupted | DeviceLostError)
    return not ends and (bool(place.entry.package) or isinstance(error, OF_ONE_TRIAL))


def left_out(place: Place, error: BaseException) -> str:
    """The sentence for a trial that cannot be made."""
    why = str(error) if isinstance(error, StudioError) else f"{type(error).__name__}: {printable(error)[:300]}"
    return f"{place.text} is left out: {why}"


def at_amount(project: Project, amount: Amount, seed: int) -> Project:
    """The project with its training images cut to an amount, and everything seeded by `seed`; all: as it is split.

    Prompts are those after the last step, as for every method.
    """
    train = project.settings.train.model_copy(update={"keep": "final"})
    project = project.with_settings(project.settings.model_copy(update={"seed": seed, "train": train}))
    if amount.rank == 2:
        return project
    own = project.file.split
    said: dict[str, Any] = {"kind": "share", "share": amount.number}
    if amount.rank == 0:
        said = {"kind": "shots", "shots": int(amount.number)}
    split = own.model_copy(update={**said, "seed": seed, "identity": own.identity or "auto"})
    return project.split_for_one_run(split)


def within(settings: Settings, budget: Budget) -> Settings:
    """The settings with a training of each model as long as a budget says."""
    if budget.kind == "settings":
        return settings
    fixed = FixedSteps if budget.kind == "steps" else FixedImages
    return settings.model_copy(update={"train": fixed.of(settings.train, budget.number)})


def with_parts(settings: Settings, entry: Entry) -> Settings:
    """The settings with the parts of MmAP that the entry is about."""
    if not entry.parts:
        return settings
    return settings.model_copy(update={"prompt": settings.prompt.model_copy(update={"parts": entry.parts})})


def _models(entry: Entry, each: Round) -> list[tuple[TaskSpec, ...]]:
    """The tasks of every model that a round trains."""
    return [each.trained] if entry.scope == "pooled" else [(task,) for task in each.trained]


def _meta(
    context: RunContext, scores: Scores, trained: Sequence[TrainedGroup], each: Round, grouping: str, seconds: float
) -> TrialMeta:
    """What MmAP took in a round."""
    settings = context.settings
    steps = [group_steps(context.members(one.members), settings) for one in trained]
    sizes = {task.name: min(settings.train.batch_size, len(task.train)) for task in each.trained}
    drawn = [count * sum(sizes[name] for name in one.members) for count, one in zip(steps, trained, strict=True)]
    return TrialMeta(
        parameters=scores.parameters,
        bytes=4 * scores.parameters,
        steps=sum(steps),
        images_seen=sum(drawn),
        seconds=seconds,
        values={"learning_rate": settings.train.learning_rate},
        at_zero_shot=[one.name for one in each.tested if _group_of(one, trained).worse(settings.train.keep)],
        grouping=grouping,
    )


def _group_of(one: Tested, trained: Sequence[TrainedGroup]) -> TrainedGroup:
    """The group whose prompts are tested: that of the task, or of another domain the one that all others are in."""
    return next((group for group in trained if one.task.name in group.members), trained[0])


def _mean(metas: Sequence[TrialMeta]) -> TrialMeta:
    """Of all rounds: what one took on average, all seconds, and everything at zero-shot."""
    sizes = {what: sum(getattr(one, what) for one in metas) // len(metas)
             for what in ("parameters", "bytes", "steps", "images_seen")}  # fmt: skip
    seconds, kept = sum(one.seconds for one in metas), [name for one in metas for name in one.at_zero_shot]
    return metas[0].model_copy(update={**sizes, "seconds": seconds, "at_zero_shot": kept})


def _made(place: Place, material: Material, kept: KeptTrial, protocol: Protocol) -> Trial:
    per_task = {
        one.name: TaskScores(
            one.task.test.labels, kept.predictions[one.name], kept.confidence[one.name], one.subjects,
            len(one.task.class_names),
        )
        for one in material.tested
    }  # fmt: skip
    meta, entry = kept.meta, place.entry
    return Trial(
        entry.name, entry.title, entry.family, place.amount, place.seed, per_task, meta.parameters, meta.bytes,
        meta.steps, meta.images_seen, meta.seconds, dict(meta.values), tuple(meta.at_zero_shot), meta.grouping,
        protocol, {name: tuple(values) for name, values in meta.curve.items()},
    )  # fmt: skip
