"""One rule of choice for all methods: validation, folds, or the published values."""

from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.errors import InputError, TrainingError
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.rivals.features.text_head import TextHead
    from mmap_studio.method.rivals.method import Fitting, Learned, Method, Part
    from mmap_studio.method.rivals.selection import fitted


class Fixed:
    """Knows the right class of every image with the probability of its candidate."""

    name, title, family, source, scopes = "fixed", "Fixed", "features", "none", ("pooled",)
    candidates = ({"right": 0.2}, {"right": 0.9}, {"right": 0.9, "later": 1.0})

    def __init__(self):
        self.fits = []

    def parameters(self, clip, tasks):
        return 0

    def fit(self, data, values, seed):
        self.fits.append([np.asarray(task.train.labels) for task in data.tasks])
        yield from (Fitting(step, 2, step + values["right"]) for step in (1, 2))
        return Learned({}, 0, values=values)

    def predictor(self, data, learned):
        def predict(task, images):
            good = np.random.default_rng(0).random(len(images)) < learned.values["right"]
            answers = np.where(good, images.labels, (images.labels + 1) % len(task.class_names))
            return np.eye(len(task.class_names), dtype=np.float32)[answers]

        return predict


def without_validation(data):
    empty = [replace(task, val=Part(task.val, np.zeros(0, np.int64))) for task in data.tasks]
    return replace(data, tasks=tuple(empty))


def test_the_best_on_validation_is_taken_and_the_earlier_wins_a_tie(data, drained):
    choice = drained(fitted(Fixed(), data, 1))
    assert choice.learned.values == {"right": 0.9}
    assert choice.validation == pytest.approx(0.9, abs=0.25)
    assert choice.losses.tolist() == [[1, 2], [1.9, 2.9]], "of the one that is taken"


def test_without_validation_folds_of_the_training_images_choose(data, drained):
    method = Fixed()
    choice = drained(fitted(method, without_validation(data), 1))
    assert choice.learned.values == {"right": 0.9}
    assert choice.validation is None
    *folds, last = method.fits
    assert len(folds) == 9
    assert [len(one) for one in last] == [len(task.train) for task in data.tasks]
    for task, seen in enumerate(zip(*folds[::3], strict=True)):
        assert sum(len(one) for one in seen) == 2 * len(data.tasks[task].train)


def test_classes_of_one_image_are_no_ground_for_a_choice(data, drained):
    first = [np.unique(task.train.labels, return_index=True)[1] for task in data.tasks]
    single = tuple(replace(t, train=Part(t.train, rows)) for t, rows in zip(data.tasks, first, strict=True))
    method = Fixed()
    choice = drained(fitted(method, without_validation(replace(data, tasks=single)), 1))
    assert choice.learned.values == {"right": 0.2}
    assert len(method.fits) == 1


def test_whoever_does_not_choose_takes_the_published_values(data, drained):
    method = Fixed()
    assert drained(fitted(method, data, 1, choose=False)).learned.values == {"right": 0.2}
    assert len(method.fits) == 1


def test_a_candidate_whose_training_fails_loses(data, drained):
    class Failing(Fixed):
        def fit(self, data, values, seed):
            if values["right"] > 0.5:
                raise TrainingError("losses must be finite")
            return (yield from super().fit(data, values, seed))

    for one in (data, without_validation(data)):
        assert drained(fitted(Failing(), one, 1)).learned.values == {"right": 0.2}
    method = Failing()
    method.candidates = ({"right": 0.9},)
    with pytest.raises(TrainingError, match="finite"):
        drained(fitted(method, data, 1))


@pytest.mark.parametrize(
    "spoilt", [lambda p: p[:-1], lambda p: p * np.nan, lambda p: -p, lambda p: p.astype(int), lambda p: p[:, 0]]
)
def test_probabilities_that_are_none_are_refused_by_name(data, drained, spoilt):
    class Odd(Fixed):
        def predictor(self, data, learned):
            predict = super().predictor(data, learned)
            return lambda task, images: spoilt(predict(task, images))

    with pytest.raises(InputError, match="Method 'fixed' must give finite class probabilities"):
        drained(fitted(Odd(), data, 1))


def test_features_of_a_fold_are_rows_of_those_of_the_whole(data):
    rows = np.array([3, 0, 5])
    part = Part(data.tasks[0].train, rows)
    assert np.array_equal(data.features_of(part), data.features_of(data.tasks[0].train)[rows])
    assert np.array_equal(part.pixels([1]), data.tasks[0].train.pixels([0]))
    assert isinstance(TextHead(), Method)
