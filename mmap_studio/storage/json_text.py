"""JSON as the studio writes it: one text for one value, and sealed records that notice every changed byte."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmap_studio.errors import CorruptError, InputError


def json_text(value: object) -> str:
    """JSON with sorted keys and indent 2. Arrays become lists; NaN and infinity are refused (they are not JSON)."""
    try:
        return json.dumps(value, sort_keys=True, indent=2, allow_nan=False, ensure_ascii=False, default=_plain) + "\n"
    except ValueError as error:
        raise InputError(f"JSON must hold finite numbers and no cycles. Got another value: {error}.") from error


def _plain(value: object) -> object:
    """What json cannot write by itself."""
    import numpy as np  # here: many commands write plain values alone

    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"JSON must be made of numbers, texts, lists and mappings. Got {type(value).__name__} instead.")


def sealed(value: Mapping[str, object]) -> str:
    """`json_text` of `value` with the sha256 of its own text under "sha256"; `unsealed` takes it back."""
    return json_text({**value, "sha256": _seal(value)})


def unsealed(text: str, path: Path | str) -> dict[str, Any]:
    """The value of a sealed text that was read from `path`; CorruptError when a single byte of it was changed."""
    try:
        value = json.loads(text)
        seal = value.pop("sha256")
        whole = seal == _seal(value) and text == sealed(value)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        whole = False
    if not whole:
        raise CorruptError(
            f"{path} must be as it was written. Its text does not agree with the checksum in it: "
            "it was damaged or edited; restore the file or make it again."
        )
    record: dict[str, Any] = value
    return record


def _seal(value: Mapping[str, object]) -> str:
    return hashlib.sha256(json_text(value).encode()).hexdigest()
