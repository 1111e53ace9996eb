"""LAMM: its tokens against open_clip's own tower, its loss against a re-statement, and what new classes are read as."""

from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.errors import InputError
from tests.lazy import imported_later

with imported_later():
    import torch
    from torch.nn import functional as F

    from mmap_studio.method.evaluation import evaluate
    from mmap_studio.method.rivals.prompts.class_tokens import ClassTokens, Lamm, TokenJoint


@pytest.fixture
def moved(data):
    module = Lamm().module(data.clip, data.tasks, 0)
    with torch.no_grad():
        module.moved.normal_(0, 0.05, generator=torch.Generator().manual_seed(3))
    return module


def by_hand(clip, task, module):
    """[SOT] a photo of a [E] rest of the name . [EOT] through open_clip's own tower, class by class."""
    found, place = [], 1 + len(clip.token_ids("a photo of a "))
    for row, ids in enumerate(clip.tokenize(list(task.texts()))):
        states = clip.model.token_embedding(ids).clone()
        states[place : place + module.length] += module.moved[row]
        states = states + clip.model.positional_embedding
        x = clip.model.transformer(states[None], attn_mask=clip.model.attn_mask)
        found.append(F.normalize(clip.model.ln_final(x)[0, int(ids.argmax())] @ clip.model.text_projection, dim=-1))
    return torch.stack(found)


def test_tokens_stand_in_the_place_of_the_first_words_of_a_name(data, moved):
    for task in data.tasks:
        assert torch.allclose(moved.features(task), by_hand(data.clip, task, moved), atol=1e-5)


def test_as_many_tokens_as_the_shortest_name_has(data):
    clip, task = data.clip, data.tasks[0]
    two = replace(task, class_names=("desk lamp", "red car", "tall old tree"))
    assert ClassTokens(clip, (task,)).length == 1
    assert ClassTokens(clip, (two,)).moved.shape == (3, 2, clip.text_width)


def test_the_loss_is_the_published_one(data, moved):
    clip, scale, T = data.clip, data.clip.logit_scale, 2
    joint = TokenJoint(clip, data.tasks, moved, data.training, 0)
    batches = joint.batches.draw()
    losses = joint.backward(batches)
    moved.zero_grad()
    total = 0.0
    for loss, task, batch in zip(losses, data.tasks, batches, strict=True):
        image = clip.encode_image(batch.images)
        text, plain = by_hand(clip, task, moved), clip.encode_text(clip.tokenize(list(task.texts())))
        own, fixed = scale * image @ text.T, scale * image @ plain.T
        teacher, student = (fixed / T).softmax(1), (own / T).log_softmax(1)
        expected = F.cross_entropy(own, batch.labels)
        expected = expected + (1 - F.cosine_similarity(text[batch.labels], plain[batch.labels])).mean()
        expected = expected - 0.05 * T**2 * (teacher * student).sum(1).mean()
        assert torch.allclose(loss, expected, atol=1e-4)
        total = total + expected
    assert joint.shots == 4
    gradient = torch.autograd.grad(total + moved.moved.pow(2).sum() / 4, moved.moved)[0]
    joint.backward(batches)
    assert torch.allclose(moved.moved.grad, gradient, atol=1e-3 * float(gradient.abs().max()))


def test_untrained_it_is_zero_shot_and_a_class_without_tokens_stays_so(data, drained):
    learned = drained(Lamm().fit(data, {"learning_rate": 0.05}, 1))
    other = replace(data.tasks[0], class_names=("hen", "tree"), template=data.tasks[0].template)
    predict = Lamm().predictor(replace(data, asked=(other,)), learned)
    images = replace(other, test=data.tasks[0].test)
    probabilities = predict(other, images.test)
    texts = data.clip.encode_text(data.clip.tokenize(list(other.texts())))
    plain = (data.clip.logit_scale * torch.tensor(data.features_of(images.test)) @ texts.T).softmax(1)
    assert np.allclose(probabilities, plain.detach().numpy(), atol=1e-5)
    none = {"moved": np.zeros_like(learned.arrays["moved"])}
    zero = Lamm().predictor(data, replace(learned, arrays=none))
    for task in data.tasks:
        assert np.array_equal(zero(task, task.test).argmax(1), evaluate(data.clip, task).predictions)


def test_a_name_that_is_no_word_of_its_own_is_refused(data, drained):
    glued = replace(data, tasks=(replace(data.tasks[0], template="photo{}"),))
    with pytest.raises(InputError, match=r"LAMM needs class names that are words of their own.*task 'art'"):
        drained(Lamm().fit(glued, {"learning_rate": 0.05}, 1))
