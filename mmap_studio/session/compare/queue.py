"""The queue of a comparison: trial after trial, each kept when it is done: a stop loses at most the one in hand.

Order: what takes seconds first, on all amounts and seeds, so that a useful table is there early; then seed by seed, few
images before many.
"""

import os
import platform
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

from mmap_studio.errors import BackboneError, DeviceLostError, InputError, Interrupted, StudioError
from mmap_studio.formatting import printable, shown
from mmap_studio.method.clip import FrozenClip
from mmap_studio.session.backbones.loading import open_backbone
from mmap_studio.session.backbones.public_names import public_name
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.cache.turn import Turn
from mmap_studio.session.compare.board_groups import on_board
from mmap_studio.session.compare.catalogue import (
    MethodEntry,
    chosen_entries,
    left_out_for,
    trained_method,
    unanswered,
)
from mmap_studio.session.compare.kept_trials import KIND
from mmap_studio.session.compare.options import BaselineError, CompareOptions, in_order
from mmap_studio.session.compare.protocols.rounds import rounds
from mmap_studio.session.compare.remaining import Ahead, said
from mmap_studio.session.compare.trial import CHEAP, Amount, Comparison, Trial
from mmap_studio.session.compare.trial_jobs import made_by
from mmap_studio.session.compare.trial_maker import Material, Place, TrialMaker, at_amount, within
from mmap_studio.session.dataset.tasks import read_tasks
from mmap_studio.session.estimates.facts import facts_of, texts_of
from mmap_studio.session.estimates.forecast import forecast
from mmap_studio.session.events import Notice
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.run_recorder import versions
from mmap_studio.session.runtime.device_loss import device_loss_said
from mmap_studio.session.runtime.generator_result import Returning
from mmap_studio.storage.store import ArrayStore

OF_ONE_TRIAL = (InputError, BackboneError, RuntimeError, MemoryError)
"""Errors that leave out one trial: a loss that is not finite, images, memory or a backbone that do not suffice for a
method. A full disk or a lost device ends all."""
FEATURE_SECONDS, SOLVED_SECONDS = 2.0, 0.5
"""Of a trial on frozen features that trains, and of one that is solved or trains nothing: means of the kept ones of the
study, which took 0.1 to 10 s and 0.0 to 4.3 s on one core."""


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
    place: Place | None = None
    """Of the trial in hand, or of the one that is done or left out."""
    failed: bool = False
    """Whether the trial at `place` is left out; `text` says why."""
    ahead: tuple[Ahead, ...] = ()
    """Every trial in the order of the queue; said once, before the first."""


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

    @property
    def maker(self) -> TrialMaker:
        """Of its trials, with the options of now."""
        return TrialMaker(self.clip, self.cached, self.options, self.entries)

    def reports(self) -> Generator[ComparisonReport, None, Comparison]:
        """As `compare`."""
        self.project.require_tasks()
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
        tested = {which: {task.name: task.test.digest for task in one.tasks} for which, one in self.materials.items()}
        for place in self.places:
            which = place.amount, place.seed
            material = self.materials[which]
            kept = self.cached.store.has(KIND, self.maker.digest(place, material))
            seconds = 0.0 if kept else self._expected(place)
            found.append(Ahead(place.entry.name, place.amount, place.seed, kept, seconds, tested[which]))
        return tuple(found)

    def _expected(self, place: Place) -> float | None:
        """Seconds of a trial: what a run of MmAP on these images takes, once for each training that it needs.

        None where nothing is known of this machine's speed yet.
        """
        entry, material = place.entry, self.materials[place.amount, place.seed]
        if entry.family in CHEAP:
            return SOLVED_SECONDS if entry.solved else FEATURE_SECONDS
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
        found = self.maker.kept(place, self.materials[place.amount, place.seed])
        if found is not None:
            self.trials[place] = found
        return found

    def trial(self, place: Place) -> Iterator[ComparisonReport]:
        """Take a trial from the cache, or make it; none of a method that cannot be trained, which is said."""
        material = yield from self._material(place.amount, place.seed)
        cached = self.kept(place) is not None
        if not cached and self.options.only_kept:
            return
        if not cached:
            method = place.entry.method and trained_method(place.entry)
            training = replace(place.entry, method=method) if method else place.entry
            with Turn(self.cached.store, KIND, self.maker.digest(replace(place, entry=training), material)) as turn:
                for sentence in turn.wait(place.text, self.clip.watch):
                    yield self.report(sentence, notice=True)
                if self.kept(place) is None:
                    try:
                        with device_loss_said("comparison"), closing(self.maker.made(place, material)) as making:
                            for at in making:
                                yield self.report(place.text, step=at.step, steps=at.steps, place=place)
                    except Exception as error:
                        if not of_one_trial(place, error):
                            raise
                        yield self.report(left_out(place, error), notice=True, place=place, failed=True)
                        return
                    made = self.kept(place)
                    assert made is not None, "what was just kept is there"
        yield self.report(place.text, trial=self.trials[place], cached=cached, place=place)

    def make_again(self, place: Place) -> Iterator[ComparisonReport]:
        """A trial of which something is missing in the cache."""
        material = self.materials[place.amount, place.seed]
        self.cached.store.remove(KIND, self.maker.digest(place, material))
        yield from self.trial(place)


def planned(entries: Sequence[MethodEntry], amounts: Sequence[Amount], seeds: Sequence[int]) -> tuple[Place, ...]:
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
