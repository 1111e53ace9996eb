"""A checkpoint in every format it may come in: the right weights, or one sentence."""

import argparse
import json
import subprocess
import sys
import zipfile
from collections import OrderedDict

import numpy as np
import pytest

from mmap_studio.errors import CorruptError, StorageError
from mmap_studio.storage.model_weights import is_torchscript, read_weights
from tests.lazy import imported_later

with imported_later():
    import torch
    from safetensors.torch import save_file


NAMES = ("proj.weight", "norm.bias", "logit_scale")


@pytest.fixture
def state():
    torch.manual_seed(0)
    return {"proj.weight": torch.randn(5, 7), "norm.bias": torch.randn(5), "logit_scale": torch.tensor(2.5)}


def same(found, state):
    assert sorted(found) == sorted(state)
    for name, tensor in state.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], tensor.float().numpy())


def prefixed(state):
    return {f"module.{name}": tensor for name, tensor in state.items()}


def under(prefix):
    return lambda state: {prefix + name: tensor for name, tensor in state.items()}


def averaged(state):
    """Other weights than `state`'s."""
    return {name: tensor + 1 for name, tensor in state.items()}


SAVED = {
    "weights.pt": lambda state: state,
    "weights.pth": lambda state: state,
    "weights.bin": lambda state: state,
    "trained.pt": lambda state: {"epoch": 3, "name": "run", "state_dict": state, "optimizer": {"lr": 0.1}},
    "parallel.pt": lambda state: {"epoch": 3, "state_dict": prefixed(state)},
    "parallel.bin": prefixed,
    "half.pt": lambda state: {name: tensor.half() for name, tensor in state.items()},
    "bfloat16.pt": lambda state: {name: tensor.bfloat16() for name, tensor in state.items()},
    "trainable.pt": lambda state: {name: torch.nn.Parameter(tensor) for name, tensor in state.items()},
    "model.pt": lambda state: {"epoch": 3, "model": state, "optimizer": {"state": {}, "param_groups": []}},
    "model_state_dict.pt": lambda state: {"epoch": 3, "loss": 0.5, "model_state_dict": state},
    "with_averages.pt": lambda state: {"model": state, "model_ema": averaged(state)},
    "averages_first.pt": lambda state: {"model_ema": averaged(state), "model": state},
    "averages_alone.pt": lambda state: {"epoch": 3, "model_ema": state, "model": {}},
    "deepspeed.pt": lambda state: {"module": state, "ds_version": "0.1"},
    "model_best.pth.tar": lambda state: {"epoch": 3, "arch": "x", "state_dict": state},
    "twice.ckpt": lambda state: {"model": {"state_dict": state}},
    "other_word.pt": lambda state: {"epoch": 3, "weights": state, "lr": {"now": 0.1}},
    "swa.pt": lambda state: {"n_averaged": torch.tensor(7), **prefixed(state)},
    "compiled.pt": under("_orig_mod."),
    "compiled_parallel.pt": under("module._orig_mod."),
    "parallel_compiled.pt": under("_orig_mod.module."),
    "lightning.ckpt": lambda state: {"epoch": 3, "state_dict": under("model.")(state), "loops": {}},
    "lightning_compiled.ckpt": lambda state: {"state_dict": under("model._orig_mod.")(state)},
    "clip.pt": under("clip_model."),
    "inside.pt": lambda state: {name.replace("proj.", "proj._orig_mod."): tensor for name, tensor in state.items()},
    "transposed.pt": lambda state: state | {"proj.weight": state["proj.weight"].T.contiguous().T},
}


@pytest.mark.parametrize("name", SAVED)
def test_pytorch_files_of_weights(tmp_path, state, name):
    torch.save(SAVED[name](state), tmp_path / name)
    rounded = {"half.pt": torch.float16, "bfloat16.pt": torch.bfloat16}.get(name, torch.float32)
    same(read_weights(tmp_path / name), {key: tensor.to(rounded) for key, tensor in state.items()})


def test_safetensors_with_and_without_the_prefix(tmp_path, state):
    save_file(state, tmp_path / "a.safetensors")
    save_file(prefixed(state), tmp_path / "b.safetensors")
    same(read_weights(tmp_path / "a.safetensors"), state)
    same(read_weights(tmp_path / "b.safetensors"), state)


@pytest.mark.parametrize("kind", ["bfloat16", "float16", "float64"])
def test_safetensors_of_another_precision(tmp_path, state, kind):
    dtype = getattr(torch, kind)
    save_file({name: tensor.to(dtype) for name, tensor in state.items()}, tmp_path / "a.safetensors")
    found = read_weights(tmp_path / "a.safetensors")
    same(found, {name: tensor.to(dtype).float() for name, tensor in state.items()})
    assert found["logit_scale"].shape == ()


def test_an_image_tower_alone_keeps_its_name(tmp_path, state):
    torch.save({f"module.visual.{name}": tensor for name, tensor in state.items()}, tmp_path / "w.pt")
    assert all(name.startswith("visual.") for name in read_weights(tmp_path / "w.pt"))


def test_a_tensor_that_is_there_compiled_and_plain_is_refused(tmp_path, state):
    torch.save(state | {"proj._orig_mod.weight": torch.ones(5, 7)}, tmp_path / "w.pt")
    refused(tmp_path / "w.pt", "'proj.weight' compiled and as it was")


def test_options_of_a_script_beside_the_weights_are_named(tmp_path, state):
    torch.save({"model": state, "args": argparse.Namespace(lr=0.1)}, tmp_path / "w.pt")
    refused(tmp_path / "w.pt", "it names argparse.Namespace", "save its state_dict()")


def test_a_name_that_only_some_have_is_no_prefix(tmp_path, state):
    torch.save(state | {"module.more": torch.ones(2)}, tmp_path / "w.pt")
    assert "module.more" in read_weights(tmp_path / "w.pt")


@pytest.mark.parametrize(
    ("name", "beside"),
    [("w.ckpt", "loss_fn.weight"), ("w.safetensors", "head.weight"), ("w.pt", "ema_model.visual.proj")],
)
def test_a_model_beside_something_else_is_refused_with_the_command_that_takes_it_out(tmp_path, name, beside):
    model, path = {"visual.proj": torch.ones(3, 2), "transformer.proj.weight": torch.eye(2)}, tmp_path / name
    state = under("model.")(model) | {beside: torch.zeros(2)}
    save_file(state, path) if path.suffix == ".safetensors" else torch.save({"state_dict": state}, path)
    text = refused(path, "must hold the weights of one model", "'model'", repr(beside.partition(".")[0]))
    code = text.partition("with: python -c ")[2].strip().strip('"')
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    same(read_weights(tmp_path / "w-model.safetensors"), model)


def test_one_of_several_state_dicts_is_refused_with_the_command_that_takes_it_out(tmp_path, state):
    torch.save({"student": state, "teacher": averaged(state), "epoch": 3}, tmp_path / "w.pt")
    text = refused(tmp_path / "w.pt", "must hold the weights of one model. Found 'student', 'teacher'")
    code = text.partition("with: python -c ")[2].strip().strip('"')
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    same(read_weights(tmp_path / "w.safetensors"), state)


def test_the_only_mapping_is_looked_into(tmp_path, state):
    torch.save({"app": {"model": state, "optim": {"state": {}}}}, tmp_path / "w.pt")
    same(read_weights(tmp_path / "w.pt"), state)


def test_a_file_without_a_tensor_is_refused(tmp_path):
    for name, state in (("empty", {}), ("counter", {"n_averaged": torch.tensor(3)})):
        save_file(state, tmp_path / f"{name}.safetensors")
        refused(tmp_path / f"{name}.safetensors", "Found no tensor; get it again.")


def test_numbers_of_a_type_that_is_not_read_are_named(tmp_path, state):
    state["proj.weight"] = state["proj.weight"].to(torch.float8_e4m3fn)
    save_file(state, tmp_path / "w.safetensors")
    refused(
        tmp_path / "w.safetensors",
        "w.safetensors must have numbers of a type",
        "Found 'F8_E4M3' in 'proj.weight'; save it as float32 or float16.",
    )


def refused(path, *words):
    with pytest.raises(CorruptError) as caught:
        read_weights(path)
    text = str(caught.value)
    assert str(path) in text
    assert "\n" not in text
    for word in words:
        assert word in text, text
    return text


PEFT = {
    "a model with its adapter": [
        "base_model.model.proj.base_layer.weight", "base_model.model.proj.lora_A.default.weight",
        "base_model.model.proj.lora_B.default.weight", "base_model.model.norm.bias",
    ],
    "the adapter's file": ["base_model.model.proj.lora_A.weight", "base_model.model.proj.lora_B.weight"],
    "of embeddings": ["base_model.model.words.lora_embedding_A", "base_model.model.words.lora_embedding_B"],
    "with magnitudes": ["base_model.model.proj.lora_magnitude_vector", "base_model.model.norm.bias"],
    "layers trained whole": ["base_model.model.proj.original_module.weight",
                             "base_model.model.proj.modules_to_save.default.weight"],
    "loralib": ["proj.weight", "proj.lora_A", "proj.lora_B"],
    "thrown away or merged": ["base_model.model.proj.base_layer.weight", "base_model.model.norm.bias"],
}  # fmt: skip
"""Names as peft 0.21 and loralib write them."""


@pytest.mark.parametrize("suffix", [".safetensors", ".pt"])
@pytest.mark.parametrize("names", PEFT.values(), ids=PEFT)
def test_an_adapter_that_is_not_merged_is_refused_with_the_way_to_merge_it(tmp_path, names, suffix):
    path = tmp_path / f"w{suffix}"
    state = {name: torch.ones(2, 2) for name in names}
    save_file(state, path) if suffix == ".safetensors" else torch.save({"state_dict": state}, path)
    first = next(name for name in names if "lora" in name or "layer" in name or "module" in name)
    refused(path, "an adapter (LoRA) that is not merged into them", repr(first), "`model.merge_and_unload()` of peft")


def test_the_names_of_a_model_that_peft_has_let_go_of_are_its_own(tmp_path, state):
    save_file({f"base_model.model.{name}": tensor for name, tensor in state.items()}, tmp_path / "w.safetensors")
    same(read_weights(tmp_path / "w.safetensors"), state)
    torch.save({"laboratory.weight": torch.ones(2), "flora_x.weight": torch.ones(2)}, tmp_path / "w.pt")
    assert set(read_weights(tmp_path / "w.pt")) == {"laboratory.weight", "flora_x.weight"}


@pytest.mark.filterwarnings("ignore")
def test_torchscript_is_refused_with_the_command_that_converts_it(tmp_path):
    path = tmp_path / "ViT-B-32.pt"
    model = torch.nn.Sequential(OrderedDict(proj=torch.nn.Linear(7, 5).half()))
    model.register_buffer("input_resolution", torch.tensor(224))
    torch.jit.script(model).save(path)
    refused(path, "is a TorchScript archive (OpenAI's original files are)", "is not run")
    refused(path, f"`mmap-studio convert {path} --out FOLDER` makes a checkpoint of it")
    assert is_torchscript(path)


def test_other_files_are_no_torchscript(tmp_path, state):
    torch.save(state, tmp_path / "w.pt")
    (tmp_path / "text.pt").write_text("x")
    assert not any(is_torchscript(tmp_path / name) for name in ("w.pt", "text.pt", "absent.pt"))
    assert not is_torchscript(tmp_path)


def test_the_old_format_is_refused_with_the_command_that_converts_it(tmp_path, state):
    path = tmp_path / "old.pt"
    torch.save({"state_dict": state}, path, _use_new_zipfile_serialization=False)
    code = refused(path, "the older format").partition("convert it with: python -c ")[2].strip().strip('"')
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    same(read_weights(path.with_suffix(".safetensors")), state)


def test_a_pickled_module_is_refused(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "module.pt")
    refused(tmp_path / "module.pt", "would run code or hold whole objects", "state_dict()")


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def test_code_in_a_pickle_does_not_run(tmp_path, state, monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    torch.save(state | {"evil": Evil(tmp_path / "ran")}, tmp_path / "evil.pt")
    refused(tmp_path / "evil.pt", "would run code")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_file_is_refused(tmp_path, state, suffix, share):
    path = tmp_path / f"w{suffix}"
    torch.save(state, path) if suffix == ".pt" else save_file(state, path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    refused(path, "again")


@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_number_that_is_not_finite_is_refused(tmp_path, state, suffix):
    state["norm.bias"][2] = float("nan")
    path = tmp_path / f"w{suffix}"
    torch.save(state, path) if suffix == ".pt" else save_file(state, path)
    refused(path, "finite", "'norm.bias'")


def test_a_zip_bomb_is_refused_before_it_is_read(tmp_path, state):
    torch.save(state | {"zeros": torch.zeros(1 << 20)}, tmp_path / "w.pt")
    with zipfile.ZipFile(tmp_path / "w.pt") as source, zipfile.ZipFile(tmp_path / "bomb.pt", "w") as target:
        for record in source.infolist():
            target.writestr(record.filename, source.read(record), zipfile.ZIP_DEFLATED)
    refused(tmp_path / "bomb.pt", "compressed records")


def test_a_tensor_that_claims_more_than_the_file_holds_is_refused(tmp_path, state):
    torch.save(state | {"wide": torch.zeros(1).expand(1 << 40)}, tmp_path / "w.pt")
    refused(tmp_path / "w.pt", "4,398,046,511,", "in a file of")


NO_STATE = {"list": [1, 2], "empty": {}, "text": {"a": "x"}, "number": {"state_dict": {"a": 1}}}


@pytest.mark.parametrize(
    ("tensor", "found"),
    [
        (lambda: torch.empty(2, device="meta"), "'a', a tensor without values"),
        (lambda: torch.ones(2, dtype=torch.complex64), "'a', a tensor of torch.complex64"),
    ],
)
def test_a_tensor_that_is_no_array_of_numbers_is_refused(tmp_path, tensor, found):
    torch.save({"a": tensor()}, tmp_path / "w.pt")
    refused(tmp_path / "w.pt", found)


@pytest.mark.parametrize("content", NO_STATE.values(), ids=NO_STATE)
def test_what_is_no_state_dict_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "w.pt")
    refused(tmp_path / "w.pt", "must be a PyTorch file of weights")


def test_a_tensor_alone_is_no_state_dict(tmp_path):
    torch.save(torch.ones(2), tmp_path / "w.pt")
    refused(tmp_path / "w.pt", "must be a PyTorch file of weights")


def test_other_files(tmp_path):
    (tmp_path / "w.npz").write_bytes(b"x")
    refused(tmp_path / "w.npz", ".safetensors, .pt")
    (tmp_path / "text.pt").write_text("<html>404</html>")
    refused(tmp_path / "text.pt", "no zip")
    with pytest.raises(StorageError, match="does not exist"):
        read_weights(tmp_path / "absent.pt")
    (tmp_path / "big.pt").write_bytes(b"PK" + bytes(100))
    with pytest.raises(CorruptError, match="at most 50 bytes"):
        read_weights(tmp_path / "big.pt", max_bytes=50)


def sharded(folder, state, suffix=".safetensors", **changes):
    """As Hugging Face's libraries save large models: two files and a list."""
    files = {name: f"model-0000{1 + (name == 'proj.weight')}-of-00002{suffix}" for name in state}
    for file in sorted(set(files.values())):
        part = {name: tensor for name, tensor in state.items() if files[name] == file}
        save_file(part, folder / file) if suffix == ".safetensors" else torch.save(part, folder / file)
    index = folder / f"model{suffix}.index.json"
    index.write_text(json.dumps({"metadata": {"total_size": 1}, "weight_map": files | changes}))
    return index


@pytest.mark.parametrize("suffix", [".safetensors", ".bin"])
def test_weights_in_several_files(tmp_path, state, suffix):
    same(read_weights(sharded(tmp_path, state, suffix)), state)


def test_an_index_that_is_not_that_of_its_files_is_refused(tmp_path, state):
    index = sharded(tmp_path, state, more="model-00001-of-00002.safetensors")
    refused(index, "lists 'more', which no file of it has")
    refused(sharded(tmp_path, state, **{"proj.weight": "model-00001-of-00002.safetensors"}), "'proj.weight'")
    refused(sharded(tmp_path, state, more="../outside.safetensors"), "weight_map")
    refused(sharded(tmp_path, state, more="/etc/passwd"), "weight_map")
    (tmp_path / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(StorageError, match="model-00002-of-00002"):
        read_weights(sharded_index(tmp_path, state))


def sharded_index(folder, state):
    index = sharded(folder, state)
    (folder / "model-00002-of-00002.safetensors").unlink()
    return index


@pytest.mark.parametrize("comment", [b"", b"PK\5\6" + bytes(18)], ids=["plain", "with a comment like an end"])
def test_the_directory_of_a_zip_is_not_read_where_it_is_larger_than_that_of_any_checkpoint(
    tmp_path, monkeypatch, comment
):
    with zipfile.ZipFile(tmp_path / "many.pt", "w") as archive:
        for number in range(66_000):  # so many that the end of the zip has to be the wide one
            archive.writestr(zipfile.ZipInfo(f"{number:020}"), b"")
        archive.comment = comment
    monkeypatch.setattr(zipfile.ZipFile, "_RealGetContents", lambda _: pytest.fail("it was read"))
    assert not is_torchscript(tmp_path / "many.pt")
    with pytest.raises(CorruptError, match=r"at most 4,194,304 bytes, has 4,356,000"):
        read_weights(tmp_path / "many.pt")
