"""What is said of an architecture without building it must be what the built model says."""

import pytest

from mmap_studio.errors import BackboneError
from mmap_studio.session.backbones import open_clip_configs
from mmap_studio.session.backbones.architectures import architectures, count_parameters, unsupported, unsupported_reason
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.clip.checks import check_promptable
    from mmap_studio.method.clip.factory import build_model, build_tokenizer


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


@pytest.mark.slow
def test_parameters_of_every_listed_architecture():
    listed = {one.name: one.parameters for one in architectures()}
    for name in listed.keys() - {"starter"}:
        with torch.device("meta"):
            model = build_model(open_clip_configs.configs()[name])
        assert parameters(model) == listed[name], name
        check_promptable(model, name)


def test_the_sizes_of_the_test_matrix():
    listed = {one.name: one for one in architectures()}
    for name, (size, patch, width) in {
        "ViT-B-32": (224, 32, 768), "ViT-B-16": (224, 16, 768), "ViT-L-14": (224, 14, 1024),
        "ViT-L-14-336": (336, 14, 1024), "ViT-B-16-quickgelu": (224, 16, 768),
    }.items():  # fmt: skip
        one = listed[name]
        assert (one.image_size, one.patch_size, one.image_width) == (size, patch, width)
        assert (one.context_length, one.causal) == (77, True)


def test_what_is_refused_by_its_config_is_refused_when_it_is_built():
    """Every config of open_clip's own towers, made small; those of other libraries say so by their config."""
    seen = set()
    for name, config in open_clip_configs.configs().items():
        vision, text = dict(config["vision_cfg"]), dict(config["text_cfg"])
        if vision.get("timm_model_name") or text.get("hf_model_name") or "multimodal_cfg" in config:
            assert unsupported_reason(config), name
            continue
        if isinstance(vision["layers"], int):
            vision |= {"layers": 1, "width": 2 * vision.get("head_width", 64), "image_size": vision["patch_size"]}
        text |= {"layers": 1, "width": 8 * text["heads"], "vocab_size": 49408}
        small = config | {"vision_cfg": vision, "text_cfg": text, "embed_dim": 8}
        with torch.device("meta"):
            model = build_model(small)
        try:
            build_tokenizer(small, name)
            check_promptable(model, name)
            sound = True
        except BackboneError:
            sound = False
        assert sound == (not unsupported_reason(config)), name
        seen.add(sound)
    assert seen == {True, False}


def test_every_refusal_has_its_reason():
    found = unsupported()
    assert found["RN50"] == "its image tower is a ResNet"
    assert found["ViT-B-16-SigLIP"] == "its image tower is timm's vit_base_patch16_siglip_224"
    assert found["ViT-L-14-CLIPA"] == "it reads the tokens of bert-base-uncased, which need the transformers package"
    assert {"ViT-L-14-CLIPA", "ViT-H-14-worldwide-quickgelu"} < unsupported(every=False).keys()
    assert not {"RN50", "ViT-B-16-SigLIP"} & unsupported(every=False).keys()
    assert found["coca_ViT-B-32"] == "its text tower ends in a class token (CoCa)"
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
