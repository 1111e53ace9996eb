"""Image files in bytes, made on the spot: one colour, or four quadrants, in every way a file can be written."""

import struct
import zlib
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

RUST = (200, 80, 40)
QUADRANTS = ((250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0))  # top left, top right, bottom left, bottom right


def solid(mode: str = "RGB", colour: Any = RUST, size: tuple[int, int] = (12, 10)) -> Image.Image:
    return Image.new(mode, size, colour)


def quadrants(half: int = 8) -> Image.Image:
    cells = np.array(QUADRANTS, np.uint8).reshape(2, 2, 3)
    return Image.fromarray(cells.repeat(half, 0).repeat(half, 1))


def noise(edge: int = 96, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (edge, edge, 3), np.uint8))


def save(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, colour_type: int, rows: bytes, *extra: bytes, interlace: int = 0) -> bytes:
    """A PNG written by hand, for what Pillow does not write."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlace))
    body = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(extra) + body + chunk(b"IEND", b"")


def adam7(colour: tuple[int, int, int]) -> bytes:
    """8 x 8, one colour, interlaced: seven passes of (width, height)."""
    passes = ((1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4))
    rows = b"".join((b"\0" + bytes(colour) * w) * h for w, h in passes)
    return png(8, 8, 8, 2, rows, interlace=1)


def bomb_png(edge: int) -> bytes:
    """The header of a 1-bit image of edge x edge, with no pixels behind it."""
    return png(edge, edge, 1, 0, b"")


def bomb_bmp(edge: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, edge, edge, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + info


def bmp_with_alpha(pixel: tuple[int, int, int, int]) -> bytes:
    """A 1 x 1 BMP of version 4, whose header says which bits are red, green, blue and alpha."""
    masks = (0xFF, 0xFF00, 0xFF0000, 0xFF000000)
    info = struct.pack("<IiiHHIIiiII4I", 108, 1, 1, 1, 32, 3, 4, 0, 0, 0, 0, *masks) + bytes(52)
    return b"BM" + struct.pack("<IHHI", 126, 0, 0, 122) + info + bytes(pixel)


def bomb_jpeg(edge: int) -> bytes:
    """A JPEG whose frame header says edge x edge."""
    data = bytearray(save(solid(), "JPEG"))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", edge, edge)
    return bytes(data)


def bomb_webp(edge: int) -> bytes:
    """An extended WEBP whose canvas says edge x edge."""
    canvas = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (edge - 1).to_bytes(3, "little") * 2
    frame = save(solid(), "WEBP", lossless=True)[12:]
    body = b"WEBP" + canvas + frame
    return b"RIFF" + struct.pack("<I", len(body)) + body


def animated(kind: str, **options: Any) -> bytes:
    """Two frames: rust, then black."""
    return save(solid(), kind, save_all=True, append_images=[solid(colour=(0, 0, 0))], **options)


def with_orientation(number: int, kind: str = "PNG") -> bytes:
    """The quadrants as a camera would store them that held the scene this way."""
    turn = Image.Transpose
    stored = {
        1: None,
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_90,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_270,
    }.get(number)
    image = quadrants() if stored is None else quadrants().transpose(stored)
    exif = Image.Exif()
    exif[0x0112] = number
    options: dict[str, Any] = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {"lossless": True}
    return save(image, kind, exif=exif, **({} if kind == "PNG" else options))
