"""The text-initialised head: where it starts, what it learns, CLAP's constraint."""

import numpy as np
import pytest

from mmap_studio.session.runtime.generator_result import result
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.evaluation import evaluate
    from mmap_studio.method.rivals.features.epochs import LENGTH
    from mmap_studio.method.rivals.features.feature_method import problem_of
    from mmap_studio.method.rivals.features.text_head import ClassAdaptiveHead, TextHead
    from mmap_studio.method.rivals.method import Data, Learned

TASKS = tuple(tiny.task(name, seed) for seed, name in enumerate(("art", "clipart")))


@pytest.fixture(scope="module")
def data():
    return Data(tiny.clip(), TASKS)


def test_untrained_prototypes_are_zero_shot(data):
    start = Learned({"prototypes": problem_of(data).texts.numpy()}, 0)
    predict = TextHead().predictor(data, start)
    for task in TASKS:
        zero_shot = evaluate(data.clip, task)
        assert np.array_equal(predict(task, task.test).argmax(1), zero_shot.predictions)


def test_a_head_learns_its_training_images_and_counts_its_numbers(data):
    method = TextHead()
    learned = result(method.fit(data, method.candidates[0], 1))
    assert learned.parameters == learned.arrays["prototypes"].size == method.parameters(data.clip, TASKS)
    assert learned.images_seen == 300 * sum(len(task.train) for task in TASKS)
    predict = method.predictor(data, learned)
    right = [(predict(t, t.train).argmax(1) == t.train.labels).mean() for t in TASKS]
    assert np.mean(right) > np.mean([evaluate(data.clip, t, split="train").accuracy for t in TASKS])


def test_the_constraint_is_the_mean_zero_shot_probability_of_a_class(data):
    problem = problem_of(data)
    probabilities = (problem.scale * problem.features @ problem.texts.T).softmax(1).numpy()
    labels = problem.labels.numpy()
    expected = [probabilities[labels == k, k].mean() for k in range(problem.classes)]
    assert np.allclose(ClassAdaptiveHead().penalty(problem).numpy(), expected, atol=1e-6)


def test_the_constraint_keeps_prototypes_nearer_to_their_texts(data):
    free, held = (result(m.fit(data, {"learning_rate": 0.1}, 1)) for m in (TextHead(), ClassAdaptiveHead()))
    texts = LENGTH * problem_of(data).texts.numpy()
    distance = [np.linalg.norm(one.arrays["prototypes"] - texts) for one in (free, held)]
    assert distance[1] < 0.9 * distance[0]


def test_a_seed_gives_the_same_bits_and_another_does_not_disturb_the_global_generator(data):
    before = torch.random.get_rng_state()
    one, two = (result(TextHead().fit(data, {"learning_rate": 0.1}, 3)) for _ in range(2))
    assert np.array_equal(one.arrays["prototypes"], two.arrays["prototypes"])
    assert torch.equal(before, torch.random.get_rng_state())
