"""Fetch the npm packages and read an icon set."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tools.build_starter.sources import PACKAGES


def install(folder: Path) -> Path:
    """Install what is missing at its pinned version into `folder`; return its `node_modules`."""
    modules = folder / "node_modules"
    missing = [f"{p.name}@{p.version}" for p in PACKAGES if _installed_version(modules / p.name) != p.version]
    if missing:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"name": "starter-sources", "version": "1.0.0", "private": true}\n')
        npm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run([*npm, *(f"{p.name}@{p.version}" for p in PACKAGES)], cwd=folder, check=True)
    return modules


def _installed_version(folder: Path) -> str | None:
    path = folder / "package.json"
    return json.loads(path.read_text())["version"] if path.is_file() else None


@dataclass(frozen=True, slots=True)
class IconSet:
    """An Iconify set read from disk (https://iconify.design/docs/types/iconify-json.html)."""

    bodies: dict[str, str]  # icon name -> SVG elements without the <svg> around them
    boxes: dict[str, tuple[float, float, float, float]]  # icon name -> view box: left, top, width, height
    name_of_code: dict[str, str]  # plain code point (see `plain_code`) -> icon name
    coloured: bool  # False: drawn in currentColor


def read_set(modules: Path, package: str) -> IconSet:
    """Read one @iconify-json package; hidden icons (withdrawn by their authors) are left out."""
    folder = modules / package
    data = json.loads((folder / "icons.json").read_text())
    info = json.loads((folder / "info.json").read_text())
    icons = {name: icon for name, icon in data["icons"].items() if not icon.get("hidden")}
    width, height = data.get("width", 16), data.get("height", 16)
    boxes = {
        name: (icon.get("left", 0), icon.get("top", 0), icon.get("width", width), icon.get("height", height))
        for name, icon in icons.items()
    }
    chars_path = folder / "chars.json"
    chars = json.loads(chars_path.read_text()) if chars_path.is_file() else {}
    aliases = {alias: value["parent"] for alias, value in data.get("aliases", {}).items()}
    names = {plain_code(code): aliases.get(name, name) for code, name in chars.items()}
    bodies = {name: icon["body"] for name, icon in icons.items()}
    return IconSet(bodies, boxes, {code: name for code, name in names.items() if name in bodies}, bool(info["palette"]))


def plain_code(code: str) -> str:
    """A code point sequence as sets agree on it: lower case, no variation selector FE0F."""
    return "-".join(part for part in code.lower().split("-") if part != "fe0f")
