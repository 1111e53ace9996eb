"""The training loop: reports, bit-equality by seed, independence of groups, micro-batches, what is kept."""

import numpy as np
import pytest

from mmap_studio.config import AffinitySettings, FineTuneSettings, PromptSettings, TrainSettings
from mmap_studio.method.grouping.grouping import Grouping
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.bank import PromptKey
    from mmap_studio.method.evaluation import evaluate
    from mmap_studio.method.finetune import fine_tune
    from mmap_studio.method.training import Joint, new_bank, train, train_shared


PROMPT = PromptSettings(tokens=2, source_rows=2, source_columns=8, depth=2)
TRAIN = TrainSettings(epochs=3, batch_size=8, learning_rate=0.5, crop=1.0, flip=False)
TASKS = tuple(tiny.task(name, seed) for seed, name in enumerate(("art", "clipart", "real")))
NAMES = tuple(task.name for task in TASKS)


@pytest.fixture(scope="module")
def clip():
    return tiny.clip()


def groups_of(reports):
    return [report.group for report in reports if report.group is not None and report.group.complete]


def same(a, b):
    return all(np.array_equal(a[key][name], b[key][name]) for key in a for name in a[key]) and set(a) == set(b)


def test_reports_count_steps_and_end_with_the_trained_group(clip):
    reports = list(train(clip, TASKS, Grouping((NAMES,)), PROMPT, TRAIN, seed=1))
    assert [r.step for r in reports] == list(range(1, 7))
    assert {r.steps for r in reports} == {6}
    assert [r.epoch for r in reports] == [1, 1, 2, 2, 3, 3]
    assert [r.group is not None for r in reports] == [False, True] * 3
    last = reports[-1].group
    assert last.complete
    assert last.members == NAMES
    assert len(last.validation) == 3
    assert set(last.validation[0]) == set(NAMES)
    assert set(last.final) == {PromptKey("group", NAMES), *(PromptKey("task", (name,)) for name in NAMES)}


def test_the_end_of_an_epoch_says_what_is_predicted_of_validation_images(clip):
    for report in train(clip, TASKS, Grouping((NAMES,)), PROMPT, TRAIN, seed=1):
        assert bool(report.validated) == (report.group is not None)
        for task in TASKS if report.validated else ():
            predictions, confidence = report.validated[task.name]
            right = float((predictions == task.val.labels).mean())
            assert right == pytest.approx(report.group.validation[-1][task.name])
            assert confidence.shape == predictions.shape


def test_training_learns(clip):
    settings = TRAIN.model_copy(update={"epochs": 20, "learning_rate": 1.0})
    reports = list(train(clip, TASKS[:1], Grouping((NAMES[:1],)), PROMPT, settings, seed=1))
    first, last = reports[0].losses["art"], reports[-1].losses["art"]
    assert last < 0.8 * first
    bank = new_bank(clip, Grouping((NAMES[:1],)), PROMPT, seed=1)
    bank.load_adapters(reports[-1].group.final)
    after = evaluate(clip, TASKS[0], bank()[0]).accuracy
    assert after > evaluate(clip, TASKS[0]).accuracy + 0.2


def test_the_same_seed_gives_the_same_bits_and_another_does_not(clip):
    one, two, other = (
        groups_of(train(clip, TASKS, Grouping((NAMES,)), PROMPT, TRAIN, seed=s))[0].final for s in (1, 1, 2)
    )
    assert same(one, two)
    assert not same(one, other)


def test_a_groups_result_does_not_depend_on_the_other_groups(clip):
    pair = Grouping((("art", "real"), ("clipart",)))
    alone = Grouping((("art", "real"),))
    among = groups_of(train(clip, TASKS, pair, PROMPT, TRAIN, seed=1))
    apart = groups_of(train(clip, [TASKS[0], TASKS[2]], alone, PROMPT, TRAIN, seed=1))
    assert [g.members for g in among] == [("art", "real"), ("clipart",)]
    assert same(among[0].final, apart[0].final)


def test_nothing_of_clip_moves(clip):
    before = [p.clone() for p in clip.model.parameters()]
    list(train(clip, TASKS, Grouping((NAMES,)), PROMPT, TRAIN, seed=1))
    assert all(torch.equal(a, b) for a, b in zip(before, clip.model.parameters(), strict=True))
    assert all(p.grad is None for p in clip.model.parameters())


@pytest.mark.parametrize("parts", [2, 3, 8])
def test_micro_batches_give_the_same_gradient(clip, parts):
    gradients = []
    for accumulate in (1, parts):
        bank = new_bank(clip, Grouping((NAMES,)), PROMPT, seed=3)
        joint = Joint(clip, TASKS, bank, TRAIN.model_copy(update={"accumulate": accumulate}), seed=3)
        losses = joint.backward(joint.batches.draw())
        gradients.append((losses, [p.grad for p in bank.parameters()]))
    (losses, whole), (in_parts, summed) = gradients
    assert torch.allclose(losses, in_parts, rtol=1e-5)
    for a, b in zip(whole, summed, strict=True):
        assert torch.allclose(a, b, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_best_is_the_epoch_of_the_best_validation(clip, optimizer):
    settings = TRAIN.model_copy(update={"optimizer": optimizer, "learning_rate": 0.05, "epochs": 5})
    reports = [r.group for r in train(clip, TASKS, Grouping((NAMES,)), PROMPT, settings, seed=1) if r.group]
    means = [np.mean(list(scores.values())) for scores in reports[-1].validation]
    assert reports[-1].best_epoch == int(np.argmax(means)) + 1
    assert same(reports[-1].best, reports[reports[-1].best_epoch - 1].final)
    assert reports[-1].kept("best") is reports[-1].best
    assert reports[-1].kept("final") is reports[-1].final


def test_a_training_that_is_closed_leaves_what_it_had(clip):
    generator = train(clip, TASKS, Grouping((NAMES,)), PROMPT, TRAIN, seed=1)
    reports = [next(generator) for _ in range(3)]
    generator.close()
    assert not reports[1].group.complete
    assert reports[1].group.final


@pytest.mark.parametrize("order", ["exact", "first_order"])
def test_stage_one_measures_after_the_warm_up(clip, order):
    affinity = AffinitySettings(epochs=5, every=2, step_size=0.05, order=order)
    reports = list(train_shared(clip, TASKS, PROMPT, TRAIN.model_copy(update={"warmup": 0.2}), affinity, seed=1))
    measured = [r.step for r in reports if r.affinity is not None]
    assert measured == [3, 5, 7, 9]
    estimate = reports[8].affinity
    assert estimate.tasks == NAMES
    assert (estimate.count == 4).all()
    assert (np.diag(estimate.mean) > 0).all()
    assert not any(r.group for r in reports)


def test_measuring_changes_nothing_in_the_training(clip):
    """Stage 1 with and without measurements takes the same steps."""
    often, once = (
        [r.losses for r in train_shared(clip, TASKS, PROMPT, TRAIN, AffinitySettings(epochs=3, every=n), seed=1)]
        for n in (1, 1000)
    )
    assert often == once


def test_first_order_agrees_with_exact_for_small_steps(clip):
    results = []
    for order in ("exact", "first_order"):
        affinity = AffinitySettings(epochs=1, every=1, step_size=1e-5, order=order)
        reports = list(train_shared(clip, TASKS, PROMPT, TRAIN, affinity, seed=1))
        results.append(reports[-1].affinity.mean)
    assert np.allclose(results[0], results[1], rtol=0.05, atol=1e-5)


def test_full_fine_tuning_trains_a_copy(clip):
    before = [p.clone() for p in clip.model.parameters()]
    reports = list(fine_tune(clip, TASKS, TRAIN, FineTuneSettings(learning_rate=1e-3), seed=1))
    assert reports[-1].step == reports[-1].steps == 6
    assert set(reports[-1].scores) == set(NAMES)
    assert sum(reports[-1].losses.values()) < sum(reports[0].losses.values())
    assert all(torch.equal(a, b) for a, b in zip(before, clip.model.parameters(), strict=True))
    clip.assert_frozen()
