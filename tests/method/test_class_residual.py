"""Class residuals: at zero-shot before the first step, then one direction a class, shared by a group."""

from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.config import PromptSettings, TrainSettings
from mmap_studio.method.grouping.grouping import Grouping
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch
    from torch.nn import functional as F

    from mmap_studio.method.class_residual import SCALE, ClassResidual
    from mmap_studio.method.evaluation import class_text_features
    from mmap_studio.method.objective import ClassLists, class_features_by_prompt
    from mmap_studio.method.prompt import at_zero_shot
    from mmap_studio.method.prompt_shape import CLASS_RANK, CODES, DIRECTIONS
    from mmap_studio.method.training import new_bank, new_group_bank, train

TASKS = (tiny.task("art", 0), tiny.task("few", 1, classes=3), replace(tiny.task("real", 2), template="drawing of {}."))
NAMES = tuple(task.name for task in TASKS)
TEXTS = {task.name: task.texts() for task in TASKS}


def prompt(**changes):
    sizes = {"tokens": 2, "source_rows": 2, "source_columns": 8, "depth": 2, "class_residual": "on"}
    return PromptSettings(**sizes | changes)


def bank_of(clip, grouping, settings, moved=True):
    """A bank, where `moved` with codes that are not 0."""
    bank = new_bank(clip, grouping, settings, 1, TEXTS)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, value in bank.named_parameters():
            if moved and name.endswith(CODES):
                value.copy_(20 * torch.randn(value.shape, generator=generator))
    return bank


@pytest.mark.parametrize("parts", ["group", "task", "both"])
def test_nothing_changes_before_the_first_step(parts):
    clip = tiny.clip()
    bank = bank_of(clip, Grouping.together(NAMES), prompt(parts=parts), moved=False)
    with torch.no_grad():
        pair = bank()
    for task in TASKS:
        ours = class_text_features(clip, task.texts(), pair[bank.prompt_of[task.name]])
        assert np.abs(ours - class_text_features(clip, task.texts())).max() <= 1e-6


@pytest.mark.parametrize("parts", ["group", "task", "both"])
def test_a_class_has_the_row_of_its_text(parts):
    """Against the formula, class by class: the texts of a group's members in alphabetical order, each once."""
    clip, grouping = tiny.clip(), Grouping((("few", "art"), ("real",)))
    bank = bank_of(clip, grouping, prompt(parts=parts))
    owners = [("art",), ("few",), ("real",)] if parts == "task" else [("art", "few"), ("real",)]
    adapters = {frozenset(key.members): arrays for key, arrays in bank.adapters().items() if CODES in arrays}
    assert set(adapters) == {frozenset(one) for one in owners}
    with torch.no_grad():
        pair = bank()
    for task in TASKS:
        (members,) = (one for one in owners if task.name in one)
        rows = list(dict.fromkeys(text for name in members for text in TEXTS[name]))
        arrays, row = adapters[frozenset(members)], bank.prompt_of[task.name]
        assert arrays[CODES].shape == (len(rows), CLASS_RANK)
        assert arrays[DIRECTIONS].shape == (CLASS_RANK, clip.embed_width)
        plain = replace(pair[row], residual=None)
        before, after = (class_text_features(clip, task.texts(), one) for one in (plain, pair[row]))
        for text, had, has in zip(task.texts(), before, after, strict=True):
            moved = had + SCALE * arrays[CODES][rows.index(text)] @ arrays[DIRECTIONS]
            assert np.abs(moved / np.linalg.norm(moved) - has).max() <= 1e-6
            assert np.abs(had - has).max() > 1e-3


def test_training_and_testing_see_the_same_features():
    clip = tiny.clip()
    bank = bank_of(clip, Grouping((("few", "art"), ("real",))), prompt(parts="both"))
    lists = ClassLists.of(clip, TASKS)
    with torch.no_grad():
        pair = bank()
        found = class_features_by_prompt(clip, lists, pair, [(bank.prompt_of[n], t) for t, n in enumerate(NAMES)])
    for t, task in enumerate(TASKS):
        row = bank.prompt_of[task.name]
        ours = class_text_features(clip, task.texts(), pair[row])
        assert np.abs(found[row, lists.of_task[t]].numpy() - ours).max() <= 1e-6


def test_a_text_without_a_residual_stays_as_it_is():
    clip = tiny.clip()
    bank = bank_of(clip, Grouping.together(NAMES), prompt(parts="group"))
    with torch.no_grad():
        pair = bank()[0]
    texts = ["a photo of a zebra.", TASKS[0].texts()[1]]
    features = class_text_features(clip, texts, pair)
    plain = class_text_features(clip, texts, replace(pair, residual=None))
    assert np.abs(features[0] - plain[0]).max() <= 1e-6
    assert np.abs(features[1] - plain[1]).max() > 1e-3


def test_stacked_residuals_keep_to_their_own_texts():
    one = ClassResidual(("a", "b"), torch.full((1, 2, 3), 1.0))
    two = ClassResidual(("c", "b"), torch.full((1, 2, 3), 2.0))
    both = ClassResidual.stack([one, two])
    assert both.texts == ("a", "b", "c")
    assert both.values[:, :, 0].tolist() == [[1, 1, 0], [0, 2, 2]]
    start = F.normalize(torch.randn(2, 3, generator=torch.Generator().manual_seed(0)), dim=-1)
    torch.testing.assert_close(both.corrected(1, ("a", "x"), start), start)
    torch.testing.assert_close(both.corrected(1, ("b", "x"), start)[0], F.normalize(start[0] + 2, dim=-1))


def test_training_moves_the_codes():
    clip, codes = tiny.clip(), []
    settings = TrainSettings(optimizer="adamw", learning_rate=0.02, batch_size=4, epochs=2)
    for report in train(clip, TASKS, Grouping.together(NAMES), prompt(parts="group"), settings, seed=1):
        if report.group is not None:
            ((_, arrays),) = report.group.final.items()
            codes.append(np.abs(arrays[CODES]).max())
            assert report.group.texts == TEXTS
    assert 0 < codes[0] < codes[-1]
    assert not any(at_zero_shot(arrays)[name].any() for name in (CODES, "text_factor"))


def test_parameters_are_rank_times_classes_and_width():
    clip, some = tiny.clip(), TASKS[:2]
    ours, without = (new_group_bank(clip, some, prompt(parts="group", class_residual=one), 1) for one in ("on", "off"))
    classes = len({text for task in some for text in task.texts()})
    assert ours.parameters_count - without.parameters_count == CLASS_RANK * (classes + clip.embed_width)
    assert ours.parameters_count == sum(one.numel() for one in ours.parameters())


def test_prompts_start_alike_with_and_without_residuals():
    clip = tiny.clip()
    ours, without = (new_group_bank(clip, TASKS, prompt(class_residual=one), 1).adapters() for one in ("on", "off"))
    for key, arrays in without.items():
        for name, array in arrays.items():
            assert np.array_equal(array, ours[key][name])
