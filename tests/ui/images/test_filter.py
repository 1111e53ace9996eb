import numpy as np
import pytest

from mmap_studio.ui.images.filter import Filter, Predictions

LABELS = np.array([0, 1, 0, 1, 2])
FOUND = Predictions(LABELS, np.array([0, 1, 1, 0, 2]), np.array([0.95, 0.4, 0.5, 0.99, 1.0], dtype=np.float32))
SELECTED = np.array([True, False, False, True, False])


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        (Filter(), [0, 1, 2, 3, 4]),
        (Filter("wrong"), [2, 3]),
        (Filter("right"), [0, 1, 4]),
        (Filter("selected"), [0, 3]),
        (Filter(label=1), [1, 3]),
        (Filter("wrong", label=1), [3]),
        (Filter(confidence=(0.0, 0.5)), [1]),
        (Filter(confidence=(0.5, 0.9)), [2]),
        (Filter(confidence=(0.9, 1.0)), [0, 3, 4]),
        (Filter(sort="unsure"), [1, 2, 0, 3, 4]),
        (Filter(sort="sure"), [4, 3, 0, 2, 1]),
        (Filter(sort="class"), [0, 2, 1, 3, 4]),
    ],
)
def test_what_is_shown_and_in_what_order(filter_, expected):
    assert filter_.apply(FOUND, SELECTED).tolist() == expected


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        (Filter(), 5),
        (Filter("wrong"), 0),
        (Filter("right"), 0),
        (Filter("selected"), 2),
        (Filter(confidence=(0, 1)), 0),
        (Filter(sort="sure"), 5),
    ],
)
def test_before_anything_is_judged_nothing_is_right_wrong_or_sure(filter_, expected):
    assert len(filter_.apply(Predictions(LABELS), SELECTED)) == expected
