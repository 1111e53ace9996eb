"""The fast towers against the plain way: outputs and gradients, on several shapes."""

import pytest
import torch

from benchmarks import plain
from tests import tiny

TOKENS = 3
NAMES = ("fox", "desk lamp", "a very long name of a thing that has quite a lot of words in it indeed", "x")
TEMPLATE = "an icon of a {}."
TOLERANCE = 1e-5


def prompts(clip, depth, rows=1, tokens=TOKENS, seed=0):
    generator = torch.Generator().manual_seed(seed)
    text = torch.randn(rows, depth, tokens, clip.text_width, generator=generator) * 0.3
    image = torch.randn(rows, depth, tokens, clip.image_width, generator=generator) * 0.3
    return text.requires_grad_(), image.requires_grad_()


def close(ours, theirs):
    scale = theirs.abs().max()
    assert scale > 0
    assert (ours - theirs).abs().max() / scale < TOLERANCE


SHAPES = {
    "plain": {},
    "quick gelu": {"quick_gelu": True},
    "layer scale": {"text": {"ls_init_value": 0.5}, "vision": {"ls_init_value": 0.5}},
    "wide, fine patches": {"vision": {"width": 48, "patch_size": 4}, "text": {"width": 32, "heads": 4}},
    "custom text": {"custom_text": True},
    "custom text, projection with bias": {"custom_text": True, "text": {"proj_bias": True}},
    "average pooling": {"vision": {"pool_type": "avg"}},
    "final norm after pooling": {"vision": {"final_ln_after_pool": True}},
    "no first norm": {"vision": {"no_ln_pre": True}},
    "five layers": {"text": {"layers": 5}, "vision": {"layers": 4}},
}


@pytest.fixture(params=SHAPES, ids=str)
def clip(request):
    return tiny.clip(**{key: dict(value) if isinstance(value, dict) else value
                        for key, value in SHAPES[request.param].items()})  # fmt: skip


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_text_tower_equals_the_plain_way_with_its_gradients(clip, depth):
    tokens = clip.tokenize([TEMPLATE.format(name) for name in NAMES])
    ours, _ = prompts(clip, depth)
    theirs, _ = prompts(clip, depth)
    weights = torch.randn(len(NAMES), tiny.EMBED, generator=torch.Generator().manual_seed(9))
    a = clip.encode_text(tokens, ours)
    b = plain.encode_text(clip.model, tokens, theirs[0])
    close(a, b)
    (a * weights).sum().backward()
    (b * weights).sum().backward()
    close(ours.grad, theirs.grad)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_image_tower_equals_the_plain_way_with_its_gradients(clip, depth):
    images = torch.randn(5, 3, tiny.SIZE, tiny.SIZE, generator=torch.Generator().manual_seed(1))
    _, ours = prompts(clip, depth)
    _, theirs = prompts(clip, depth)
    weights = torch.randn(5, tiny.EMBED, generator=torch.Generator().manual_seed(9))
    a = clip.encode_image(images, ours)
    b = plain.encode_image(clip.model, images, theirs[0])
    close(a, b)
    (a * weights).sum().backward()
    (b * weights).sum().backward()
    close(ours.grad, theirs.grad)


def test_many_prompts_in_one_pass_equal_one_at_a_time():
    clip = tiny.clip()
    text, image = prompts(clip, depth=2, rows=3)
    lists = [["fox", "red car"], ["a desk lamp"], ["x", "fox", "a thing with a longer name"]]
    tokens = clip.tokenize([name for names in lists for name in names])
    rows = torch.tensor([0, 0, 1, 2, 2, 2])
    together = clip.encode_text(tokens, text, rows)
    for row in range(3):
        close(together[rows == row], plain.encode_text(clip.model, tokens[rows == row], text[row]))
    images = torch.randn(6, 3, tiny.SIZE, tiny.SIZE, generator=torch.Generator().manual_seed(1))
    together = clip.encode_image(images, image, rows)
    for row in range(3):
        close(together[rows == row], plain.encode_image(clip.model, images[rows == row], image[row]))


@pytest.mark.parametrize("words", [1, 5, 12, 30])
def test_names_of_any_length_that_fits(words):
    clip = tiny.clip()
    tokens = clip.tokenize(["fox", " ".join(["fox"] * words)])
    text, _ = prompts(clip, depth=3)
    close(clip.encode_text(tokens, text), plain.encode_text(clip.model, tokens, text[0]))


def test_a_single_class_and_equal_classes():
    clip = tiny.clip()
    text, _ = prompts(clip, depth=3)
    for names in (["fox"], ["fox", "fox"], ["fox", "fox car"]):
        tokens = clip.tokenize(names)
        close(clip.encode_text(tokens, text), plain.encode_text(clip.model, tokens, text[0]))


def test_prompts_of_zero_length_are_plain_open_clip(clip):
    tokens = clip.tokenize([TEMPLATE.format(name) for name in NAMES])
    theirs = torch.nn.functional.normalize(clip.model.encode_text(tokens), dim=-1)
    assert (clip.encode_text(tokens) - theirs).abs().max() <= 1e-6
    images = torch.randn(5, 3, tiny.SIZE, tiny.SIZE, generator=torch.Generator().manual_seed(1))
    theirs = torch.nn.functional.normalize(clip.model.encode_image(images), dim=-1)
    assert (clip.encode_image(images) - theirs).abs().max() <= 1e-6


def test_eos_pooling_reads_the_same_token():
    clip = tiny.clip(custom_text=True, text={"pool_type": "eos", "eos_id": 49407})
    tokens = clip.tokenize([TEMPLATE.format(name) for name in NAMES])
    text, _ = prompts(clip, depth=2)
    close(clip.encode_text(tokens, text), plain.encode_text(clip.model, tokens, text[0]))


def test_bfloat16_stays_near_float32():
    clip = tiny.clip()
    tokens = clip.tokenize([TEMPLATE.format(name) for name in NAMES])
    text, image = prompts(clip, depth=2)
    images = torch.randn(5, 3, tiny.SIZE, tiny.SIZE, generator=torch.Generator().manual_seed(1))
    exact = clip.encode_text(tokens, text), clip.encode_image(images, image)
    clip.precision = "bfloat16"
    rough = clip.encode_text(tokens, text), clip.encode_image(images, image)
    for a, b in zip(exact, rough, strict=True):
        assert b.dtype is torch.float32
        assert 0 < (a - b).abs().max() < 0.05


@pytest.mark.parametrize("pure", [True, False], ids=["all of it", "with float32 norms"])
def test_a_model_stored_in_bfloat16_can_be_prompted(pure):
    from open_clip.model import convert_weights_to_lp

    clip = tiny.clip() if pure else tiny.clip(cast_dtype=torch.bfloat16)
    clip.model.to(torch.bfloat16) if pure else convert_weights_to_lp(clip.model, torch.bfloat16)
    text, image = prompts(clip, depth=2)
    images = torch.randn(2, 3, tiny.SIZE, tiny.SIZE)
    features = clip.encode_text(clip.tokenize(["fox"]), text)
    assert features.dtype is clip.encode_image(images, image).dtype is torch.float32
    features[:, 0].sum().backward()
    assert text.grad.abs().max() > 0
    assert text.grad.isfinite().all()
