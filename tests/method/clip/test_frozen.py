"""The fast towers against the plain way: outputs and gradients, on several shapes."""

import pytest

from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from benchmarks import plain


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
    "no projection": {"custom_text": True, "text": {"proj_type": "none", "width": 24}},
    "context 64 and another eps": {"custom_text": True, "text": {"context_length": 64, "norm_kwargs": {"eps": 1e-6}}},
    "read at the last position": {"custom_text": True, "text": {"pool_type": "last"}},
    "SigLIP's text tower": {
        "custom_text": True,
        "init_logit_bias": -10,
        "text": {
            "context_length": 64,
            "no_causal_mask": True,
            "pool_type": "last",
            "proj_bias": True,
            "norm_kwargs": {"eps": 1e-6},
            "act_kwargs": {"approximate": "tanh"},
            "tokenizer_kwargs": {"clean": "canonicalize"},
        },
    },
    "CLIPA's text and image tower": {
        "text": {"context_length": 32, "no_causal_mask": True, "pool_type": "last"},
        "vision": {"no_ln_pre": True, "pool_type": "avg", "final_ln_after_pool": True},
    },
    "both ways, read at the first token": {"custom_text": True, "text": {"no_causal_mask": True, "pool_type": "first"}},
    "both ways, read at the end token": {"custom_text": True, "text": {"no_causal_mask": True}},
    "attentional pooling": {"vision": {"attentional_pool": True, "attn_pooler_heads": 2, "attn_pooler_queries": 4}},
    "five layers": {"text": {"layers": 5}, "vision": {"layers": 4}},
}


@pytest.fixture(params=SHAPES, ids=str, scope="module")
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


GEOMETRY = {"ViT-B/32": (224, 32), "ViT-B/16": (224, 16), "ViT-L/14": (224, 14), "ViT-L/14 at 336 px": (336, 14)}


@pytest.mark.parametrize(("size", "patch"), GEOMETRY.values(), ids=GEOMETRY)
def test_image_tower_at_the_patches_of_the_real_ones(size, patch):
    clip = tiny.clip(vision={"image_size": size, "patch_size": patch})
    images = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    (_, ours), (_, theirs) = prompts(clip, depth=2), prompts(clip, depth=2)
    a, b = clip.encode_image(images, ours), plain.encode_image(clip.model, images, theirs[0])
    close(a, b)
    (a[:, :5].sum() + b[:, :5].sum()).backward()
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


def test_prompts_that_start_at_zero_shot_are_plain_open_clip(clip):
    tokens = clip.tokenize([TEMPLATE.format(name) for name in NAMES])
    text, image = prompts(clip, depth=3)
    with torch.no_grad():
        assert (clip.encode_text(tokens, 0 * text, on_words=True) - clip.encode_text(tokens)).abs().max() <= 1e-6
        images = torch.randn(5, 3, tiny.SIZE, tiny.SIZE, generator=torch.Generator().manual_seed(1))
        closed = clip.encode_image(images, image, gate=torch.zeros(1, 3, 1))
        assert (closed - clip.encode_image(images)).abs().max() <= 1e-6


def test_prompts_on_words_do_not_depend_on_the_company(clip):
    """Rows with other templates share fewer tokens, so other states come from the shared part."""
    texts = [TEMPLATE.format(name) for name in NAMES] + ["a photo of a fox", "fox"]
    text, _ = prompts(clip, depth=2, tokens=5)
    with torch.no_grad():
        together = clip.encode_text(clip.tokenize(texts), text, on_words=True)
        alone = torch.cat([clip.encode_text(clip.tokenize([one]), text, on_words=True) for one in texts])
        assert (together - alone).abs().max() <= 1e-5
        assert (together - clip.encode_text(clip.tokenize(texts))).abs().max() > 1e-3


def test_eos_pooling_reads_the_same_token():
    clip = tiny.clip(custom_text=True, text={"pool_type": "eos", "eos_id": 49407})
    tokens = clip.tokenize([TEMPLATE.format(name) for name in NAMES])
    text, _ = prompts(clip, depth=2)
    close(clip.encode_text(tokens, text), plain.encode_text(clip.model, tokens, text[0]))


def test_a_tower_that_hides_its_padding():
    clip = tiny.clip(custom_text=True, text={"no_causal_mask": True, "pool_type": "first"})
    clip.model.text.use_pad_mask = True
    tokens = clip.tokenize([TEMPLATE.format(name) for name in NAMES])
    theirs = torch.nn.functional.normalize(clip.model.encode_text(tokens), dim=-1)
    assert (clip.encode_text(tokens) - theirs).abs().max() <= 1e-6
    text, _ = prompts(clip, depth=2)
    shown = clip.encode_text(tokens, text)
    with torch.no_grad():
        clip.model.text.positional_embedding[30:] += 5  # where only padding stands
        assert (clip.encode_text(tokens, text) - shown).abs().max() < 1e-6
        clip.model.text.use_pad_mask = False
        assert (clip.encode_text(tokens, text) - shown).abs().max() > 1e-3


@pytest.mark.parametrize("pool", ["first", "last"])
def test_a_text_that_fits_is_counted_without_an_end_token_to_look_for(pool):
    clip = tiny.clip(custom_text=True, text={"no_causal_mask": True, "pool_type": pool})
    assert clip.token_count("fox") == 3
    tokens = clip.tokenize([" ".join(["fox"] * 30)])  # 32 of 40
    clip.encode_text(tokens, torch.zeros(1, 1, 8, tiny.TEXT_WIDTH))
    with pytest.raises(ValueError, match="Got 41 tokens, 9 of them prompts"):
        clip.encode_text(tokens, torch.zeros(1, 1, 9, tiny.TEXT_WIDTH))


def test_the_scale_of_a_sigmoid_model_is_not_limited_and_its_bias_moves_no_class():
    sigmoid, softmax = tiny.clip(custom_text=True, init_logit_bias=-10), tiny.clip()
    for clip in (sigmoid, softmax):
        clip.model.logit_scale.data.fill_(4.7646)  # SigLIP's
    assert float(softmax.logit_scale) == 100
    assert float(sigmoid.logit_scale) == pytest.approx(117.28, abs=0.01)
    images, tokens = torch.randn(3, 3, tiny.SIZE, tiny.SIZE), sigmoid.tokenize(list(NAMES))
    _, _, scale, bias = sigmoid.model(images, tokens)
    ours = sigmoid.logit_scale * sigmoid.encode_image(images) @ sigmoid.encode_text(tokens).T
    theirs, _ = sigmoid.model.get_logits(images, tokens)
    assert float(bias) == -10
    assert (ours.softmax(1) - theirs.softmax(1)).abs().max() < 1e-4
    assert scale == sigmoid.logit_scale


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
