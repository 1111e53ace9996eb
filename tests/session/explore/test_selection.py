import numpy as np
import pytest

from mmap_studio.session.explore.selection import ImageRef, Selection

ART, INK = ("art", "test"), ("ink", "test")


def mask(*true: int, n: int = 4) -> np.ndarray:
    return np.isin(np.arange(n), true)


@pytest.fixture
def heard() -> tuple[Selection, list[int]]:
    selection, counts = Selection(), []
    selection.changed.listen(lambda: counts.append(len(selection)))
    return selection, counts


@pytest.mark.parametrize(
    ("first", "second", "extend", "images", "label"),
    [
        ({ART: mask(0, 2)}, {ART: mask(1)}, False, {("art", 1)}, "b"),
        ({ART: mask(0, 2)}, {ART: mask(1)}, True, {("art", 0), ("art", 1), ("art", 2)}, "a + b"),
        ({ART: mask(0)}, {INK: mask(3)}, True, {("art", 0), ("ink", 3)}, "a + b"),
        ({ART: mask(0)}, {INK: mask()}, False, set(), ""),
        ({ART: mask(0)}, {INK: mask()}, True, {("art", 0)}, "a + b"),
    ],
)
def test_selecting_replaces_or_adds(first, second, extend, images, label):
    selection = Selection()
    selection.select(first, "a")
    selection.select(second, "b", extend)
    assert {(image.task, image.index) for image in selection} == images
    assert (len(selection), selection.label) == (len(images), label)


def test_a_listener_hears_every_change_and_only_changes(heard):
    selection, counts = heard
    selection.select({ART: mask(0, 1)}, "a")
    selection.select({ART: mask(0, 1)}, "a")
    selection.clear()
    selection.clear()
    assert counts == [2, 0]


def test_a_listener_that_stopped_hears_nothing_even_from_within_a_call():
    selection, heard = Selection(), []

    def once() -> None:
        heard.append(1)
        stop()

    stop = selection.changed.listen(once)
    selection.changed.listen(lambda: heard.append(2))
    selection.select({ART: mask(0)})
    selection.clear()
    stop()
    assert heard == [1, 2, 2]


def test_masks_are_copies_and_read_only():
    selection, own = Selection(), mask(1)
    selection.select({ART: own})
    own[:] = True
    assert selection.mask("art", "test", 4).tolist() == [False, True, False, False]
    with pytest.raises(ValueError, match="read-only"):
        selection.mask("art", "test", 4)[0] = True


def test_what_is_not_selected_has_an_empty_mask_of_the_asked_length():
    assert Selection().mask("art", "test", 3).tolist() == [False] * 3


def test_a_split_of_another_length_is_refused_by_name():
    selection = Selection()
    selection.select({ART: mask(0)})
    with pytest.raises(ValueError, match="the test split of 'art' must have the 4 images"):
        selection.mask("art", "test", 5)


def test_membership():
    selection = Selection()
    selection.select({ART: mask(2)})
    assert ImageRef("art", "test", 2) in selection
    assert ImageRef("art", "test", 1) not in selection
    assert ImageRef("art", "train", 2) not in selection
    assert ImageRef("art", "test", 9) not in selection
