"""A step in micro-batches: the same gradient, with every text read once, and nothing left of a step that is stopped."""

import pytest

from mmap_studio.config import PromptSettings, TrainSettings
from mmap_studio.errors import Interrupted
from mmap_studio.method.grouping.grouping import Grouping
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.objective import class_features_by_prompt
    from mmap_studio.method.training import Joint, new_bank

pytestmark = pytest.mark.slow


PROMPT = PromptSettings(tokens=2, source_rows=2, source_columns=8, depth=2, class_residual="on")
TASKS = (tiny.task("art", 0), tiny.task("few", 1, classes=3, n=5), tiny.task("real", 2))
TEXTS = {task.name: task.texts() for task in TASKS}
GROUPINGS = (Grouping((("art", "few", "real"),)), Grouping((("art", "real"), ("few",))))


@pytest.fixture(scope="module", params=["causal", "both ways"])
def clip(request):
    both = {"custom_text": True, "text": {"no_causal_mask": True, "pool_type": "last"}}
    return tiny.clip(**(both if request.param == "both ways" else {}))


def joint(clip, accumulate=1, recompute=False, grouping=GROUPINGS[0], parts="both", start="zero_shot"):
    """Of prompts whose zeros have become something: at zero-shot only those have a gradient."""
    settings = TrainSettings(batch_size=8, accumulate=accumulate, recompute=recompute)
    bank = new_bank(clip, grouping, PROMPT.model_copy(update={"parts": parts, "start": start}), 3, TEXTS)
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for value in bank.parameters():
            if not value.any():
                value.copy_(0.3 + 0.1 * torch.randn(value.shape, generator=generator))
    return Joint(clip, TASKS, bank, settings, seed=3)


def gradients(one):
    return [parameter.grad for parameter in one.bank.parameters()]


@pytest.mark.parametrize("parts", ["both", "group", "task"])
@pytest.mark.parametrize("recompute", [False, True])
@pytest.mark.parametrize("accumulate", [1, 2, 4])
@pytest.mark.parametrize(("grouping", "start"), list(zip(GROUPINGS, ("zero_shot", "random"), strict=True)))
def test_the_gradient_is_that_of_the_loss_over_the_whole_batch(clip, grouping, start, accumulate, recompute, parts):
    whole = joint(clip, grouping=grouping, parts=parts, start=start)
    batches, rows = whole.batches.draw(), whole.bank.prompt_of
    pairs = [(rows[name], t) for t, name in enumerate(whole.names)]
    losses = whole.trial_losses(batches)([dict(whole.bank.named_parameters())], pairs)
    losses.sum().backward()
    divided = joint(clip, accumulate, recompute, grouping, parts, start)
    torch.testing.assert_close(divided.backward(batches), losses.detach(), rtol=1e-5, atol=0)
    for ours, theirs in zip(gradients(divided), gradients(whole), strict=True):
        assert theirs.abs().max() > 0
        assert (ours - theirs).abs().max() < 1e-5 * theirs.abs().max()


def test_every_text_is_read_once_a_step(clip, monkeypatch):
    inner, read = clip.encode_text, []
    monkeypatch.setattr(clip, "encode_text", lambda tokens, *more: read.append(len(tokens)) or inner(tokens, *more))
    for accumulate in (1, 4):
        one = joint(clip, accumulate)
        one.backward(one.batches.draw())
    assert read == [4 + 3 + 4] * 2


class Alive:
    """Bytes that autograd keeps at the most at any one time, the model's weights left out."""

    def __init__(self, clip):
        self.own = {parameter.untyped_storage().data_ptr() for parameter in clip.model.parameters()}
        self.most = self._now = 0

    def watching(self):
        return torch.autograd.graph.saved_tensors_hooks(self._keep, lambda kept: kept.tensor)

    def _keep(self, tensor):
        return Kept(self, tensor, 0 if tensor.untyped_storage().data_ptr() in self.own else tensor.nbytes)

    def count(self, change):
        self._now += change
        self.most = max(self.most, self._now)


class Kept:
    """One tensor; torch drops it when its way back is done."""

    def __init__(self, alive, tensor, size):
        self.alive, self.tensor, self.size = alive, tensor, size
        alive.count(size)

    def __del__(self):
        self.alive.count(-self.size)


def test_micro_batches_keep_the_texts_and_one_part_of_the_images(clip):
    whole, parts, texts = Alive(clip), Alive(clip), Alive(clip)
    for accumulate, alive in ((1, whole), (4, parts)):
        one = joint(clip, accumulate)
        batches = one.batches.draw()
        with alive.watching():
            one.backward(batches)
    with texts.watching():
        features = class_features_by_prompt(clip, one.lists, one.bank(), [(0, 0), (1, 1), (2, 2)])
    assert len(features) == 3
    assert parts.most - texts.most < 0.4 * (whole.most - texts.most)


def test_a_stop_between_two_micro_batches_leaves_no_gradient(clip, monkeypatch):
    one, expected = joint(clip, 4), joint(clip, 4)
    batches = one.batches.draw()
    looks = []
    monkeypatch.setattr(clip, "watch", lambda: looks.append(None))
    expected.backward(batches)

    def stop():
        left.pop()
        if not left:
            raise Interrupted

    left = looks[: len(looks) // 2]
    monkeypatch.setattr(clip, "watch", stop)
    with pytest.raises(Interrupted):
        one.backward(batches)
    assert all(gradient is None for gradient in gradients(one))
    monkeypatch.undo()
    one.backward(batches)
    assert all(torch.equal(*pair) for pair in zip(gradients(one), gradients(expected), strict=True))
