"""Python collects no garbage while something large is imported, and does again afterwards."""

import gc

import pytest

from mmap_studio.session.runtime.gc_paused import uncollected


@pytest.fixture(autouse=True)
def thawed():
    yield
    gc.unfreeze()


def test_nothing_is_collected_inside_and_what_was_made_there_is_looked_through_no_more():
    assert gc.isenabled()
    with uncollected():
        assert not gc.isenabled()
        made = [[] for _ in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() > len(made)
    assert not any(one is made[0] for one in gc.get_objects())


def test_collecting_goes_on_after_a_failure_and_stays_off_where_it_was():
    with pytest.raises(ImportError), uncollected():
        raise ImportError
    assert gc.isenabled()
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
