"""How far a whole run is: the plan, what the cache skips, and the time that is left."""

from types import SimpleNamespace

import pytest

from mmap_studio.config import settings_from
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.estimates.eta import PaceKeeper
from mmap_studio.session.estimates.progress import RunProgress, planned
from mmap_studio.session.events import PhaseEnded, PhaseStarted, Progress, TasksReady
from mmap_studio.session.methods import CONTROLS
from mmap_studio.session.runtime.job import State, StateChanged
from mmap_studio.session.runtime.mailbox import Mailbox
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.run.controls import RUNNERS
    from mmap_studio.session.run.pipeline import run
    from mmap_studio.session.run.run_options import RunOptions
    from mmap_studio.session.run.stages import TrainingWork


SETTINGS = settings_from(
    {"preset": "light"}, {"train.epochs": 2, "train.batch_size": 10, "affinity.epochs": 1, "affinity.every": 1}
)


def tasks(count: int = 2, n: int = 20):
    return [SimpleNamespace(name=f"{i}", train=range(n), val=range(0), test=range(30)) for i in range(count)]


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def started(phase: str, **options):
    """A progress whose run is in `phase`, and its clock."""
    time = Time()
    progress = RunProgress(SETTINGS, clock=time, **options)
    progress.hear(TasksReady(tuple(tasks())))
    progress.hear(PhaseStarted(phase))
    return progress, time


def steps(progress, time, phase, done, total, seconds, cached=0) -> None:
    for step in done:
        time.now += seconds
        progress.hear(Progress(phase, step, total, cached=cached))


def test_the_plan_counts_passes():
    parts = {name: part.passes for name, part in planned(tasks(), SETTINGS).items()}
    # 2 tasks x 10 images x 2 steps an epoch = 40 images; exact affinity after every step: 3 + 3 + 2 passes an image
    assert parts == {"zero_shot": 60, "affinity": 40 * 8, "training": 2 * 3 * 40, "evaluation": 60}
    assert set(planned(tasks(), SETTINGS, training=False)) == {"zero_shot", "affinity"}
    assert "affinity" not in planned(tasks(1), SETTINGS)
    by_training = settings_from(SETTINGS.model_dump(), {"affinity.by": "training", "affinity.repeats": 3})
    epochs = SETTINGS.affinity.epochs
    # of 10 images 2 steps an epoch; two trainings of one task, one of the pair, 3 passes an image, three times
    assert planned(tasks(), by_training)["affinity"].passes == 3 * epochs * 3 * (20 + 20 + 40)


def test_all_controls_are_those_of_the_registry():
    assert tuple(RUNNERS) == tuple(CONTROLS)


def test_a_control_costs_what_it_trains():
    parts = planned(tasks(), SETTINGS, tuple(CONTROLS))
    # a head: 40 training and 60 test images; a training: 2 epochs of 40 images, 3 or 4 passes each, and the test images
    costs = {"head": 40 + 60, "prompts": 2 * 40 * 3 + 60, "weights": 2 * 40 * 4 + 60}
    assert {name: parts[f"controls:{name}"].passes for name in CONTROLS} == {
        name: costs[one.trains] for name, one in CONTROLS.items()
    }


def test_it_estimates_first_and_then_knows_the_rest_from_its_own_steps():
    progress, time = started("zero_shot")
    assert progress.text() == "run 0 % · estimating…"
    steps(progress, time, "zero_shot", (1, 2), 6, 10.0)
    assert progress.seconds_left is None
    steps(progress, time, "zero_shot", (3,), 6, 10.0)
    # 30 s for 30 of 60 passes: a second a pass, and 30 + 320 + 240 + 60 passes are left
    assert progress.seconds_left == pytest.approx(650)
    assert progress.done == pytest.approx(30 / 680)


def test_a_phase_goes_at_its_own_speed_once_that_is_known():
    progress, time = started("training", affinity=False)
    steps(progress, time, "training", range(1, 5), 8, 3.0)
    # 12 s for 120 of 240 passes; zero-shot was not told of and counts at the same speed
    assert progress.seconds_left == pytest.approx(0.1 * (60 + 120 + 60))
    progress.hear(PhaseStarted("evaluation"))
    steps(progress, time, "evaluation", range(1, 4), 6, 20.0)
    assert progress.seconds_left == pytest.approx(60 * (12 + 60) / 150 + 12 + 60)


def test_what_the_cache_had_is_done_and_says_nothing_of_the_speed():
    progress, time = started("training", affinity=False)
    steps(progress, time, "training", (4,), 8, 0.001, cached=4)
    assert progress.done == pytest.approx(120 / 360)
    assert progress.seconds_left is None
    steps(progress, time, "training", (5, 6, 7), 8, 3.0, cached=4)
    assert progress.seconds_left == pytest.approx(0.1 * (60 + 30 + 60))
    progress, time = started("zero_shot")
    steps(progress, time, "zero_shot", range(1, 7), 6, 0.001)
    progress.hear(PhaseEnded("zero_shot", 0.006, cached=True))
    assert progress.seconds_left is None
    assert progress.done == pytest.approx(60 / 680)


def test_a_reader_that_sees_the_newest_step_alone_knows_the_same(monkeypatch):
    progress, time = started("training", affinity=False)
    monkeypatch.setattr("time.monotonic", time)
    box = Mailbox()
    for done in range(1, 5):
        time.now += 3.0
        box.post(1, Progress("training", done, 8))
    time.now += 100.0  # the reader is late
    (letter,) = box.drain()
    progress.hear(letter.event, letter.when)
    assert progress.seconds_left == pytest.approx(0.1 * (60 + 120 + 60))


def test_time_spent_paused_belongs_to_nothing():
    progress, time = started("training", affinity=False)
    steps(progress, time, "training", (1, 2), 8, 3.0)
    time.now += 1000
    progress.hear(StateChanged(State.RUNNING))
    steps(progress, time, "training", (3, 4), 8, 3.0)
    assert progress.seconds_left == pytest.approx(0.1 * 240)


def test_the_bar_of_a_real_run_never_goes_back_and_ends_full(tmp_path):
    project = projects.make(tmp_path)
    progress, seen = RunProgress(project.settings, ("separate",)), []
    for event in run(project, RunOptions(controls=("separate",)), MemoryStore()):
        progress.hear(event)
        seen.append(progress.done)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1)
    assert len({round(one, 2) for one in seen}) > 12
    assert progress.seconds_left == pytest.approx(0)


def test_steps_of_a_small_group_count_less_than_those_of_a_large_one():
    """Four tasks for eight steps of 4 s, then two tasks: their eight take 2 s each, 16 s and not 32."""
    time = Time()
    keeper = PaceKeeper(time)
    progress, progress._clock = started("training", affinity=False)[0], time
    progress.hear(PhaseStarted("training"))
    keeper.hear(0, 16, share=0.0)
    for step in range(1, 9):
        time.now += 4.0
        keeper.hear(step, 16, share=step * 4 / 48)
        progress.hear(Progress("training", step, 16, share=step * 4 / 48))
    assert keeper.pace.seconds_left == pytest.approx(16)
    assert keeper.pace.rate == pytest.approx(1 / 4)
    assert progress.seconds_left == pytest.approx(32 / 160 * (80 + 60 + 60))


def test_a_cached_group_is_a_share_of_the_work_by_its_tasks():
    progress, time = started("training", affinity=False)
    progress.hear(Progress("training", 4, 8, cached=4, share=0.8, share_cached=0.8))
    assert progress._parts["training"].share == pytest.approx(0.8)
    for step in (5, 6, 7):
        time.now += 3.0
        progress.hear(Progress("training", step, 8, cached=4, share=0.8 + 0.05 * (step - 4), share_cached=0.8))
    assert progress.rates["training"] == pytest.approx(9 / (0.15 * 240))


def test_stage_three_tells_its_work_by_the_tasks_of_every_group():
    found = tasks(3)
    way = TrainingWork.of(found, Grouping.of([[t.name for t in found[:2]], [found[2].name]]), SETTINGS)
    steps = way.steps // 2
    way.advance(steps, 2, cached=True)
    had = way.progress("training", "")
    way.advance(steps, 1)
    end = way.progress("training", "")
    assert (had.done, had.cached, had.share, had.share_cached) == (steps, steps, *[pytest.approx(2 / 3)] * 2)
    assert (end.done, end.total, end.share) == (way.steps, way.steps, pytest.approx(1))
