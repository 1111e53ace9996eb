"""The weights of a model from a file: safetensors first, PyTorch's own files as bare tensors, nothing that is code.

A `.pt` can carry code, a TorchScript archive is code, and `weights_only=True` has had its holes. So a PyTorch file
must be a zip of stored records that are no larger than the file, is read with `weights_only=True` and never otherwise,
and what comes out must be tensors that the file's bytes account for.
"""

import math
import zipfile
from collections.abc import Mapping
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmap_studio.errors import CorruptError
from mmap_studio.storage.opener import opened
from mmap_studio.storage.tensors import read_tensors

if TYPE_CHECKING:  # torch takes seconds to import
    from torch import Tensor

LARGEST = 40 << 30
"""Bytes: no open_clip model is larger."""
SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
"""What is tried, the best first."""
_MOST_RECORDS = 100_000
_SAVED = "{{k: v.float().contiguous() for k, v in {}.items()}}"
_CONVERT = "python -c \"import torch, safetensors.torch as s; s.save_file({}, '{}')\""


def read_weights(path: Path, max_bytes: int = LARGEST) -> dict[str, np.ndarray]:
    """Every tensor of a checkpoint by name, floating ones as float32; `state_dict` and `module.` are taken off.

    CorruptError for a file that holds code, is not whole, not a state dict or not finite, StorageError when it is
    missing or may not be read; one sentence each, with the command that converts what can be converted.
    """
    if path.suffix == ".safetensors":
        found = read_tensors(path, max_bytes=max_bytes)
    elif path.suffix in SUFFIXES:
        found = _read_torch(path, max_bytes)
    else:
        raise CorruptError(f"Weights must be a file of {', '.join(SUFFIXES)}. Found {path} instead: name another file.")
    return {_bare(name, found): _float32(array) for name, array in found.items()}


def _bare(name: str, found: Mapping[str, np.ndarray]) -> str:
    """Without the prefix that training on several GPUs leaves, where all names have it."""
    return name.removeprefix("module.") if all(one.startswith("module.") for one in found) else name


def _float32(array: np.ndarray) -> np.ndarray:
    return array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array


# -- PyTorch's files -----------------------------------------------------------------------------------------------


def _read_torch(path: Path, max_bytes: int) -> dict[str, np.ndarray]:
    with opened(path, max_bytes) as (file, size):
        _check_zip(path, file, size)
    found = _unwrapped(path, _load(path))
    _check_sizes(path, found, size)
    return {name: _array(path, name, tensor) for name, tensor in found.items()}


def _check_zip(path: Path, file: BufferedReader, size: int) -> None:
    """CorruptError unless it is a zip of stored records no larger than the file, and no TorchScript."""
    start = file.read(2)
    file.seek(0)
    if start == b"\x80\x02":
        loaded = f"torch.load('{path}', weights_only=True)"
        raise CorruptError(
            f"{path} must be a zip as PyTorch writes it since 1.6. Found the older format; convert it with: "
            + _convert(path, f"(lambda d: d.get('state_dict', d))({loaded})")
        )
    try:
        with zipfile.ZipFile(file) as archive:
            records = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _refusal(path, f"no zip, or one that is cut off ({error})") from None
    if any("/code/" in one.filename or one.filename.endswith("/constants.pkl") for one in records):
        raise CorruptError(
            f"{path} must hold weights only. Found a TorchScript archive (OpenAI's original files are), which is code "
            "and is not run; where you trust it, convert it with: "
            + _convert(path, f"torch.jit.load('{path}', map_location='cpu').state_dict()")
        )
    packed = any(one.compress_type != zipfile.ZIP_STORED for one in records)
    if packed or len(records) > _MOST_RECORDS or sum(one.file_size for one in records) > size:
        raise _refusal(path, "a zip with compressed records, or records larger than the file")


def _convert(path: Path, state: str) -> str:
    return _CONVERT.format(_SAVED.format(state), path.with_suffix(".safetensors"))


def _load(path: Path) -> object:
    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception as error:  # what a hostile or torn file raises is the file's choice
        if type(error).__name__ == "UnpicklingError":
            raise CorruptError(
                f"{path} must hold weights only. Found a pickle that would run code or hold whole objects, such as a "
                "saved module; get the model's .safetensors, or save its state_dict() where you trust it."
            ) from None
        reason = (str(error).strip().splitlines() or ["no further word"])[0][:200]
        raise _refusal(path, f"something torch cannot read ({reason})") from None


def _unwrapped(path: Path, loaded: object) -> dict[str, "Tensor"]:
    """The state dict, out of what open_clip's training saves around it."""
    import torch

    if isinstance(loaded, Mapping) and isinstance(loaded.get("state_dict"), Mapping):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, Mapping) or not loaded:
        raise _refusal(path, f"a {type(loaded).__name__} instead of named tensors")
    for name, value in loaded.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor) or value.layout != torch.strided:
            raise _refusal(path, f"{name!r}, a {type(value).__name__}, among the tensors")
        if value.is_meta or value.is_quantized or value.is_complex():
            kind = "without values" if value.is_meta else f"of {value.dtype}"
            raise _refusal(path, f"{name!r}, a tensor {kind}")
    return dict(loaded)


def _check_sizes(path: Path, found: Mapping[str, "Tensor"], size: int) -> None:
    """A tensor may claim any shape over a few bytes (a stride of 0): all of them must fit the file."""
    claimed = sum(math.prod(tensor.shape) * tensor.element_size() for tensor in found.values())
    if claimed > size:
        raise _refusal(path, f"tensors of {claimed:,} bytes in a file of {size:,}")


def _array(path: Path, name: str, tensor: "Tensor") -> np.ndarray:
    import torch

    if tensor.is_floating_point():
        tensor = tensor.float()
        if not bool(torch.isfinite(tensor).all()):
            raise CorruptError(f"{path} must hold finite numbers. Found NaN or infinity in {name!r}; use another file.")
    array: np.ndarray = tensor.detach().numpy()
    return array


def _refusal(path: Path, found: str) -> CorruptError:
    return CorruptError(
        f"{path} must be a PyTorch file of weights (a zip of stored records). Found {found}; get it again, or its "
        ".safetensors."
    )
