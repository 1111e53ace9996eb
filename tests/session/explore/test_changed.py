from dataclasses import dataclass

import numpy as np

from mmap_studio.session.explore.changed import changed, changed_of

LABELS = np.array([0, 0, 1, 1, 2])


@dataclass
class Said:
    predictions: np.ndarray

    @property
    def confidence(self) -> np.ndarray:
        return np.linspace(0.5, 0.9, len(self.predictions)).astype(np.float32)

    @property
    def confusion(self) -> np.ndarray:
        return np.zeros((3, 3), np.int64)


FIRST, SECOND = Said(np.array([0, 1, 2, 1, 1])), Said(np.array([2, 0, 2, 1, 2]))


def test_fixed_images_were_wrong_and_are_right_and_broken_ones_the_other_way_round():
    found = changed(LABELS, FIRST, SECOND)
    fixed, broken = found["fixed"], found["broken"]
    assert (np.flatnonzero(fixed.among).tolist(), np.flatnonzero(broken.among).tolist()) == ([1, 4], [0])
    assert fixed.predictions.tolist() == [-1, 1, -1, -1, 1]
    assert broken.predictions.tolist() == [2, -1, -1, -1, -1]
    assert (fixed.n, broken.n, fixed.of) == (2, 1, 5)
    np.testing.assert_allclose(fixed.confidence, [0, 0.6, 0, 0, 0.9])
    assert fixed.confusion.tolist() == [[0, 1, 0], [0, 0, 0], [0, 1, 0]]
    assert broken.confusion.tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_a_row_against_itself_changes_nothing_and_of_other_images_nothing_is_said():
    found = changed(LABELS, FIRST, FIRST)
    assert [one.n for one in found.values()] == [0, 0]
    assert changed(LABELS[:4], FIRST, SECOND) is None


def test_tasks_that_one_row_lacks_are_left_out():
    labels = {"a": LABELS, "b": LABELS}
    found = changed_of(labels, {"a": FIRST, "b": FIRST}, {"a": SECOND}, ["a", "b", "c"])
    assert [sorted(tasks) for tasks in found.values()] == [["a"], ["a"]]
