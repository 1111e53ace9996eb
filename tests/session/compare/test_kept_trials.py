"""What is kept of a trial beside its predictions: its curves, short however long its training was."""

import json

import numpy as np

from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.compare.kept_trials import ALL_POINTS, CURVES, POINTS, TrialMeta, short

PLAIN = {"parameters": 1, "bytes": 4, "steps": 1, "images_seen": 1, "seconds": 1.0, "values": {}, "at_zero_shot": [],
         "grouping": ""}  # fmt: skip


def line(steps):
    return np.stack([1.0 + np.arange(steps), np.linspace(2, 1, steps)])


def test_a_long_curve_is_means_and_its_last_point():
    (points,) = short({"art": line(10_000)}).values()
    assert 32 < len(points) <= POINTS
    assert points[-1] == [10_000, 1]
    assert [value for _, value in points] == sorted((value for _, value in points), reverse=True)
    assert short({"art": line(3)}) == {"art": [[1, 2], [2, 1.5], [3, 1]]}


def test_a_trial_of_many_curves_stays_small():
    for many in (100, 500, 2000):
        found = short({f"a task of a long name {number}": line(5000) for number in range(many)})
        assert len(found) == min(many, CURVES)
        assert sum(map(len, found.values())) <= ALL_POINTS
        text = json.dumps(TrialMeta(**PLAIN, losses=found).model_dump(mode="json"))
        assert len(text) < 200_000


def test_one_point_is_no_curve_and_what_is_not_finite_no_point():
    assert short({"solved": line(1), "none": line(0)}) == {}
    points = np.array([[1.0, 2, 3], [0.5, np.nan, 0.25]])
    assert short({"art": points}) == {"art": [[1, 0.5], [3, 0.25]]}


def test_a_document_without_curves_is_one_of_an_earlier_version():
    assert TrialMeta.model_validate(PLAIN).losses == TrialMeta.model_validate(PLAIN).validation == {}
