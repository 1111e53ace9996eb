"""Protocols: how figures become one, what goes into a name in the cache, and which names there are."""

import numpy as np
import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.compare.protocols.protocol import BASE_TO_NEW, DOMAIN_OUT, PROTOCOLS, SHOTS, Protocol

HALVES = ("art (base)", "art (new)", "clip (base)", "clip (new)")


def test_the_usual_figure_is_the_mean_over_the_tasks():
    values = np.array([[0.25, 0.75], [0.5, 1.0]])
    assert SHOTS.overall(values, ("art", "clip"), 1).tolist() == [0.5, 0.75]
    assert DOMAIN_OUT.overall(values, ("art", "clip"), 0).tolist() == [0.375, 0.875]


def test_base_and_new_give_the_harmonic_mean_of_their_means():
    """MaPLe's table of averages: CLIP has 69.34 on base, 74.22 on new classes, and 71.70."""
    values = np.array([69.00, 74.20, 69.68, 74.24])
    assert BASE_TO_NEW.by_half(dict(zip(HALVES, values.tolist(), strict=True))) == pytest.approx(
        {"base": 69.34, "new": 74.22}
    )
    assert float(BASE_TO_NEW.overall(values, HALVES)) == pytest.approx(71.70, abs=0.005)


@pytest.mark.parametrize("zero", [0.0, np.nan])
def test_nothing_right_is_zero_and_nothing_known_is_nothing(zero):
    values = np.array([zero, zero, zero, zero], np.float32)
    found = BASE_TO_NEW.overall(values, HALVES)
    assert found.dtype == np.float32
    assert np.array_equal(found, np.float32(zero), equal_nan=True)


def test_a_task_that_ends_like_a_half_is_a_task():
    names = BASE_TO_NEW.tested("old (new)") + BASE_TO_NEW.tested("b")
    assert names[:2] == ("old (new) (base)", "old (new) (new)")
    assert BASE_TO_NEW.rows(names) == {"base": [0, 2], "new": [1, 3]}
    assert SHOTS.tested("old (new)") == ("old (new)",)


def test_only_the_usual_protocol_leaves_no_trace_in_a_name():
    assert SHOTS.key == {}
    assert {one.key["protocol"] for one in PROTOCOLS.values() if one != SHOTS} == {
        "base-to-new", "leave-one-domain-out",
    }  # fmt: skip


def test_a_name_that_is_none_is_refused_with_all_that_are():
    assert Protocol.parse("base-to-new") is BASE_TO_NEW
    with pytest.raises(InputError, match=r"one of shots, base-to-new, leave-one-domain-out\. Got 'new' instead"):
        Protocol.parse("new")
