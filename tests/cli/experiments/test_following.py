"""Lines about a queue of trials: one form for comparisons and sweeps, with what is left at the pace so far."""

from dataclasses import dataclass

import pytest

from mmap_studio.cli.experiments import following
from mmap_studio.cli.experiments.compare import ComparisonLines
from mmap_studio.cli.experiments.following import EVERY, FinishedTrial, TrialLines
from mmap_studio.cli.experiments.sweep import SweepLines


@dataclass(frozen=True)
class Report:
    done: int
    total: int
    text: str = "trial"
    step: int = 0
    steps: int = 0
    notice: bool = False
    trial: FinishedTrial | None = None


class Lines(TrialLines[Report]):
    def finished(self, report):
        return report.trial


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(following.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def said(monkeypatch, clock):
    lines = []
    monkeypatch.setattr(following, "say", lines.append)
    return lines


def test_comparisons_and_sweeps_say_it_alike():
    for kind in (ComparisonLines, SweepLines):
        assert kind.hear is TrialLines.hear
        assert kind.kept is TrialLines.kept


def test_a_finished_trial_has_its_accuracy_its_time_and_what_is_left(said, clock):
    lines = Lines()
    lines.hear(Report(1, 4, trial=FinishedTrial(0.5, 9.0, kept=True)))
    clock[0] += 60
    lines.hear(Report(2, 4, trial=FinishedTrial(0.75, 60.0, kept=False, more=", ended early")))
    lines.hear(Report(2, 4, "A sentence.", notice=True))
    assert said == [
        "1/4  trial: 50.0 % (kept)",
        f"2/4  trial: 75.0 % ({following.time_left(60)}, ended early); {following.time_left(120)} left at this pace",
        "A sentence.",
    ]
    assert lines.kept().startswith("Stopped. Kept: 2 of 4 trials. To continue: mmap-studio")


def test_a_long_trial_is_told_now_and_then(said, clock):
    lines = Lines()
    for step in range(1, 6):
        clock[0] += EVERY / 2 + 0.1
        lines.hear(Report(0, 2, step=step, steps=5))
    assert said == ["0/2  trial: step 2 of 5", "0/2  trial: step 4 of 5"]


@dataclass(frozen=True)
class Ahead:
    cell: str
    seconds: float | None
    kept: bool = False


@dataclass(frozen=True)
class Place:
    cell: str


@dataclass(frozen=True)
class Compared(Report):
    ahead: tuple[Ahead, ...] = ()
    place: Place | None = None
    cached: bool = False
    failed: bool = False


@dataclass(frozen=True)
class Trial:
    accuracy: float = 0.5
    seconds: float = 2.0


def test_quick_trials_that_come_first_do_not_say_how_long_slow_ones_take(said, clock):
    lines = ComparisonLines()
    clock[0] += 30  # the backbone is loaded
    ahead = Ahead("old", 50.0, kept=True), Ahead("quick", 2.0), Ahead("slow", 7200.0), Ahead("bad", 60.0)
    lines.hear(Compared(0, 4, "4 trials.", notice=True, ahead=ahead))
    lines.hear(Compared(1, 4, trial=Trial(), place=Place("old"), cached=True))
    clock[0] += 2  # as foretold
    lines.hear(Compared(2, 4, trial=Trial(), place=Place("quick")))
    lines.hear(Compared(3, 4, "Left out.", notice=True, place=Place("bad"), failed=True))
    assert said[2].endswith(f"; {following.time_left(7260)} left at this pace")
    assert lines.seconds_left(clock[0]) == 7200
    clock[0] += 62  # twice as long as the minute that is trusted and what was made
    assert lines.seconds_left(clock[0]) == 14400


def test_a_forecast_that_lacks_a_trial_is_not_used(said, clock):
    lines = ComparisonLines()
    lines.hear(Compared(0, 2, "2 trials.", notice=True, ahead=(Ahead("a", None), Ahead("b", 9.0))))
    clock[0] += 10
    lines.hear(Compared(1, 2, trial=Trial(), place=Place("a")))
    assert said[-1].endswith(f"; {following.time_left(10)} left at this pace")
