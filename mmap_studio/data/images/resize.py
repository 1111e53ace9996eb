"""Pixels of any mode become upright RGB at CLIP's test geometry.

Resampling that is "fast" is torch's antialiased resize of bytes: weights of 16 bits where Pillow has 22, so up to two
grey levels off; 0.66 ms in place of 2.0 ms for 500 x 375 to 224.
"""

import numpy as np
from PIL import Image

from mmap_studio.method.task import Geometry

ORIENTATION = 0x0112
LONG = 16
"""Longest image, in widths, that is resized whole."""
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image) -> Image.Image:
    """The image turned as its EXIF orientation (1 to 8) says; an unreadable EXIF block is ignored, not the image."""
    try:
        turn = _UPRIGHT.get(image.getexif().get(ORIENTATION, 1))
    except Exception:
        turn = None
    return image if turn is None else image.transpose(turn)


def to_rgb(image: Image.Image) -> Image.Image:
    """RGB, 8 bits: wide grey scaled by its range (Pillow would clip it to white), transparent parts on white."""
    if image.mode.startswith(("I", "F")):
        image = _grey_to_8_bits(image)
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    rgba = image if image.mode == "RGBA" else image.convert("RGBA")
    flat = Image.new("RGB", image.size, "white")
    flat.paste(rgba, mask=rgba.getchannel("A"))
    return flat


def to_geometry(image: Image.Image, to: Geometry) -> np.ndarray:
    """uint8 (S, S, 3): the square that `to` describes, antialiased, bit for bit what open_clip's test transform makes
    of an RGB image, unless its resampling is "fast".

    Only for images longer than `LONG` times their width a crop is taken before they are resized: 1 x 20000 would
    become an image of 224 x 4,480,000 on the way. There, rounding between the two passes of the resize may differ.
    """
    how = {"squash": _squashed, "longest": _padded}.get(to.resize_mode, _cropped)
    return np.ascontiguousarray(how(image, to))


def _squashed(image: Image.Image, to: Geometry) -> np.ndarray:
    return _resized(image, (to.size, to.size), to)


def _cropped(image: Image.Image, to: Geometry) -> np.ndarray:
    width, height = image.size
    size = to.size
    longer = int(size * max(width, height) / min(width, height))  # rounds down, as torchvision does
    across, down = (size, longer) if width <= height else (longer, size)
    left, top = round((across - size) / 2), round((down - size) / 2)
    if longer > LONG * size:
        x, y = width / across, height / down  # pixels of the image per pixel of the result
        box = (left * x, top * y, min((left + size) * x, width), min((top + size) * y, height))
        return np.asarray(image.resize((size, size), _filter(to), box=box))
    if to.resampling == "exact" and width > height:  # Pillow resizes across first: what is cut off need not go down
        part = image if width == across else image.resize((across, height), _filter(to))
        return _resized(part.crop((left, 0, left + size, height)), (size, size), to)
    return _resized(image, (across, down), to)[top : top + size, left : left + size]


def _padded(image: Image.Image, to: Geometry) -> np.ndarray:
    """Longer side to the square's, centred on the fill colour; at least a pixel is left of the shorter."""
    ratio = max(image.size) / to.size
    width, height = (max(1, round(side / ratio)) for side in image.size)
    square = np.full((to.size, to.size, 3), to.fill_color, np.uint8)
    left, top = (to.size - width) // 2, (to.size - height) // 2
    square[top : top + height, left : left + width] = _resized(image, (width, height), to)
    return square


def _resized(image: Image.Image, size: tuple[int, int], to: Geometry) -> np.ndarray:
    """uint8 (height, width, 3) by the geometry's filter and resampling; the image's own where it has that size."""
    if to.resampling == "exact" or image.size == size:
        return np.asarray(image if image.size == size else image.resize(size, _filter(to)))
    import torch  # seconds, the first time; only who asks for it waits

    how = "bilinear" if to.interpolation == "bilinear" else "bicubic"
    pixels = torch.from_numpy(np.array(image)).view(1, image.height, image.width, 3).permute(0, 3, 1, 2)
    made = torch.nn.functional.interpolate(pixels, size[::-1], mode=how, antialias=True, align_corners=False)
    resized: np.ndarray = made.permute(0, 2, 3, 1)[0].numpy()  # lies as an image does: so did what it was made of
    return resized


def _filter(to: Geometry) -> Image.Resampling:
    return Image.Resampling.BILINEAR if to.interpolation == "bilinear" else Image.Resampling.BICUBIC


def _grey_to_8_bits(image: Image.Image) -> Image.Image:
    """16 bits by 65535; wider integers by their own span; floats by 1 if they lie in 0..1, else by their own span."""
    values = np.asarray(image)  # (H, W)
    low, high = float(values.min()), float(values.max())
    if image.mode != "F" and low >= 0 and high <= 65535:
        grey = np.rint(np.arange(65536) / 257).astype(np.uint8)[values]  # a table: no wide copy of a large image
    else:
        low, high = (0.0, 1.0) if image.mode == "F" and low >= 0 and high <= 1 else (low, high)
        grey = np.rint((values - low) * (255 / ((high - low) or 1))).astype(np.uint8)
    if isinstance(clear := image.info.get("transparency"), int):
        grey[values == clear] = 255
    return Image.fromarray(grey)
