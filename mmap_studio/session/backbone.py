"""Backbones: from what a project names to a `FrozenClip` on a device.

A name is one of
    starter                     the small model that ships with the studio
    MODEL.json                  an open_clip model config beside MODEL.safetensors
    ARCHITECTURE:FILE           an open_clip architecture with weights from a .safetensors file
    ARCHITECTURE:random[-SEED]  the same with random weights, for trials of size and speed
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmap_studio.errors import BackboneError
from mmap_studio.method.clip import FrozenClip
from mmap_studio.resources import resource
from mmap_studio.storage.tensors import read_tensors

STARTER = "starter"
LARGEST = 40 * 2**30
"""Bytes: no open_clip model is larger."""


def open_backbone(name: str, device: str = "auto", precision: str = "auto", near: Path | None = None) -> FrozenClip:
    """Load the backbone called `name`; relative files are looked for beside `near` (the project) first.

    Raises BackboneError for a name, config or file that cannot be used.
    """
    where = choose_device(device)
    config, weights, label = _locate(name, near)
    if weights is None:
        clip = _random(config, label)
    else:
        clip = _build(config, _read_weights(weights), label, _digest(config, weights))
    clip.precision = choose_precision(precision, where)
    return clip.to(where)


def choose_device(device: str) -> str:
    """ "auto" takes CUDA, then Apple's MPS, then the CPU; a device that is not there is a BackboneError."""
    import torch

    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    if device == "auto":
        return next(name for name, found in there.items() if found)
    if not there.get(device, False):
        raise BackboneError(f"Device {device!r} must be present, but is not; choose auto or cpu.")
    return device


def choose_precision(precision: str, device: str) -> Any:
    """ "auto": bfloat16 on CUDA, float32 elsewhere."""
    if precision != "auto":
        return precision
    return "bfloat16" if device == "cuda" else "float32"


def _locate(name: str, near: Path | None) -> tuple[dict[str, Any], Path | None, str]:
    """Config, weights file (None for random weights) and the label of a backbone."""
    if name == STARTER:
        return _from_json(resource("starter") / "backbone.json", STARTER)
    if name.endswith(".json"):
        return _from_json(_find(name, near), name)
    architecture, colon, source = name.partition(":")
    if not colon:
        raise BackboneError(
            f"Backbone {name!r} must be 'starter', a MODEL.json beside its weights, or ARCHITECTURE:FILE.safetensors."
        )
    config = _architecture(architecture)
    if source == "random" or source.startswith("random-"):
        return config, None, name
    return config, _find(source, near), architecture


def _from_json(path: Path, label: str) -> tuple[dict[str, Any], Path, str]:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BackboneError(f"Backbone config {path} must be readable JSON, but is not ({error}).") from None
    return config, path.with_suffix(".safetensors"), label


def _architecture(name: str) -> dict[str, Any]:
    from open_clip import get_model_config, list_models

    config = get_model_config(name)
    if config is None:
        near = [model for model in list_models() if model.lower().startswith(name.lower()[:5])][:6]
        raise BackboneError(
            f"Architecture {name!r} must be one that open_clip knows, but is not; near: {', '.join(near) or 'none'}."
        )
    return dict(config)


def _find(name: str, near: Path | None) -> Path:
    path = Path(name).expanduser()
    beside = near / path if near is not None else path
    return beside if beside.exists() else path


def _read_weights(path: Path) -> Mapping[str, Any]:
    if path.suffix != ".safetensors":
        raise BackboneError(
            f"Weights must be a .safetensors file, but {path} is not; convert them with safetensors.torch."
        )
    if not path.is_file():
        raise BackboneError(f"Weights {path} must be there, but are not; put the file there or name another backbone.")
    import torch

    return {key: torch.from_numpy(array).float() for key, array in read_tensors(path, max_bytes=LARGEST).items()}


def _build(config: dict[str, Any], weights: Mapping[str, Any], label: str, digest: str) -> FrozenClip:
    model, preprocess = model_config(config)
    try:
        return FrozenClip.build(model, weights, name=label, digest=digest, **preprocess)
    except BackboneError:
        raise
    except (RuntimeError, TypeError, KeyError) as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise BackboneError(
            f"The weights of backbone {label!r} must fit its config, but do not ({reason}); do both belong together?"
        ) from None


def _random(config: dict[str, Any], label: str) -> FrozenClip:
    import torch

    seed = int(label.rpartition("-")[2]) if label.rpartition("random-")[2].isdigit() else 0
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model, preprocess = model_config(config)
        return FrozenClip.build(model, name=label, digest=hashlib.sha256(label.encode()).hexdigest(), **preprocess)


def model_config(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """An open_clip model config and the preprocessing's mean and std, from either of the field's two JSON layouts."""
    inner = config.get("model_cfg", config)
    preprocess = config.get("preprocess_cfg", config)
    keys = ("embed_dim", "vision_cfg", "text_cfg", "quick_gelu", "custom_text", "init_logit_scale", "init_logit_bias")
    return (
        {key: inner[key] for key in keys if key in inner},
        {key: tuple(preprocess[key]) for key in ("mean", "std") if key in preprocess},
    )


def _digest(config: Mapping[str, Any], weights: Path) -> str:
    """sha256 over the config's model part and the bytes of the weights."""
    found = hashlib.sha256(json.dumps(model_config(config)[0], sort_keys=True).encode())
    with weights.open("rb") as file:
        while block := file.read(1 << 22):
            found.update(block)
    return found.hexdigest()
