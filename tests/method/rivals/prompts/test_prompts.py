"""The prompt methods: published counts, what they change, and that their prompts come back from arrays."""

from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.errors import InputError
from mmap_studio.session.runtime.generator_result import Returning, result
from tests.lazy import imported_later

with imported_later():
    import torch
    from torch.nn import functional as F

    from mmap_studio.method.rivals.method import Method
    from mmap_studio.method.rivals.prompts.catalogue import METHODS
    from mmap_studio.method.rivals.prompts.coupled import MaPLe
    from mmap_studio.method.rivals.prompts.free import CoOp, IndependentPrompts, VptDeep, VptShallow
    from mmap_studio.method.rivals.prompts.low_rank import LowRank
    from mmap_studio.method.rivals.prompts.self_regulated import ConsistentJoint, SelfRegulated
    from mmap_studio.method.rivals.prompts.task_context import SoftContexts

PUBLISHED = {
    "coop": 8_192,
    "vpt_shallow": 6_144,
    "vpt_deep": 73_728,
    "ivlp": 46_080,
    "promptsrc": 46_080,
    "maple": 3_555_072,
    "mmlop": 11_556,
    "softcpt": 4_196_352,
    "lamm": 33_280,
    "prompt_tree": 8_192,
}
"""Trainable parameters of ViT-B/16, 65 classes."""
NAMES = tuple(PUBLISHED)


def made(name):
    return {one.name: one for one in METHODS}[name]


def test_the_catalogue_has_each_once():
    assert tuple(one.name for one in METHODS) == NAMES
    assert all(isinstance(one, Method) and one.family == "prompts" for one in METHODS)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_counts_are_those_of_the_publications(full_size, name):
    clip, (task,) = full_size
    tasks = (replace(task, class_names=("fox", *task.class_names[1:])),)  # a name of one token, which LAMM counts by
    assert made(name).parameters(clip, tasks) == PUBLISHED[name]


@pytest.mark.parametrize("name", NAMES)
def test_training_lowers_the_loss_and_the_prompts_come_back_from_their_arrays(data, drained, name):
    method, data = made(name), replace(data, affinity=lambda: np.eye(2))
    rate = {"learning_rate": 0.05}
    walk = Returning(method.fit(data, rate, 1))
    reports = list(walk)
    learned = walk.value
    assert [one.step for one in reports] == list(range(1, reports[-1].steps + 1))
    assert learned.parameters == method.parameters(data.clip, data.tasks)
    assert learned.images_seen == learned.steps * 16
    start = {key: np.array(value) for key, value in learned.arrays.items()}
    again = drained(method.fit(data, rate, 1))
    assert all(np.array_equal(start[key], again.arrays[key]) for key in start), "the same seed must give the same bits"
    other = drained(method.fit(data, rate, 2))
    assert any(not np.array_equal(start[key], other.arrays[key]) for key in start)
    predict = method.predictor(data, learned)
    for task in data.tasks:
        found = predict(task, task.test)
        assert found.shape == (len(task.test), len(task.class_names))
        assert np.allclose(found.sum(1), 1, atol=1e-5)


def test_arrays_of_another_method_are_refused(data, drained):
    learned = drained(CoOp().fit(data, {"learning_rate": 0.01}, 1))
    with pytest.raises(ValueError, match="VPT deep must have the arrays"):
        VptDeep().predictor(data, learned)


def test_coop_is_its_context_in_the_place_of_the_template(data):
    """Against a re-statement: [SOT] context name . [EOT] through open_clip's own tower."""
    clip, task = data.clip, data.tasks[0]
    method = CoOp()
    module = method.module(clip, method.read(data.tasks), 3)
    pair = module()
    tokens = clip.tokenize([f"{name}." for name in task.class_names])
    found = clip.encode_text(tokens, pair.text)
    context = module.text[0]
    for row, ids in zip(found, tokens, strict=True):
        states = clip.model.token_embedding(ids)
        states = torch.cat([states[:1], context, states[1:]])[: clip.context_length] + clip.model.positional_embedding
        x = clip.model.transformer(states[None], attn_mask=clip.model.attn_mask)
        end = int(ids.argmax()) + len(context)
        expected = F.normalize(clip.model.ln_final(x)[0, end] @ clip.model.text_projection, dim=-1)
        assert torch.allclose(row, expected, atol=1e-5)


def test_image_prompts_leave_the_text_as_it_is_and_text_prompts_the_images(data):
    for method, text in ((CoOp(), True), (VptShallow(), False)):
        pair = method.module(data.clip, method.read(data.tasks), 0)()
        assert (pair.text.shape[2] > 0) == text
        assert (pair.image.shape[2] > 0) != text


def test_maple_makes_its_image_prompts_from_its_text_prompts(data):
    module = MaPLe().module(data.clip, data.tasks, 1)
    pair = module()
    layer = module.to_image[1]
    assert torch.allclose(pair.image[0, 1], module.text[1] @ layer.weight.T + layer.bias)


def test_first_words_are_where_the_prompts_start(data):
    clip = data.clip
    first = IndependentPrompts().module(clip, data.tasks, 1).text[0]
    ids = clip.tokenize(["a photo of a"])[0, 1:5]
    assert torch.equal(first, clip.model.token_embedding(ids))


def test_low_rank_prompts_have_rank_one_and_a_common_factor(data):
    pair = LowRank().module(data.clip, data.tasks, 1)()
    for prompts in (pair.text[0], pair.image[0]):
        assert all(torch.linalg.matrix_rank(one, rtol=1e-4) == 1 for one in prompts.detach())


def test_softcpt_gives_every_task_a_context_of_its_own(data):
    module = SoftContexts().module(data.clip, data.tasks, 1)
    pair = module()
    assert pair.text.shape[0] == 2
    assert not torch.allclose(pair.text[0], pair.text[1])


def test_the_losses_of_promptsrc_vanish_where_nothing_is_prompted(data):
    """With no prompts at all, what is held at the frozen towers is there already: cross-entropy is left."""
    method = SelfRegulated()
    joint = ConsistentJoint(data.clip, data.tasks, method.module(data.clip, data.tasks, 0), data.training, 0)
    none = data.clip.no_prompts()
    batches = joint.batches.draw()
    texts = {(0, 0): joint.frozen_texts[0]}
    losses = joint.losses_of(batches, none, texts, [(0, 0), (0, 1)])
    scale = data.clip.logit_scale
    for t, batch in enumerate(batches):
        logits = scale * data.clip.encode_image(batch.images) @ joint.frozen_texts[0].T
        assert torch.allclose(losses[t], F.cross_entropy(logits, batch.labels), atol=1e-4)


def test_promptsrc_ends_at_the_weighted_average_of_its_epochs(data):
    method = SelfRegulated()
    module = method.module(data.clip, data.tasks, 0)
    total = []
    for epoch in range(1, 6):
        total = method.averaged(module, epoch, 5, total)
    assert all(torch.allclose(mean, own) for mean, own in zip(total, module.parameters(), strict=True))


@pytest.mark.parametrize("name", ["coop", "maple", "softcpt", "prompt_tree"])
def test_a_new_class_has_no_part_in_the_prompts(data, name):
    """Neither in how many there are nor in what they learn; one that does not fit is refused when it is asked about."""
    method = made(name)
    if name == "prompt_tree":
        data = replace(data, affinity=lambda: np.eye(len(data.tasks)))
    new = replace(data.tasks[0], class_names=("hen", " ".join(["house"] * (data.clip.context_length - 3))))
    asked = replace(data, asked=(new,))
    plain, beside = (method.untrained(one, 1).state_dict() for one in (data, asked))
    assert {key: value.shape for key, value in plain.items()} == {key: value.shape for key, value in beside.items()}
    values = method.candidates[0]
    learned = result(method.fit(asked, values, 1))
    alone = result(method.fit(data, values, 1))
    assert all(np.array_equal(one, learned.arrays[key]) for key, one in alone.arrays.items())
    predict = method.predictor(asked, learned)
    assert predict(data.tasks[0], data.tasks[0].test).shape[1] == len(data.tasks[0].class_names)
    with pytest.raises(InputError, match=r"must fit the .* tokens of the context beside the .* prompts of"):
        predict(new, new.test)
