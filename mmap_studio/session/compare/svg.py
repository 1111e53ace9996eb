"""A figure as SVG inside an HTML page: no reference to anything outside, colours that follow the page's scheme."""

import io
import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from mmap_studio.session.compare.plots import LIGHT, Ink, settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINK = "{http://www.w3.org/1999/xlink}href"


def variables(ink: Ink = LIGHT) -> dict[str, str]:
    """The page's CSS variables by the colour they stand for."""
    series = {colour.lower(): f"--series-{n}" for n, colour in enumerate(ink.series)}
    return series | {ink.text: "--ink", ink.muted: "--muted", ink.grid: "--grid"}


def image(figure: "Figure", suffix: str, **settings_: object) -> bytes:
    """The figure as a file, such as ``svg`` or ``png``."""
    buffer = io.BytesIO()
    with settings(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # names in any script: the reader's fonts have them
        about: Mapping[str, None] = {"Date": None, "Creator": None, "Format": None, "Type": None}
        figure.savefig(buffer, format=suffix, metadata=about if suffix == "svg" else None, **settings_)  # type: ignore[arg-type]
    return buffer.getvalue()


def inline_svg(figure: "Figure", name: str, title: str) -> str:
    """An `<svg>` element to be put into HTML.

    name  : letters, digits and hyphens; begins every id, since those of two figures in one page may not be equal
    title : what a screen reader says
    """
    root = ElementTree.fromstring(image(figure, "svg"))
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.endswith("}metadata"):
                parent.remove(child)
    colours = variables()
    for node in root.iter():
        node.tag = node.tag.rpartition("}")[2]
        for key, value in list(node.attrib.items()):
            if key == LINK:
                del node.attrib[key]
                node.set("href", f"#{name}-{value[1:]}")
            elif key == "id":
                node.set(key, f"{name}-{value}")
            elif key in ("style", "clip-path", "fill", "stroke"):
                value = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", value)
                node.set(key, re.sub(r"#[0-9a-f]{6}\b", lambda hit: _variable(hit[0], colours), value))
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    width = float(root.get("viewBox", "0 0 720 0").split()[2])
    root.attrib |= {"role": "img", "aria-label": title, "style": f"max-width: {width * 4 / 3:.0f}px"}
    return ElementTree.tostring(root, encoding="unicode")


def _variable(colour: str, colours: Mapping[str, str]) -> str:
    return f"var({colours[colour]}, {colour})" if colour in colours else colour
