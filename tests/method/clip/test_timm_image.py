"""timm's towers with prompts against the plain way: outputs and gradients, every family, small and at real shapes."""

from functools import partial

import pytest

from mmap_studio.session.backbones.open_clip_configs import configs
from tests import tiny
from tests.lazy import imported_later
from tests.method.clip.test_frozen import close

with imported_later():
    import timm
    import torch

    from benchmarks import plain
    from mmap_studio.method.clip import FrozenClip

SIZE, WIDTH, HEADS, LAYERS, TOKENS = 32, 48, 3, 3, 2
SMALL = {"img_size": SIZE, "embed_dim": WIDTH, "depth": LAYERS, "num_heads": HEADS}
FAMILIES = {
    "ViT-B-16-SigLIP2": {},  # attention pooling, no class token
    "ViT-SO400M-14-SigLIP": {"patch_size": 16},  # another inner width
    "vit_medium_patch16_gap_256": {},  # average pooling
    "MobileCLIP2-L-14": {"patch_size": 16},  # class token, norm before the blocks
    "EVA01-g-14": {"patch_size": 16},
    "EVA02-B-16": {},  # rotary positions, gated inner layers with a norm, queries apart from keys
    "EVA02-E-14": {"patch_size": 16},  # norms after the layers
    "PE-Core-B-16": {"ref_feat_shape": (2, 2)},  # rotary positions, attention pooling with a class token
    "PE-Core-bigG-14-448": {"patch_size": 16, "ref_feat_shape": (2, 2)},  # no class token
}
"""An architecture of each family of the towers, and what its small sister changes beside the sizes."""
WHOLE = {"RN50": "text", "convnext_tiny": "text", "MobileCLIP2-S0": "text", "swin_base_patch4_window7_224": "text",
         "vit_relpos_medium_patch16_cls_224": "text", "coca_ViT-B-32": "image"}  # fmt: skip
"""Architectures of which a tower takes no prompts, and what the other takes."""


def config_of(name, **text):
    """The architecture's config with CLIP's tokens and a small text tower."""
    found = configs()[name]
    words = tiny.config()["text_cfg"] | text
    return {"embed_dim": found["embed_dim"], "vision_cfg": found["vision_cfg"], "text_cfg": words, "custom_text": True}


def filled(clip):
    """The clip with weights large enough for layers, prompts and images to matter, zeros among them too."""
    for parameter in clip.model.parameters():
        with torch.no_grad():
            if parameter.ndim > 1:
                parameter.mul_(1.5)
            parameter.add_(0.05 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(3)))
    return clip


def small_clip(name):
    """The small sister of an architecture of `FAMILIES`."""
    torch.manual_seed(0)
    changes = SMALL | FAMILIES[name]
    made = partial(timm.create_model, **changes)
    config = config_of(name)
    config["vision_cfg"] = config["vision_cfg"] | {"image_size": SIZE}
    if config["vision_cfg"]["timm_proj"] == "none":  # the features are as wide as the tower
        config["embed_dim"] = WIDTH
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("open_clip.timm_model.timm.create_model", made)
        return filled(FrozenClip.build(config, name="tiny"))


@pytest.fixture(params=FAMILIES, scope="module")
def clip(request):
    return small_clip(request.param)


def images_of(clip, count=3):
    return torch.randn(count, 3, clip.image_size, clip.image_size, generator=torch.Generator().manual_seed(1))


def prompts_of(clip, depth, rows=1, tokens=TOKENS):
    size = rows, depth, tokens, clip.image_width
    return (0.3 * torch.randn(size, generator=torch.Generator().manual_seed(2))).requires_grad_()


def same(ours, theirs, inputs, others):
    """Equal outputs, and equal gradients of what went in."""
    close(ours, theirs)
    weights = torch.randn(ours.shape, generator=torch.Generator().manual_seed(9))
    (ours * weights).sum().backward()
    (theirs * weights).sum().backward()
    for one, other in zip(inputs, others, strict=True):
        close(one.grad, other.grad)


def test_a_small_tower_is_of_its_family(clip):
    assert clip.capability.prompts == "image and text"
    assert clip.image_width == WIDTH
    assert clip.layers == (tiny.LAYERS, LAYERS)
    images = images_of(clip)
    assert clip.image_tower.embed(images).shape == (3, clip.image_sizes.tokens, WIDTH)


def test_no_prompts_is_open_clip(clip):
    images = images_of(clip)
    theirs = torch.nn.functional.normalize(clip.model.encode_image(images), dim=-1)
    assert (clip.encode_image(images) - theirs).abs().max() <= 1e-6
    closed = clip.encode_image(images, prompts_of(clip, LAYERS), gate=torch.zeros(1, LAYERS, 1))
    assert (closed - theirs).abs().max() <= 1e-6


@pytest.mark.parametrize("depth", range(1, LAYERS + 1))
@pytest.mark.parametrize("recompute", [False, True], ids=["kept", "recomputed"])
def test_prompts_equal_the_plain_way_with_their_gradients(clip, depth, recompute, monkeypatch):
    monkeypatch.setattr(clip, "recompute", recompute)
    images, ours, theirs = images_of(clip), prompts_of(clip, depth), prompts_of(clip, depth)
    a, b = clip.encode_image(images, ours), plain.encode_image(clip.model, images, theirs[0])
    same(a, b, [ours], [theirs])


def test_many_prompts_in_one_pass_and_in_pieces_equal_one_at_a_time(clip, monkeypatch):
    images, prompts = images_of(clip, 4), prompts_of(clip, 2, rows=2)
    rows = torch.tensor([0, 1, 1, 0])
    monkeypatch.setattr("mmap_studio.method.clip.blocks.PIECE", 1)  # an image at a time
    together = clip.encode_image(images, prompts, rows)
    for row in range(2):
        close(together[rows == row], plain.encode_image(clip.model, images[rows == row], prompts[row]))


def beside(attention, x, prompt, gate, rope):
    """What the queries of normed states x (N, L, w) find in the prompts (b, w), by the attention's own weights."""
    if attention.qkv is None:
        w, b = zip(
            *((one.weight, one.bias) for one in (attention.q_proj, attention.k_proj, attention.v_proj)), strict=True
        )
    else:
        w = attention.qkv.weight.chunk(3)
        b = [None] * 3 if attention.qkv.bias is None else attention.qkv.bias.chunk(3)
        if getattr(attention, "q_bias", None) is not None:
            b = [attention.q_bias, None, attention.v_bias]

    def heads(states, which):
        made = torch.nn.functional.linear(states, w[which], b[which])
        return made.unflatten(-1, (attention.num_heads, -1)).transpose(-3, -2)  # (..., heads, L, w)

    query, key, value = heads(x, 0), heads(prompt, 1), heads(prompt, 2)
    if rope is not None:
        own = attention.num_prefix_tokens
        turned = timm.layers.apply_rot_embed_cat(query[:, :, own:], rope, half=attention.rotate_half)
        query = torch.cat([query[:, :, :own], turned], 2)
    return gate.tanh() * ((query @ key.transpose(-2, -1) / key.shape[-1] ** 0.5).softmax(-1) @ value)


def test_a_gate_adds_what_the_queries_find_in_the_prompts(clip):
    """In the last layer alone, by timm's own block: what is added goes in where the heads are joined."""
    images, gate, trunk = images_of(clip), torch.zeros(1, LAYERS, 1), clip.model.visual.trunk
    rope = trunk._pos_embed(trunk.patch_embed(images))[1] if getattr(trunk, "rope", None) is not None else None
    gate[0, -1] = 0.7
    prompts = prompts_of(clip, LAYERS)
    block = trunk.blocks[-1]
    post = type(block).__name__ == "EvaBlockPostNorm"
    seen = {}
    hooks = [
        block.register_forward_pre_hook(lambda _, given: seen.update(x=given[0])),
        block.attn.norm.register_forward_pre_hook(
            lambda _, given: given[0]
            + beside(
                block.attn,
                seen["x"] if post else block.norm1(seen["x"]),
                prompts[0, -1] if post else block.norm1(prompts[0, -1]),
                gate[0, -1],
                rope,
            ).transpose(1, 2).flatten(2)
        ),
    ]  # fmt: skip
    theirs = torch.nn.functional.normalize(clip.model.encode_image(images), dim=-1)
    for hook in hooks:
        hook.remove()
    close(clip.encode_image(images, prompts, gate=gate), theirs)
    assert (theirs - clip.encode_image(images)).abs().max() > 1e-4


def test_a_gate_moves_the_features_and_has_a_gradient(clip):
    images, prompts = images_of(clip), prompts_of(clip, 2)
    gate = torch.full((1, 2, 1), 0.5, requires_grad=True)
    features = clip.encode_image(images, prompts, gate=gate)
    assert (features - clip.encode_image(images)).abs().max() > 1e-4
    features[:, :3].sum().backward()
    assert (gate.grad.abs() > 0).all()
    assert prompts.grad.abs().max() > 0


def test_it_is_watched_before_every_block(clip, monkeypatch):
    calls = []
    monkeypatch.setattr(clip, "watch", lambda: calls.append(1))
    clip.encode_image(images_of(clip, 1))
    assert len(calls) == LAYERS + 1  # the patches go first


def test_a_copy_that_is_fine_tuned_is_watched_too(clip, monkeypatch):
    calls = []
    monkeypatch.setattr(clip, "watch", lambda: calls.append(1))
    model = clip.copy_model()
    model.encode_image(images_of(clip, 1))
    assert len(calls) == LAYERS


REAL = ["ViT-B-16-SigLIP2", "MobileCLIP-B", "MobileCLIP2-B", "EVA02-B-16", "PE-Core-B-16", "PE-Core-T-16-384",
        "ViTamin-S", "ViTamin-B", "vit_medium_patch16_gap_256"]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_prompts_equal_the_plain_way_at_the_real_shape(name):
    torch.manual_seed(0)
    clip = filled(FrozenClip.build(config_of(name), name=name))
    images, ours, theirs = images_of(clip, 1), prompts_of(clip, 9, tokens=8), prompts_of(clip, 9, tokens=8)
    with torch.no_grad():
        plainly = torch.nn.functional.normalize(clip.model.encode_image(images), dim=-1)
        assert (clip.encode_image(images) - plainly).abs().max() <= 1e-6
    a, b = clip.encode_image(images, ours), plain.encode_image(clip.model, images, theirs[0])
    same(a, b, [ours], [theirs])


@pytest.mark.slow
@pytest.mark.parametrize("name", WHOLE)
def test_a_tower_that_takes_no_prompts_gives_what_open_clip_gives_at_its_real_size(name):
    torch.manual_seed(0)
    clip = FrozenClip.build(configs()[name], name=name)
    assert clip.capability.prompts == WHOLE[name]
    images, tokens = images_of(clip, 2), clip.tokenize(["a photo of a fox.", "x"])
    for ours, theirs in (
        (clip.encode_image(images), clip.model.encode_image(images)),
        (clip.encode_text(tokens), clip.model.encode_text(tokens)),
    ):
        assert (ours - torch.nn.functional.normalize(theirs, dim=-1)).abs().max() <= 1e-6
