"""The loss of many pairs in one pass against one at a time; streams of batches; what a step refuses."""

import itertools

import numpy as np
import pytest

from mmap_studio.config import TrainSettings
from mmap_studio.errors import TrainingError
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch
    from torch.nn import functional as F

    from mmap_studio.method.batches import BatchStream, JointBatches, augment
    from mmap_studio.method.evaluation import calibration_error, score_probabilities
    from mmap_studio.method.objective import ClassLists, pair_losses
    from mmap_studio.method.optimizer import SafeStepper, learning_rate
    from mmap_studio.method.prompt import PromptPair


DEPTH, TOKENS, BATCH = 2, 2, 5
SETTINGS = TrainSettings(batch_size=BATCH, epochs=1)


def two_prompts(clip):
    g = torch.Generator().manual_seed(0)
    text = torch.randn(2, DEPTH, TOKENS, clip.text_width, generator=g)
    image = torch.randn(2, DEPTH, TOKENS, clip.image_width, generator=g)
    return PromptPair(text, image)


def test_pairs_in_one_pass_equal_cross_entropy_one_at_a_time():
    clip = tiny.clip()
    tasks = [tiny.task("a", 1), tiny.task("b", 2, classes=3), tiny.task("c", 3)]
    lists, batches = ClassLists.of(clip, tasks), JointBatches(clip, tasks, SETTINGS, seed=1).draw()
    prompts, pairs = two_prompts(clip), [(0, 0), (1, 1), (1, 2), (0, 2)]
    losses = pair_losses(clip, lists, batches, prompts, pairs)
    for loss, (p, t) in zip(losses, pairs, strict=True):
        one = prompts[p]
        images = clip.encode_image(batches[t].images, one.image)
        texts = clip.encode_text(clip.tokenize(tasks[t].texts()), one.text)
        expected = F.cross_entropy(clip.logit_scale * images @ texts.T, batches[t].labels)
        assert loss == pytest.approx(float(expected), rel=1e-5)


def test_tasks_with_the_same_texts_share_a_class_list():
    clip = tiny.clip()
    lists = ClassLists.of(clip, [tiny.task("a"), tiny.task("b"), tiny.task("c", template="a sketch of a {}.")])
    assert lists.of_task == (0, 0, 1)
    assert len(lists.tokens) == 2


def test_a_stream_shows_every_image_once_a_pass():
    images = tiny.image_set(7, 3, seed=0)
    stream = BatchStream(images, 7, seed=4)
    first, second = stream.draw()[1], stream.draw()[1]
    assert sorted(first) == sorted(second) == sorted(images.labels)
    assert not np.array_equal(first, second)


def test_a_stream_is_seeded_and_knows_small_sets():
    images = tiny.image_set(4, 3, seed=0)
    a, b = (next(iter(BatchStream(images, 16, seed=4))) for _ in range(2))
    assert np.array_equal(a[0], b[0])
    assert len(a[1]) == 4


def test_a_task_draws_the_same_whoever_trains_beside_it():
    clip, a, b = tiny.clip(), tiny.task("a", 1), tiny.task("b", 2)
    alone = JointBatches(clip, [b], SETTINGS, seed=3).draw()[0]
    beside = JointBatches(clip, [a, b], SETTINGS, seed=3).draw()[1]
    assert torch.equal(alone.images, beside.images)
    assert torch.equal(alone.labels, beside.labels)


def test_augmentation_without_crop_and_flip_is_the_image():
    pixels = tiny.image_set(3, 3, seed=1).images
    same = augment(pixels, crop=1.0, flip=False, generator=torch.Generator().manual_seed(0))
    assert same.shape == (3, 3, tiny.SIZE, tiny.SIZE)
    assert np.allclose(same.permute(0, 2, 3, 1).numpy() * 255, pixels, atol=1e-3)


def test_flipping_mirrors_and_cropping_enlarges():
    pixels = np.zeros((64, 8, 8, 3), np.uint8)
    pixels[:, :, :4] = 255
    flipped = augment(pixels, crop=1.0, flip=True, generator=torch.Generator().manual_seed(0))
    left = flipped[:, 0, 4, 1] > 0.5
    assert 0.3 < left.float().mean() < 0.7
    cropped = augment(pixels, crop=0.25, flip=False, generator=torch.Generator().manual_seed(0))
    assert cropped.mean(dim=(1, 2, 3)).std() > 0.1
    assert 0 <= cropped.min() <= cropped.max() <= 1


def test_learning_rate_rises_then_falls_to_zero():
    settings = TrainSettings(learning_rate=1.0, warmup=0.2)
    rates = [learning_rate(settings, step, 50) for step in range(50)]
    assert rates[0] == pytest.approx(1 / 11)
    assert rates[10] == pytest.approx(1.0)
    assert all(a < b for a, b in itertools.pairwise(rates[:11]))
    assert all(a > b for a, b in itertools.pairwise(rates[10:]))
    assert rates[-1] < 0.01


def line(value):
    module = torch.nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        module.weight.fill_(value)
    return module


@pytest.mark.parametrize("poison", [float("nan"), float("inf")])
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_bad_step_is_undone_and_the_rate_halved_once(poison, optimizer):
    module = line(1.0)
    stepper = SafeStepper(module, TrainSettings(optimizer=optimizer, learning_rate=0.1, warmup=0.0), steps=10)
    module.weight.grad = torch.ones(1, 1)
    assert stepper.take(0, torch.tensor([1.0]), ("a",))
    good, rate = module.weight.detach().clone(), stepper.rate(1)
    module.weight.grad = torch.full((1, 1), poison)
    assert not stepper.take(1, torch.tensor([1.0]), ("a",))
    assert torch.equal(module.weight, good)
    assert stepper.rate(1) == rate / 2
    module.weight.grad = torch.ones(1, 1)
    assert stepper.take(2, torch.tensor([1.0]), ("a",))
    assert module.weight.isfinite().all()
    with pytest.raises(TrainingError, match=r"step 3.*art nan.*lower train.learning_rate"):
        stepper.take(3, torch.tensor([poison * 0]), ("art",))


def test_scores_derived_on_paper():
    probabilities = np.array([[0.9, 0.1, 0], [0.6, 0.4, 0], [0.2, 0.8, 0], [0.3, 0.1, 0.6]], np.float32)
    found = score_probabilities(probabilities, np.array([0, 1, 1, 0]))
    assert found.accuracy == 0.5
    assert found.confusion.tolist() == [[1, 0, 1], [1, 1, 0], [0, 0, 0]]
    assert found.per_class[:2].tolist() == [0.5, 0.5]
    assert np.isnan(found.per_class[2])
    assert found.macro_f1 == pytest.approx((0.5 + 2 / 3 + 0) / 3)
    assert found.ece == pytest.approx((0.1 + 0.2 + 2 * 0.6) / 4)  # bins of 0.9, 0.8 and twice 0.6


def test_calibration_of_one_bin_is_the_gap_between_confidence_and_accuracy():
    assert calibration_error(np.array([0.91, 0.93]), np.array([True, False])) == pytest.approx(0.42)


def test_no_images_give_no_score():
    empty = score_probabilities(np.zeros((0, 3), np.float32), np.zeros(0, np.int64))
    assert np.isnan(empty.accuracy)
    assert empty.n == 0
