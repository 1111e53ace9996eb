"""Images of icons: an Iconify body becomes straight-alpha RGBA pixels (resvg)."""

import io

import numpy as np
from PIL import Image

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'viewBox="{0} {1} {2} {3}">{4}</svg>'
)


def render(body: str, box: tuple[float, float, float, float], size: int) -> np.ndarray:
    """Rasterise one icon, fitted into a square: (size, size, 4) uint8, straight alpha.

    Raises ValueError where resvg cannot read the icon.
    """
    import resvg_py  # of the extra "starter": only those who build it need it

    svg = SVG.format(*box, body.replace("currentColor", "#000"))
    scale = size / max(box[2], box[3])
    png = resvg_py.svg_to_bytes(
        svg_string=svg,
        width=max(1, round(box[2] * scale)),
        height=max(1, round(box[3] * scale)),
        skip_system_fonts=True,
    )
    return fit(Image.open(io.BytesIO(bytes(png))), size)


def fit(image: Image.Image, size: int) -> np.ndarray:
    """Scale an image to fit and centre it on a transparent square: (size, size, 4) uint8."""
    image = image.convert("RGBA")
    scale = size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    if (width, height) != image.size:
        image = image.resize((width, height), Image.Resampling.LANCZOS)
    canvas = Image.new("RGBA", (size, size), (0, 0, 0, 0))
    canvas.paste(image, ((size - width) // 2, (size - height) // 2))
    return np.asarray(canvas)


def on_white(rgba: np.ndarray) -> np.ndarray:
    """Lay straight-alpha pixels on white: (..., 4) uint8 -> (..., 3) uint8."""
    alpha = rgba[..., 3:].astype(np.float32) / 255
    return np.rint(rgba[..., :3] * alpha + 255 * (1 - alpha)).astype(np.uint8)
