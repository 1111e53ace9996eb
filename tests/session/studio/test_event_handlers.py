"""Event handlers and scheduler alone: no project, no thread."""

from types import SimpleNamespace

from mmap_studio.session.estimates.eta import PaceKeeper
from mmap_studio.session.events import PhaseStarted, Progress, Stepped
from mmap_studio.session.runtime.job import BackgroundJob
from mmap_studio.session.studio.engine import StudioEngine
from mmap_studio.session.studio.event_handlers import EventHandlers
from mmap_studio.session.studio.scheduler import Scheduler
from mmap_studio.session.studio.state import StudioState


class Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_pace_is_told_while_groups_are_trained_one_after_the_other():
    state, time = StudioState(), Time()
    state.pace = PaceKeeper(time)
    handlers = EventHandlers(state, Scheduler(state, StudioEngine(), BackgroundJob(on_thread=lambda: None)))
    handlers.handle(PhaseStarted("training"))
    for step in range(1, 6):
        time.now += 2
        handlers.handle(Stepped("training", SimpleNamespace(step=step, steps=10)))  # of its group
        handlers.handle(Progress("training", step, 30))
    assert state.pace.pace.seconds_left == 50
