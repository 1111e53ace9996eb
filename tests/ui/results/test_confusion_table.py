import numpy as np
import pytest

from mmap_studio.ui.results.confusion_table import ConfusedPair, images_in, most_confused, order_of, row_shares

NAMES = ("fox", "Cat", "dog")
TABLE = np.array([[5, 3, 0], [1, 8, 0], [0, 0, 0]])  # rows truth, columns prediction


@pytest.mark.parametrize(("order", "expected"), [("class", ["Cat", "dog", "fox"]), ("confused", ["Cat", "fox", "dog"])])
def test_order(order, expected):
    assert [NAMES[c] for c in order_of(TABLE, NAMES, order)] == expected


def test_the_most_confused_pairs_come_by_count_and_never_from_the_diagonal():
    assert most_confused(TABLE) == (ConfusedPair(0, 1, 3, 3 / 8), ConfusedPair(1, 0, 1, 1 / 9))
    assert most_confused(TABLE, limit=1) == (ConfusedPair(0, 1, 3, 3 / 8),)
    assert most_confused(np.eye(3, dtype=int)) == ()


def test_equal_counts_are_ranked_by_share():
    table = np.array([[0, 2, 0], [2, 6, 0], [0, 0, 1]])
    assert [(pair.truth, pair.share) for pair in most_confused(table)] == [(0, 1.0), (1, 0.25)]


def test_a_class_without_images_has_shares_of_zero():
    np.testing.assert_allclose(row_shares(TABLE), [[5 / 8, 3 / 8, 0], [1 / 9, 8 / 9, 0], [0, 0, 0]])


@pytest.mark.parametrize(
    ("truth", "predicted", "expected"),
    [(0, 1, [1]), (0, None, [0, 1]), (None, 1, [1, 2]), (None, None, [0, 1, 2]), (2, 0, [])],
)
def test_images_of_a_cell_a_row_or_a_column(truth, predicted, expected):
    mask = images_in(np.array([0, 0, 1]), np.array([0, 1, 1]), truth, predicted)
    assert np.flatnonzero(mask).tolist() == expected
