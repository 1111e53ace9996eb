"""Stage 1, affinity, and stage 3, training, with the cache around them: what is cached is not trained again."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmap_studio.config import Settings
from mmap_studio.errors import StorageError
from mmap_studio.formatting import number, percent, size
from mmap_studio.method.affinity.lookahead import AffinityEstimate
from mmap_studio.method.affinity.meter import HISTORY
from mmap_studio.method.gain import pair_gains
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.snapshot import Snapshot
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import (
    StepReport,
    TrainedGroup,
    mean_accuracy,
    train,
    train_shared,
    validate,
)
from mmap_studio.session.cache.cache import (
    affinity_from_arrays,
    affinity_to_arrays,
    checked_array,
    group_to_arrays,
    losses_from_arrays,
)
from mmap_studio.session.cache.digests import affinity_digest
from mmap_studio.session.cache.turn import Turn
from mmap_studio.session.cache.unfinished import KIND, Unfinished, forget
from mmap_studio.session.estimates.facts import facts_of, texts_of
from mmap_studio.session.estimates.forecast import forecast
from mmap_studio.session.estimates.progress import steps_per_epoch
from mmap_studio.session.events import (
    AffinityLosses,
    AffinityMeasured,
    GroupReady,
    Notice,
    Phase,
    Progress,
    Stepped,
    Steps,
    TrainingResumed,
)
from mmap_studio.session.run.context import RunContext
from mmap_studio.session.run.loss_curves import LossCurves
from mmap_studio.session.runtime.heap import spare


def measured_affinity(context: RunContext) -> Steps[AffinityEstimate]:
    """Stage 1; returns the last estimate."""
    cached, clip, tasks, settings = context.cached, context.clip, context.tasks, context.settings
    digest, names = affinity_digest(clip, tasks, settings), [task.name for task in tasks]

    def kept_affinity() -> tuple[list[tuple[int, AffinityEstimate]], dict[str, np.ndarray]] | None:
        return cached.read(
            "affinity", digest,
            lambda arrays, meta: (affinity_from_arrays(arrays, meta, names), losses_from_arrays(arrays, names)),
        )  # fmt: skip

    found = kept_affinity()
    with Turn(cached.store, "affinity", digest) as turn:
        if found is None:
            yield from waited(turn, "The measurement of affinity", context)
            found = kept_affinity()
        if found is None:
            return (yield from _measured_anew(context, digest))
    forget(cached, digest)
    earlier, losses = found
    if losses:
        yield AffinityLosses(losses)
    for step, estimate in earlier:
        yield AffinityMeasured(estimate, step, earlier[-1][0], cached=True)
    return earlier[-1][1]


def _measured_anew(context: RunContext, digest: str) -> Steps[AffinityEstimate]:
    cached, clip, tasks, settings = context.cached, context.clip, context.tasks, context.settings
    if settings.affinity.by == "training":
        return (yield from _gains_measured(context, digest))
    with Unfinished(cached, digest) as unfinished:
        bookmark, curves, before, had = unfinished.bookmark, LossCurves(context.names), None, 0
        yield forecast_notice("Measuring affinity", context, [], measured=False, done=share_of(bookmark.start))
        history: list[tuple[int, AffinityEstimate]] = []
        for report in train_shared(
            clip, tasks, settings.prompt, settings.train, settings.affinity, settings.seed, bookmark
        ):
            if before is None and bookmark.begun is not None:
                had, before = bookmark.begun.step, replace(report, parts=bookmark.begun.parts, uncompiled="")
                history = measured_before(bookmark.begun)
                yield from resumed(context, "affinity", bookmark.begun, curves)
                for step, estimate in history:
                    yield AffinityMeasured(estimate, step, report.steps, cached=True)
            curves.append(report.step, report.losses)
            if report.affinity is not None:
                history.append((report.step, report.affinity))
            if report.step == report.steps:  # before it is told: whoever stops here has it
                cached.put("affinity", digest, *affinity_to_arrays(history, curves.kept()))
                unfinished.done()
            yield from kept(unfinished)
            yield Stepped("affinity", report)
            yield Progress("affinity", report.step, report.steps, cached=had)
            yield from step_warnings(report, before, settings)
            before = report
            if report.affinity is not None:
                yield AffinityMeasured(report.affinity, report.step, report.steps)
    return history[-1][1]


def _gains_measured(context: RunContext, digest: str) -> Steps[AffinityEstimate]:
    """By training every pair of tasks; after each training what was measured is kept."""
    cached, clip, tasks, settings = context.cached, context.clip, context.tasks, context.settings
    shape = (settings.affinity.repeats + 1, len(tasks), len(tasks))
    before = cached.read(KIND, digest, lambda arrays, _: checked_array(arrays, "losses", "f8", shape))
    yield forecast_notice("Measuring affinity", context, [], measured=False)
    history: list[tuple[int, AffinityEstimate]] = []
    had, share_had, refused = 0, 0.0, False
    for report in pair_gains(clip, tasks, settings.prompt, settings.train, settings.affinity, settings.seed, before):
        if report.known:
            had, share_had = report.step, report.share
        elif report.losses is not None and not refused:
            try:
                cached.put(KIND, digest, {"losses": report.losses}, {})
            except StorageError as error:
                refused = True
                yield Notice(f"{error} The measurement goes on; it would be lost if it were stopped.", "warning")
        if report.estimate is not None:
            history.append((report.repeat, report.estimate))
        if report.step == report.steps:  # before it is told: whoever stops here has it
            cached.put("affinity", digest, *affinity_to_arrays(history))
            forget(cached, digest)
        note = " and ".join(report.members)
        yield Progress("affinity", report.step, report.steps, "steps", note, had, report.share, share_had)
        if report.estimate is not None:
            yield AffinityMeasured(report.estimate, report.repeat, report.repeats, cached=report.known)
    return history[-1][1]


def trained_groups(
    context: RunContext, grouping: Grouping, phase: Phase = "training", note: str = ""
) -> Steps[list[TrainedGroup]]:
    """Stage 3; returns the groups in their order. Those of controls have their `phase`, and their name as `note`."""
    cached, clip, settings = context.cached, context.clip, context.settings
    groups: list[TrainedGroup] = []
    work, before = TrainingWork.of(context.tasks, grouping, settings), None
    forecast_due = phase == "training"  # controls train much the same, once more
    for members in context.ordered(grouping).groups:
        tasks, digest = context.members(members), context.group_digest(members)
        found = context.cached_group(members)
        with Turn(cached.store, "prompts", digest) as turn:
            if found is None:
                yield from waited(turn, f"The training of {', '.join(members)}", context)
                found = context.cached_group(members)
            if found is not None:
                forget(cached, digest)
                groups.append(found)
                work.advance(group_steps(tasks, settings), len(members), cached=True)
                yield work.progress(phase, note)
                yield GroupReady(groups[-1], cached=True)
                yield from against_zero_shot(groups[-1], settings)
                continue
            with Unfinished(cached, digest) as unfinished:
                bookmark, curves, first = unfinished.bookmark, LossCurves(members), True
                if forecast_due:
                    forecast_due, done = False, share_of(bookmark.start) * len(members) / len(context.tasks)
                    yield forecast_notice("Training", context, untrained_groups(context, grouping), done=done)
                if phase == "training" and bookmark.start is None:
                    yield from start_warning(context, members)
                for report in train(
                    clip, tasks, Grouping.together(members), settings.prompt, settings.train, settings.seed, bookmark
                ):
                    if first and bookmark.begun is not None:
                        work.advance(bookmark.begun.step, len(members), cached=True)
                        before = replace(report, parts=bookmark.begun.parts, uncompiled="")
                        yield from resumed(context, phase, bookmark.begun, curves, note)
                    first = False
                    work.advance(1, len(members))
                    curves.append(report.step, report.losses)
                    if report.group is not None and report.group.complete:
                        # before it is told: whoever stops here has it
                        groups.append(replace(report.group, losses=curves.kept()))
                        cached.put("prompts", digest, *group_to_arrays(groups[-1]))
                        unfinished.done()
                    yield from kept(unfinished)
                    yield Stepped(phase, report, note)
                    yield work.progress(phase, note)
                    yield from step_warnings(report, before, settings)
                    before = report
        yield GroupReady(groups[-1], cached=False)
        yield from against_zero_shot(groups[-1], settings)
    return groups


def waited(turn: Turn, what: str, context: RunContext) -> Iterator[Notice]:
    """Until no other process makes the same; says so when that takes time."""
    for sentence in turn.wait(what, context.clip.watch):
        yield Notice(sentence)


def resumed(
    context: RunContext, phase: Phase, begun: Snapshot, curves: LossCurves, note: str = ""
) -> Iterator[TrainingResumed | Notice]:
    """Says where a training goes on, and takes the losses so far into its curves."""
    losses = {name: begun.losses[:, column] for column, name in enumerate(begun.members)}
    for step, row in enumerate(begun.losses.tolist(), start=1):
        curves.append(step, dict(zip(begun.members, row, strict=True)))
    per_epoch = steps_per_epoch(context.members(begun.members), context.settings.train)
    event = TrainingResumed(phase, begun.members, begun.step, begun.steps, per_epoch, losses, begun.group, note)
    yield event
    yield Notice(event.sentence)


def kept(unfinished: Unfinished) -> Iterator[Notice]:
    """Keeps where a training is, when it is time to; says the first time that this is not possible."""
    if refused := unfinished.keep():
        yield Notice(refused, "warning")


def share_of(start: Snapshot | None) -> float:
    """Of a training, what is done before it goes on."""
    return start.step / start.steps if start is not None and 0 < start.step < start.steps else 0.0


def measured_before(begun: Snapshot) -> list[tuple[int, AffinityEstimate]]:
    """The measurements of a training that goes on, one after the other as they were taken: (step, estimate so far)."""
    if not len(begun.measured_at):
        return []
    arrays = {HISTORY: begun.measured, "steps": begun.measured_at}
    return affinity_from_arrays(arrays, {"tasks": list(begun.members)})


@dataclass
class TrainingWork:
    """How far stage 3 is, in steps and in work: a step takes as long as its group has tasks."""

    steps: int
    work: int
    """Steps times tasks, over all groups."""
    steps_done: int = 0
    work_done: int = 0
    steps_cached: int = 0
    """Of `steps_done`, from the cache."""
    work_cached: int = 0

    @classmethod
    def of(cls, tasks: Sequence[TaskSpec], grouping: Grouping, settings: Settings) -> "TrainingWork":
        """Of all groups, before the first step."""
        groups = [[task for task in tasks if task.name in members] for members in grouping.groups]
        steps = [group_steps(group, settings) for group in groups]
        return cls(sum(steps), sum(count * len(group) for count, group in zip(steps, groups, strict=True)))

    def advance(self, steps: int, tasks: int, cached: bool = False) -> None:
        """Count `steps` of a group of so many tasks as done."""
        self.steps_done, self.work_done = self.steps_done + steps, self.work_done + steps * tasks
        if cached:
            self.steps_cached, self.work_cached = self.steps_cached + steps, self.work_cached + steps * tasks

    def progress(self, phase: Phase, note: str) -> Progress:
        """The event that says how far it is."""
        share, cached = self.work_done / self.work, self.work_cached / self.work
        return Progress(phase, self.steps_done, self.steps, "steps", note, self.steps_cached, share, cached)


def group_steps(tasks: Sequence[TaskSpec], settings: Settings) -> int:
    """Training steps of a group: passes over its largest training set."""
    return settings.train.steps_on(len(task.train) for task in tasks)


def untrained_groups(context: RunContext, grouping: Grouping) -> list[tuple[str, ...]]:
    """Members of the groups that are not cached."""
    has = context.cached.store.has
    return [members for members in grouping.groups if not has("prompts", context.group_digest(members))]


def forecast_notice(
    what: str, context: RunContext, untrained: Sequence[Sequence[str]], measured: bool = True, done: float = 0.0
) -> Notice:
    """Memory and time that lie ahead; where this memory is short on a CPU, tensors leave no gaps in it.

    done : share of the phase that an earlier run has done of what is not finished
    """
    clip, tasks = context.clip, context.tasks
    found = forecast(
        context.settings, facts_of(clip), tasks, texts_of(clip, tasks), untrained, measured, scored=True,
        done={"training" if measured else "affinity": done},
    )  # fmt: skip
    if found.memory is not None and clip.device.type == "cpu":
        spare(found.memory.step)
    memory = f"{size(found.memory.bytes)} of memory ({found.memory.text()})" if found.memory else ""
    return Notice(f"{what} takes about {memory}; time: {found.time()}.")


def start_warning(context: RunContext, members: Sequence[str]) -> Iterator[Notice]:
    """What prompts that start at random cost before the first step, on validation; those at zero-shot cost nothing."""
    clip, settings, tasks = context.clip, context.settings, context.members(members)
    if settings.prompt.start == "zero_shot" or not any(len(task.val) for task in tasks):
        return
    at_start, zero_shot = (mean_accuracy(validate(clip, tasks, one)) for one in (context.new_bank(members), None))
    if at_start < zero_shot:
        text = f"Before the first step the prompts of {', '.join(members)} have {percent(at_start)} on validation, and"
        yield Notice(f"{text} zero-shot has {percent(zero_shot)}; prompt.start=zero_shot begins there.", "warning")


def against_zero_shot(group: TrainedGroup, settings: Settings) -> Iterator[Notice]:
    """A group whose prompts do not reach zero-shot on validation."""
    keep = settings.train.keep
    trained, zero_shot = group.validated(keep)
    if trained >= zero_shot:
        return
    then = "so these prompts stay at zero-shot" if group.worse(keep) else "prompt.start=zero_shot would keep the better"
    text = f"{', '.join(group.members)}: zero-shot is better on validation ({percent(zero_shot)} against"
    yield Notice(f"{text} {percent(trained)}), {then}.", "warning")


def step_warnings(report: StepReport, before: StepReport | None, settings: Settings) -> Iterator[Notice]:
    """What a user should know of a step that did not hold for the step `before` it."""
    if report.undone:
        what = f"Step {report.step} gave numbers that are not finite; it was undone and the learning rate halved to"
        yield Notice(f"{what} {number(report.learning_rate)}.", "warning")
    if report.parts > (before.parts if before else settings.train.accumulate):
        text = (
            f"Step {report.step} did not fit into memory; from here on a step is computed in {report.parts} "
            "micro-batches, with the same result up to rounding (train.accumulate asks for them from the start)."
        )
        yield Notice(text, "warning")
    if report.uncompiled and not (before and before.uncompiled):
        text = f"Steps could not be compiled ({report.uncompiled}); they are computed plainly, with the same result"
        yield Notice(f"{text} up to rounding. Turn train.compiled off to skip the attempt.", "warning")
