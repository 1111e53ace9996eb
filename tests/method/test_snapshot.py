"""A training that goes on after any of its steps ends with the bits of one that was not stopped."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.config import AffinitySettings, PromptSettings, TrainSettings
from mmap_studio.errors import Interrupted
from mmap_studio.method.grouping.grouping import Grouping
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.optimizer import SafeStepper
    from mmap_studio.method.snapshot import Bookmark
    from mmap_studio.method.training import train, train_shared

PROMPT = PromptSettings(tokens=2, source_rows=2, source_columns=8, depth=2)
TRAIN = TrainSettings(epochs=3, batch_size=8, min_steps=0, learning_rate=0.05)
STEPS = 9
SIZES = (24, 16, 10)
"""Training images: passes end at three places of an epoch."""
TASKS = tuple(
    tiny.task(name, n, n=size) for n, (name, size) in enumerate(zip(("art", "clip", "real"), SIZES, strict=True))
)
NAMES = tuple(task.name for task in TASKS)
BLIND = tuple(replace(task, val=tiny.image_set(0, 4, 1)) for task in TASKS)
AFFINITY = AffinitySettings(epochs=3, every=2, step_size=0.05)


@pytest.fixture(scope="module")
def clip():
    return tiny.clip()


def stage_three(clip, tasks=TASKS, bookmark=None, **changes):
    return train(clip, tasks, Grouping((NAMES,)), PROMPT, TRAIN.model_copy(update=changes), 1, bookmark)


def stage_one(clip, tasks=TASKS, bookmark=None, **changes):
    return train_shared(clip, tasks, PROMPT, TRAIN.model_copy(update=changes), AFFINITY, 1, bookmark)


def stopped_after(start, step, **how):
    """The snapshot of a training that was closed after a step."""
    bookmark = Bookmark()
    generator = start(bookmark=bookmark, **how)
    for _ in range(step):
        next(generator)
    generator.close()
    return bookmark.snapshot()


def bits(reports):
    """Everything a report says, arrays as bytes."""
    return [
        (
            one.step, one.epoch, repr(one.losses), one.learning_rate, one.undone, one.parts,
            one.affinity and [array.tobytes() for array in (*one.affinity.to_arrays().values(), one.affinity.latest)],
            one.group and [
                {str(key): {n: a.tobytes() for n, a in arrays.items()} for key, arrays in which.items()}
                for which in (one.group.final, one.group.best)
            ],
            one.group and (one.group.best_epoch, one.group.validation, one.group.zero_shot, one.group.complete),
        )
        for one in reports
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("stage", "optimizer", "tasks", "undone"),
    [
        (stage_three, "sgd", TASKS, 0),
        (stage_three, "adamw", TASKS, 0),
        (stage_three, "sgd", TASKS, 1),
        (stage_three, "adamw", TASKS, 4),
        (stage_three, "adamw", BLIND, 0),
        (stage_one, "sgd", TASKS, 4),
        (stage_one, "adamw", BLIND, 0),
    ],
)
def test_going_on_after_any_step_gives_the_same_bits(clip, monkeypatch, stage, optimizer, tasks, undone):
    take = SafeStepper.take
    spoilt = lambda self, step, losses, names: take(self, step, losses / (step + 1 != undone), names)  # noqa: E731
    monkeypatch.setattr(SafeStepper, "take", spoilt)
    how, course = {"clip": clip, "tasks": tasks, "optimizer": optimizer}, Bookmark()
    whole = [(one, course.snapshot()) for one in stage(bookmark=course, **how)]
    told = bits(one for one, _ in whole)
    assert [one.step for one, _ in whole if one.undone] == ([undone] if undone else [])
    for step, (_, snapshot) in enumerate(whole[: STEPS - 1], start=1):
        assert snapshot.step == step
        bookmark = Bookmark(snapshot)
        assert bits(stage(bookmark=bookmark, **how)) == told[step:]
        assert bookmark.begun is snapshot
        assert bookmark.refusal == ""


@pytest.mark.parametrize("stage", [stage_three, stage_one])
def test_a_stop_in_the_middle_of_a_step_goes_on_after_the_step_before(clip, monkeypatch, stage):
    looks = []
    monkeypatch.setattr(clip, "watch", lambda: looks.append(0))
    whole = bits(stage(clip))
    for stop in range(5, len(looks), len(looks) // 6):
        left = iter(range(stop))

        def watch(left=left):
            if next(left, None) is None:
                raise Interrupted("Stopped.")

        bookmark, done = Bookmark(), []
        monkeypatch.setattr(clip, "watch", watch)
        with suppress(Interrupted):
            done.extend(one.step for one in stage(clip, bookmark=bookmark))
        monkeypatch.setattr(clip, "watch", lambda: None)
        snapshot = bookmark.snapshot()
        assert len(done) < STEPS
        assert (snapshot.step if snapshot else 0) == len(done)
        assert bits(stage(clip, bookmark=Bookmark(snapshot))) == whole[len(done) :]


def test_a_snapshot_is_of_its_moment_whenever_it_is_asked_for(clip):
    bookmark = Bookmark()
    generator = stage_three(clip, bookmark=bookmark)
    assert bookmark.snapshot() is None
    for _ in range(4):
        next(generator)
    early, make = bookmark.snapshot(), bookmark._make
    list(generator)
    late = make()
    assert early.step == late.step == 4
    assert early.losses.tobytes() == late.losses.tobytes()
    assert all(early.module[name].tobytes() == late.module[name].tobytes() for name in early.module)
    assert bookmark.snapshot().step == STEPS - 1, "after the last step there is nothing to go on with"


def test_going_on_twice_is_going_on(clip):
    first = stopped_after(stage_three, 2, clip=clip)
    bookmark = Bookmark(first)
    generator = stage_three(clip, bookmark=bookmark)
    next(generator), next(generator)
    second = bookmark.snapshot()
    assert (first.step, second.step) == (2, 4)
    assert bits(stage_three(clip, bookmark=Bookmark(second))) == bits(stage_three(clip))[4:]


def test_of_several_groups_the_one_it_is_of_goes_on(clip):
    grouping = Grouping((("art", "real"), ("clip",)))
    whole = bits(train(clip, TASKS, grouping, PROMPT, TRAIN, 1))
    bookmark = Bookmark()
    generator = train(clip, TASKS, grouping, PROMPT, TRAIN, 1, bookmark)
    for _ in range(STEPS + 2):
        next(generator)
    again = Bookmark(bookmark.snapshot())
    assert again.start.members == ("clip",)
    assert bits(train(clip, TASKS, grouping, PROMPT, TRAIN, 1, again)) == [*whole[:STEPS], *whole[STEPS + 2 :]]


def test_more_micro_batches_for_want_of_memory_stay(clip):
    snapshot = replace(stopped_after(stage_three, 4, clip=clip), parts=4)
    assert {one.parts for one in stage_three(clip, bookmark=Bookmark(snapshot))} == {4}


def changed(array):
    array = array.copy()
    array.flat[0] = np.nan
    return array


DAMAGES = {
    "another length": lambda s: replace(s, steps=12),
    "a step too many": lambda s: replace(s, step=STEPS),
    "no step": lambda s: replace(s, step=0),
    "another step": lambda s: replace(s, step=s.step - 1),
    "too many parts": lambda s: replace(s, parts=1000),
    "no parts": lambda s: replace(s, parts=0),
    "another scale": lambda s: replace(s, scale=3.0),
    "a missing weight": lambda s: replace(s, module=dict(list(s.module.items())[1:])),
    "another weight": lambda s: replace(s, module={**s.module, "extra": np.zeros(3, np.float32)}),
    "a weight that is not finite": lambda s: replace(s, module={k: changed(v) for k, v in s.module.items()}),
    "a weight of another shape": lambda s: replace(s, module={k: v[:1] for k, v in s.module.items()}),
    "a weight of another type": lambda s: replace(s, module={k: v.astype(float) for k, v in s.module.items()}),
    "a weight of no type of torch's": lambda s: replace(s, module={k: v.astype("U8") for k, v in s.module.items()}),
    "a missing moment": lambda s: replace(s, optimizer=dict(list(s.optimizer.items())[1:])),
    "a moment of no parameter": lambda s: replace(s, optimizer={**s.optimizer, "99/exp_avg": np.zeros(1, np.float32)}),
    "a moment without a number": lambda s: replace(s, optimizer={**s.optimizer, "x": np.zeros(1, np.float32)}),
    "moments that are not finite": lambda s: replace(s, optimizer={k: changed(v) for k, v in s.optimizer.items()}),
    "moments of another shape": lambda s: replace(s, optimizer={k: v[None] for k, v in s.optimizer.items()}),
    "losses of another number": lambda s: replace(s, losses=s.losses[:-1]),
    "no epoch": lambda s: replace(s, group=None),
    "a complete group": lambda s: replace(s, group=replace(s.group, complete=True)),
    "another best epoch": lambda s: replace(s, group=replace(s.group, best_epoch=2)),
    "validation of another task": lambda s: replace(s, group=replace(s.group, validation=({"other": 0.5},))),
    "validation above one": lambda s: replace(s, group=replace(s.group, validation=(dict.fromkeys(NAMES, 2.0),))),
    "no zero-shot": lambda s: replace(s, group=replace(s.group, zero_shot={})),
    "other prompts": lambda s: replace(s, group=replace(s.group, best={})),
    "prompts of another shape": lambda s: replace(s, group=replace(s.group, final={
        key: {name: array[:1] for name, array in arrays.items()} for key, arrays in s.group.final.items()})),
    "prompts that are not finite": lambda s: replace(s, group=replace(s.group, final={
        key: {name: changed(array) for name, array in arrays.items()} for key, arrays in s.group.final.items()})),
    "measurements": lambda s: replace(s, measured=np.zeros((1, 3, 3)), measured_at=np.array([1])),
}  # fmt: skip


@pytest.fixture(scope="module")
def begun(clip):
    """The first report of a training, and its snapshot after four steps."""
    how = {"clip": clip, "optimizer": "adamw"}
    return bits([next(stage_three(**how))]), stopped_after(stage_three, 4, **how)


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_no_snapshot_of_the_training_is_refused_and_it_begins_anew(clip, begun, damage):
    first, snapshot = begun
    bookmark = Bookmark(DAMAGES[damage](snapshot))
    assert bits([next(stage_three(clip, bookmark=bookmark, optimizer="adamw"))]) == first
    assert bookmark.refusal
    assert bookmark.begun is None


def test_other_measurements_are_refused(clip):
    first, snapshot = bits([next(stage_one(clip))]), stopped_after(stage_one, 7, clip=clip)
    for damaged in (
        replace(snapshot, measured=snapshot.measured[:-1], measured_at=snapshot.measured_at[:-1]),
        replace(snapshot, measured_at=snapshot.measured_at + 1),
        replace(snapshot, measured=snapshot.measured[:, :2]),
    ):
        bookmark = Bookmark(damaged)
        assert bits([next(stage_one(clip, bookmark=bookmark))]) == first
        assert bookmark.refusal


def test_a_snapshot_of_other_tasks_is_left_alone(clip, begun):
    first, snapshot = begun
    bookmark = Bookmark(replace(snapshot, members=("other",)))
    assert bits([next(stage_three(clip, bookmark=bookmark, optimizer="adamw"))]) == first
    assert bookmark.begun is None
