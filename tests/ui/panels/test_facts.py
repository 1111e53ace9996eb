"""What a run would be, below the settings."""

from mmap_studio.session.estimates.forecast import RunEstimate
from mmap_studio.session.estimates.memory import Footprint
from mmap_studio.ui.panels.facts import GUESSED, MEASURED, RunFacts


def test_a_time_says_whether_it_was_measured(qtbot):
    facts = RunFacts()
    qtbot.addWidget(facts)
    facts.show_estimate(RunEstimate(60, Footprint(600_000_000, 900_000_000), measured=False))
    assert (facts.time.text(), facts.time.toolTip()) == ("roughly 1 min 00 s", GUESSED)
    assert facts.memory.text() == "1.5 GB"
    facts.show_estimate(RunEstimate(60))
    assert (facts.time.text(), facts.time.toolTip()) == ("about 1 min 00 s", MEASURED)


def test_it_says_how_many_threads_of_the_cpu_compute(make):
    assert make().views.facts.device.text() == "CPU, 3 threads"
