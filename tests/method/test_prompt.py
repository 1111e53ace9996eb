"""Kronecker prompts, MmAP and the bank: against explicit loops, by counting, and by what is kept."""

import numpy as np
import pytest

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.prompt_shape import PromptShape
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.bank import PromptBank, PromptKey
    from mmap_studio.method.kronecker import kronecker_prompt
    from mmap_studio.method.prompt import MmAP, PromptPair


B, M, N, DEPTH, TEXT, IMAGE = 4, 2, 8, 3, 16, 24
SHAPE = PromptShape(B, (M, N), DEPTH, TEXT, IMAGE)
TASKS = ("art", "clipart", "product", "real")
PAIRS = Grouping((("art", "clipart"), ("product", "real")))


def test_kronecker_product_against_explicit_loops():
    factor, source = torch.randn(DEPTH, 2, 3), torch.randn(DEPTH, M, N)
    product = kronecker_prompt(factor, source)
    assert product.shape == (DEPTH, 2 * M, 3 * N)
    for d in range(DEPTH):
        for i in range(2):
            for j in range(3):
                for a in range(M):
                    for c in range(N):
                        assert product[d, i * M + a, j * N + c] == factor[d, i, j] * source[d, a, c]


def test_kronecker_product_is_torchs_own():
    factor, source = torch.randn(2, 3), torch.randn(M, N)
    assert torch.equal(kronecker_prompt(factor, source), torch.kron(factor, source))


def test_mmap_makes_aligned_prompts_of_both_towers():
    prompt = MmAP(SHAPE, seed=3)
    pair = prompt()
    assert pair.text.shape == (1, DEPTH, B, TEXT)
    assert pair.image.shape == (1, DEPTH, B, IMAGE)
    block = pair.text[0, 0, :M, :N] / prompt.text_factor[0, 0, 0]
    assert torch.allclose(block, pair.image[0, 0, :M, :N] / prompt.image_factor[0, 0, 0], atol=1e-6)


def test_parameters_are_those_of_the_formula():
    by_formula = DEPTH * (M * N + (B // M) * (TEXT + IMAGE) // N)
    assert SHAPE.parameters == by_formula == 78
    assert sum(p.numel() for p in MmAP(SHAPE).parameters()) == by_formula


def test_paper_size_counts_what_the_design_says():
    shape = PromptShape(16, (16, 128), 9, 512, 768)
    assert shape.parameters == 18_522
    assert PromptBank(shape, PAIRS).parameters_count == 111_132


@pytest.mark.parametrize(
    ("changes", "numbers"),
    [
        ({"tokens": 5}, "m = 2 and b = 5"),
        ({"text_width": 20}, "n = 8 and text width 20"),
        ({"image_width": 30}, "n = 8 and image width 30"),
        ({"depth": 0}, "depth must be at least 1. Got 0"),
    ],
)
def test_a_shape_that_does_not_divide_names_both_numbers(changes, numbers):
    values = {"tokens": B, "source": (M, N), "depth": DEPTH, "text_width": TEXT, "image_width": IMAGE} | changes
    with pytest.raises(ValueError, match=numbers):
        PromptShape(**values)


@pytest.mark.parametrize("initialisation", ["balanced", "source"])
def test_the_product_starts_with_the_fields_deviation(initialisation):
    wide = PromptShape(32, (16, 64), 8, 512, 512)
    pair = MmAP(wide, seed=1, initialisation=initialisation)()
    assert 0.017 < pair.text.std() < 0.023
    factors = MmAP(wide, seed=1, initialisation=initialisation).text_factor
    assert (abs(factors.std() - 0.02**0.5) < 0.01) == (initialisation == "balanced")


def test_the_same_seed_starts_the_same_and_another_does_not():
    assert torch.equal(MmAP(SHAPE, 1).source_prompt, MmAP(SHAPE, 1).source_prompt)
    assert not torch.equal(MmAP(SHAPE, 1).source_prompt, MmAP(SHAPE, 2).source_prompt)


def test_arrays_come_back_and_wrong_ones_are_refused():
    prompt, other = MmAP(SHAPE, 1), MmAP(SHAPE, 2)
    other.load_arrays(prompt.to_arrays())
    assert all(torch.equal(a, b) for a, b in zip(prompt.parameters(), other.parameters(), strict=True))
    with pytest.raises(ValueError, match="must have the arrays"):
        other.load_arrays({"source_prompt": np.zeros((DEPTH, M, N))})
    with pytest.raises(ValueError, match=r"text_factor must have the shape \(3, 2, 2\). Got \(1,\)"):
        other.load_arrays(prompt.to_arrays() | {"text_factor": np.zeros(1, np.float32)})


def test_arrays_are_copies():
    prompt = MmAP(SHAPE, 1)
    arrays = prompt.to_arrays()
    before = arrays["source_prompt"].copy()
    with torch.no_grad():
        prompt.source_prompt += 1
    assert np.array_equal(arrays["source_prompt"], before)


@pytest.mark.parametrize(
    ("parts", "prompts", "tokens", "mmaps"), [("both", 4, 2 * B, 6), ("group", 2, B, 2), ("task", 4, B, 4)]
)
def test_a_bank_declares_counts_and_names_what_it_trains(parts, prompts, tokens, mmaps):
    bank = PromptBank(SHAPE, PAIRS, parts)
    pair = bank()
    assert isinstance(pair, PromptPair)
    assert pair.text.shape == (prompts, DEPTH, tokens, TEXT)
    assert pair.image.shape == (prompts, DEPTH, tokens, IMAGE)
    assert len(dict(bank.named_parameters())) == 3 * mmaps
    assert bank.parameters_count == mmaps * SHAPE.parameters == sum(p.numel() for p in bank.parameters())
    assert set(bank.prompt_of) == set(TASKS)


def test_a_task_sees_its_groups_tokens_and_then_its_own():
    bank = PromptBank(SHAPE, PAIRS)
    row = bank()[bank.prompt_of["product"]]
    assert torch.equal(row.text[:, :, :B], bank.group_prompts[1]().text)
    assert torch.equal(row.text[:, :, B:], bank.task_prompts[2]().text)
    assert torch.equal(row.image[:, :, :B], bank.group_prompts[1]().image)


def test_a_group_starts_the_same_in_whatever_company():
    alone = PromptBank(SHAPE, Grouping((("clipart", "art"),)), seed=5)
    among = PromptBank(SHAPE, PAIRS, seed=5)
    assert torch.equal(alone.group_prompts[0].source_prompt, among.group_prompts[0].source_prompt)
    assert torch.equal(alone.task_prompts[0].source_prompt, among.task_prompts[1].source_prompt)


def test_mmaps_of_groups_and_tasks_that_stay_are_taken_into_a_bank_of_another_grouping():
    bank = PromptBank(SHAPE, PAIRS, seed=1)
    with torch.no_grad():
        for parameter in bank.parameters():
            parameter += 1
    moved = PromptBank(SHAPE, Grouping((("clipart", "art"), ("product",), ("real",))), seed=1)
    moved.load_adapters(moved.adapters() | bank.adapters())
    before, after = bank.adapters(), moved.adapters()
    kept = before[PromptKey("group", ("art", "clipart"))]["text_factor"]
    assert np.array_equal(after[PromptKey("group", ("clipart", "art"))]["text_factor"], kept)
    real, product = PromptKey("task", ("real",)), PromptKey("group", ("product",))
    assert np.array_equal(after[real]["source_prompt"], before[real]["source_prompt"])
    fresh = PromptBank(SHAPE, Grouping((("product",),)), seed=1).adapters()
    assert np.array_equal(after[product]["text_factor"], fresh[product]["text_factor"])


def test_a_key_is_its_kind_and_its_members_in_any_order():
    key = PromptKey("group", ("real", "art"))
    assert len({key, PromptKey("group", ("art", "real"))}) == 1
    assert key not in (PromptKey("group", ("real",)), PromptKey("task", ("real", "art")), ("group", "real", "art"))
    assert str(key) == "group real+art"


def test_a_missing_mmap_is_named():
    bank = PromptBank(SHAPE, PAIRS)
    adapters = bank.adapters()
    del adapters[PromptKey("task", ("real",))]
    with pytest.raises(ValueError, match="an MmAP for task real"):
        bank.load_adapters(adapters)
