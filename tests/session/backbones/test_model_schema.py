"""A config from a stranger: what would fetch is refused by name, what cannot be built before it is built."""

import json

import pytest

from mmap_studio.errors import BackboneError, StudioError
from mmap_studio.session.backbones.architectures import unsupported_reason
from mmap_studio.session.backbones.model_schema import check_config
from mmap_studio.session.backbones.open_clip_configs import configs
from mmap_studio.session.backbones.resolve import locate, model_config
from tests import tiny


@pytest.mark.parametrize("name", sorted(configs()))
def test_every_config_of_open_clip_that_can_be_loaded_is_let_through(name):
    if not unsupported_reason(configs()[name]):
        check_config(model_config(configs()[name])[0], name)


FETCHING = [
    ("vision_cfg", "timm_model_name", "hf-hub:owner/x"),
    ("vision_cfg", "timm_model_name", "resnet18.tv_in1k"),
    ("vision_cfg", "timm_model_pretrained", True),
    ("text_cfg", "hf_model_name", "owner/x/y"),
    ("text_cfg", "hf_tokenizer_name", "../x/y"),
    ("text_cfg", "hf_tokenizer_name", "hf-hub:owner/x"),
]


@pytest.mark.parametrize(("tower", "key", "value"), FETCHING)
@pytest.mark.parametrize("wrapped", [False, True])
def test_what_would_fetch_is_refused_by_name(tmp_path, tower, key, value, wrapped):
    config = tiny.config()
    config[tower][key] = value
    path = tmp_path / "model.json"
    path.write_text(json.dumps({"model_cfg": config} if wrapped else config))
    with pytest.raises(BackboneError, match=rf"model\.json must name nothing that .* fetch, but its {tower} has {key}"):
        locate(str(path))


ODD = {
    "vision.layers": 10**7, "vision.patch_size": 0, "vision.head_width": 0, "vision.image_size": 10**9,
    "vision.width": -1, "vision.mlp_ratio": 1e300, "vision.norm_kwargs": {"normalized_shape": 3}, "vision.new": 1,
    "vision.act_kwargs": {"out": "x"}, "vision.pool_type": ["tok"], "vision.patch_dropout": 2, "text.layers": "12",
    "text.context_length": 10**6, "text.vocab_size": 10**12, "text.heads": 7, "text.tokenizer_kwargs": {"clean": "x"},
    "text.layers ": True, "embed_dim": 10**4000, "vision_cfg": [], "text_cfg": "x", "init_logit_scale": "1",
    "mean": [0, 0], "std": [1, 0, 1], "std ": "abc", "resize_mode": ["squash"], "model_cfg": [], "preprocess_cfg": 3,
    "quick_gelu": "yes",
}  # fmt: skip


@pytest.mark.parametrize("key", ODD)
def test_a_value_that_open_clip_cannot_build_is_one_sentence_with_its_field(tmp_path, key):
    config, (tower, _, field) = tiny.config(), key.strip().partition(".")
    if field:
        config[f"{tower}_cfg"][field] = ODD[key]
    else:
        config[tower] = ODD[key]
    path = tmp_path / "model.json"
    path.write_text(json.dumps(config))
    with pytest.raises(BackboneError) as caught:
        locate(str(path))
    assert str(path) in str(caught.value)
    assert len(str(caught.value)) < 700


TEXTS = ["[" * 100_000, '{"a":' * 50 + "1" + "}" * 50, "9" * 5000, "\xff", "NaN", "", "[]", "3", "null", '"\\ud800"']


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_text_that_is_no_config(tmp_path, text):
    path = tmp_path / "model.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(BackboneError, match=r"model\.json"):
        locate(str(path))


@pytest.mark.slow
def test_a_config_far_larger_than_its_weights_is_refused_before_it_is_built(tmp_path, monkeypatch):
    import numpy as np
    from safetensors.numpy import save_file

    from mmap_studio.method.clip import FrozenClip
    from mmap_studio.session.backbones.loading import open_backbone

    monkeypatch.setattr(FrozenClip, "build", lambda *a, **k: pytest.fail("it was built"))
    save_file({"a": np.zeros(3, np.float32)}, tmp_path / "model.safetensors")
    (tmp_path / "model.json").write_text(json.dumps(tiny.config(vision={"layers": 200, "width": 16384})))
    with pytest.raises(StudioError, match=r"3 numbers of the 644"):
        open_backbone(str(tmp_path / "model.json"), "cpu")


@pytest.mark.slow
def test_weights_far_larger_than_their_config_are_refused_by_their_header(tmp_path):
    from mmap_studio.session.backbones.loading import open_backbone

    size = 5 << 30
    header = json.dumps({"a": {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}}).encode()
    with (tmp_path / "model.safetensors").open("wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        file.truncate(8 + len(header) + size)
    (tmp_path / "model.json").write_text(json.dumps(tiny.config()))
    with pytest.raises(BackboneError, match=r"1,342,177,280 numbers where it needs"):
        open_backbone(str(tmp_path / "model.json"), "cpu")
