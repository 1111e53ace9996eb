"""The share that is trained: counted as the bank counts it, and none where the prompts do not fit."""

import pytest

from mmap_studio.config import PromptSettings
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.estimates.trained_share import BackboneFacts, problem, trained_share
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.bank import PromptBank


BACKBONE = BackboneFacts("tiny", "0", 1000, 16, 24, 3, "cpu", "float32", embed_width=12)
TEXTS = {"art": ("a fox", "an owl"), "clipart": ("a fox", "a bee"), "real": ("a fox",)}
GROUPING = Grouping((("art", "clipart"), ("real",)))


@pytest.mark.parametrize("parts", ["both", "group", "task"])
def test_what_is_counted_is_what_a_bank_has(parts):
    settings = PromptSettings(source_columns=8, parts=parts)
    share = trained_share(settings, BACKBONE, GROUPING.groups)
    assert share.trained == PromptBank(settings.shape(16, 24), GROUPING, parts).parameters_count
    assert share.share == share.trained / 1000


@pytest.mark.parametrize("parts", ["both", "group", "task"])
def test_residuals_of_classes_count_once_a_group_and_text(parts):
    settings = PromptSettings(source_columns=8, parts=parts, class_residual="on")
    share = trained_share(settings, BACKBONE, GROUPING.groups, texts=TEXTS)
    bank = PromptBank(settings.shape(16, 24, 12), GROUPING, parts, texts=TEXTS)
    assert share.trained == bank.parameters_count == sum(one.numel() for one in bank.parameters())


@pytest.mark.parametrize(("changes", "told"), [({"source_columns": 7}, "16 and 24; got 7"), ({"depth": 4}, "most 3")])
def test_prompts_that_do_not_fit_have_no_share(changes, told):
    settings = PromptSettings(**{"source_columns": 8} | changes)
    assert told in problem(settings, BACKBONE)
    assert trained_share(settings, BACKBONE, GROUPING.groups) is None
