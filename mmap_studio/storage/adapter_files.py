"""One adapter: a trained MmAP as PEFT lays it out, adapter_config.json beside adapter_model.safetensors."""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from mmap_studio.errors import CorruptError, InputError
from mmap_studio.storage.documents import Document, Name, checked, parse_json
from mmap_studio.storage.json_text import json_text
from mmap_studio.storage.tensors import pack_tensors, read_tensors

CONFIG, MODEL = "adapter_config.json", "adapter_model.safetensors"
ARRAYS = ("source_prompt", "text_factor", "image_factor")
"""What one MmAP learns: [D, m, n], [D, b/m, d_l/n] and [D, b/m, d_v/n]."""
GATE = "image_gate"
"""[D], beside them where prompts start at zero-shot."""
CODES, DIRECTIONS = "class_codes", "class_directions"
"""[C, r] and [r, d], beside them where classes have residuals."""


class AdapterConfig(Document):
    """adapter_config.json: what is read of it."""

    kind: Literal["group", "task"]
    name: Annotated[str, Field(min_length=1)]
    tasks: Annotated[list[Name], Field(min_length=1, max_length=1000)]


@dataclass(frozen=True)
class Adapter:
    """A trained MmAP of a group or of a task."""

    kind: Literal["group", "task"]
    """Whose it is."""
    name: str
    """Real name of the group or task; any text."""
    members: tuple[str, ...]
    """Tasks that use it."""
    arrays: Mapping[str, np.ndarray]
    """float32 `ARRAYS`, and where there are some `GATE`, `CODES` and `DIRECTIONS`; read-only after loading."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of adapter_config.json: backbone, digest, seed. Sizes and names are filled in."""


def slug(name: str) -> str:
    """A name as part of a path: at most 48 ASCII letters, digits, '-' and '_', lower case; fit for every file system.

    A name that is too long or keeps nothing gets a piece of its digest, so that different ones stay different.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"[^a-z0-9_]+", "-", plain).strip("-_")
    if plain and len(plain) <= 48:
        return plain
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{plain[:39].strip('-_')}-{digest}".strip("-")


def geometry(arrays: Mapping[str, np.ndarray]) -> dict[str, int | str | list[int]]:
    """Sizes as adapter_config.json names them; ValueError when the arrays do not fit together."""
    residual = {CODES, DIRECTIONS} & set(arrays)
    if set(arrays) - {GATE} - residual != set(ARRAYS) or len(residual) == 1:
        raise ValueError(f"arrays {sorted(arrays)}")
    shapes = [np.shape(arrays[name]) for name in ARRAYS]
    if any(len(shape) != 3 for shape in shapes):
        raise ValueError(f"shapes {shapes}")
    (depth, m, n), (depth_l, rows, text), (depth_v, rows_v, image) = shapes
    gates = depth if image else 0  # a tower that takes no prompts has an empty factor
    if min(depth, m, n, rows, text + image) < 1 or depth_l != depth or depth_v != depth or rows_v != rows:
        raise ValueError(f"shapes {shapes}")
    if np.shape(arrays.get(GATE, [0] * gates)) != (gates,):
        raise ValueError(f"shapes {shapes}")
    sizes: dict[str, int | str | list[int]] = {
        "depth": depth,
        "num_virtual_tokens": m * rows,
        "source_shape": [m, n],
        "token_dim": n * text,
        "vision_dim": n * image,
    }
    if GATE in arrays:
        sizes["start"] = "zero_shot"
    if residual:
        codes, directions = np.shape(arrays[CODES]), np.shape(arrays[DIRECTIONS])
        if len(codes) != 2 or len(directions) != 2 or codes[1] != directions[0] or 0 in (*codes, *directions):
            raise ValueError(f"shapes {codes} and {directions}")
        sizes |= {"classes": codes[0], "class_rank": codes[1], "embed_dim": directions[1]}
    return sizes


def adapter_files(adapter: Adapter) -> dict[str, bytes]:
    """The bytes of both files; InputError when the arrays or the config do not fit."""
    try:
        known = _known(adapter)
    except ValueError as error:
        raise InputError(
            f"the {adapter.kind} {adapter.name!r} must have its member tasks and the arrays {ARRAYS} of [D, m, n], "
            f"[D, b/m, d_l/n], [D, b/m, d_v/n]. Got {error} instead."
        ) from error
    wrong = sorted(key for key in known if key in adapter.config and adapter.config[key] != known[key])
    if wrong:
        raise InputError(
            f"the config of {adapter.kind} {adapter.name!r} must agree with its arrays: {wrong[0]} must be "
            f"{known[wrong[0]]!r}. Got {adapter.config[wrong[0]]!r} instead."
        )
    arrays = {name: np.asarray(adapter.arrays[name], np.float32) for name in adapter.arrays}
    return {CONFIG: json_text({**adapter.config, **known}).encode(), MODEL: pack_tensors(arrays, {"format": "pt"})}


def read_adapter(folder: Path, data: Mapping[str, bytes]) -> Adapter:
    """The adapter in the bytes of its two files; CorruptError names the file that does not fit."""
    config = parse_json(data[CONFIG], folder / CONFIG)
    about = checked(AdapterConfig, config, folder / CONFIG, "export again")
    kind, name, members = about.kind, about.name, tuple(about.tasks)
    try:
        arrays = read_tensors(data[MODEL])
        for array in arrays.values():
            array.flags.writeable = False
        adapter = Adapter(kind, name, members, arrays, config)
        known = _known(adapter)
    except (CorruptError, ValueError) as error:
        raise CorruptError(
            f"{folder / MODEL} must hold the arrays {ARRAYS} of its adapter. Found otherwise: {error}"
        ) from error
    wrong = sorted(key for key in known if config.get(key) != known[key])
    if wrong or any(array.dtype != np.float32 for array in arrays.values()):
        raise CorruptError(
            f"{folder / CONFIG} must describe {MODEL} beside it. Found otherwise: {wrong or 'not float32'}."
        )
    return adapter


def _known(adapter: Adapter) -> dict[str, object]:
    """The keys that follow from the adapter itself; ValueError when its names do not fit together."""
    names = (adapter.name, *adapter.members)
    if adapter.kind not in ("group", "task") or not all(isinstance(name, str) and name for name in names):
        raise ValueError(f"{adapter.kind} {adapter.name!r} of {adapter.members}")
    if not adapter.members or (adapter.kind == "task" and adapter.members != (adapter.name,)):
        raise ValueError(f"{adapter.kind} {adapter.name!r} of {adapter.members}")
    return {
        **geometry(adapter.arrays),
        "peft_type": "MMAP",
        "kind": adapter.kind,
        "name": adapter.name,
        "tasks": list(adapter.members),
        "group": adapter.name if adapter.kind == "group" else None,
    }
