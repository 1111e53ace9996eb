"""Names for artifacts: the digest of everything they depend on, so that the same work is never done twice."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence

import numpy as np


def digest_of(**parts: object) -> str:
    """Hex sha256 of named parts: numbers, texts, bytes, None, arrays, and lists and mappings of these.

    Arrays count by dtype, shape and values, whatever their memory layout and byte order; a tuple counts as a list; 1
    and 1.0 differ. ValueError for NaN and infinity (a NaN is never equal to itself), TypeError for anything that has
    no fixed text: a name must not depend on how an object happens to be printed.
    """
    text = json.dumps(_plain(parts, "parts"), sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object, where: str) -> object:
    """JSON-able and unambiguous: what JSON lacks becomes a mapping under a key that no caller may use."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return _finite(value, math.isfinite(value), where)
    if isinstance(value, bytes):
        return {"\0bytes": hashlib.sha256(value).hexdigest()}
    if isinstance(value, np.ndarray):
        return {"\0array": _array(value, where)}
    if isinstance(value, Mapping):
        return {_key(key, where): _plain(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item, f"{where}[{index}]") for index, item in enumerate(value)]
    raise TypeError(f"{where} must be a number, text, array, list or mapping. Got {type(value).__name__} instead.")


def _array(value: np.ndarray, where: str) -> list[object]:
    if value.dtype.kind not in "biuf":
        raise TypeError(f"{where} must be an array of numbers or booleans. Got dtype {value.dtype} instead.")
    _finite(value, value.dtype.kind != "f" or bool(np.isfinite(value).all()), where)
    little = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
    return [little.dtype.str, list(value.shape), hashlib.sha256(little.data).hexdigest()]


def _key(key: object, where: str) -> str:
    if not isinstance(key, str) or key.startswith("\0"):
        raise TypeError(f"keys of {where} must be texts. Got {key!r} instead.")
    return key


def _finite(value: object, finite: bool, where: str) -> object:
    if not finite:
        raise ValueError(f"{where} must be finite. Got NaN or infinity instead.")
    return value
