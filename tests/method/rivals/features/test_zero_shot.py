"""Zero-shot as a method: the task's own templates, and the same predictions as the evaluation's."""

from dataclasses import replace

import numpy as np
import pytest

from tests import tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.evaluation import ensemble_features, evaluate, image_features, probabilities
    from mmap_studio.method.rivals.features.zero_shot import ZeroShot, ZeroShotEnsemble
    from mmap_studio.method.rivals.method import Data, Learned

TASKS = (
    replace(tiny.task("art", 0), template="a painting of a {}.", ensemble=("{}", "an old {}.")),
    replace(tiny.task("clipart", 1), template="a clipart of a {}."),
)


def test_every_task_is_read_in_its_own_template():
    data = Data(tiny.clip(), TASKS)
    predict = ZeroShot().predictor(data, Learned({}, 0))
    for task in TASKS:
        expected = evaluate(data.clip, task)
        found = predict(task, task.test)
        assert np.array_equal(found.argmax(1), expected.predictions)
        assert np.allclose(found.max(1), expected.confidence, atol=1e-5)


def test_the_ensemble_is_the_tasks_or_the_built_in_one():
    data = Data(tiny.clip(), TASKS)
    predict = ZeroShotEnsemble().predictor(data, Learned({}, 0))
    for task in TASKS:
        templates = {"templates": task.ensemble} if task.ensemble else {}
        texts = ensemble_features(data.clip, task.class_names, **templates)
        expected = probabilities(data.clip, image_features(data.clip, task.test), texts)
        assert np.allclose(predict(task, task.test), expected, atol=1e-5)


def test_nothing_is_trained(drained):
    method = ZeroShot()
    data = Data(tiny.clip(), TASKS)
    learned = drained(method.fit(data, {}, 0))
    assert (learned.parameters, learned.steps, learned.bytes) == (0, 0, 0)
    with pytest.raises(ValueError, match="must have learned"):
        method.predictor(data, Learned({"head": np.zeros(1)}, 0))(TASKS[0], TASKS[0].test)
