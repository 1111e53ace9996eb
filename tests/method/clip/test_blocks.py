"""Blocks in pieces and blocks computed again: the same numbers, and a stop that is heard between any two of them."""

from itertools import pairwise

import pytest

from mmap_studio.config import TrainSettings
from mmap_studio.errors import Interrupted
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from mmap_studio.method.batches import JointBatches
    from mmap_studio.method.clip import blocks


TEXTS = ("a fox.", "a desk lamp.", "a red car.", "an apple.", "x")


@pytest.fixture(scope="module", params=["causal", "both ways"])
def clip(request):
    both = {"custom_text": True, "text": {"no_causal_mask": True, "pool_type": "last"}}
    return tiny.clip(**(both if request.param == "both ways" else {}))


def step(clip):
    """Features and gradients of one pass of both towers under two prompts."""
    generator = torch.Generator().manual_seed(3)
    text = (0.3 * torch.randn(2, 2, 3, tiny.TEXT_WIDTH, generator=generator)).requires_grad_()
    image = (0.3 * torch.randn(2, 2, 3, tiny.IMAGE_WIDTH, generator=generator)).requires_grad_()
    rows = torch.tensor([0, 1, 1, 0, 1])
    words = clip.encode_text(clip.tokenize(TEXTS), text, rows)
    seen = clip.encode_image(torch.randn(5, 3, tiny.SIZE, tiny.SIZE, generator=generator), image, rows)
    (seen @ words.T).square().sum().backward()
    return [words.detach(), seen.detach(), text.grad, image.grad]


def same(ours, theirs):
    for a, b in zip(ours, theirs, strict=True):
        assert b.abs().max() > 0
        assert (a - b).abs().max() <= 1e-5 * b.abs().max()


@pytest.mark.parametrize("piece", [1, 30_000, 60_000])
@pytest.mark.parametrize("recompute", [False, True])
def test_pieces_and_recomputing_change_nothing(clip, monkeypatch, piece, recompute):
    whole = step(clip)
    monkeypatch.setattr(blocks, "PIECE", piece)
    monkeypatch.setattr(clip, "recompute", recompute)
    same(step(clip), whole)


def test_recomputing_keeps_less(clip, monkeypatch):
    def kept(recompute):
        monkeypatch.setattr(clip, "recompute", recompute)
        bytes_of = {}

        def pack(tensor):
            bytes_of[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            step(clip)
        own = {one.untyped_storage().data_ptr() for one in clip.model.parameters()}
        return sum(size for place, size in bytes_of.items() if place not in own)

    assert kept(True) < 0.7 * kept(False)


def test_the_stop_is_looked_at_before_every_piece_forward_and_backward(clip, monkeypatch):
    monkeypatch.setattr(blocks, "PIECE", 1)  # one row a piece
    calls = []
    monkeypatch.setattr(clip, "watch", lambda: calls.append(torch._C._current_graph_task_id() >= 0))
    step(clip)
    rows = len(TEXTS) + 5
    assert calls.count(False) == rows * tiny.LAYERS + 5  # the five images are embedded first
    # the first block's text rows stand before any prompt and have no gradient in a causal tower
    assert calls.count(True) >= rows * tiny.LAYERS - len(TEXTS)


@pytest.mark.parametrize("recompute", [False, True])
def test_a_stop_anywhere_ends_the_step_with_its_own_error(clip, monkeypatch, recompute):
    monkeypatch.setattr(blocks, "PIECE", 1)
    monkeypatch.setattr(clip, "recompute", recompute)
    count = [0]

    def watch(at=None):
        count[0] += 1
        if count[0] == at:
            raise Interrupted("stopped")

    monkeypatch.setattr(clip, "watch", watch)
    step(clip)
    total = count[0]
    for at in range(1, total + 1, 7):
        count[0] = 0
        monkeypatch.setattr(clip, "watch", lambda at=at: watch(at))
        with pytest.raises(Interrupted):
            step(clip)
        assert count[0] == at  # nothing went on after it


def longest_work(clip, act):
    """Most multiplications and additions between two looks at the stop, forward and backward."""
    told = [0]
    with FlopCounterMode(display=False) as counter:
        clip.watch = lambda: told.append(counter.get_total_flops())
        act()
        told.append(counter.get_total_flops())
    clip.watch = tiny.clip().watch
    return max(after - before for before, after in pairwise(told))


def test_many_images_are_watched_from_their_pixels_on(monkeypatch):
    monkeypatch.setattr(blocks, "PIECE", 1)  # one row a piece
    clip = tiny.clip(vision={"image_size": 64, "patch_size": 16})
    prompts = torch.zeros(1, 1, 3, tiny.IMAGE_WIDTH, requires_grad=True)
    images = torch.randn(24, 3, 64, 64)

    def step(n):
        clip.encode_image(images[:n], prompts).sum().backward()

    assert longest_work(clip, lambda: step(24)) <= 1.5 * longest_work(clip, lambda: step(1))


def test_a_model_that_trains_as_a_whole_is_watched_too_and_so_is_its_judgement():
    clip = tiny.clip()
    calls = []
    clip.watch = lambda: calls.append(torch._C._current_graph_task_id() >= 0)
    model = clip.copy_model()
    model.encode_image(torch.randn(2, 3, tiny.SIZE, tiny.SIZE)).sum().backward()
    assert calls == [False] * tiny.LAYERS + [True] * tiny.LAYERS
    tuned = clip.with_model(model)
    calls.clear()
    tuned.encode_image(torch.randn(2, 3, tiny.SIZE, tiny.SIZE))
    assert calls


def test_a_stop_is_heard_between_the_batches_of_two_tasks():
    clip, calls = tiny.clip(), []
    batches = JointBatches(clip, [tiny.task("a"), tiny.task("b", 1)], TrainSettings(), seed=1)
    clip.watch = lambda: calls.append(None)
    batches.draw()
    assert len(calls) == 2
