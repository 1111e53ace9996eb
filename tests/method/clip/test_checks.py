"""What cannot be prompted is refused in one sentence, and what is given wrongly too."""

import pytest

from mmap_studio.errors import BackboneError
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.clip import FrozenClip


def refused(sentence, **changes):
    with pytest.raises(BackboneError, match=sentence) as caught:
        FrozenClip.build(tiny.config(**changes), name="odd")
    assert "'odd' cannot be prompted" in str(caught.value)
    assert str(caught.value).endswith("such as ViT-B-16 or ViT-B-32.")


def test_a_resnet_tower():
    config = tiny.config()
    config["vision_cfg"] = {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None}
    with pytest.raises(BackboneError, match="a ResNet"):
        FrozenClip.build(config, name="odd")


def test_a_text_tower_with_a_class_token():
    refused("class token", custom_text=True, text={"embed_cls": True})


def test_a_text_tower_that_gives_all_tokens():
    refused("pooling 'none'", custom_text=True, text={"pool_type": "none"})


def test_a_causal_text_tower_that_reads_its_first_token():
    refused("the first token, which is read, sees no class name", custom_text=True, text={"pool_type": "first"})


def test_a_text_tower_that_reads_the_tokens_of_another_tokenizer():
    refused("those of 'bert-base-uncased'", text={"hf_tokenizer_name": "bert-base-uncased"})


def test_blocks_of_another_kind():
    refused("CustomResidualAttentionBlock", vision={"qk_norm": True})


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
