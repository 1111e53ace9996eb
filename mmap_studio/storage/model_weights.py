"""The weights of a model from a file: safetensors first, PyTorch's own files as bare tensors, nothing that is code.

A `.pt` can carry code, a TorchScript archive is code, and `weights_only=True` has had its holes. So a PyTorch file
must be a zip of stored records that are no larger than the file, is read with `weights_only=True` and never otherwise,
and what comes out must be tensors that the file's bytes account for.
"""

import math
import os
import re
import struct
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import numpy as np
from pydantic import Field

from mmap_studio.errors import CorruptError, StudioError
from mmap_studio.formatting import kind_of, printable, shown_value, some
from mmap_studio.storage.documents import Document, Name, checked, read_json
from mmap_studio.storage.opener import opened
from mmap_studio.storage.tensors import read_tensors

if TYPE_CHECKING:  # torch takes seconds to import
    from torch import Tensor

LARGEST = 40 << 30
"""Bytes: no open_clip model is larger."""
SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt", ".pth.tar")
"""What is tried, the best first."""
INDEX = ".index.json"
"""How the name of a list ends of which tensor is in which of several files beside it."""
_WRAPPED = (
    "state_dict", "model_state_dict", "model", "module", "net", "state_dict_ema", "model_ema", "ema_state_dict", "ema",
)  # fmt: skip
"""Where training scripts keep the state dict, in the order they are looked at: averaged weights only where no others
are there, since a checkpoint's name says nothing of them."""
_INSIDE = frozenset({"_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"})
"""Parts of a name that `torch.compile`, sharding and checkpointing put into it, at any place."""
_TOWERS = frozenset({"visual", "text", "transformer", "vision_model", "text_model"})
"""First parts that are a model's own."""
_ADAPTER = re.compile(
    r"(^|\.)((w_)?lora_\w+|(hada|lokr|oft|boft|ia3|vera)_\w+|base_layer|original_module|modules_to_save)(\.|$)"
)
"""Parts of a name by which peft and loralib call what they put beside a model's weights. Where only peft's names of
the weights themselves are left (`base_layer`), nothing says whether an adapter was added to them or thrown away."""
_COUNTERS = frozenset({"n_averaged"})
"""Entries of `torch.optim.swa_utils.AveragedModel` that are no weights."""
_MOST_RECORDS = 100_000
_LARGEST_DIRECTORY = 4 * 2**20
"""Bytes; a checkpoint of 5,000 tensors has half a million. It is read whole, at 10 s for 20 MB of tiny records."""
_END = 22 + 65_535 + 20 + 56
"""Bytes from the end in which a zip says where its directory is."""
_GLOBAL = re.compile(r"GLOBAL ([\w.]+)")
"""How torch says which object a pickle would make."""
TORCHSCRIPT = (
    "is a TorchScript archive (OpenAI's original files are), which is code and is not run; `mmap-studio convert {} "
    "--out FOLDER` makes a checkpoint of it"
)
"""Said of such a file wherever one is met."""
_SAVED = "{{k: v.float().contiguous() for k, v in {}.items()}}"
_CONVERT = "python -c \"import torch, safetensors.torch as s; s.save_file({}, '{}')\""


class _Index(Document):
    """The list of a checkpoint in several files, as Hugging Face's libraries write it."""

    weight_map: Annotated[dict[Name, Annotated[str, Field(pattern=r"^[\w.-]+$", max_length=200)]], Field(min_length=1)]


def read_weights(path: Path, max_bytes: int = LARGEST) -> dict[str, np.ndarray]:
    """Every tensor of a checkpoint by name, floating ones as float32, without what training put around them.

    A state dict is taken out of `_WRAPPED`; a prefix that all names share (`module.`, `model.`, `clip.`) and the parts
    that compiling and sharding leave in a name are taken off. Of an index (`INDEX`) the files that it lists are read.

    CorruptError for a file that holds code, is not whole, not a state dict or not finite, StorageError when it is
    missing or may not be read; one sentence each, with the command that converts what can be converted.
    """
    found = _read_parts(path, max_bytes) if path.name.endswith(INDEX) else _read(path, max_bytes)
    _check_merged(path, found)
    names = [name for name in found if name not in _COUNTERS]
    if not names:
        raise CorruptError(f"{path} must hold the weights of a model. Found no tensor; get it again.")
    bare = _bare_names(path, names)
    return {bare[name]: _float32(array) for name, array in found.items() if name in bare}


def _read(path: Path, max_bytes: int) -> dict[str, np.ndarray]:
    if path.suffix == ".safetensors":
        return read_tensors(path, max_bytes=max_bytes)
    if path.name.endswith(SUFFIXES):
        return _read_torch(path, max_bytes)
    raise CorruptError(f"Weights must be a file of {', '.join(SUFFIXES)}. Found {path} instead: name another file.")


def _read_parts(index: Path, max_bytes: int) -> dict[str, np.ndarray]:
    """The tensors of all files that an index beside them lists, and no others."""
    places = checked(_Index, read_json(index), index, "get it again").weight_map
    found: dict[str, np.ndarray] = {}
    left = max_bytes
    for file in sorted(set(places.values())):
        path = index.with_name(file)
        part = _read(path, left)
        strange = [name for name in part if places.get(name) != file]
        if strange:
            raise CorruptError(f"{path} must hold what {index.name} lists for it. Found {some(strange, 3)}, too.")
        found |= part
        left -= path.stat().st_size
    if lacking := [name for name in places if name not in found]:
        raise CorruptError(f"{index} lists {some(lacking, 3)}, which no file of it has; get the files again.")
    return found


def _check_merged(path: Path, names: Iterable[str]) -> None:
    """CorruptError for a state dict with the matrices of an adapter (LoRA) in it, or an adapter's alone."""
    parts = [name for name in names if _ADAPTER.search(name)]
    if parts:
        raise CorruptError(
            f"{path} must hold the weights of a model alone. Found an adapter (LoRA) that is not merged into them, "
            f"{some(parts, 2)}; merge it where it was trained, with `model.merge_and_unload()` of peft, and save the "
            "state_dict() of what that returns."
        )


def _bare_names(path: Path, names: Sequence[str]) -> dict[str, str]:
    """Every name without what wraps it, a name that is left the same for two refused."""
    parts = {name: [part for part in name.split(".") if part not in _INSIDE] for name in names}
    while _share_a_wrapper(list(parts.values())):
        parts = {name: own[1:] for name, own in parts.items()}
    _check_one_model(path, parts)
    bare = {name: ".".join(own) for name, own in parts.items()}
    if len(set(bare.values())) != len(bare):
        twice = next(one for one in bare.values() if list(bare.values()).count(one) > 1)
        raise CorruptError(
            f"{path} must hold every tensor once. Found {twice!r} compiled and as it was; save the state_dict again."
        )
    return bare


def _check_one_model(path: Path, parts: Mapping[str, Sequence[str]]) -> None:
    """CorruptError for a model and something else that a training script keeps beside it, each behind a name of its
    own: `model.` and `loss_fn.`, or a student and its teacher.
    """
    groups = list(dict.fromkeys(own[0] for own in parts.values()))
    whole = [name for name, own in parts.items() if len(own) > 1 and own[1] in _TOWERS]
    if len(groups) < 2 or not whole or not _TOWERS.isdisjoint(groups):
        return
    group, (start, _, _) = parts[whole[0]][0], whole[0].partition(f".{parts[whole[0]][1]}.")
    if path.suffix == ".safetensors":
        loaded = f"s.load_file('{path}')"
    else:
        loaded = f"(lambda d: d.get('state_dict', d))(torch.load('{path}', weights_only=True))"
    state = f"{{k.removeprefix('{start}.'): v for k, v in {loaded}.items() if k.startswith('{start}.')}}"
    target = path.with_name(f"{path.stem}-{group}")
    raise CorruptError(
        f"{path} must hold the weights of one model. Found those of {some(groups, 4)}; save the one that is meant, as "
        f"{group!r} with: {_convert(target, state)}"
    )


def _share_a_wrapper(names: Sequence[Sequence[str]]) -> bool:
    first = names[0][0] if names and names[0] else ""
    return first not in _TOWERS and all(len(name) > 1 and name[0] == first for name in names)


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
        records = _records(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise _refusal(path, f"no zip, or one that is cut off ({error})") from None
    if _has_program(records):
        raise CorruptError(f"{path} must hold weights only. It {TORCHSCRIPT.format(path)}.")
    packed = any(one.compress_type != zipfile.ZIP_STORED for one in records)
    if packed or len(records) > _MOST_RECORDS or sum(one.file_size for one in records) > size:
        raise _refusal(path, "a zip with compressed records, or records larger than the file")


def is_torchscript(path: Path, file: BinaryIO | None = None) -> bool:
    """Whether a file is a TorchScript archive, whatever its name; False where it cannot be read.

    file : the file, where it is open
    """
    try:
        if file is not None:
            return _has_program(_records(file))
        with opened(path, LARGEST) as (own, _):
            return _has_program(_records(own))
    except (StudioError, zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False


def _records(file: BinaryIO) -> list[zipfile.ZipInfo]:
    """What the directory of a zip lists; ValueError where it says that it is larger than `_LARGEST_DIRECTORY`."""
    file.seek(-min(file.seek(0, os.SEEK_END), _END), os.SEEK_END)
    end = file.read()
    wide = [struct.unpack_from("<Q", end, at + 40)[0] for at in _found(end, b"PK\6\6", 56)]
    plain = [struct.unpack_from("<I", end, at + 12)[0] for at in _found(end, b"PK\5\6", 22)]
    lengths = wide + [length for length in plain if not (wide and length == 0xFFFFFFFF)]
    if max(lengths, default=0) > _LARGEST_DIRECTORY:
        raise ValueError(f"its directory must have at most {_LARGEST_DIRECTORY:,} bytes, has {max(lengths):,}")
    file.seek(0)
    with zipfile.ZipFile(file) as archive:
        return archive.infolist()


def _found(data: bytes, signature: bytes, length: int) -> list[int]:
    """Where records of this signature and length may begin: all places, since a comment can hold any of them."""
    return [one.start() for one in re.finditer(re.escape(signature), data) if one.start() + length <= len(data)]


def _has_program(records: Sequence[zipfile.ZipInfo]) -> bool:
    return any("/code/" in one.filename or one.filename.endswith("/constants.pkl") for one in records)


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
            what = _GLOBAL.search(str(error))
            named = f" (it names {printable(what[1])[:100]})" if what else ""
            raise CorruptError(
                f"{path} must hold weights only. Found a pickle that would run code or hold whole objects{named}, such "
                "as a saved module or the options of a script; get the model's .safetensors, or save its state_dict() "
                "where you trust it."
            ) from None
        reason = (str(error).strip().splitlines() or ["no further word"])[0][:200]
        raise _refusal(path, f"something torch cannot read ({reason})") from None


def _unwrapped(path: Path, loaded: object) -> dict[str, "Tensor"]:
    """The state dict, out of what training scripts save around it."""
    import torch

    while isinstance(loaded, Mapping) and (inside := _state_dict_in(loaded)) is not None:
        loaded = inside
    whole = loaded.items() if isinstance(loaded, Mapping) else ()
    if several := [key for key, one in whole if isinstance(one, Mapping) and one]:
        state = f"torch.load('{path}', weights_only=True)[{shown_value(several[0])}]"
        raise CorruptError(
            f"{path} must hold the weights of one model. Found {some(list(map(str, several)), 4)}; save the one that "
            f"is meant, as the first with: {_convert(path, state)}"
        )
    if not isinstance(loaded, Mapping) or not loaded:
        raise _refusal(path, f"{kind_of(loaded)} instead of named tensors")
    for name, value in loaded.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor) or value.layout != torch.strided:
            raise _refusal(path, f"{shown_value(name)}, {kind_of(value)}, among the tensors")
        if value.is_meta or value.is_quantized or value.is_complex():
            kind = "without values" if value.is_meta else f"of {value.dtype}"
            raise _refusal(path, f"{name!r}, a tensor {kind}")
    return dict(loaded)


def _state_dict_in(loaded: Mapping[object, object]) -> Mapping[object, object] | None:
    """The mapping that holds, or is, the state dict: of a known name, or the only one of tensors, or at all; None for
    none of these."""
    inside = {key: value for key, value in loaded.items() if isinstance(value, Mapping) and value}
    known = next((inside[key] for key in _WRAPPED if key in inside), None)
    if known is not None:
        return known
    only = [one for one in inside.values() if all(map(_is_tensor, one.values()))]
    if not only and not any(map(_is_tensor, loaded.values())):
        only = list(inside.values())
    return only[0] if len(only) == 1 else None


def _is_tensor(value: object) -> bool:
    import torch

    return isinstance(value, torch.Tensor)


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
