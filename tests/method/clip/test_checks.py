"""Which prompts a model takes, and what is given wrongly."""

import pytest

from mmap_studio.errors import BackboneError
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.clip import FrozenClip


RESNET = {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None}
ODD = {
    "a ResNet": ({"vision": RESNET}, "text", "its image tower is a ResNet"),
    "a class token": ({"custom_text": True, "text": {"embed_cls": True}}, "image", "ends in a class token (CoCa)"),
    "another pooling": ({"custom_text": True, "text": {"pool_type": "none"}}, "image", "is read by 'none'"),
    "a first token that sees nothing": (
        {"custom_text": True, "text": {"pool_type": "first"}}, "image", "which sees no class name under a causal mask"
    ),
    "blocks of another kind": ({"vision": {"qk_norm": True}}, "text", "blocks of type CustomResidualAttentionBlock"),
    "both": ({"custom_text": True, "vision": RESNET, "text": {"embed_cls": True}}, "none", "a ResNet; its text tower"),
}  # fmt: skip


@pytest.mark.parametrize("case", ODD)
def test_a_tower_that_takes_no_prompts_works_as_it_is(case):
    changes, prompts, why = ODD[case]
    torch.manual_seed(0)
    clip = FrozenClip.build(tiny.config(**{key: dict(one) if isinstance(one, dict) else one
                                           for key, one in changes.items()}), name="odd")  # fmt: skip
    assert clip.capability.prompts == prompts
    assert why in clip.capability.sentence("odd")
    assert (clip.image_width > 0, clip.text_width > 0) == (clip.capability.image, clip.capability.text)
    images = torch.randn(2, 3, clip.image_size, clip.image_size)
    if clip.capability.text or clip.embed_width == tiny.EMBED:  # a tower that gives all tokens has no feature
        theirs = torch.nn.functional.normalize(clip.model.encode_image(images), dim=-1)
        assert (clip.encode_image(images) - theirs).abs().max() <= 1e-6
    if case != "another pooling":
        tokens = clip.tokenize(["fox", "desk lamp"])
        theirs = torch.nn.functional.normalize(clip.model.encode_text(tokens), dim=-1)
        assert (clip.encode_text(tokens) - theirs).abs().max() <= 1e-6


def test_a_tower_that_takes_no_prompts_ignores_what_has_no_numbers():
    clip = FrozenClip.build(tiny.config(vision=dict(RESNET)), name="odd")
    images = torch.randn(2, 3, 32, 32)
    assert clip.encode_image(images, torch.zeros(1, 3, 4, 0)).equal(clip.encode_image(images))
    with pytest.raises(ValueError, match=r"must be \(P, D, b, 0\)"):
        clip.encode_image(images, torch.zeros(1, 3, 4, 8))
    assert clip.layers == (tiny.LAYERS, 0)
    assert clip.depth == tiny.LAYERS


def test_a_text_tower_that_reads_the_tokens_of_another_tokenizer():
    with pytest.raises(BackboneError, match="must have the files of the tokenizer 'bert-base-uncased', but has none"):
        FrozenClip.build(tiny.config(text={"hf_tokenizer_name": "bert-base-uncased"}), name="odd")


def test_a_model_of_timm_that_there_is_not():
    config = tiny.config(custom_text=True, vision={"timm_model_name": "vit_of_tomorrow"})
    with pytest.raises(BackboneError, match=r"must be a model of timm .* 'vit_of_tomorrow' is none"):
        FrozenClip.build(config, name="odd")


def test_a_model_that_is_no_clip():
    with pytest.raises(BackboneError, match="an image tower"):
        FrozenClip(torch.nn.Linear(2, 2), tokenizer=lambda texts: torch.zeros(1, 4), name="odd")


def test_everything_is_frozen():
    clip = tiny.clip()
    clip.assert_frozen()
    next(clip.model.parameters()).requires_grad_(True)
    with pytest.raises(AssertionError, match="must not require gradients"):
        clip.assert_frozen()


def test_a_text_that_does_not_fit_with_its_prompts():
    clip = tiny.clip()
    tokens = clip.tokenize([" ".join(["fox"] * 30)])
    with pytest.raises(ValueError, match=r"must fit the context of 40 tokens. Got 41 tokens, 9 of them prompts"):
        clip.encode_text(tokens, torch.zeros(1, 1, 9, tiny.TEXT_WIDTH))


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (lambda: (torch.zeros(1, 1, 2, 7), None), r"must be \(P, D, b, 32\). Got \(1, 1, 2, 7\)"),
        (lambda: (torch.zeros(1, 4, 2, 32), None), "at most the 3 image layers. Got 4"),
        (lambda: (torch.zeros(1, 1, 2, 32), torch.tensor([0, 1])), "must name prompts 0 to 0"),
        (lambda: (torch.zeros(1, 1, 2, 32), torch.tensor([0])), r"must be \(2,\). Got \(1,\)"),
    ],
)
def test_prompts_of_a_wrong_shape(wrong, text):
    prompts, rows = wrong()
    with pytest.raises(ValueError, match=text):
        tiny.clip().encode_image(torch.zeros(2, 3, tiny.SIZE, tiny.SIZE), prompts, rows)


def test_token_counts_include_the_ends_and_know_what_is_too_long():
    clip = tiny.clip()
    assert clip.token_count("fox") == 3
    assert clip.token_count(" ".join(["fox"] * 100)) == tiny.CONTEXT + 1


def test_watch_is_called_before_every_block_of_either_tower():
    clip, calls = tiny.clip(), []
    clip.watch = lambda: calls.append(1)
    clip.encode_text(clip.tokenize(["fox"]))
    clip.encode_image(torch.zeros(1, 3, tiny.SIZE, tiny.SIZE))
    assert len(calls) == 2 * tiny.LAYERS + 1  # the pixels go first


def test_a_name_is_put_into_tokens_once():
    clip = tiny.clip()
    asked, tokenizer = [], clip.tokenizer
    clip.tokenizer = lambda texts, **options: asked.append(texts) or tokenizer(texts, **options)
    assert [clip.token_count("fox") for _ in range(3)] == [3] * 3
    assert asked == [["fox"]]
