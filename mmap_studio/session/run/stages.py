"""Stage 1 and stage 3 with the cache around them: what is known is not trained again."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from mmap_studio.config import Settings
from mmap_studio.formatting import number, size
from mmap_studio.method.affinity import AffinityEstimate
from mmap_studio.method.bank import PromptBank
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import StepReport, TrainedGroup, new_bank, train, train_shared
from mmap_studio.session.cache.cache import (
    Cached,
    affinity_from_arrays,
    affinity_to_arrays,
    group_from_arrays,
    group_to_arrays,
    losses_from_arrays,
)
from mmap_studio.session.cache.digests import affinity_digest, group_digest
from mmap_studio.session.estimates.facts import facts_of, texts_of
from mmap_studio.session.estimates.forecast import forecast
from mmap_studio.session.events import (
    AffinityLosses,
    AffinityMeasured,
    GroupReady,
    Notice,
    Phase,
    Progress,
    Stepped,
    Steps,
)
from mmap_studio.session.run.loss_curves import LossCurves
from mmap_studio.session.runtime.heap import spare


def measured_affinity(cached: Cached, clip: FrozenClip, tasks: Sequence[TaskSpec], settings: Settings) -> Steps:
    """Stage 1; returns the last `AffinityEstimate`."""
    digest = affinity_digest(clip, tasks, settings)
    found = cached.get("affinity", digest)
    if found is not None:
        history = affinity_from_arrays(*found)
        kept = losses_from_arrays(found[0], found[1]["tasks"])
        if kept:
            yield AffinityLosses(kept)
        for step, estimate in history:
            yield AffinityMeasured(estimate, step, history[-1][0], cached=True)
        return history[-1][1]
    yield said_before("Measuring affinity", clip, tasks, settings, [], measured=False)
    history, before, losses = [], None, LossCurves(task.name for task in tasks)
    for report in train_shared(clip, tasks, settings.prompt, settings.train, settings.affinity, settings.seed):
        losses.append(report.step, report.losses)
        yield Stepped("affinity", report)
        yield Progress("affinity", report.step, report.steps)
        yield from warned(report, before, settings)
        before = report
        if report.affinity is not None:
            history.append((report.step, report.affinity))
            yield AffinityMeasured(report.affinity, report.step, report.steps)
    cached.put("affinity", digest, *affinity_to_arrays(history, losses.kept()))
    return history[-1][1]


def trained_groups(
    cached: Cached,
    clip: FrozenClip,
    tasks: Sequence[TaskSpec],
    grouping: Grouping,
    settings: Settings,
    phase: Phase = "training",
    note: str = "",
    keep_partial: Callable[[TrainedGroup], None] | None = None,
) -> Steps:
    """Stage 3; returns the `TrainedGroup`s. `keep_partial` hears of every epoch's prompts, in case of a stop."""
    groups: list[TrainedGroup] = []
    way, before = _Way.of(tasks, grouping, settings), None
    said = phase != "training"  # controls train much the same, once more
    for members in in_order(grouping, tasks).groups:
        own = [task for task in tasks if task.name in members]
        digest, steps = group_digest(clip, own, settings), total_steps(own, Grouping.together(members), settings)
        found = cached.get("prompts", digest)
        if found is not None:
            groups.append(group_from_arrays(*found))
            way.go(steps, len(members), cached=True)
            yield way.progress(phase, note)
            yield GroupReady(groups[-1], cached=True)
            continue
        losses = LossCurves(members)
        if not said:
            said = True
            yield said_before("Training", clip, tasks, settings, unknown(cached, clip, tasks, grouping, settings))
        for report in train(clip, own, Grouping.together(members), settings.prompt, settings.train, settings.seed):
            way.go(1, len(members))
            losses.append(report.step, report.losses)
            yield Stepped(phase, report, note)
            yield way.progress(phase, note)
            yield from warned(report, before, settings)
            before = report
            if report.group is not None and keep_partial is not None:
                keep_partial(report.group)
            if report.group is not None and report.group.complete:
                groups.append(replace(report.group, losses=losses.kept()))
        cached.put("prompts", digest, *group_to_arrays(groups[-1]))
        yield GroupReady(groups[-1], cached=False)
    return groups


@dataclass
class _Way:
    """How far stage 3 is, in steps and in work: a step takes as long as its group has tasks."""

    steps: int
    work: int
    """Steps times tasks, over all groups."""
    done: int = 0
    worked: int = 0
    had: int = 0
    """Of `done`, from the cache."""
    had_work: int = 0

    @classmethod
    def of(cls, tasks: Sequence[TaskSpec], grouping: Grouping, settings: Settings) -> "_Way":
        steps = [total_steps(tasks, Grouping.together(members), settings) for members in grouping.groups]
        work = sum(count * len(members) for count, members in zip(steps, grouping.groups, strict=True))
        return cls(sum(steps), work)

    def go(self, steps: int, tasks: int, cached: bool = False) -> None:
        self.done, self.worked = self.done + steps, self.worked + steps * tasks
        if cached:
            self.had, self.had_work = self.had + steps, self.had_work + steps * tasks

    def progress(self, phase: Phase, note: str) -> Progress:
        share, had = self.worked / self.work, self.had_work / self.work
        return Progress(phase, self.done, self.steps, "steps", note, self.had, share, had)


def unknown(
    cached: Cached, clip: FrozenClip, tasks: Sequence[TaskSpec], grouping: Grouping, settings: Settings
) -> list[tuple[str, ...]]:
    """Members of the groups that the cache does not have."""
    own = {members: [task for task in tasks if task.name in members] for members in grouping.groups}
    return [members for members in own if not cached.store.has("prompts", group_digest(clip, own[members], settings))]


def said_before(
    what: str,
    clip: FrozenClip,
    tasks: Sequence[TaskSpec],
    settings: Settings,
    untrained: Sequence[Sequence[str]],
    measured: bool = True,
) -> Notice:
    """Memory and time that lie ahead; where this memory is short on a CPU, tensors leave no gaps in it."""
    found = forecast(settings, facts_of(clip), tasks, texts_of(clip, tasks), untrained, measured, scored=True)
    if found.memory is not None and clip.device.type == "cpu":
        spare(found.memory.step)
    memory = f"{size(found.memory.bytes)} of memory ({found.memory.text()})" if found.memory else ""
    return Notice(f"{what} takes about {memory}; time: {found.time()}.")


def bank_of(clip: FrozenClip, group: TrainedGroup, settings: Settings) -> PromptBank:
    """The bank of one trained group with the prompts that `settings.train.keep` names."""
    bank = new_bank(clip, Grouping.together(group.members), settings.prompt, settings.seed)
    bank.load_adapters(group.kept(settings.train.keep))
    return bank


def total_steps(tasks: Sequence[TaskSpec], grouping: Grouping, settings: Settings) -> int:
    """Steps of stage 3 over all groups."""
    size = {task.name: len(task.train) for task in tasks}
    per_epoch = [max(-(-size[name] // settings.train.batch_size) for name in members) for members in grouping.groups]
    return sum(per_epoch) * settings.train.epochs


def in_order(grouping: Grouping, tasks: Sequence[TaskSpec]) -> Grouping:
    """The same groups with members in the project's order: sums of losses then round the same way every time."""
    place = {task.name: index for index, task in enumerate(tasks)}
    return Grouping(tuple(tuple(sorted(members, key=lambda name: place[name])) for members in grouping.groups))


def warned(report: StepReport, before: StepReport | None, settings: Settings) -> Iterator[Notice]:
    """What a user should know of a step that was not so of the step `before` it, if anything."""
    if report.undone:
        what = f"Step {report.step} gave numbers that are not finite; it was undone and the learning rate halved to"
        yield Notice(f"{what} {number(report.learning_rate)}.", "warning")
    if report.parts > (before.parts if before else settings.train.accumulate):
        text = (
            f"The memory did not suffice at step {report.step}; from here a step is computed in {report.parts} "
            "micro-batches, with the same result up to rounding (train.accumulate asks for them from the start)."
        )
        yield Notice(text, "warning")
    if report.uncompiled and not (before and before.uncompiled):
        text = f"Steps could not be compiled ({report.uncompiled}); they are computed plainly, with the same result"
        yield Notice(f"{text} up to rounding. Turn train.compiled off to skip the attempt.", "warning")


__all__ = [
    "AffinityEstimate",
    "bank_of",
    "in_order",
    "measured_affinity",
    "total_steps",
    "trained_groups",
]
