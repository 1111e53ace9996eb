"""A TorchScript archive becomes a folder that is a backbone, by open_clip's architecture where it is OpenAI's."""

import json

import pytest

from mmap_studio.errors import BackboneError, CorruptError, InputError, StorageError
from mmap_studio.session.backbones.conversion import HUB_CONFIG, OPENAI, WEIGHTS, convert, openai_config
from mmap_studio.session.backbones.open_clip_configs import configs
from mmap_studio.session.backbones.resolve import locate
from mmap_studio.session.results.inspect import inspect
from mmap_studio.storage.model_weights import read_weights
from tests.lazy import imported_later
from tests.torchscript import SIZES, openai_model, saved

with imported_later():
    import torch

    from mmap_studio.method.clip.factory import build_model
    from mmap_studio.session.backbones.loading import open_backbone
    from mmap_studio.storage.tensors import tensor_header

pytestmark = pytest.mark.filterwarnings("ignore")
OF_OPENAI = ["RN50", "RN101", "RN50x4", "RN50x16", "RN50x64", "ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336"]


def test_the_folder_is_a_backbone_with_the_archives_outputs(openai_archive, openai_clip, tmp_path):
    made = convert(openai_archive, tmp_path / "new" / "made")
    assert sorted(path.name for path in made.folder.iterdir()) == [HUB_CONFIG, WEIGHTS]
    assert made.numbers == sum(tensor.numel() for tensor in openai_clip.state_dict().values())
    assert (made.backbone, made.architecture) == (str(made.folder), "")
    info = tensor_header(made.weights).tensors
    assert {one.dtype for one in info.values()} == {"F16", "F32", "I64"}
    clip = open_backbone(made.backbone, "cpu", "float32")
    assert clip.quick
    assert clip.capability.prompts == "image and text"
    images, read = torch.randn(2, 3, 16, 16), clip.tokenize(["a photo of a fox.", "red car"])
    whole = openai_model().float()
    with torch.no_grad():
        assert (clip.encode_image(images) - whole.encode_image(images, normalize=True)).abs().max() < 1e-6
        assert (clip.encode_text(read) - whole.encode_text(read, normalize=True)).abs().max() < 1e-6


def test_it_is_the_same_backbone_as_the_same_weights_elsewhere(openai_archive, openai_clip, tmp_path):
    made = convert(openai_archive, tmp_path / "made")
    sizes = {key: size for key, size in SIZES["vision"].items() if key != "head_width"}
    config = {"embed_dim": 24, "quick_gelu": True, "vision_cfg": sizes, "text_cfg": SIZES["text"]}
    (tmp_path / "plain.json").write_text(json.dumps(config))
    torch.save(openai_clip.state_dict(), tmp_path / "plain.pt")
    one, other = open_backbone(made.backbone, "cpu"), open_backbone(str(tmp_path / "plain.json"), "cpu")
    assert one.digest == other.digest


@pytest.mark.parametrize("name", OF_OPENAI)
def test_the_shapes_of_openais_models_are_open_clips_architectures(name):
    config = locate(f"{name}:openai").config
    with torch.device("meta"):
        model = build_model(config)
    shapes = {key: tuple(tensor.shape) for key, tensor in model.state_dict().items()}
    found, made = openai_config(shapes)
    assert found == f"{name}-quickgelu"
    assert made == config == configs()[found]


def test_weights_of_another_model_get_no_config(tmp_path):
    path = tmp_path / "w.pt"
    path.write_bytes(saved(torch.jit.script(torch.nn.Linear(3, 2))))
    made = convert(path, tmp_path / "made")
    assert [one.name for one in made.folder.iterdir()] == [WEIGHTS]
    assert (made.backbone, made.tensors, made.numbers) == ("", 2, 8)
    assert read_weights(made.weights).keys() == {"weight", "bias"}


def test_what_has_openais_numbers_and_not_its_tensors_is_refused(tmp_path):
    module, path = torch.nn.Linear(3, 2), tmp_path / "w.pt"
    for name in OPENAI:
        module.register_buffer(name, torch.tensor(7))
    path.write_bytes(saved(torch.jit.script(module)))
    with pytest.raises(BackboneError, match=r"must have the tensors of OpenAI's CLIP.*'ln_final.weight'"):
        convert(path, tmp_path / "made")
    assert not (tmp_path / "made").exists()


def test_a_folder_that_holds_something_is_left_alone(openai_archive, tmp_path):
    (tmp_path / "made").mkdir()
    (tmp_path / "made" / "mine").write_text("x")
    with pytest.raises(StorageError, match="made must be a free name or an empty folder"):
        convert(openai_archive, tmp_path / "made")
    assert [one.name for one in (tmp_path / "made").iterdir()] == ["mine"]


def test_an_archive_is_recognised_wherever_a_model_is_named(openai_archive):
    way = rf"is a TorchScript archive .*`mmap-studio convert {openai_archive} --out FOLDER` makes a checkpoint of it"
    with pytest.raises(BackboneError, match=way):
        locate(str(openai_archive))
    with pytest.raises(CorruptError, match=way):
        open_backbone(f"ViT-B-32:{openai_archive}", "cpu")
    with pytest.raises(InputError, match=way):
        inspect(openai_archive)
