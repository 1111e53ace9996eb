"""What a name means, and that the weights in every format give the same model, or one sentence."""

import hashlib
import json
import os
import sys
from dataclasses import asdict

import pytest

from mmap_studio.errors import BackboneError, CorruptError
from mmap_studio.method.task import Geometry
from mmap_studio.session.backbones import pretrained, resolve
from mmap_studio.session.backbones.pretrained import all_pretrained, find_pretrained, installed
from mmap_studio.session.backbones.resolve import absolute, locate, missing_file, portable
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch
    from safetensors.torch import save_file

    from mmap_studio.method.clip.factory import build_model
    from mmap_studio.session.backbones.loading import open_backbone

pytestmark = pytest.mark.slow


@pytest.fixture
def homes(tmp_path, monkeypatch):
    """An own models folder and Hugging Face cache, both empty."""
    monkeypatch.setenv("MMAP_STUDIO_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path


@pytest.fixture
def state():
    return tiny.clip().model.state_dict()


def write(folder, state, file="tiny.safetensors", config=None, **about):
    folder.mkdir(exist_ok=True)
    (folder / "tiny.json").write_text(json.dumps((config or tiny.config()) | about))
    path = folder / file
    save_file(state, path) if path.suffix == ".safetensors" else torch.save(state, path)
    return str(folder / "tiny.json")


def spoken(name, *words, error=BackboneError):
    with pytest.raises(error) as caught:
        open_backbone(str(name), "cpu")
    assert "\n" not in str(caught.value)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("seed", ["\xb2", "\u0663", "9" * 30, "9" * 5000, "x", "-1", ""])
def test_a_random_backbone_has_a_seed_that_is_a_number(seed):
    spoken(f"ViT-B-16:random-{seed}", "must name a tag of ViT-B-16")


# -- names ---------------------------------------------------------------------------------------------------------


def test_tags_stand_under_the_config_that_fits_them(homes):
    listed = {one.name: one for one in all_pretrained()}
    assert "ViT-B-16-quickgelu:openai" in listed
    assert "ViT-B-16:openai" not in listed
    assert "ViT-B-16:laion2b_s34b_b88k" in listed
    assert all(one.architecture.endswith("-quickgelu") == one.quick_gelu for one in listed.values())
    assert find_pretrained("ViT-B-16", "openai") == listed["ViT-B-16-quickgelu:openai"]
    assert find_pretrained("ViT-B-16", "OpenAI") == listed["ViT-B-16-quickgelu:openai"]
    assert find_pretrained("ViT-B-16", "nothing") is None


@pytest.mark.parametrize("name", ["x" * 300, "ViT-B-32:" + "x" * 300, "x" * 300 + ".json"])
def test_a_name_longer_than_any_file_is_refused(homes, tmp_path, name):
    for near in (None, tmp_path):
        with pytest.raises(BackboneError):
            locate(name, near)
    with pytest.raises(BackboneError):
        absolute(name)


def test_openais_weights_get_a_model_with_quick_gelu_under_either_name(homes):
    plain, quick = locate("ViT-L-14-336:openai"), locate("ViT-L-14-336-quickgelu:openai")
    assert plain == quick
    assert plain.config["quick_gelu"] is True
    assert "quick_gelu" not in locate("ViT-L-14:laion2b_s32b_b82k").config
    assert locate("ViT-L-14:laion2b_s32b_b82k").preprocess["mean"] == (0.5, 0.5, 0.5)


def test_licences_are_said_where_they_are_known(homes):
    listed = {one.name: one.licence for one in all_pretrained()}
    assert listed["ViT-B-16-quickgelu:metaclip_fullcc"] == "CC-BY-NC-4.0"
    assert listed["ViT-B-16:datacomp_xl_s13b_b90k"] == "MIT"
    assert listed["ViT-B-32:laion2b_e16"] == "unknown"
    for part in pretrained.LICENCES:
        assert any(part in one.repository for one in all_pretrained()), part


def test_weights_that_are_not_here_are_named_with_both_ways_to_get_them(homes):
    spoken(
        "ViT-B-16:openai", "`mmap-studio download ViT-B-16-quickgelu:openai`",
        "open_clip_model.safetensors of huggingface.co/timm/vit_base_patch16_clip_224.openai",
        str(homes / "models" / "timm--vit_base_patch16_clip_224.openai" / "open_clip_model.safetensors"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ViT-B-99:openai", ("'ViT-B-99'", "near: ViT-B-16")),
        ("ViT-B-16:opnai", ("'opnai' is neither", "openai, laion400m_e31")),
        ("ViT-B-16", ("ARCHITECTURE:TAG",)),
        ("ViT-B-16:", ("ARCHITECTURE:TAG",)),
        ("gone.json", ("'gone.json' is not there", "`--backbone` says where it is")),
        ("gone.json:also.safetensors", ("gone.json:also.safetensors' is not there",)),
        ("/gone/folder", ("'/gone/folder' is not there",)),
        ("ViT-B-16:gone.safetensors", ("'ViT-B-16:gone.safetensors' is not there", "/gone.safetensors;")),
        ("ViT-B-16-SigLIP2:random", ("must have the files of the tokenizer", "mmap-studio download")),
    ],
)
def test_names_that_mean_nothing(homes, name, words):
    spoken(name, *words)


def test_a_config_that_is_none(tmp_path):
    (tmp_path / "a.json").write_text("[]")
    (tmp_path / "b.json").write_text('{"embed_dim": 3}')
    spoken(tmp_path / "a.json", "a.json", "JSON")
    spoken(tmp_path / "b.json", "has no 'vision_cfg'")


def test_a_project_keeps_absolute_paths(homes, state, monkeypatch):
    write(homes / "model", state)
    monkeypatch.chdir(homes / "model")
    here = str(homes / "model")
    assert absolute("tiny.json") == f"{here}/tiny.json"
    assert absolute("tiny.json:tiny.safetensors") == f"{here}/tiny.json:{here}/tiny.safetensors"
    assert absolute("ViT-B-16:tiny.safetensors") == f"ViT-B-16:{here}/tiny.safetensors"
    assert absolute("ViT-B-32:openai") == "ViT-B-32-quickgelu:openai"
    assert absolute("starter") == "starter"
    assert absolute("ViT-B-16:random-3") == "ViT-B-16:random-3"
    with pytest.raises(BackboneError, match=r"gone\.pt"):
        absolute("ViT-B-16:gone.pt")


def test_a_backbone_that_has_moved_is_not_there_and_says_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    project = tmp_path / "project"
    assert missing_file("gone.json", project).endswith("; `--backbone` says where it is.")  # it is being made
    project.mkdir()
    (project / "project.toml").touch()
    for name in ("../models/tiny.json", "ViT-B-16:weights.pt", "models"):
        said = missing_file(name, project)
        if name != "models":  # could be a tag's architecture as well
            assert "is not there" in said
            assert "`mmap-studio relocate PROJECT --backbone NAME`" in said
            assert str(project / "project.toml") in said
            assert str(project / name.rpartition(":")[2]) in said
            with pytest.raises(BackboneError) as caught:
                open_backbone(name, "cpu", near=project)
            assert str(caught.value) == said
    assert missing_file("starter") == ""
    assert missing_file("ViT-B-16:random") == ""
    assert missing_file("ViT-B-16:openai") == ""


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_backbone_below_a_name_that_no_text_can_hold(tmp_path, state):
    folder = tmp_path / os.fsdecode(b"a\xff")
    (tmp_path / "tiny").mkdir()
    write(tmp_path / "tiny", state)
    (tmp_path / "tiny").rename(folder)
    for name, near in ((str(folder / "tiny.json"), None), ("tiny.json", folder)):
        with pytest.raises(BackboneError, match=r"must lie where all names are UTF-8\. Found it at .*\\udcff"):
            locate(name, near)


def test_a_backbone_below_the_project_is_named_by_its_relative_path(tmp_path, state):
    name = write(tmp_path / "project" / "models", state) if (tmp_path / "project").mkdir() is None else ""
    weights = name.replace(".json", ".safetensors")
    assert portable(name, tmp_path / "project") == "models/tiny.json"
    assert portable(f"ViT-B-16:{weights}", tmp_path / "project") == "ViT-B-16:models/tiny.safetensors"
    assert portable(f"{name}:{weights}", tmp_path / "project") == "models/tiny.json:models/tiny.safetensors"
    assert portable(name, tmp_path / "other") == "../project/models/tiny.json"
    assert portable(name, tmp_path / "elsewhere" / "deep") == name
    assert portable("starter", tmp_path) == "starter"
    assert open_backbone("models/tiny.json", "cpu", near=tmp_path / "project").digest
    (tmp_path / "project").rename(tmp_path / "moved")
    assert missing_file("models/tiny.json", tmp_path / "moved") == ""


# -- weights -------------------------------------------------------------------------------------------------------

FILES = {
    "tiny.safetensors": lambda state: state,
    "tiny.pt": lambda state: {"epoch": 1, "state_dict": {f"module.{key}": value for key, value in state.items()}},
    "tiny.bin": lambda state: state,
    "tiny.pth": lambda state: {key: value.double() for key, value in state.items()},
}


def test_a_name_is_understood_without_a_look_for_its_weights(homes, monkeypatch):
    asked = "mmap_studio.session.backbones.resolve.weights_of"
    monkeypatch.setattr(asked, lambda one: pytest.fail("the hub's library was asked"))
    assert absolute("ViT-B-16:openai") == "ViT-B-16-quickgelu:openai"


def test_every_format_gives_the_same_backbone(tmp_path, state):
    digests = set()
    for number, (file, saved) in enumerate(FILES.items()):
        clip = open_backbone(write(tmp_path / str(number), saved(state), file), "cpu")
        digests.add(clip.digest)
        for name, tensor in clip.model.state_dict().items():
            assert torch.equal(tensor, state[name])
    assert len(digests) == 1
    assert len(digests.pop()) == 64


def test_whatever_changes_the_model_changes_its_digest(tmp_path, state):
    digests = {
        "as it is": open_backbone(write(tmp_path / "a", state), "cpu").digest,
        "quick gelu": open_backbone(write(tmp_path / "b", state, quick_gelu=True), "cpu").digest,
        "mean": open_backbone(write(tmp_path / "c", state, mean=[0.5, 0.5, 0.5]), "cpu").digest,
    }
    nudged = {key: value.clone() for key, value in state.items()}
    nudged["visual.proj"][0, 0] += 1e-4
    digests["weight"] = open_backbone(write(tmp_path / "d", nudged), "cpu").digest
    assert len(set(digests.values())) == 4


def test_text_weights_of_either_layout_fit_a_model_with_a_text_tower_of_its_own(tmp_path, state):
    custom = {f"text.{key}" if not key.startswith(("visual", "logit")) else key: value for key, value in state.items()}
    both = [
        open_backbone(write(tmp_path / "a", state, config=tiny.config(custom_text=True)), "cpu"),
        open_backbone(write(tmp_path / "b", custom), "cpu"),
    ]
    tokens = both[0].tokenize(["fox"])
    assert torch.equal(both[0].encode_text(tokens), both[1].encode_text(tokens))
    assert torch.equal(both[0].encode_text(tokens), tiny.clip().encode_text(tokens))


def test_a_scale_of_one_entry_and_a_bias_that_the_config_does_not_name(tmp_path, state):
    odd = state | {"logit_scale": state["logit_scale"].reshape(1), "logit_bias": torch.tensor([-10.0])}
    clip = open_backbone(write(tmp_path, odd), "cpu")
    assert float(clip.model.logit_bias) == -10
    assert float(clip.logit_scale) == pytest.approx(33.1154, abs=1e-3)


def test_entries_of_old_checkpoints_that_are_no_weights(tmp_path, state):
    odd = state | {name: torch.tensor(40) for name in ("input_resolution", "context_length", "vocab_size")}
    plain, old = write(tmp_path / "a", state), write(tmp_path / "b", odd)
    assert open_backbone(old, "cpu").digest == open_backbone(plain, "cpu").digest


def test_weights_that_do_not_fit(tmp_path, state):
    less = {key: value for key, value in state.items() if key != "visual.proj"}
    spoken(write(tmp_path / "a", less), "must fit its config", "visual.proj")
    spoken(write(tmp_path / "b", state | {"more": torch.ones(1)}), "must fit its config", "more")
    other = state | {"visual.proj": torch.ones(3, 3)}
    spoken(write(tmp_path / "c", other), "must fit its config", "size mismatch for visual.proj")
    deeper = tiny.config(vision={"layers": 5})
    spoken(write(tmp_path / "d", state, config=deeper), "they lack 'visual.transformer", "and 21 more")
    foreign = {f"blocks.{number}.weight": torch.ones(1) for number in range(150)}
    with pytest.raises(BackboneError) as caught:
        open_backbone(write(tmp_path / "e", state | foreign), "cpu")
    assert "have 'blocks.0.weight', 'blocks.1.weight', 'blocks.10.weight' and 147 more" in str(caught.value)
    assert len(str(caught.value)) < 400 + len(str(tmp_path))


def test_a_folder_as_the_hub_has_it_and_weights_from_elsewhere(tmp_path, state):
    hub = tmp_path / "hub"
    hub.mkdir()
    config = {"model_cfg": tiny.config(), "preprocess_cfg": {"mean": [0.1] * 3}}
    (hub / resolve.HUB_CONFIG).write_text(json.dumps(config))
    torch.save(state, hub / "open_clip_pytorch_model.bin")
    clip = open_backbone(str(hub), "cpu")
    assert clip.mean == (0.1, 0.1, 0.1)
    save_file(state, tmp_path / "elsewhere.safetensors")
    same = open_backbone(f"{hub / resolve.HUB_CONFIG}:{tmp_path / 'elsewhere.safetensors'}", "cpu")
    assert same.digest == clip.digest


def test_the_preprocessing_is_that_of_the_config(tmp_path, state):
    plain = open_backbone(write(tmp_path / "a", state), "cpu")
    said = {"mean": 0.5, "resize_mode": "longest", "interpolation": "bilinear", "fill_color": [1, 2, 3], "size": 99}
    clip = open_backbone(write(tmp_path / "b", state, **said), "cpu")
    assert clip.mean == (0.5, 0.5, 0.5)
    assert clip.geometry == Geometry(tiny.SIZE, "longest", "bilinear", (1, 2, 3))
    assert clip.with_model(clip.model).geometry == clip.geometry
    assert plain.geometry == Geometry(tiny.SIZE)
    same = open_backbone(write(tmp_path / "c", state, resize_mode="shortest", interpolation="bicubic"), "cpu")
    digests = {open_backbone(write(tmp_path / key, state, **{key: said[key]}), "cpu").digest for key in said}
    assert len(digests) == 5  # a size is the image tower's own
    assert plain.digest == same.digest
    assert plain.digest in digests
    cannot = "The preprocessing in backbone config"
    spoken(write(tmp_path / "d", state, resize_mode="stretch"), cannot, "used: resize_mode must be one of shortest,")
    for colour in (0.0, [1, 2], 256, "red", [1, 2, 0.5], True):
        said = {"resize_mode": "longest", "fill_color": colour}
        spoken(write(tmp_path / "d", state, **said), cannot, "fill_color must be a whole number from 0 to 255, or")


def test_every_tag_has_the_preprocessing_that_open_clip_gives_it(homes):
    from open_clip import get_pretrained_cfg

    for one in all_pretrained():
        told = get_pretrained_cfg(one.architecture, one.tag)
        found = resolve.preprocessing(asdict(one))
        assert found == {key: told[key] for key in ("mean", "std", "resize_mode", "interpolation")}, one.name
    assert locate("ViT-H-14-378:dfn5b").preprocess["resize_mode"] == "squash"


# -- where they are ------------------------------------------------------------------------------------------------


@pytest.fixture
def small_vit(monkeypatch):
    """ViT-B-16-quickgelu as small as `tiny`."""
    configs = {name: tiny.config(quick_gelu=True) if name == "ViT-B-16-quickgelu" else config
               for name, config in resolve.configs().items()}  # fmt: skip
    monkeypatch.setattr(resolve, "configs", lambda: configs)
    return build_model(configs["ViT-B-16-quickgelu"]).state_dict()


def put_in_hub_cache(hub, repository, file, data):
    """A file as huggingface_hub keeps it: a blob by its SHA-256, a link in a snapshot, a reference to the snapshot."""
    home = hub / f"models--{repository.replace('/', '--')}"
    for part in ("blobs", "refs", "snapshots/c0ffee"):
        (home / part).mkdir(parents=True)
    name = hashlib.sha256(data).hexdigest()
    (home / "blobs" / name).write_bytes(data)
    (home / "refs" / "main").write_text("c0ffee")
    os.symlink(f"../../blobs/{name}", home / "snapshots" / "c0ffee" / file)
    return home / "blobs" / name


def test_weights_in_the_hub_cache_are_found_without_the_network(homes, small_vit, no_network):
    save_file(small_vit, homes / "w.safetensors")
    one = find_pretrained("ViT-B-16", "openai")
    assert installed(one) is None
    put_in_hub_cache(homes / "hub", one.repository, one.files[0], (homes / "w.safetensors").read_bytes())
    assert installed(one).name == one.files[0]
    clip = open_backbone("ViT-B-16:openai", "cpu")
    assert clip.name == "ViT-B-16-quickgelu:openai"
    assert torch.equal(clip.model.visual.proj, small_vit["visual.proj"])


def test_a_blob_that_is_not_what_its_name_says_is_refused(homes, small_vit):
    save_file(small_vit, homes / "w.safetensors")
    one = find_pretrained("ViT-B-16", "openai")
    data = (homes / "w.safetensors").read_bytes()
    blob = put_in_hub_cache(homes / "hub", one.repository, one.files[0], data)
    blob.write_bytes(data[:-4] + b"\0\0\0\0")
    spoken("ViT-B-16:openai", "Found another", "delete it and get it again", error=CorruptError)


def test_the_studios_own_folder_comes_first_and_a_bin_will_do(homes, small_vit, no_network):
    one = find_pretrained("ViT-B-16", "openai")
    path = one.target(one.files[1])
    path.parent.mkdir(parents=True)
    torch.save(small_vit, path)
    assert installed(one) == path
    assert torch.equal(open_backbone("ViT-B-16:openai", "cpu").model.visual.proj, small_vit["visual.proj"])


def test_a_torchvision_of_another_build_is_named_and_not_taken_for_weights(tmp_path, state, monkeypatch):
    name = write(tmp_path / "model", state)
    broken = tmp_path / "site" / "torchvision" / "__init__.py"
    broken.parent.mkdir(parents=True)
    broken.write_text("raise RuntimeError('operator torchvision::nms does not exist')")
    monkeypatch.syspath_prepend(broken.parents[1])
    for module in [module for module in sys.modules if module.partition(".")[0] == "torchvision"]:
        monkeypatch.delitem(sys.modules, module)
    spoken(
        name, f"same build as torch {torch.__version__}", "(operator torchvision::nms does not exist)",
        "install torch and torchvision from the same index, together",
    )  # fmt: skip


def test_the_weights_that_ship_are_those_of_no_earlier_version():
    assert open_backbone("starter", "cpu").digest not in resolve.FORMER_STARTERS
