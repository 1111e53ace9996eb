"""Problems over the union of the tasks' classes: whose classes compete in a loss, and how many images each has."""

from dataclasses import replace

import numpy as np

from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.rivals.features.feature_method import problem_of
    from mmap_studio.method.rivals.method import Data

TASKS = (tiny.task("art", 0), replace(tiny.task("clipart", 1), class_names=("fox", "tea pot", "apple", "moon")))


def test_only_a_tasks_own_classes_compete():
    problem = problem_of(Data(tiny.clip(), TASKS))
    assert problem.classes == 6
    logits = torch.randn(32, 6, generator=torch.Generator().manual_seed(0)).double()
    expected = []
    for places, rows, task in (([0, 1, 2, 3], range(16), TASKS[0]), ([2, 4, 0, 5], range(16, 32), TASKS[1])):
        for row, label in zip(rows, task.train.labels, strict=True):
            own = logits[row, places].numpy()
            expected.append(np.log(np.exp(own).sum()) - own[label])
    assert np.isclose(float(problem.cross_entropy(logits)), np.mean(expected))
    few = torch.tensor([3, 20])
    assert np.isclose(float(problem.cross_entropy(logits[few], few)), np.mean([expected[3], expected[20]]))


def test_images_are_counted_over_the_tasks():
    problem = problem_of(Data(tiny.clip(), TASKS))
    assert problem.counts.tolist() == [8, 4, 8, 4, 4, 4]
    assert problem.images_a_class == 32 / 6
