"""TorchScript archives to convert: a small CLIP as OpenAI saved its own, and hostile ones."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SIZES = {
    "vision": {"image_size": 16, "layers": 2, "width": 64, "patch_size": 8, "head_width": 64},
    "text": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 2},
}
"""With heads 64 wide, as OpenAI's models have."""


def openai_model(seed: int = 0) -> Any:
    """A random CLIP in half precision, with the three numbers that OpenAI's models carry."""
    import torch
    from open_clip.model import CLIP, convert_weights_to_fp16

    torch.manual_seed(seed)
    model: Any = CLIP(24, SIZES["vision"], SIZES["text"], quick_gelu=True).eval().requires_grad_(False)
    convert_weights_to_fp16(model)
    for name, number in (("input_resolution", 16), ("context_length", 77), ("vocab_size", 49408)):
        if hasattr(model, name):
            delattr(model, name)
        model.register_buffer(name, torch.tensor(number))
    return model


def traced(model: Any) -> Any:
    """The model as `torch.jit` has it."""
    import torch

    inputs = {
        "encode_image": (torch.ones(2, 3, 16, 16).half(),),
        "encode_text": (torch.zeros(2, 77, dtype=torch.long),),
    }
    return torch.jit.trace_module(model, inputs, check_trace=False)


def rewritten(source: Path, target: Path, records: Mapping[str, bytes], packing: int = zipfile.ZIP_STORED) -> Path:
    """A copy of an archive with other records of these names; new ones are added."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        top = old.namelist()[0].split("/")[0]
        inside = {name.removeprefix(f"{top}/"): old.read(name) for name in old.namelist()}
        for name, data in (inside | records).items():
            new.writestr(f"{top}/{name}", data, packing if name in records else zipfile.ZIP_STORED)
    return target


def record(source: Path, name: str) -> bytes:
    """What an archive has under a name."""
    with zipfile.ZipFile(source) as archive:
        return archive.read(f"{archive.namelist()[0].split('/')[0]}/{name}")


def saved(module: Any) -> bytes:
    """A scripted module's archive."""
    import torch

    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    return buffer.getvalue()
