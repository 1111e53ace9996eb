"""The tree of prompts: its paths by hand, its logits as a mean along them, and what comes back from the arrays."""

from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.errors import InputError
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch
    from torch.nn import functional as F

    from mmap_studio.method.rivals.prompts.tree import PromptTree, TreeJoint, average_linkage

AFFINITY = np.array([[2.0, 0.1, 0.8], [0.1, 1.0, 0.2], [0.6, 0.0, 1.0]])
"""art and real help each other: 0.8 / 1 and 0.6 / 2; clipart neither."""


@pytest.fixture(scope="module")
def tree_data(data):
    tasks = (*data.tasks, tiny.task("real", 2))
    return replace(data, tasks=tasks, affinity=lambda: AFFINITY)


def test_tasks_that_help_each_other_meet_first():
    paths = average_linkage(AFFINITY)
    assert paths.tolist() == [[1, 0, 0, 1, 1], [0, 1, 0, 0, 1], [0, 0, 1, 1, 1]]


def test_a_column_counts_in_units_of_the_recipient_and_what_was_not_measured_counts_nothing():
    scaled = AFFINITY * np.array([1.0, 1e4, 1.0])
    assert average_linkage(scaled).tolist() == average_linkage(AFFINITY).tolist()
    unknown = np.where(np.eye(3, dtype=bool), AFFINITY, np.nan)
    assert average_linkage(unknown).sum(0)[-1] == 3
    assert average_linkage(np.ones((1, 1))).tolist() == [[1]]


def test_logits_are_the_mean_along_the_path(tree_data):
    clip, method = tree_data.clip, PromptTree()
    module = method.made(tree_data, 1)
    tasks = method.read(tree_data.tasks)
    joint = TreeJoint(clip, tasks, module, tree_data.training, 0)
    batches = joint.batches.draw()
    losses = joint.backward(batches)
    for t, (loss, task, batch) in enumerate(zip(losses, tasks, batches, strict=True)):
        image, tokens = clip.encode_image(batch.images), clip.tokenize(list(task.texts()))
        nodes = np.flatnonzero(average_linkage(AFFINITY)[t])
        logits = [clip.logit_scale * image @ clip.encode_text(tokens, module.contexts[[n]]).T for n in nodes]
        assert len(logits) == (3, 2, 3)[t]
        assert torch.allclose(loss, F.cross_entropy(torch.stack(logits).mean(0), batch.labels), atol=1e-4)
    assert all(float(gradient.abs().sum()) > 0 for gradient in module.contexts.grad)


def test_the_tree_comes_back_from_the_arrays_without_the_affinity(tree_data, drained):
    method = PromptTree()
    learned = drained(method.fit(tree_data, {"learning_rate": 0.05}, 1))
    assert learned.arrays["paths"].dtype == np.int64
    assert learned.parameters == method.parameters(tree_data.clip, tree_data.tasks) == learned.arrays["contexts"].size
    predict = method.predictor(replace(tree_data, affinity=None), learned)
    clip, scale = tree_data.clip, float(tree_data.clip.logit_scale)
    for t, task in enumerate(method.read(tree_data.tasks)):
        tokens, nodes = clip.tokenize(list(task.texts())), np.flatnonzero(average_linkage(AFFINITY)[t])
        contexts = torch.tensor(learned.arrays["contexts"])
        with torch.no_grad():
            texts = torch.stack([clip.encode_text(tokens, contexts[[n]]) for n in nodes])
        expected = (scale * torch.tensor(tree_data.features_of(task.test)) @ texts.mean(0).T).softmax(1).numpy()
        assert np.allclose(predict(tree_data.tasks[t], task.test), expected, atol=1e-4)


@pytest.mark.slow
def test_a_context_of_coop_at_every_node(full_size):
    clip, (task,) = full_size
    four = tuple(replace(task, name=name) for name in "abcd")
    assert PromptTree().parameters(clip, four) == 7 * 8_192 == 57_344
    assert PromptTree().parameters(clip, (task,)) == 8_192


def test_without_affinity_and_with_paths_that_are_none_it_is_refused(tree_data, drained):
    with pytest.raises(InputError, match="needs the measured affinity of its tasks, and was given none"):
        drained(PromptTree().fit(replace(tree_data, affinity=None), {"learning_rate": 0.05}, 1))
    learned = drained(PromptTree().fit(tree_data, {"learning_rate": 0.05}, 1))
    for paths in (np.zeros((3, 5), np.int64), np.full((3, 5), 2, np.int64)):
        wrong = replace(learned, arrays={**learned.arrays, "paths": paths})
        with pytest.raises(ValueError, match="Prompt tree must have paths of nodes"):
            PromptTree().predictor(tree_data, wrong)
