"""What open_clip ships as text, read without importing it, which takes ten seconds on a cold machine.

Architectures are its JSON configs. Pretrained tags are Python, a few tables of calls with constant arguments: their
syntax is read and nothing is run. If a later open_clip writes them differently, it is imported after all.
"""

import ast
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mmap_studio.errors import StudioError
from mmap_studio.storage.documents import read_json
from mmap_studio.storage.opener import read_text

Tags = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Architecture -> tag -> `hf_hub`, `url`, `quick_gelu`, `mean`, `std`, `interpolation`, `resize_mode`."""


def configs() -> dict[str, dict[str, Any]]:
    """Every architecture's model config by name."""
    return {path.stem: read_json(path) for path in _home().glob("model_configs/*.json")}


def read_config(name: str) -> dict[str, Any]:
    """The model config of one architecture that is there, read alone: `configs` reads more than a hundred."""
    found: dict[str, Any] = read_json(_home() / "model_configs" / f"{name}.json")
    return found


@cache
def tags() -> Tags:
    """Every architecture's pretrained tags."""
    try:
        return _read_tags()
    except (StudioError, SyntaxError, ValueError, KeyError, TypeError, AttributeError):
        from open_clip import get_pretrained_cfg, list_pretrained

        found: dict[str, dict[str, Mapping[str, Any]]] = {}
        for architecture, tag in list_pretrained():
            found.setdefault(architecture, {})[tag] = get_pretrained_cfg(architecture, tag)
        return found


def _home() -> Path:
    spec = find_spec("open_clip")
    return Path(spec.origin).parent if spec is not None and spec.origin else Path("open_clip is not installed")


def _read_tags() -> Tags:
    names: dict[str, Any] = {}
    for file in ("constants.py", "pretrained.py"):
        for node in ast.parse(read_text(_home() / file)).body:
            _understand(node, names)
    found: dict[str, dict[str, Any]] = {name: dict(tags) for name, tags in names["_PRETRAINED"].items()}
    for name, own in list(found.items()):  # as the end of open_clip's file does
        quick = {tag: how for tag, how in own.items() if how.get("quick_gelu")}
        if quick:
            found[f"{name}-quickgelu"] = quick
    return found


def _understand(node: ast.stmt, names: dict[str, Any]) -> None:
    """Constants, the tables, and the functions that return one table of defaults."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        name = node.targets[0].id
        if not name.startswith("_has"):
            names[name] = _value(node.value, names)
    elif isinstance(node, ast.FunctionDef) and node.name.endswith("cfg") and len(node.body) == 1:
        returned = node.body[0]
        if isinstance(returned, ast.Return) and isinstance(returned.value, ast.Dict):
            names[node.name] = _defaults(returned.value, names)


def _defaults(table: ast.Dict, names: Mapping[str, Any]) -> dict[str, Any]:
    """What a `_pcfg` fills in: the entries of its dict that are no arguments."""
    pairs = zip(table.keys, table.values, strict=True)
    known = {"url": "", "hf_hub": ""}
    return known | {
        str(key.value): _value(value, names)
        for key, value in pairs
        if isinstance(key, ast.Constant) and key.value not in known
    }


def _value(node: ast.expr, names: Mapping[str, Any]) -> Any:
    """A constant, tuple, table or call of `dict` or of a function of defaults; ValueError for anything else."""
    if isinstance(node, ast.Name):
        return names[node.id]
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {ast.literal_eval(key): _value(value, names) for key, value in pairs if key is not None}
    if isinstance(node, ast.Tuple):
        return tuple(_value(one, names) for one in node.elts)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        start = {} if node.func.id == "dict" else names[node.func.id]
        placed = dict(zip(("url", "hf_hub"), (_value(one, names) for one in node.args), strict=False))
        return {**start, **placed, **{str(one.arg): _value(one.value, names) for one in node.keywords}}
    return ast.literal_eval(node)
