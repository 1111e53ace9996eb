"""Evaluation goes through the images in batches, and reads every class list once a prompt."""

import numpy as np
import pytest

from mmap_studio.config import PromptSettings
from mmap_studio.method.grouping.grouping import Grouping
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method import evaluation
    from mmap_studio.method.evaluation import (
        BATCH_SIZE,
        evaluate,
        image_features,
        probabilities,
        score,
        score_features,
        score_probabilities,
    )
    from mmap_studio.method.training import new_bank, validate


PROMPT = PromptSettings(tokens=2, source_rows=2, source_columns=8, depth=2)


@pytest.fixture(scope="module")
def clip():
    return tiny.clip()


class Counted(tiny.DecodedImages):
    """Images that remember how many were asked for at a time."""

    asked: list[int] = []  # noqa: RUF012

    def pixels(self, indices):
        self.asked.append(len(indices))
        return super().pixels(indices)


def test_no_more_than_a_batch_of_pixels_and_of_probabilities_is_held(clip, monkeypatch):
    held = []

    def watched(clip, images, classes):
        held.append(len(images))
        return probabilities(clip, images, classes)

    monkeypatch.setattr(evaluation, "probabilities", watched)
    made = tiny.image_set(2 * BATCH_SIZE + 3, 4, seed=1)
    task = tiny.TaskSpec("a", tiny.WORDS, *[Counted(made.images, made.labels)] * 3)
    Counted.asked.clear()
    streamed = evaluate(clip, task)
    assert held == Counted.asked == [BATCH_SIZE, BATCH_SIZE, 3]
    held.clear()
    features = image_features(clip, task.test)
    classes = evaluation.class_text_features(clip, task.texts())
    again = score_features(clip, features, classes, made.labels)
    assert max(held) == BATCH_SIZE
    whole = score_probabilities(
        probabilities(clip, features, evaluation.class_text_features(clip, task.texts())), made.labels
    )
    for one in (streamed, again):
        assert one.predictions.tolist() == whole.predictions.tolist()
        assert (one.accuracy, one.macro_f1) == (whole.accuracy, whole.macro_f1)
        np.testing.assert_allclose(one.confidence, whole.confidence, rtol=1e-5)


def test_no_images_have_no_score(clip):
    task = tiny.TaskSpec("a", tiny.WORDS, *[tiny.image_set(0, 4, 1)] * 3)
    found = evaluate(clip, task)
    assert np.isnan([found.accuracy, found.macro_f1, found.ece]).all()
    assert (found.n, found.confusion.shape) == (0, (4, 4))
    assert image_features(clip, task.test).shape == (0, tiny.EMBED)


@pytest.mark.parametrize(("parts", "times"), [("group", 1), ("both", 3)])
def test_a_class_list_is_read_once_a_prompt(clip, monkeypatch, parts, times):
    tasks, read, encode = [tiny.task(name, seed) for seed, name in enumerate("abc")], [], clip.encode_text
    bank = new_bank(clip, Grouping.together("abc"), PROMPT.model_copy(update={"parts": parts}), seed=1)

    def reading(tokens, *more, **named):
        read.append(len(tokens))
        return encode(tokens, *more, **named)

    monkeypatch.setattr(clip, "encode_text", reading)
    assert validate(clip, tasks, bank).keys() == set("abc")
    assert read == [4] * times


@pytest.mark.parametrize(("images", "classes"), [(1, 2), (40, 3), (300, 60), (5000, 345)])
def test_scores_are_scikit_learns(images, classes):
    """By hand in the package: importing it takes more than a second, and an evaluation needs nothing else of it."""
    from sklearn.metrics import confusion_matrix, f1_score

    rng = np.random.default_rng(images)
    labels = rng.integers(0, classes, images)
    found = np.where(rng.random(images) < 0.7, labels, rng.integers(0, classes, images))
    ours = score(found, np.full(images, 0.5, np.float32), labels, classes)
    np.testing.assert_array_equal(ours.confusion, confusion_matrix(labels, found, labels=np.arange(classes)))
    assert ours.macro_f1 == pytest.approx(f1_score(labels, found, average="macro", zero_division=0.0), abs=1e-12)


def test_balanced_accuracy_is_the_mean_over_classes_with_images():
    labels = np.array([0] * 8 + [1] * 2)
    found = evaluation.score(np.array([0] * 8 + [0, 1]), np.ones(10, np.float32), labels, 3)
    assert found.accuracy == 0.9
    assert found.balanced_accuracy == 0.75
    assert np.isnan(
        evaluation.score(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.int64), 3).balanced_accuracy
    )
