from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.session.explore import projection
from mmap_studio.session.explore.projection import (
    FeatureSet,
    evenly,
    inside_polygon,
    place_pca,
    place_tsne,
    principal_axes,
)
from mmap_studio.session.explore.selection import ImageRef, Selection

WIDTH = 8


def features(n: int = 40, moved: float = 1.0) -> FeatureSet:
    """Two tasks in turn; class 0 lies at +e0, class 1 at -e0, tasks differ along e1; texts far off along e7."""
    rng = np.random.default_rng(0)
    labels, task_of = np.arange(n) % 2, np.arange(n) // 2 % 2
    before = rng.normal(0, 0.05, (n, WIDTH)).astype(np.float32)
    before[:, 0] += np.where(labels == 0, 1, -1)
    before[:, 1] += np.where(task_of == 0, 0.3, -0.3)
    texts = np.zeros((2, WIDTH), dtype=np.float32)
    texts[:, 7], texts[:, 0] = 9, (1, -1)
    after = before.copy()
    after[:, 0] *= moved
    index = np.arange(n) // 4 * 2 + labels
    return FeatureSet(before, after, labels, ("art", "ink"), task_of, "test", index, (n // 2, n // 2),
                      (("cat", "dog"), ("cat", "dog")), texts, texts, ("cat", "dog"), np.array([-1, -1]))  # fmt: skip


def test_pca_finds_the_direction_of_most_variance_with_a_fixed_sign():
    axes = principal_axes(features().before)
    assert axes.shape == (WIDTH, 2)
    np.testing.assert_allclose(np.abs(axes[[0, 1], [0, 1]]), 1, atol=0.02)
    assert axes[0, 0] > 0
    assert axes[1, 1] > 0
    np.testing.assert_array_equal(principal_axes(-features().before), axes)


def test_before_and_after_share_their_axes_so_that_a_longer_way_looks_longer():
    placed = place_pca(features(moved=2.0))
    spread = [np.ptp(placed.before[:, 0]), np.ptp(placed.after[:, 0])]
    assert spread[1] == pytest.approx(2 * spread[0], rel=1e-3)


def test_texts_lie_with_their_class_though_their_cone_is_far_away():
    placed = place_pca(features())
    of_class = [placed.before[features().labels == c, 0].mean() for c in (0, 1)]
    np.testing.assert_allclose(placed.texts_before[:, 0], of_class, atol=0.1)


def test_without_trained_prompts_there_is_no_after():
    placed = place_pca(replace(features(), after=None, texts_after=None))
    assert placed.after is None
    assert placed.texts_after is None


def test_tsne_separates_the_classes_and_repeats_itself():
    one, two = place_tsne(features()), place_tsne(features())
    np.testing.assert_array_equal(one.before, two.before)
    labels = features().labels
    centres = [one.before[labels == c].mean(0) for c in (0, 1)]
    radius = np.linalg.norm(one.before[labels == 0] - centres[0], axis=1).max()
    assert np.linalg.norm(centres[0] - centres[1]) > radius
    assert one.note == ""


def test_tsne_of_too_many_images_leaves_some_out_and_says_so(monkeypatch):
    monkeypatch.setattr(projection, "TSNE_LIMIT", 10)
    placed = place_tsne(replace(features(), after=None))
    assert np.isfinite(placed.before[:, 0]).sum() == 10
    assert placed.note == "t-SNE of 10 of 40 images, evenly chosen"


@pytest.mark.parametrize(("n", "limit", "expected"), [(3, 5, [0, 1, 2]), (9, 3, [0, 4, 8]), (0, 3, [])])
def test_evenly(n, limit, expected):
    assert evenly(n, limit).tolist() == expected


SQUARE = [(0, 0), (2, 0), (2, 2), (0, 2)]
BOW = [(0, 0), (2, 2), (2, 0), (0, 2)]


@pytest.mark.parametrize(
    ("polygon", "point", "inside"),
    [
        (SQUARE, (1, 1), True),
        (SQUARE, (3, 1), False),
        (SQUARE, (1, -0.1), False),
        (SQUARE, (np.nan, 1), False),
        (BOW, (1.8, 1), True),
        (BOW, (1, 1.8), False),
        (SQUARE[:2], (1, 0), False),
    ],
)
def test_inside_polygon(polygon, point, inside):
    assert inside_polygon(np.array([point, (9, 9)], dtype=float), np.array(polygon, dtype=float)).tolist() == [
        inside,
        False,
    ]


def test_points_and_images_know_one_another():
    found, selection = features(8), Selection()
    points = np.array([0, 0, 1, 0, 0, 1, 0, 0], dtype=bool)
    selection.select(found.masks(points))
    assert (
        set(selection) == {found.image(2), found.image(5)} == {ImageRef("ink", "test", 0), ImageRef("art", "test", 3)}
    )
    np.testing.assert_array_equal(found.selected(selection), points)


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"labels must have 40 entries\. Got 39 instead"):
        replace(features(), labels=np.zeros(39, dtype=int))
