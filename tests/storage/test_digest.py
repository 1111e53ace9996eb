"""Names of artifacts: equal for equal work, different for any difference."""

from typing import Any

import numpy as np
import pytest

from mmap_studio.storage.digest import digest_of

BASE = np.arange(6, dtype=np.int32).reshape(2, 3)
SAME: list[tuple[Any, Any]] = [
    ((1, 2), [1, 2]),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    (BASE, BASE.copy(order="F")),
    (BASE, BASE.astype(">i4")),
    (BASE, np.hstack([BASE, BASE])[:, :3]),
    (np.float64(0.5), 0.5),
    (np.int64(3), 3),
    (np.bool_(True), True),
]
DIFFERENT: list[tuple[Any, Any]] = [
    (1, 1.0),
    (1, True),
    (1, "1"),
    (None, "None"),
    ("ab", b"ab"),
    ([1, [2]], [[1], 2]),
    ({"a": None}, {}),
    (BASE, BASE.astype(np.int64)),
    (BASE, BASE.reshape(3, 2)),
    (BASE, BASE.T),
    (BASE, BASE + 1),
    (BASE, BASE.tolist()),
    (np.zeros(0), np.zeros((0, 3))),
    ("é", "e\u0301"),
]


@pytest.mark.parametrize(("first", "second"), SAME, ids=repr)
def test_equal_work_has_one_name(first: Any, second: Any) -> None:
    assert digest_of(part=first) == digest_of(part=second)


@pytest.mark.parametrize(("first", "second"), DIFFERENT, ids=repr)
def test_every_difference_counts(first: Any, second: Any) -> None:
    assert digest_of(part=first) != digest_of(part=second)


def test_the_form() -> None:
    assert digest_of(a=1, b=2) == digest_of(b=2, a=1) != digest_of(a=2, b=1)
    assert len(digest_of(a=1)) == 64


@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.array([1.0, np.nan]), {"a": [np.float32("inf")]}])
def test_what_equals_nothing_has_no_name(value: Any) -> None:
    with pytest.raises(ValueError, match=r"parts\.part.* must be finite"):
        digest_of(part=value)


@pytest.mark.parametrize("value", [object(), {1: 2}, {"\0array": 1}, np.array(["a"]), {1, 2}, np.array([None])])
def test_what_has_no_fixed_text_has_no_name(value: Any) -> None:
    with pytest.raises(TypeError, match=r"parts\.part"):
        digest_of(part=value)
