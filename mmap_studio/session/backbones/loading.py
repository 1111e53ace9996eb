"""Load a backbone: from the name in a project (`resolve`) to a `FrozenClip` on a device.

A backbone is identified by the digest of its weights, config and preprocessing, whatever file they came from: caches
and prompt folders carry it.
"""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mmap_studio.data.paths import real
from mmap_studio.errors import BackboneError, CorruptError
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.clip.frozen import Precision
from mmap_studio.session.backbones import hugging_face
from mmap_studio.session.backbones.architectures import count_parameters, is_own
from mmap_studio.session.backbones.public_names import public_name, remember
from mmap_studio.session.backbones.resolve import BackboneSource, absolute_label, locate, not_there
from mmap_studio.session.backbones.tokens import check_tokenizer, digests, text_model_of
from mmap_studio.session.runtime.cores import computes_bfloat16
from mmap_studio.storage.documents import read_json
from mmap_studio.storage.model_weights import read_weights
from mmap_studio.storage.opener import file_sha256
from mmap_studio.storage.tensors import tensor_header

if TYPE_CHECKING:  # torch takes seconds to import
    from torch import Tensor

LARGE = 50_000_000
"""Parameters from which bfloat16 is faster on a CPU."""


def open_backbone(
    name: str,
    device: str = "auto",
    precision: Literal["auto"] | Precision = "auto",
    near: Path | None = None,
    preprocess: Mapping[str, Any] | None = None,
) -> FrozenClip:
    """Load the backbone called `name`; relative files are looked for beside `near` (the project) first.

    preprocess : of the images, as `resolve.preprocessing` gives it, in place of what the name says

    Never touches the network. BackboneError for a name or config that cannot be used and for weights that are not
    here or do not fit, CorruptError for a file that is not sound.
    """
    _check_torchvision()
    where = choose_device(device)
    source = locate(name, near)
    source = replace(source, preprocess=preprocess) if preprocess is not None else source
    clip = _random(source) if source.random else _build(source, near)
    clip.precision = choose_precision(precision, where, clip.parameters_count)
    return clip.to(where)


def _check_torchvision() -> None:
    """BackboneError where torchvision does not load beside torch, as a CUDA build does not beside a CPU one.

    open_clip imports it; looked at on its own, what it raises is not taken for weights that do not fit.
    """
    import torch

    try:
        import torchvision  # noqa: F401
    except (ImportError, OSError, RuntimeError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
        raise BackboneError(
            f"torchvision must be of the same build as torch {torch.__version__}, but could not be loaded ({reason}); "
            "install torch and torchvision from the same index, together."
        ) from None


def choose_device(device: str) -> str:
    """The device to compute on; "auto" takes CUDA, then MPS, then the CPU. BackboneError for one that is not there."""
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, found in there.items() if found)
    if not there.get(device, False):
        raise BackboneError(f"Device {device!r} must be present, but is not; choose auto or cpu.")
    return device


def choose_precision(precision: Literal["auto"] | Precision, device: str, parameters: int) -> Precision:
    """The precision of the towers; "auto" is bfloat16 on CUDA and for a large model on a CPU with bfloat16 units."""
    if precision != "auto":
        return precision
    fast = device == "cuda" or (device == "cpu" and parameters >= LARGE and computes_bfloat16())
    return "bfloat16" if fast else "float32"


def _build(source: BackboneSource, near: Path | None) -> FrozenClip:
    _check_places(source)  # before anything counts its parameters, which would look for a text tower on the hub
    weights = _weights(source, near)
    _check_count(source, weights)
    try:
        clip = _built(source, weights, public_name(source.label))
    except BackboneError:
        raise
    except (RuntimeError, TypeError, KeyError, AssertionError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1].strip()
        raise BackboneError(
            f"The weights of backbone {source.label!r} ({source.weights}) must fit its config, but do not ({reason}); "
            "do both belong together?"
        ) from None
    clip.digest = _digest(source, clip)
    remember(clip.digest, absolute_label(source))
    return clip


def _check_places(source: BackboneSource) -> None:
    """BackboneError where its tokenizer is not to be trusted, or its text tower is not here."""
    if source.tokens is not None:
        check_tokenizer(source.tokens)
    if text_model_of(source.config) and source.text_model is None:
        raise BackboneError(
            f"Backbone {public_name(source.label)!r} must have the config.json of its text tower "
            f"{text_model_of(source.config)!r} on this computer, but has not; get it with `mmap-studio "
            "download`, or put it beside the backbone's config."
        )


def _built(source: BackboneSource, weights: Mapping[str, "Tensor"] | None, name: str, **more: Any) -> FrozenClip:
    """The clip of a source whose tokenizer and text tower `_check_places` has looked at."""
    places = {"tokens": str(source.tokens or ""), "text_model": str(source.text_model or "")}
    return FrozenClip.build(source.config, weights, name=name, **places, **source.preprocess, **more)


def _check_count(source: BackboneSource, weights: Mapping[str, "Tensor"]) -> None:
    """BackboneError for a config that asks for much more memory than its weights have numbers, before it is built."""
    needed, there = _parameters(source), sum(tensor.numel() for tensor in weights.values())
    if needed > 2 * there + 1_000_000:
        raise BackboneError(
            f"The weights of backbone {source.label!r} ({source.weights}) must fit its config, but do not: they are "
            f"{there:,} numbers of the {needed:,} that it needs; do both belong together?"
        )


def _parameters(source: BackboneSource) -> int:
    """The number of parameters that a model of this config has, before it is built."""
    if is_own(source.config):
        return count_parameters(source.config)
    import torch

    from mmap_studio.method.clip.factory import build_model, with_text_model

    config = with_text_model(source.config, str(source.text_model))
    with torch.device("meta"):  # nothing is computed, and no memory taken
        return sum(weight.numel() for weight in build_model(config).parameters())


def _weights(source: BackboneSource, near: Path | None) -> Mapping[str, "Tensor"]:
    path = source.weights
    if path is None or not path.is_file():
        raise _missing_weights(source, near)
    _check_blob(path)
    if path.suffix == ".safetensors":
        there = sum(math.prod(info.shape) for info in tensor_header(path).tensors.values())
        needed = _parameters(source)
        if there > 2 * needed + 1_000_000:
            raise BackboneError(
                f"The weights of backbone {source.label!r} ({path}) must fit its config, but do not: they are "
                f"{there:,} numbers where it needs {needed:,}; do both belong together?"
            )
    import torch

    weights = read_weights(path)
    if hugging_face.is_clip_weights(weights):
        _check_activation(source, path)
        weights = hugging_face.open_clip_weights(weights, path)
    return {key: torch.from_numpy(array) for key, array in weights.items()}


def _check_activation(source: BackboneSource, path: Path) -> None:
    """BackboneError where the config.json beside a CLIPModel's weights says another activation than the architecture.

    Nothing in the weights shows it, and with the wrong one every score is a little worse.
    """
    beside = path.with_name(hugging_face.CONFIG)
    if source.config_path is not None or not beside.is_file() or source.config["vision_cfg"].get("timm_model_name"):
        return
    read = read_json(beside)
    if not hugging_face.is_clip_config(read):
        return
    quick = bool(hugging_face.model_config(read, beside).get("quick_gelu"))
    if quick != bool(source.config.get("quick_gelu")):
        raise BackboneError(
            f"Backbone {source.label!r} must have the activation that its weights were trained with, but {beside} says "
            f"{'quick_gelu' if quick else 'gelu'}; name the folder {path.parent} as the backbone."
        )


def _missing_weights(source: BackboneSource, near: Path | None) -> BackboneError:
    if source.pretrained is None:
        return not_there(source.label, source.weights, near)
    return BackboneError(
        f"The weights of {source.label} must be on this computer, but are not; get them with `mmap-studio download "
        f"{source.label}`, or put {source.pretrained.files[0]} of huggingface.co/{source.pretrained.repository} at "
        f"{source.pretrained.target(source.pretrained.files[0])}."
    )


def _check_blob(path: Path) -> None:
    """A file of the Hugging Face cache is a link to one named by its SHA-256, which may never have been checked."""
    name = real(path).name
    if path.is_symlink() and len(name) == 64 and file_sha256(path) != name:
        raise CorruptError(
            f"{path} must have the SHA-256 {name[:12]} by which the Hugging Face cache names it. Found another: it was "
            "damaged or is not whole; delete it and get it again."
        )


def _random(source: BackboneSource) -> FrozenClip:
    import torch

    label = source.label
    seed = int(label.rpartition("-")[2]) if label.rpartition("random-")[2].isdecimal() else 0
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        digest = hashlib.sha256(label.encode()).hexdigest()
        _check_places(source)
        return _built(source, None, label, digest=digest)


def _digest(source: BackboneSource, clip: FrozenClip) -> str:
    """sha256 over config, preprocessing and the weights as float32, by name."""
    about = {"config": source.config, "mean": clip.mean, "std": clip.std} | clip.geometry.unusual()
    if texts := digests(source.tokens, source.text_model):
        about["texts"] = texts
    found = hashlib.sha256(json.dumps(about, sort_keys=True).encode())
    for name, tensor in sorted(clip.model.state_dict().items()):
        found.update(f"{name}{tuple(tensor.shape)}".encode())
        found.update(tensor.contiguous().numpy().data)
    return found.hexdigest()
