"""The start at zero-shot: nothing changes before the first step, whatever the backbone and the scope."""

from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.config import PromptSettings, TrainSettings
from mmap_studio.method.grouping.grouping import Grouping
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.prompt import PromptPair, at_zero_shot
    from mmap_studio.method.prompt_shape import GATE
    from mmap_studio.method.training import Joint, new_bank, train, validate

TASKS = (tiny.task("art", 0), tiny.task("real", 2))
NAMES = [task.name for task in TASKS]
ADAMW = TrainSettings(optimizer="adamw", learning_rate=0.02, batch_size=4, epochs=2)


def prompt(**changes):
    return PromptSettings(**{"tokens": 2, "source_rows": 2, "source_columns": 8, "depth": 2, **changes})


def features(clip, pair):
    images = torch.randn(3, 3, tiny.SIZE, tiny.SIZE, generator=torch.Generator().manual_seed(0))
    texts = clip.encode_text(clip.tokenize(TASKS[0].texts()), pair.text, on_words=pair.on_words)
    return texts, clip.encode_image(images, pair.image, gate=pair.gate)


def learned(clip, settings, size=0.3):
    """The pair of a bank whose zeros have become something."""
    bank = new_bank(clip, Grouping.together(NAMES), settings, seed=1)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, value in bank.named_parameters():
            if name.endswith(("text_factor", GATE)):
                value.copy_(size * torch.randn(value.shape, generator=generator) + 10 * size)
        return bank, bank()[0]


@pytest.mark.parametrize("parts", ["group", "task", "both"])
@pytest.mark.parametrize("join", ["add", "concatenate"])
@pytest.mark.parametrize("depth", [1, 2])
def test_step_0_is_plain_clip(parts, join, depth):
    clip = tiny.clip()
    bank = new_bank(clip, Grouping.together(NAMES), prompt(parts=parts, join=join, depth=depth), seed=1)
    with torch.no_grad():
        plain = features(clip, clip.no_prompts())
        for row in range(len(bank())):
            for ours, theirs in zip(features(clip, bank()[row]), plain, strict=True):
                assert (ours - theirs).abs().max() <= 1e-6


def test_what_is_learned_changes_both_towers():
    clip = tiny.clip()
    _, pair = learned(clip, prompt())
    with torch.no_grad():
        for ours, plain in zip(features(clip, pair), features(clip, clip.no_prompts()), strict=True):
            assert (ours - plain).abs().max() > 1e-3


def test_both_parts_of_a_new_prompt_have_gradients():
    clip = tiny.clip()
    bank = new_bank(clip, Grouping.together(NAMES), prompt(), seed=1)
    joint = Joint(clip, TASKS, bank, ADAMW, seed=1)
    joint.backward(joint.batches.draw())
    moving = {name.rsplit(".", 1)[1] for name, value in bank.named_parameters() if value.grad.abs().max() > 0}
    assert moving == {"text_factor", GATE}


def test_words_get_what_stands_in_the_way_of_a_naive_pass():
    """Against open_clip's own blocks, with the prompts added by hand; classes of one, two and many words."""
    clip = tiny.clip()
    text, tokens = clip.model, clip.tokenize(["fox", "a red fox", "a photo of a very long name of a fox"])
    _, pair = learned(clip, prompt(tokens=4, source_rows=2))
    ends = tokens.argmax(1)
    with torch.no_grad():
        x = text.token_embedding(tokens) + text.positional_embedding
        for layer, block in enumerate(text.transformer.resblocks):
            if layer < pair.text.shape[1]:
                for row, end in enumerate(ends.tolist()):
                    for word in range(1, min(4, end - 1) + 1):
                        x[row, word] += x[row, word].pow(2).mean().sqrt() * pair.text[0, layer, word - 1]
            x = block(x, attn_mask=text.attn_mask)
        there = text.ln_final(x[torch.arange(3), ends]) @ text.text_projection
        here = clip.encode_text(tokens, pair.text, on_words=True)
    assert (here - torch.nn.functional.normalize(there, dim=-1)).abs().max() <= 1e-5


def test_a_text_does_not_depend_on_its_company():
    clip = tiny.clip()
    _, pair = learned(clip, prompt(tokens=4, source_rows=2))
    texts = ["a photo of a fox", "a photo of a cat", "an icon of a dog", "bee"]
    with torch.no_grad():
        together = clip.encode_text(clip.tokenize(texts), pair.text, on_words=True)
        alone = torch.cat([clip.encode_text(clip.tokenize([one]), pair.text, on_words=True) for one in texts])
    assert (together - alone).abs().max() <= 1e-5


def test_gated_attention_is_a_softmax_of_its_own():
    clip = tiny.clip()
    _, pair = learned(clip, prompt(depth=1))
    visual, images = clip.model.visual, torch.randn(2, 3, tiny.SIZE, tiny.SIZE)
    with torch.no_grad():
        x = visual._embeds(images)
        for layer, block in enumerate(visual.transformer.resblocks):
            attention, normed = block.attn, block.ln_1(x)
            seen = attention(normed, normed, normed, need_weights=False)[0]
            if layer == 0:
                beside = block.ln_1(visual.ln_pre(pair.image[:, 0])).expand(2, -1, -1)
                bias = attention.out_proj.bias  # once is enough
                more = attention(normed, beside, beside, need_weights=False)[0] - bias
                seen = seen + pair.gate[0, 0, 0].tanh() * more
            x = x + seen
            x = x + block.mlp(block.ln_2(x))
        there = visual._pool(x)[0] @ visual.proj
        here = clip.encode_image(images, pair.image, gate=pair.gate)
    assert (here - torch.nn.functional.normalize(there, dim=-1)).abs().max() <= 1e-5


def test_pairs_keep_their_gates():
    clip = tiny.clip()
    _, pair = learned(clip, prompt(parts="group"))
    assert torch.equal((pair + pair).gate, 2 * pair.gate)
    assert PromptPair.join([pair, pair]).gate.shape == (1, 2, 2)
    assert PromptPair.stack([pair, pair]).gate.shape == (2, 2, 1)
    assert all(one.on_words for one in (pair + pair, PromptPair.join([pair]), PromptPair.stack([pair]), pair[0]))


def test_arrays_at_zero_shot_are_plain_clip():
    clip = tiny.clip()
    bank, _ = learned(clip, prompt())
    bank.load_adapters({key: at_zero_shot(arrays) for key, arrays in bank.adapters().items()})
    with torch.no_grad():
        for ours, plain in zip(features(clip, bank()[0]), features(clip, clip.no_prompts()), strict=True):
            assert (ours - plain).abs().max() <= 1e-6


def trained(**changes):
    reports = train(tiny.clip(), TASKS, Grouping.together(NAMES), prompt(), ADAMW.model_copy(update=changes), seed=1)
    return [report.group for report in reports if report.group][-1]


def test_zero_shot_on_validation_is_known_and_kept_where_it_is_better():
    group = trained()
    assert group.zero_shot == validate(tiny.clip(), TASKS)
    better = replace(group, zero_shot=dict.fromkeys(NAMES, 1.0), validation=(dict.fromkeys(NAMES, 0.5),) * 2)
    assert better.worse("final")
    assert better.worse("best")
    for arrays in better.kept("final").values():
        assert not arrays["text_factor"].any()
        assert not arrays[GATE].any()
        assert arrays["source_prompt"].any()
    level = replace(group, zero_shot=dict.fromkeys(NAMES, 0.5), validation=(dict.fromkeys(NAMES, 0.5),) * 2)
    assert not level.worse("final")
    assert level.kept("final") is level.final


def test_random_prompts_are_kept_whatever_zero_shot_is():
    reports = train(tiny.clip(), TASKS, Grouping.together(NAMES), prompt(start="random"), ADAMW, seed=1)
    group = [report.group for report in reports if report.group][-1]
    assert not replace(group, zero_shot=dict.fromkeys(NAMES, 1.0)).worse("final")


def test_few_images_get_as_many_steps_as_were_asked_for():
    reports = list(train(tiny.clip(), TASKS, Grouping.together(NAMES), prompt(), ADAMW.model_copy(
        update={"epochs": 1, "min_steps": 7}), seed=1))  # fmt: skip
    per_epoch = max(-(-len(task.train) // 4) for task in TASKS)
    assert len(reports) == per_epoch * -(-7 // per_epoch) >= 7
    assert np.isfinite([list(report.losses.values()) for report in reports]).all()
