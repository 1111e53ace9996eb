"""A SiglipModel of Hugging Face, made by transformers itself: the same outputs, or one sentence."""

import json
from functools import partial
from importlib.util import find_spec

import pytest

from mmap_studio.errors import BackboneError
from mmap_studio.session.backbones import siglip
from mmap_studio.session.backbones.open_clip_configs import configs
from mmap_studio.session.backbones.resolve import locate
from tests.lazy import imported_later
from tests.session.backbones.test_tokens import write_tokenizer

with imported_later():
    import timm
    import torch
    from safetensors.torch import load_file, save_file

    from mmap_studio.session.backbones.loading import open_backbone

pytestmark = pytest.mark.skipif(find_spec("transformers") is None, reason="needs the extra transformers")

SMALL = {"hidden_size": 48, "intermediate_size": 192, "num_hidden_layers": 2, "num_attention_heads": 3}
IMAGE, WORDS = {"image_size": 32, "patch_size": 16}, {"max_position_embeddings": 16, "vocab_size": 64}


@pytest.fixture
def small(monkeypatch):
    """ViT-B-16-SigLIP2 as small as a test wants it."""
    known = dict(configs())
    one = known["ViT-B-16-SigLIP2"]
    words = {"width": 48, "layers": 2, "heads": 3, "context_length": 16, "vocab_size": 64}
    known["ViT-B-16-SigLIP2"] = one | {"embed_dim": 48, "vision_cfg": one["vision_cfg"] | {"image_size": 32},
                                       "text_cfg": one["text_cfg"] | words}  # fmt: skip
    monkeypatch.setattr(siglip, "configs", lambda: known)
    monkeypatch.setitem(siglip.TOWERS, "base", (48, 192, 2, 3))
    made = partial(timm.create_model, img_size=32, embed_dim=48, depth=2, num_heads=3)
    monkeypatch.setattr("open_clip.timm_model.timm.create_model", made)


def write_model(folder, text=None, vision=None):
    """A random SiglipModel as `save_pretrained` writes it, with a tokenizer beside it; its own outputs."""
    import transformers

    about = transformers.SiglipConfig(
        text_config=SMALL | WORDS | (text or {}), vision_config=SMALL | IMAGE | (vision or {})
    )
    torch.manual_seed(0)
    model = transformers.SiglipModel(about).eval()
    for weight in model.parameters():
        if weight.ndim > 1:
            weight.data.mul_(2)
        weight.data.add_(0.02 * torch.randn(weight.shape))
    model.save_pretrained(folder)
    write_tokenizer(folder, "siglip")
    return model


def same(folder, model, size, words):
    clip = open_backbone(str(folder), "cpu", "float32")
    images, read = torch.randn(3, 3, size, size), clip.tokenize(words)
    with torch.no_grad():
        theirs = model(pixel_values=images, input_ids=read)
        assert (clip.encode_image(images) - theirs.image_embeds).abs().max() < 1e-5
        assert (clip.encode_text(read) - theirs.text_embeds).abs().max() < 1e-5
    assert float(clip.logit_scale) == pytest.approx(float(model.logit_scale.detach().exp()), rel=1e-5)
    assert clip.capability.prompts == "image and text"
    assert (clip.mean, clip.geometry.resize_mode) == ((0.5,) * 3, "squash")
    return clip


@pytest.mark.parametrize("act", siglip.ACTIVATIONS)
def test_it_says_what_transformers_says(tmp_path, small, act):
    model = write_model(tmp_path, {"hidden_act": act}, {"hidden_act": act})
    same(tmp_path, model, 32, ["a photo of a fox.", "red car"])


@pytest.mark.slow
def test_it_says_what_transformers_says_at_the_real_size(tmp_path):
    sizes = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
    words = sizes | {"vocab_size": 32000, "max_position_embeddings": 64}
    model = write_model(tmp_path, words, sizes | {"image_size": 224})
    same(tmp_path, model, 224, ["a photo of a fox.", "red car"])


@pytest.mark.parametrize("kind", ["float16", "bfloat16"])
def test_half_precision_is_read(tmp_path, small, kind):
    """Saved by transformers as it has it; compared with the same rounded numbers in float32."""
    model = write_model(tmp_path).to(getattr(torch, kind))
    model.save_pretrained(tmp_path)
    stored = load_file(tmp_path / "model.safetensors")
    assert {str(value.dtype) for value in stored.values()} == {f"torch.{kind}"}
    clip = same(tmp_path, model.float(), 32, ["a photo of a fox."])
    assert all(value.dtype == torch.float32 for value in clip.model.state_dict().values())
    assert clip.parameters_count == sum(value.numel() for value in stored.values())


def test_what_the_preprocessor_says(tmp_path, small):
    write_model(tmp_path)
    about = {"size": {"height": 32, "width": 32}, "resample": 2, "image_mean": [0.4] * 3, "image_std": [0.3] * 3}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(about))
    found = locate(str(tmp_path)).preprocess
    assert found == {"mean": (0.4,) * 3, "std": (0.3,) * 3, "resize_mode": "squash", "interpolation": "bilinear"}


def test_other_sizes_and_other_tensors_are_refused(tmp_path, small):
    write_model(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    odd = config | {"vision_config": config["vision_config"] | {"image_size": 48}}
    (tmp_path / "config.json").write_text(json.dumps(odd))
    with pytest.raises(BackboneError, match="must have the sizes of one of open_clip's SigLIP architectures, but has"):
        locate(str(tmp_path))
    (tmp_path / "config.json").write_text(json.dumps(config))
    whole = load_file(tmp_path / "model.safetensors")
    save_file(whole | {"text_model.more": torch.zeros(2)}, tmp_path / "model.safetensors")
    with pytest.raises(BackboneError, match=r"tensors of a SiglipModel, but also holds 'text_model\.more'"):
        open_backbone(str(tmp_path), "cpu")
    whole.pop("text_model.encoder.layers.0.self_attn.k_proj.bias")
    save_file(whole, tmp_path / "model.safetensors")
    with pytest.raises(BackboneError, match=r"lacks self_attn\.k_proj of"):
        open_backbone(str(tmp_path), "cpu")
