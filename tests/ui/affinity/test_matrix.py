"""What the heatmap shows, without a window."""

import numpy as np
import pytest

from mmap_studio.method.affinity.meter import AffinityEstimate, AffinityMeter
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.ui.affinity.matrix import (
    FEWEST,
    FRAMES,
    Frame,
    Replay,
    colours,
    dark_text,
    decimals,
    displayed,
    number,
    ordered,
    outline,
    symmetric_range,
)

TASKS = ("sketch", "Art", "photo")
MEAN = np.array([[2.0, 0.4, -0.6], [1.0, 0.5, 0.0], [0.2, 0.1, 1.0]])


def estimate(noise: float = 0.01, times: int = 4) -> AffinityEstimate:
    """Measurements that swing by `noise` around MEAN."""
    meter = AffinityMeter(TASKS)
    for time in range(times):
        meter.update(MEAN + noise * (-1) ** time)
    return meter.snapshot()


def test_normalised_latest_and_order() -> None:
    made = displayed(estimate(), np.array([1, 2, 0]), normalised=False, latest=False)
    assert made.tasks == ("Art", "photo", "sketch")
    assert made.values[0, 2] == pytest.approx(1.0)  # Art -> sketch
    assert made.values[2, 1] == pytest.approx(-0.6)  # sketch -> photo
    normalised = displayed(estimate(), np.arange(3), normalised=True, latest=False)
    assert normalised.values[1, 0] == pytest.approx(1.0 / 2.0)  # divided by the recipient's own
    latest = displayed(estimate(), np.arange(3), normalised=False, latest=True)
    assert latest.values[1, 0] == pytest.approx(1.0 - 0.01)


def test_hatched_where_not_measured_or_near_zero() -> None:
    made = displayed(estimate(noise=0.2), np.arange(3), False, False)
    error = made.errors[0, 1]
    assert 0.1 < error < 0.2
    assert made.hatched.tolist() == (np.abs(MEAN) <= 2 * error).tolist()  # no cell of the diagonal is that small
    once = displayed(estimate(times=1), np.arange(3), False, False)
    assert once.hatched.tolist() == (~np.eye(3, dtype=bool)).tolist()  # one measurement has no error


def test_orders() -> None:
    grouping = Grouping.of([["photo"], ["Art", "sketch"]])
    assert ordered(estimate(), "given").tolist() == [0, 1, 2]
    assert ordered(estimate(), "name").tolist() == [1, 2, 0]
    assert ordered(estimate(), "group", grouping).tolist() == [2, 1, 0]
    assert ordered(estimate(), "group", None).tolist() == [0, 1, 2]
    blocks = np.tile(np.eye(2), (4, 4))  # tasks of one parity help each other
    meter = AffinityMeter([f"t{i}" for i in range(8)])
    meter.update(blocks)
    found = ordered(meter.snapshot(), "cluster") % 2
    assert sorted(found.tolist()) in ([0] * 4 + [1] * 4,)
    assert (np.diff(found) != 0).sum() == 1


@pytest.mark.parametrize(
    ("reach", "before", "wanted"),
    [(0.62, None, 0.8), (0.0042, None, 0.005), (1.0, None, 1.0), (0.62, 1.0, 1.0), (0.2, 1.0, 0.2), (1.2, 1.0, 1.5)],
)
def test_range_is_symmetric_round_and_calm(reach: float, before: float | None, wanted: float) -> None:
    values = np.full((3, 3), -reach)
    np.fill_diagonal(values, 99.0)  # never looked at
    assert symmetric_range(values, before) == pytest.approx(wanted)


def test_range_of_nothing() -> None:
    assert symmetric_range(np.full((2, 2), np.nan)) == 1.0
    assert symmetric_range(np.zeros((2, 2)), 0.5) == 0.5


@pytest.mark.parametrize(
    ("value", "digits", "short", "text"),
    [(0.624, 2, False, "0.62"), (-0.624, 2, False, "−0.62"), (0.624, 2, True, ".62"), (-0.05, 2, True, "−.05"),
     (1.5, 2, True, "1.50"), (-0.001, 2, False, "0.00"), (np.nan, 2, False, "–")],
)  # fmt: skip
def test_text_of_a_cell(value: float, digits: int, short: bool, text: str) -> None:
    assert number(value, digits, short) == text


def test_digits_follow_the_range() -> None:
    assert [decimals(reach) for reach in (5.0, 1.0, 0.5, 0.05, 0.002)] == [2, 2, 2, 3, 4]


def test_colour_then_text_colour() -> None:
    table = np.zeros((256, 4), dtype=np.uint8)
    table[:, 0] = table[:, 1] = table[:, 2] = np.arange(256)
    cells = colours(np.array([[-9.0, 0.0], [1.0, np.nan]]), 1.0, table)
    assert cells[0, 0, 0] == 0  # beyond the range is its end
    assert cells[0, 1, 0] in (127, 128)
    assert cells[1, 0, 0] == 255
    table[:, 3] = 255
    assert colours(np.array([[np.nan]]), 1.0, table)[0, 0, 3] == 0
    # black on grey 118 has a contrast of 4.63, white 4.53; on 115 it is the other way round
    assert dark_text(np.array([[118, 118, 118, 255], [115, 115, 115, 255]])).tolist() == [True, False]


def test_outline_encloses_the_blocks() -> None:
    assert len(outline(np.array([0, 0, 1]))) == 8 + 4
    assert len(outline(np.array([0, 1, 0]))) == 5 * 4  # apart: four cells of one group, one of the other
    assert outline(np.array([-1, -1])) == []


def test_replay_is_thinned_and_keeps_the_last() -> None:
    replay, made = Replay(), estimate()
    for step in range(5000):
        replay.append(Frame(step, made))
    steps = [frame.step for frame in replay.frames]
    assert len(steps) <= FRAMES
    assert (steps[0], steps[-1]) == (0, 4999)
    gaps = np.diff(steps[:-1])
    assert len(steps) > FRAMES / 3
    assert gaps.max() <= 2 * gaps.min()


def test_replay_of_large_matrices_is_shorter() -> None:
    replay = Replay()
    meter = AffinityMeter([f"t{i}" for i in range(300)])
    meter.update(np.ones((300, 300)))
    made = meter.snapshot()
    for step in range(60):
        replay.append(Frame(step, made))
    assert len(replay.frames) <= FEWEST
    assert replay.frames[-1].step == 59


def test_replay_begins_anew_for_other_tasks_or_an_earlier_step() -> None:
    replay = Replay()
    replay.append(Frame(5, estimate()))
    replay.append(Frame(6, estimate()))
    replay.append(Frame(1, estimate()))
    assert [frame.step for frame in replay.frames] == [1]
    meter = AffinityMeter(("a",))
    replay.append(Frame(2, meter.snapshot()))
    assert [frame.estimate.tasks for frame in replay.frames] == [("a",)]
