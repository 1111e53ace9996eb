"""Gains by training: what is measured, on what, in which order, and that a measurement goes on where it was."""

from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.config import settings_from
from mmap_studio.errors import InputError
from mmap_studio.method.grouping.evidence import suggested_grouping
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.gain import pair_gains
    from mmap_studio.method.grouping.grouping import Grouping
    from mmap_studio.method.training import new_bank, train

SIZES = {"prompt.source_columns": 8, "prompt.depth": 2, "prompt.start": "zero_shot"}
QUICK = {"train.batch_size": 8, "affinity.by": "training", "affinity.repeats": 2, "affinity.epochs": 1} | SIZES


def settings(**changes):
    return settings_from({"preset": "light"}, QUICK | changes)


def measured(tasks, own, losses=None, stop_after=None):
    """The reports of all steps; with `stop_after`, of so many trainings."""
    reports, trainings = [], 0
    for report in pair_gains(tiny.clip(), tasks, own.prompt, own.train, own.affinity, 1, losses):
        reports.append(report)
        trainings += report.losses is not None
        if trainings == stop_after:
            break
    return reports


def cross_entropy(clip, task, images, prompts=None):
    """In plain words: softmax of the scaled cosines, the right class's, logarithm, mean."""
    with torch.no_grad():
        x = clip.prepare(images.pixels(np.arange(len(images))))
        x = clip.encode_image(x, prompts.image, gate=prompts.gate) if prompts else clip.encode_image(x)
        pair = prompts or clip.no_prompts()
        w = clip.encode_text(clip.tokenize(task.texts()), pair.text, on_words=pair.on_words)
        logits = float(clip.logit_scale) * x.double() @ w.double().T
        return torch.nn.functional.cross_entropy(logits, torch.tensor(images.labels)).item()


def test_a_gain_is_what_two_trainings_differ_by():
    tasks, own = [tiny.task("a", 1), tiny.task("b", 2)], settings()
    last = measured(tasks, own)[-1]
    clip, alone, held = tiny.clip(), own.train.by_epochs(1), tasks[1].val
    rows = [np.flatnonzero(np.isin(np.arange(8), part)) for part in parts_of(tasks[1].val.labels)]
    for repeat, some in enumerate(rows):
        images = tiny.DecodedImages(held.images[some], held.labels[some])
        for names in (("b",), ("a", "b")):
            members = [task for task in tasks if task.name in names]
            *_, end = train(clip, members, Grouping.together(names), own.prompt, alone, 1 + repeat)
            bank = new_bank(clip, Grouping.together(names), own.prompt, 1 + repeat)
            bank.load_adapters(end.group.final)
            expected = cross_entropy(clip, tasks[1], images, bank()[bank.prompt_of["b"]])
            assert last.losses[repeat, 2 - len(names), 1] == pytest.approx(expected, abs=1e-5)
    zero_shot = cross_entropy(clip, tasks[1], held)
    assert last.losses[-1, :, 1] == pytest.approx(zero_shot, abs=1e-5)
    gains = (last.losses[:2, 1, 1] - last.losses[:2, 0, 1]) / zero_shot
    assert last.estimate.mean[0, 1] == pytest.approx(gains.mean())
    assert np.array_equal(np.diag(last.estimate.mean), [1, 1])
    assert [len(one) for one in (last.estimate.measurements, np.unique(last.estimate.count))] == [2, 1]


def parts_of(labels):
    from mmap_studio.method.folds import fold_of

    number = fold_of(labels, 2, 1)
    return [np.flatnonzero(number == part) for part in range(2)]


def test_every_step_is_told_with_the_work_that_is_done():
    tasks = [tiny.task("a", 1), tiny.task("b", 2, n=32), tiny.task("c", 3)]
    reports = measured(tasks, settings())
    # of 16 images 2 steps, of 32 images 4; each task alone and each pair, twice
    assert reports[-1].steps == len(reports) == 2 * (2 + 4 + 2 + 4 + 2 + 4)
    assert [one.step for one in reports] == list(range(1, len(reports) + 1))
    shares = np.diff([0.0, *(one.share for one in reports)]) * 2 * (2 + 4 + 2 + 2 * (4 + 2 + 4))
    assert np.allclose(shares, [len(one.members) for one in reports])
    assert [one.members for one in reports if one.losses is not None][:6] == [
        ("a",), ("a", "b"), ("a", "c"), ("b",), ("b", "c"), ("c",)]  # fmt: skip
    assert [one.repeat for one in reports if one.estimate is not None] == [1, 2]


@pytest.mark.parametrize("trainings", [1, 3, 5])
def test_a_measurement_goes_on_with_the_same_bits(trainings):
    tasks, own = [tiny.task("a", 1), tiny.task("b", 2)], settings()
    whole = measured(tasks, own)[-1]
    begun = measured(tasks, own, stop_after=trainings)[-1].losses
    assert np.isnan(begun).sum() > 0
    rest = measured(tasks, own, begun)
    assert [one.known for one in rest if one.losses is not None] == [True] * trainings + [False] * (6 - trainings)
    assert np.array_equal(rest[-1].losses, whole.losses)
    assert rest[-1].share == whole.share == 1
    assert (rest[-1].step, rest[-1].steps) == (whole.step, whole.steps)


def test_without_validation_images_folds_are_kept_apart():
    empty = tiny.image_set(0, 4, 1)
    tasks, own = [replace(tiny.task(name, i), val=empty) for i, name in enumerate("ab")], settings()
    reports = measured(tasks, own)
    assert reports[-1].steps == 2 * 3 * 1  # 8 of 16 images are trained on: one step
    assert np.isfinite(reports[-1].losses).all()


def test_too_few_images_are_refused_by_name():
    tasks = [tiny.task("a", 1), replace(tiny.task("b", 2, n=3), val=tiny.image_set(1, 4, 1))]
    with pytest.raises(InputError, match=r"Task 'b' has 1 and 3; set affinity.by to lookahead"):
        measured(tasks, settings(**{"affinity.repeats": 5}))


@pytest.mark.slow
def test_planted_groups_are_found():
    """Two tasks whose class names are exchanged: company of the others harms them."""

    def exchanged(name, seed):
        task, order = tiny.task(name, seed, n=32), np.array([1, 0, 3, 2])
        parts = {part: task.split(part) for part in ("train", "val", "test")}
        return replace(task, **{k: tiny.DecodedImages(v.images, order[v.labels]) for k, v in parts.items()})

    tasks = [tiny.task("a", 1, n=32), tiny.task("b", 2, n=32), exchanged("c", 3), exchanged("d", 4)]
    own = settings(**{"affinity.repeats": 5, "affinity.epochs": 12, "prompt.parts": "group"})
    found = measured(tasks, own)[-1].estimate
    suggested = suggested_grouping(found.mean, np.stack(found.measurements), found.tasks, None, 0.0)
    assert suggested.grouping.text() == "a+b,c+d"
    assert suggested.evidence.found
