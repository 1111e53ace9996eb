"""What is said of an architecture without building it must be what the built model says."""

from dataclasses import replace

import pytest

from mmap_studio.session.backbones import architectures as module
from mmap_studio.session.backbones import open_clip_configs
from mmap_studio.session.backbones.architectures import (
    Architecture,
    architecture_of,
    architectures,
    count_parameters,
    is_own,
    towers,
    unsupported,
)
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.clip.checks import capability_of
    from mmap_studio.method.clip.factory import build_model
    from tools.towers import counted


SHAPES = {
    "plain": {},
    "quick gelu": {"quick_gelu": True},
    "layer scale": {"text": {"ls_init_value": 0.5}, "vision": {"ls_init_value": 0.5}},
    "fine patches": {"vision": {"width": 48, "patch_size": 4}, "text": {"width": 32, "heads": 4}},
    "other inner widths": {"vision": {"mlp_ratio": 3.7362}, "text": {"mlp_ratio": 2.5}},
    "custom text, bias": {"custom_text": True, "text": {"proj_bias": True}},
    "no projection": {"custom_text": True, "text": {"proj_type": "none", "width": 24}},
    "sigmoid": {"custom_text": True, "init_logit_bias": -10, "text": {"context_length": 64, "no_causal_mask": True}},
    "no first norm": {"vision": {"no_ln_pre": True, "pool_type": "avg"}},
    "attentional pooling": {"vision": {"attentional_pool": True, "attn_pooler_heads": 2, "attn_pooler_queries": 5}},
    "fixed positions": {"vision": {"pos_embed_type": "sin_cos_2d"}},
}


def parameters(model):
    return sum(one.numel() for one in model.parameters())


@pytest.mark.parametrize("shape", SHAPES)
def test_parameters_of_small_models_of_every_shape(shape):
    config = tiny.config(**{key: dict(value) if isinstance(value, dict) else value
                            for key, value in SHAPES[shape].items()})  # fmt: skip
    assert count_parameters(config) == parameters(build_model(config))


def test_every_architecture_is_classified():
    known = {name: architecture_of(name, config) for name, config in open_clip_configs.configs().items()}
    assert {one.capability.prompts for one in known.values()} == {"image and text", "image", "text"}
    for one in known.values():
        assert bool(one.image_width) == bool(one.image_tokens) == bool(one.layers[0]) == one.capability.image, one.name
        assert bool(one.text_width) == bool(one.layers[1]) == one.capability.text, one.name
        assert bool(one.whole_image) == bool(one.whole_peak) != one.capability.image, one.name
        assert one.parameters > 1e7, one.name
    assert towers().keys() == {n for n, config in open_clip_configs.configs().items() if not is_own(config)}
    both = dict.fromkeys(("SigLIP2", "EVA0", "PE-Core", "ViTamin", "CLIPA", "H-14-worldwide"), "image and text")
    families = both | {"RN50": "text", "convnext": "text", "coca": "image", "nllb": "image"}
    for part, prompts in families.items():
        assert {one.capability.prompts for one in known.values() if part in one.name} == {prompts}, part
    assert known["ViT-L-14-worldwide"].no_text == "its texts have no start token, and its text tower a causal mask"
    assert known["RN50"].no_image == "its image tower is a ResNet"
    assert known["MobileCLIP-S1"].no_image == "its image tower is timm's FastVit"
    assert known["coca_ViT-B-32"].no_text == "its text tower ends in a class token (CoCa)"
    assert known["roberta-ViT-B-32"].no_text == "its text tower is Hugging Face's RobertaModel"


@pytest.mark.slow
@pytest.mark.parametrize("start", range(8))
def test_what_is_said_of_an_architecture_is_what_is_built(start):
    """Every one of open_clip's, at its real size, on the meta device."""
    for name, config in sorted(open_clip_configs.configs().items())[start::8]:
        said = architecture_of(name, config)
        built = Architecture(name, **(about := counted(config)) | {"layers": tuple(about["layers"])})
        if is_own(config):  # the table has what the formulas leave at 0: one convolution
            built = replace(built, image_stem=0, image_weights=said.image_weights, image_kept=said.image_kept)
            assert said.image_weights == pytest.approx(about["image_weights"], rel=0.001), name
            assert (said.image_kept or 4) == pytest.approx(about["image_kept"], rel=0.001), name
        assert built == said, name


def test_the_sizes_of_the_test_matrix():
    listed = {one.name: one for one in architectures()}
    for name, (size, patch, width) in {
        "ViT-B-32": (224, 32, 768), "ViT-B-16": (224, 16, 768), "ViT-L-14": (224, 14, 1024),
        "ViT-L-14-336": (336, 14, 1024), "ViT-B-16-quickgelu": (224, 16, 768), "MobileCLIP-B": (224, 16, 768),
        "PE-Core-L-14-336": (336, 14, 1024),
    }.items():  # fmt: skip
        one = listed[name]
        assert (one.image_size, one.image_tokens, one.image_width) == (size, (size // patch) ** 2 + 1, width)
        assert (one.context_length, one.causal) == (32 if "PE" in name else 77, True)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"vision": {"qk_norm": True}},
        {"text": {"scale_fc": True}},
        {"custom_text": True, "text": {"embed_cls": True}},
        {"custom_text": True, "text": {"pool_type": "none"}},
        {"custom_text": True, "text": {"pool_type": "first"}},
        {"custom_text": True, "text": {"pool_type": "first", "no_causal_mask": True}},
    ],
    ids=str,
)
def test_what_a_config_says_of_prompts_is_what_its_model_says(changes):
    config = tiny.config(**{key: dict(one) if isinstance(one, dict) else one for key, one in changes.items()})
    assert architecture_of("tiny", config).capability == capability_of(build_model(config))


def test_every_refusal_has_its_reason(monkeypatch):
    monkeypatch.setattr(module, "is_installed", lambda: True)
    assert unsupported() == {}
    monkeypatch.setattr(module, "is_installed", lambda: False)
    found = unsupported()
    assert (
        found["ViT-L-14-CLIPA"] == "its texts need the transformers library (pip install 'mmap-studio[transformers]')"
    )
    assert found["roberta-ViT-B-32"] == found["ViT-L-14-CLIPA"]
    assert not {"RN50", "coca_ViT-B-32", "MobileCLIP-B", "EVA02-B-16", "PE-Core-B-16", "ViTamin-L"} & found.keys()
    assert not found.keys() & {one.name for one in architectures()}
    assert len(found) + len(architectures()) - 1 == len(open_clip_configs.configs())


def test_tags_read_from_the_text_are_those_of_open_clip():
    from open_clip.pretrained import get_pretrained_cfg, list_pretrained

    read = open_clip_configs._read_tags()
    assert [(one, tag) for one in read for tag in read[one]] == list_pretrained()
    assert all(read[one][tag] == get_pretrained_cfg(one, tag) for one, tag in list_pretrained())


def test_tags_come_by_import_when_the_text_cannot_be_read(monkeypatch):
    read = open_clip_configs._read_tags()
    monkeypatch.setattr(open_clip_configs, "_read_tags", lambda: {}["gone"])
    open_clip_configs.tags.cache_clear()
    assert open_clip_configs.tags() == read
    open_clip_configs.tags.cache_clear()
