"""What a generator returns, with and without what it yields; a walk that is left has no value."""

import pytest

from mmap_studio.session.runtime.generator_result import Returning, result


def counting(last):
    yield from range(last)
    return "end"


def test_a_walk_gives_what_is_yielded_and_then_what_is_returned():
    walk = Returning(counting(3))
    assert list(walk) == [0, 1, 2]
    assert walk.value == "end"
    assert result(counting(0)) == "end"


def test_a_walk_that_is_left_has_no_value():
    walk = Returning(counting(3))
    for one in walk:
        if one == 1:
            break
    with pytest.raises(AttributeError):
        _ = walk.value


def test_an_error_goes_through():
    def failing():
        yield 1
        raise KeyError("x")

    with pytest.raises(KeyError):
        result(failing())
