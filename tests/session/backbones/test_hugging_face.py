"""A CLIPModel of Hugging Face, folder or file: the same backbone as open_clip's form of it, or one sentence."""

import json
from importlib.util import find_spec

import pytest

from mmap_studio.errors import BackboneError, CorruptError
from mmap_studio.session.backbones import hugging_face
from mmap_studio.session.backbones.open_clip_configs import configs
from mmap_studio.session.backbones.resolve import absolute, locate
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch
    from safetensors.torch import load_file, save_file

    from mmap_studio.session.backbones.loading import open_backbone

QUICK = {"hidden_act": "quick_gelu"}
"""As openai/clip-vit-base-patch32 says it; what it leaves out is the default."""


def clip_config(**changes):
    """A config.json as `CLIPConfig.save_pretrained` writes it, of a model as small as `tiny`."""
    text = {
        "hidden_size": tiny.TEXT_WIDTH, "intermediate_size": 4 * tiny.TEXT_WIDTH, "num_hidden_layers": tiny.LAYERS,
        "num_attention_heads": 2, "max_position_embeddings": tiny.CONTEXT, "model_type": "clip_text_model",
    }  # fmt: skip
    vision = {
        "hidden_size": tiny.IMAGE_WIDTH, "intermediate_size": 4 * tiny.IMAGE_WIDTH, "num_hidden_layers": tiny.LAYERS,
        "num_attention_heads": tiny.IMAGE_WIDTH // 16, "image_size": tiny.SIZE, "patch_size": tiny.PATCH,
        "model_type": "clip_vision_model",
    }  # fmt: skip
    text |= changes.pop("text", {})
    vision |= changes.pop("vision", {})
    return {
        "architectures": ["CLIPModel"], "model_type": "clip", "projection_dim": tiny.EMBED, "text_config": text,
        "vision_config": vision, "logit_scale_init_value": 2.6592,
    } | changes  # fmt: skip


def clip_state(state):
    """The state dict of a `CLIPModel` with the weights of an open_clip model, names written out as transformers has
    them."""
    theirs = {
        "logit_scale": state["logit_scale"],
        "text_projection.weight": state["text_projection"].T,
        "visual_projection.weight": state["visual.proj"].T,
        "text_model.embeddings.token_embedding.weight": state["token_embedding.weight"],
        "text_model.embeddings.position_embedding.weight": state["positional_embedding"],
        "text_model.embeddings.position_ids": torch.arange(tiny.CONTEXT)[None],
        "text_model.final_layer_norm.weight": state["ln_final.weight"],
        "text_model.final_layer_norm.bias": state["ln_final.bias"],
        "vision_model.embeddings.class_embedding": state["visual.class_embedding"],
        "vision_model.embeddings.patch_embedding.weight": state["visual.conv1.weight"],
        "vision_model.embeddings.position_embedding.weight": state["visual.positional_embedding"],
        "vision_model.embeddings.position_ids": torch.arange((tiny.SIZE // tiny.PATCH) ** 2 + 1)[None],
    }
    for kind in ("weight", "bias"):
        theirs[f"vision_model.pre_layrnorm.{kind}"] = state[f"visual.ln_pre.{kind}"]
        theirs[f"vision_model.post_layernorm.{kind}"] = state[f"visual.ln_post.{kind}"]
        for tower, ours in (("text_model", "transformer"), ("vision_model", "visual.transformer")):
            for number in range(tiny.LAYERS):
                layer, block = f"{tower}.encoder.layers.{number}", f"{ours}.resblocks.{number}"
                query, key, value = state[f"{block}.attn.in_proj_{kind}"].chunk(3)
                theirs[f"{layer}.self_attn.k_proj.{kind}"] = key
                theirs[f"{layer}.self_attn.v_proj.{kind}"] = value
                theirs[f"{layer}.self_attn.q_proj.{kind}"] = query
                theirs[f"{layer}.self_attn.out_proj.{kind}"] = state[f"{block}.attn.out_proj.{kind}"]
                theirs[f"{layer}.layer_norm1.{kind}"] = state[f"{block}.ln_1.{kind}"]
                theirs[f"{layer}.layer_norm2.{kind}"] = state[f"{block}.ln_2.{kind}"]
                theirs[f"{layer}.mlp.fc1.{kind}"] = state[f"{block}.mlp.c_fc.{kind}"]
                theirs[f"{layer}.mlp.fc2.{kind}"] = state[f"{block}.mlp.c_proj.{kind}"]
    return {name: tensor.clone().contiguous() for name, tensor in theirs.items()}


def save(folder, state, config=None, file="model.safetensors"):
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config or clip_config()))
    save_file(state, folder / file) if file.endswith(".safetensors") else torch.save(state, folder / file)
    return folder


@pytest.fixture
def state():
    return tiny.clip().model.state_dict()


@pytest.fixture
def plain(tmp_path, state):
    """open_clip's form of the same weights."""
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "tiny.json").write_text(json.dumps(tiny.config(quick_gelu=True)))
    save_file(state, tmp_path / "plain" / "tiny.safetensors")
    return open_backbone(str(tmp_path / "plain" / "tiny.json"), "cpu")


def same(clip, plain):
    assert {name: tensor.shape for name, tensor in clip.model.state_dict().items()} == {
        name: tensor.shape for name, tensor in plain.model.state_dict().items()
    }
    for name, tensor in plain.model.state_dict().items():
        assert torch.equal(clip.model.state_dict()[name], tensor), name
    tokens = plain.tokenize(["a photo of a fox."])
    assert torch.equal(clip.encode_text(tokens), plain.encode_text(tokens))


def test_a_folder_gives_what_open_clips_form_gives(tmp_path, state, plain):
    safe, pickled = save(tmp_path / "a", clip_state(state)), tmp_path / "b"
    save(pickled, {"model": {f"module.{k}": v for k, v in clip_state(state).items()}}, file="pytorch_model.bin")
    clips = [open_backbone(str(name), "cpu") for name in (safe, safe / "config.json", pickled)]
    for clip in clips:
        same(clip, plain)
    assert len({clip.digest for clip in clips}) == 1
    assert absolute(str(safe)) == str(safe)


@pytest.mark.skipif(find_spec("transformers") is None, reason="needs the extra transformers")
@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
def test_a_folder_that_transformers_wrote_says_what_transformers_says(tmp_path, kind):
    import transformers

    about = clip_config(text={"bos_token_id": 49406, "eos_token_id": 49407})
    sizes = {key: about[key] for key in ("text_config", "vision_config", "projection_dim")}
    torch.manual_seed(0)
    model = transformers.CLIPModel(transformers.CLIPConfig(**sizes)).eval()
    for weight in model.parameters():
        weight.data.add_(0.05 * torch.randn(weight.shape))
    model = model.to(getattr(torch, kind))
    model.save_pretrained(tmp_path)
    stored = load_file(tmp_path / "model.safetensors")
    assert {str(value.dtype) for value in stored.values()} == {f"torch.{kind}"}
    clip, model = open_backbone(str(tmp_path), "cpu", "float32"), model.float()
    images, read = torch.randn(3, 3, tiny.SIZE, tiny.SIZE), clip.tokenize(["a photo of a fox.", "red car"])
    with torch.no_grad():
        theirs = model(pixel_values=images, input_ids=read)
        assert (clip.encode_image(images) - theirs.image_embeds).abs().max() < 1e-5
        assert (clip.encode_text(read) - theirs.text_embeds).abs().max() < 1e-5
    assert clip.parameters_count == sum(value.numel() for value in stored.values())


def lora(state):
    """The state dict of a `CLIPModel` with LoRA on its queries, as peft has it, and the one after merging."""
    names = [name for name in state if name.endswith("q_proj.weight")]
    assert len(names) == 2 * tiny.LAYERS
    torch.manual_seed(1)
    wrapped, merged = {}, dict(state)
    for name, tensor in state.items():
        path = f"base_model.model.{name}".rpartition(".")
        if name.replace("bias", "weight") in names:
            wrapped[f"{path[0]}.base_layer.{path[2]}"] = tensor
        else:
            wrapped["".join(path)] = tensor
    for name in names:
        a, b = torch.randn(2, state[name].shape[1]), torch.randn(state[name].shape[0], 2)
        layer = f"base_model.model.{name}".rpartition(".")[0]
        wrapped |= {f"{layer}.lora_A.default.weight": a, f"{layer}.lora_B.default.weight": b}
        merged[name] = state[name] + 0.5 * b @ a
    return wrapped, merged


def test_a_merged_adapter_is_in_the_weights_and_one_that_is_not_merged_is_refused(tmp_path, state, plain):
    wrapped, merged = lora(clip_state(state))
    for prefix, name in (("", "a"), ("base_model.model.", "b")):
        clip = open_backbone(str(save(tmp_path / name, {prefix + k: v for k, v in merged.items()})), "cpu")
        assert clip.parameters_count == plain.parameters_count
        found = clip.model.state_dict()
        assert {k: v.shape for k, v in found.items()} == {k: v.shape for k, v in state.items()}
        changed = {k for k, v in found.items() if not torch.equal(v, state[k])}
        blocks = [f"{tower}.resblocks.{n}" for tower in ("transformer", "visual.transformer") for n in range(3)]
        assert changed == {f"{block}.attn.in_proj_weight" for block in blocks}
        query = merged["text_model.encoder.layers.1.self_attn.q_proj.weight"]
        assert torch.equal(found["transformer.resblocks.1.attn.in_proj_weight"][: len(query)], query)
    with pytest.raises(CorruptError, match=r"an adapter \(LoRA\) that is not merged .*merge_and_unload"):
        open_backbone(str(save(tmp_path / "c", wrapped)), "cpu")


def test_the_folder_of_an_adapter_is_refused_by_its_name(tmp_path):
    (tmp_path / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA"}))
    with pytest.raises(BackboneError, match=r"holds an adapter alone \(adapter_config.json\); merge it"):
        locate(str(tmp_path))


def test_a_large_model_in_several_files(tmp_path, state, plain):
    theirs = clip_state(state)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "config.json").write_text(json.dumps(clip_config()))
    files = {name: f"model-0000{1 + name.startswith('vision')}-of-00002.safetensors" for name in theirs}
    for file in set(files.values()):
        save_file({name: tensor for name, tensor in theirs.items() if files[name] == file}, tmp_path / "a" / file)
    (tmp_path / "a" / "model.safetensors.index.json").write_text(json.dumps({"weight_map": files}))
    clip = open_backbone(str(tmp_path / "a"), "cpu")
    same(clip, plain)
    assert clip.digest == plain.digest


def test_half_precision_weights_are_read(tmp_path, state, plain):
    for number, kind in enumerate((torch.bfloat16, torch.float16)):
        half = {name: tensor.to(kind) if tensor.is_floating_point() else tensor
                for name, tensor in clip_state(state).items()}  # fmt: skip
        clip = open_backbone(str(save(tmp_path / str(number), half)), "cpu")
        for name, tensor in plain.model.state_dict().items():
            assert torch.equal(clip.model.state_dict()[name], tensor.to(kind).float()), name


def test_a_file_under_an_architecture(tmp_path, state, plain):
    folder = save(tmp_path / "a", clip_state(state))
    save_file(clip_state(state), tmp_path / "alone.safetensors")
    same(open_backbone(f"{tmp_path / 'plain' / 'tiny.json'}:{tmp_path / 'alone.safetensors'}", "cpu"), plain)
    same(open_backbone(f"{tmp_path / 'plain' / 'tiny.json'}:{folder / 'model.safetensors'}", "cpu"), plain)


@pytest.mark.parametrize(("name", "act"), [("ViT-B-32-quickgelu", "quick_gelu"), ("ViT-L-14", "gelu")])
def test_the_config_is_that_of_the_architecture_that_says_the_same(tmp_path, name, act):
    """So the digest is the same, and caches and prompts of one are those of the other."""
    theirs = configs()[name]
    text, vision = theirs["text_cfg"], theirs["vision_cfg"]
    config = {
        "model_type": "clip",
        "projection_dim": theirs["embed_dim"],
        "text_config": {
            "hidden_size": text["width"], "intermediate_size": 4 * text["width"],
            "num_attention_heads": text["heads"], "hidden_act": act, "eos_token_id": 2,
        },
        "text_config_dict": None,
        "vision_config": {
            "hidden_size": vision["width"], "intermediate_size": 4 * vision["width"],
            "num_hidden_layers": vision["layers"], "num_attention_heads": vision["width"] // 64, "hidden_act": act,
            "patch_size": vision["patch_size"],
        },
    }  # fmt: skip
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert locate(str(tmp_path)).config == theirs


def test_older_files_say_the_towers_twice(tmp_path):
    config = clip_config(text={"hidden_act": "gelu"}, vision={"hidden_act": "gelu"}, text_config_dict=QUICK)
    assert hugging_face.model_config(config | {"vision_config_dict": QUICK}, tmp_path)["quick_gelu"] is True
    config = clip_config(text={"hidden_act": "gelu"}, vision={"hidden_act": "gelu"})
    assert "quick_gelu" not in hugging_face.model_config(config, tmp_path)


def test_the_preprocessing_is_the_folders(tmp_path, state):
    folder = save(tmp_path / "a", clip_state(state))
    said = {"crop_size": tiny.SIZE, "image_mean": [0.5, 0.4, 0.3], "resample": 2, "size": {"shortest_edge": tiny.SIZE}}
    (folder / "preprocessor_config.json").write_text(json.dumps(said))
    clip = open_backbone(str(folder), "cpu")
    assert clip.mean == (0.5, 0.4, 0.3)
    assert clip.geometry.interpolation == "bilinear"
    for wrong, words in (
        ({"size": 99}, "size 99; set size to"),
        ({"do_resize": False}, "do_resize = false"),
        ({"resample": 0}, "says 0"),
        ({"size": {"height": 9, "width": 9}, "do_center_crop": False}, "set size to"),
    ):
        (folder / "preprocessor_config.json").write_text(json.dumps(said | wrong))
        refused(folder, words, "preprocessor_config.json")
    squash = {"size": {"height": tiny.SIZE, "width": tiny.SIZE}, "do_center_crop": False}
    (folder / "preprocessor_config.json").write_text(json.dumps(squash))
    assert locate(str(folder)).preprocess["resize_mode"] == "squash"


def refused(name, *words):
    with pytest.raises(BackboneError) as caught:
        open_backbone(str(name), "cpu")
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 500
    for word in words:
        assert word in text, text


CONFIGS = {
    "another model": ({"model_type": "blip"}, "model_type 'blip'"),
    "two activations": ({"text": {"hidden_act": "gelu"}}, "hidden_act of both towers"),
    "another activation": ({"text": {"hidden_act": "relu"}, "vision": {"hidden_act": "relu"}}, "['relu', 'relu']"),
    "a list for one": ({"text": {"hidden_act": []}}, "hidden_act of both towers"),
    "other tokens": ({"text": {"vocab_size": 1000}}, "49,408 tokens, but has 1000"),
    "another end": ({"text": {"eos_token_id": 7}}, "eos_token_id of its texts"),
    "no widths": ({"text": {"hidden_size": "wide"}}, "widths as numbers"),
    "heads that do not divide": ({"vision": {"num_attention_heads": 5}}, "num_attention_heads that divide"),
    "no tower": ({"vision_config": [1]}, "vision_config as an object"),
    "too large": ({"text": {"num_hidden_layers": 10_000}}, "text_cfg.layers"),
}


@pytest.mark.parametrize(("changes", "words"), CONFIGS.values(), ids=CONFIGS)
def test_a_config_that_cannot_be_used(tmp_path, changes, words):
    (tmp_path / "config.json").write_text(json.dumps(clip_config(**json.loads(json.dumps(changes)))))
    refused(tmp_path, words, "config.json")


def test_weights_that_lack_or_add_something(tmp_path, state):
    theirs = clip_state(state)
    lacking = {name: tensor for name, tensor in theirs.items() if not name.endswith("1.self_attn.k_proj.bias")}
    refused(save(tmp_path / "a", lacking), "lacks self_attn.k_proj of", "attn.in_proj_bias")
    vision = {name: tensor for name, tensor in theirs.items() if name.startswith("vision")}
    refused(save(tmp_path / "b", vision), "must fit its config", "they lack", "more")
    added = theirs | {f"vision_model.extra.{number}": torch.ones(1) for number in range(9)}
    refused(save(tmp_path / "c", added), "'vision_model.extra.0'", "and 6 more")


def test_an_architecture_of_another_activation_than_the_folder_says(tmp_path, state, plain):
    folder = save(tmp_path / "a", clip_state(state))
    (tmp_path / "gelu.json").write_text(json.dumps(tiny.config()))
    same_names = open_backbone(f"{tmp_path / 'gelu.json'}:{folder / 'model.safetensors'}", "cpu")
    assert same_names.digest != plain.digest  # a config of the user's own says what it means


def test_a_tag_or_architecture_does_not_say_the_activation(tmp_path, state, monkeypatch):
    small = {name: tiny.config(quick_gelu=name.endswith("quickgelu")) for name in ("ViT-B-32", "ViT-B-32-quickgelu")}
    monkeypatch.setattr("mmap_studio.session.backbones.resolve.configs", lambda: small)
    folder = save(tmp_path / "a", clip_state(state))
    refused(f"ViT-B-32:{folder / 'model.safetensors'}", "says quick_gelu; name the folder")
    open_backbone(f"ViT-B-32-quickgelu:{folder / 'model.safetensors'}", "cpu")
