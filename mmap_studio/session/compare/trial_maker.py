"""The making of one trial: a method trained on so many images with one seed, tested, and kept in the cache.

Every method sees the same images in the same parts, has its hyper-parameters chosen by the same rule, gives the weights
of its last step, and stays at zero-shot where that is better on validation, as MmAP does.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from mmap_studio.config import FixedImages, FixedSteps, Settings
from mmap_studio.errors import InputError
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
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.cache.digests import affinity_digest, text_digest, trial_digest
from mmap_studio.session.compare.catalogue import (
    MethodEntry,
    catalogue,
    chosen_entries,
    trained_method,
    zero_shot_method,
)
from mmap_studio.session.compare.kept_trials import KIND, KeptTrial, TrialMeta, keep_trial, kept_trial, short
from mmap_studio.session.compare.method_export import LARGEST, keep_learned, kept_learned
from mmap_studio.session.compare.options import CompareOptions
from mmap_studio.session.compare.protocols.protocol import SHOTS, Protocol
from mmap_studio.session.compare.protocols.rounds import Round, Tested
from mmap_studio.session.compare.trial import CHEAP, Amount, Cell, TaskScores, Trial
from mmap_studio.session.events import GroupingChosen, GroupReady, Scores, SplitChosen, Stepped
from mmap_studio.session.methods import RUN
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.context import RunContext, sized_for
from mmap_studio.session.run.pipeline import run_without_record
from mmap_studio.session.run.run_options import RunOptions
from mmap_studio.session.run.scoring import score_beyond
from mmap_studio.session.run.stages import group_steps, measured_affinity
from mmap_studio.session.run.unprompted_features import unprompted_features
from mmap_studio.session.runtime.generator_result import Returning, result
from mmap_studio.storage.method_folder import SavedModel

ALL = "all tasks"
"""What the curve of a model of all tasks is called."""
BUDGETS = 2
"""How budgets are counted, in the names of trials within one."""


@dataclass(frozen=True)
class Place:
    """One trial to be made."""

    entry: MethodEntry
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

    def name_of(self, each: Round, what: str) -> str:
        """What a curve of a round is called: the task, or all tasks, and what was held back where that varies."""
        return what if len(self.rounds) == 1 else f"{what}, without {each.tested[0].name}"

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


@dataclass(frozen=True)
class TrainingStep:
    """How far the training in hand is."""

    step: int
    """From 1."""
    steps: int


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
    losses: dict[str, np.ndarray] = field(default_factory=dict)

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
            losses=short(self.losses),
        )


@dataclass(frozen=True)
class TrialMaker:
    """Makes the trials of a comparison on its backbone, and finds those that are made."""

    clip: FrozenClip
    cached: Cached
    options: CompareOptions
    entries: tuple[MethodEntry, ...]
    """Methods that are compared: those that use the training of another are tested with it."""

    def kept(self, place: Place, material: Material) -> Trial | None:
        """The trial from the cache; None where it is not there."""
        kept = kept_trial(self.cached, self.digest(place, material), material.tested)
        return None if kept is None else _made(place, material, kept, self.options.protocol)

    def made(self, place: Place, material: Material) -> Generator[TrainingStep, None, None]:
        """Train and test anew, and keep what comes of it; errors of the method are its own."""
        if place.entry.method is None:
            yield from self._prompted(place, material)
        else:
            yield from self._fitted(place, place.entry.method, material)

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

    def _fitted(self, place: Place, method: Method, material: Material) -> Iterator[TrainingStep]:
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
                learned, took, losses = before.pop(0)
            else:
                training = Returning(fitted(method, data, place.seed, self.options.choose))
                for fitting in training:
                    yield TrainingStep(fitting.step, fitting.steps)
                    self.clip.watch()
                learned, validation = training.value.learned, training.value.validation
                name = ALL if place.entry.scope == "pooled" else tasks[0].name
                losses = {material.name_of(each, name): training.value.losses}
                took = time.perf_counter() - began
            for entry in alike:
                assert entry.method is not None
                began, known = time.perf_counter(), validation if entry.method is method else None
                own = entry.method.derived(data, learned) if isinstance(entry.method, Interpolated) else learned
                self._tested(entry.method, data, tested, own, known, found[entry.name])
                found[entry.name].seconds += took + time.perf_counter() - began
                found[entry.name].losses |= losses
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
    ) -> list[tuple[Learned, float, dict[str, np.ndarray]]]:
        """What the training that a trial uses has learned, model by model, its seconds and its losses, where they are
        kept."""
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
        curves = {name: np.array(points, float).reshape(-1, 2).T for name, points in meta.losses.items()}
        return [
            (Learned(one.arrays, size, meta.steps // models, seen, meta.values), meta.seconds / models, curves)
            for one, size in zip(saved, sizes, strict=True)
        ]

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

    def _prompted(self, place: Place, material: Material) -> Iterator[TrainingStep]:
        """MmAP: as much of the pipeline as a run of these groups takes, for every round."""
        entry, metas = place.entry, []
        losses: dict[str, np.ndarray] = {}
        validation: dict[str, np.ndarray] = {}
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
            own, trained, grouping = yield from self._ran(project, options)
            context = RunContext.of(self.cached, self.clip, each.trained, project.settings)
            for one in each.tested:
                known = any(one.task is task for task in each.trained)
                scores = (
                    own.per_task[one.task.name] if known else score_beyond(context, _group_of(one, trained), one.task)
                )
                predictions[one.name], confidence[one.name] = scores.predictions, scores.confidence
            metas.append(_meta(context, own, trained, each, grouping, time.perf_counter() - began))
            for group in trained:
                losses |= {material.name_of(each, task): points for task, points in group.losses.items()}
                validation |= {material.name_of(each, task): over_epochs(group, task) for task in group.members}
        curves = {"losses": short(losses), "validation": short(validation)}
        trial = KeptTrial(_mean(metas).model_copy(update=curves), predictions, confidence)
        keep_trial(self.cached, self.digest(place, material), material.tested, trial)

    def _ran(
        self, project: Project, options: RunOptions
    ) -> Generator[TrainingStep, None, tuple[Scores, list[TrainedGroup], str]]:
        """Scores, groups and grouping of a run without a record."""
        scores: Scores | None = None
        grouping = ""
        trained: list[TrainedGroup] = []
        for event in run_without_record(project, options, self.cached.store):
            if isinstance(event, Stepped):
                yield TrainingStep(event.report.step, event.report.steps)
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

    def _random_groups(self, place: Place, material: Material) -> Generator[TrainingStep, None, str]:
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


def with_parts(settings: Settings, entry: MethodEntry) -> Settings:
    """The settings with the parts of MmAP that the entry is about."""
    if not entry.parts:
        return settings
    return settings.model_copy(update={"prompt": settings.prompt.model_copy(update={"parts": entry.parts})})


def _models(entry: MethodEntry, each: Round) -> list[tuple[TaskSpec, ...]]:
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


def over_epochs(group: TrainedGroup, task: str) -> np.ndarray:
    """float64 (2, n): epochs from 1, and accuracies of a task on its validation images."""
    found = [(epoch, scores[task]) for epoch, scores in enumerate(group.validation, 1) if task in scores]
    return np.array(found, float).reshape(-1, 2).T


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
        {name: tuple((x, y) for x, y in points) for name, points in meta.losses.items()},
        {name: tuple((x, y) for x, y in points) for name, points in meta.validation.items()},
    )  # fmt: skip
