"""Every kind of image file: its exact colour, or the reason it is left out."""

import logging
import os
import socket
import struct
import warnings
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageCms

from mmap_studio.data.images import decode as images
from mmap_studio.data.images.decode import ImageError, decode
from mmap_studio.errors import DataError
from mmap_studio.method.task import Geometry
from tests.data.images import image_files as p

SIZE = 8
TO = Geometry(SIZE)
WHITE, BLACK, GREY = (255, 255, 255), (0, 0, 0), (128, 128, 128)
PINK = (255, 128, 128)  # half of a pure red on white


def rgba16() -> bytes:
    """16 bits a channel, one row: half transparent pure red."""
    return p.png(1, 1, 16, 6, b"\0" + struct.pack(">4H", 65535, 0, 0, 32768))


def deep_grey(level: int, *extra: bytes) -> bytes:
    return p.png(2, 2, 16, 0, (b"\0" + struct.pack(">2H", level, level)) * 2, *extra)


def icc() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()


def palette(transparent: bool) -> bytes:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([*BLACK, *p.RUST])
    return p.save(image, "PNG", **({"transparency": bytes([255, 0])} if transparent else {}))


USABLE = {
    "rgb.png": (p.save(p.solid()), p.RUST),
    "rgb.bmp": (p.save(p.solid(), "BMP"), p.RUST),
    "rgb.webp": (p.save(p.solid(), "WEBP", lossless=True), p.RUST),
    "rgb.jpg": (p.save(p.solid(), "JPEG", quality=95), p.RUST),
    "progressive.jpg": (p.save(p.solid(), "JPEG", quality=95, progressive=True), p.RUST),
    "grey.jpg": (p.save(p.solid("L", 128), "JPEG"), GREY),
    "cmyk.jpg": (p.save(p.solid("CMYK", (0, 255, 255, 0)), "JPEG", quality=95), (255, 0, 0)),
    "grey.png": (p.save(p.solid("L", 128)), GREY),
    "grey2bit.png": (p.png(4, 1, 2, 0, b"\0\xaa"), (170, 170, 170)),
    "grey4bit.png": (p.png(2, 1, 4, 0, b"\0\x88"), (136, 136, 136)),
    "black-white.png": (p.save(p.solid("1", 1)), WHITE),
    "black-white.bmp": (p.save(p.solid("1", 0), "BMP"), BLACK),
    "grey.bmp": (p.save(p.solid("L", 128), "BMP"), GREY),
    "palette.png": (palette(False), p.RUST),
    "palette.bmp": (p.save(p.solid().quantize(2), "BMP"), p.RUST),
    "palette-clear.png": (palette(True), WHITE),
    "clear-red.png": (p.save(p.solid("RGBA", (255, 0, 0, 0))), WHITE),
    "half-red.png": (p.save(p.solid("RGBA", (255, 0, 0, 127))), PINK),
    "opaque.png": (p.save(p.solid("RGBA", (*p.RUST, 255))), p.RUST),
    "half-red.webp": (p.save(p.solid("RGBA", (255, 0, 0, 127)), "WEBP", lossless=True), PINK),
    "clear-red.webp": (p.save(p.solid("RGBA", (255, 0, 0, 0)), "WEBP", lossless=True, exact=True), WHITE),
    "half-black.png": (p.save(p.solid("LA", (0, 127))), GREY),
    "key-colour.png": (p.save(p.solid(), transparency=p.RUST), WHITE),
    "key-grey.png": (p.save(p.solid("L", 7), transparency=7), WHITE),
    "half-red.bmp": (p.bmp_with_alpha((255, 0, 0, 127)), PINK),
    "unused-byte.bmp": (p.save(p.solid("RGBA", (*p.RUST, 0)), "BMP"), p.RUST),  # 32 bits that declare no alpha
    "deep-grey-half.png": (deep_grey(32768), GREY),
    "deep-grey-dark.png": (deep_grey(257 * 10), (10, 10, 10)),
    "deep-grey-white.png": (deep_grey(65535), WHITE),
    "deep-grey-key.png": (deep_grey(5, p.chunk(b"tRNS", struct.pack(">H", 5))), WHITE),
    "deep-rgb.png": (p.png(1, 1, 16, 2, b"\0" + struct.pack(">3H", *(257 * c for c in p.RUST))), p.RUST),
    "deep-rgba.png": (rgba16(), (255, 127, 127)),
    "interlaced.png": (p.adam7(p.RUST), p.RUST),
    "profile.jpg": (p.save(p.solid(), "JPEG", quality=95, icc_profile=icc()), p.RUST),
    "profile.png": (p.save(p.solid(), icc_profile=icc()), p.RUST),
    "animated.png": (p.animated("PNG"), p.RUST),
    "animated.webp": (p.animated("WEBP", lossless=True), p.RUST),
    "two-images.jpg": (p.animated("MPO", quality=95), p.RUST),
    "one-pixel.png": (p.save(p.solid(size=(1, 1))), p.RUST),
    "one-wide.png": (p.save(p.solid(size=(1, 20000))), p.RUST),
    "one-high.png": (p.save(p.solid(size=(20000, 1))), p.RUST),
    "a-png.jpg": (p.save(p.solid()), p.RUST),
    "a-jpeg.bmp": (p.save(p.solid(), "JPEG", quality=95), p.RUST),
    "no-suffix": (p.save(p.solid()), p.RUST),
    "animated.gif": (p.animated("GIF"), p.RUST),
    "scan.tif": (p.save(p.solid(), "TIFF"), p.RUST),
    "packed.tiff": (p.save(p.solid(), "TIFF", compression="tiff_lzw"), p.RUST),
    "deep-grey.tif": (p.save(p.solid("I;16", 32768), "TIFF"), GREY),
    "float.tif": (p.save(p.solid("F", 0.5), "TIFF"), GREY),
    "sign.ppm": (p.save(p.solid(), "PPM"), p.RUST),
    "photo.avif": (p.save(p.solid(), "AVIF", quality=100), p.RUST),
    "a-gif.jpg": (p.save(p.solid(), "GIF"), p.RUST),
    "orientation-9.png": (
        p.save(p.solid(), exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0"),
        p.RUST,
    ),
}
NOISY = {kind: p.save(p.noise(), kind) for kind in ("PNG", "JPEG", "WEBP", "BMP")}
PROGRESSIVE = p.save(p.noise(), "JPEG", progressive=True)
UNUSABLE = {
    "empty.jpg": (b"", "the file is empty"),
    "text.jpg": (b"not an image\n" * 100, "not a readable"),
    "a-page.jpg": (b"<!DOCTYPE html><html>404</html>", r"a web page \(HTML\) in place of the file"),
    "a-pointer.png": (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS pointer.*git lfs pull"),
    "a-tga.png": (p.save(p.solid(), "TGA"), "not a readable"),
    "an-eps.png": (p.save(p.solid(), "EPS"), "not a readable"),
    "zip.png": (b"PK\3\4" + bytes(100), "not a readable"),
    "only-magic.png": (b"\x89PNG\r\n\x1a\n", "not a readable|damaged"),
    "cut-in-header.jpg": (NOISY["JPEG"][:30], "not a readable|damaged"),
    "cut-at-half.jpg": (NOISY["JPEG"][: len(NOISY["JPEG"]) // 2], "truncated"),
    "cut-at-end.jpg": (NOISY["JPEG"][:-200], "truncated"),
    "cut-at-half-progressive.jpg": (PROGRESSIVE[: len(PROGRESSIVE) // 2], "truncated"),
    "cut-in-header.png": (NOISY["PNG"][:20], "not a readable|damaged"),
    "cut-at-half.png": (NOISY["PNG"][: len(NOISY["PNG"]) // 2], "truncated"),
    "cut-at-end.png": (NOISY["PNG"][:-60], "truncated"),
    "cut-at-half.webp": (NOISY["WEBP"][: len(NOISY["WEBP"]) // 2], "not a readable|damaged"),
    "cut-at-end.webp": (NOISY["WEBP"][:-60], "not a readable|damaged"),
    "cut-in-header.bmp": (NOISY["BMP"][:30], "not a readable|damaged"),
    "cut-at-half.bmp": (NOISY["BMP"][: len(NOISY["BMP"]) // 2], "truncated"),
    "no-pixels.png": (p.png(4, 4, 8, 2, b""), "truncated"),
    "wrong-checksum.png": (NOISY["PNG"].replace(b"IDAT", b"IDAU", 1), "not a readable|damaged"),
    "text-bomb.png": (p.png(1, 1, 8, 0, b"\0\0", p.chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(2**26)))), "damaged"),
    "bomb-65.png": (p.bomb_png(8065), "65.0 megapixels, more than the 64"),
    "bomb-169.png": (p.bomb_png(13000), "megapixels"),
    "bomb-400.png": (p.bomb_png(20000), "more than the 64 megapixels"),
    "bomb.bmp": (p.bomb_bmp(9000), "81.0 megapixels"),
    "bomb.jpg": (p.bomb_jpeg(9000), "81.0 megapixels"),
    "bomb.webp": (p.bomb_webp(9000), "81.0 megapixels|not a readable|damaged"),
}


@pytest.mark.parametrize("name", USABLE)
def test_a_usable_file_has_its_colour(name, tmp_path):
    data, colour = USABLE[name]
    (tmp_path / name).write_bytes(data)
    pixels = decode(tmp_path / name, TO)
    assert pixels.dtype == np.uint8
    assert pixels.shape == (SIZE, SIZE, 3)
    assert np.abs(pixels.astype(int) - colour).max() <= 1
    assert (decode(data, TO) == pixels).all()


@pytest.mark.parametrize("name", UNUSABLE)
def test_an_unusable_file_has_a_reason(name, tmp_path):
    data, reason = UNUSABLE[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=f"Image '.*{name}' cannot be used: .*({reason})") as caught:
        decode(str(tmp_path / name), TO)
    assert caught.value.reason in str(caught.value)
    assert len(caught.value.reason) < 130


def test_the_tables_are_as_long_as_promised():
    assert len(USABLE) + len(UNUSABLE) >= 60


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("number", range(1, 9))
def test_exif_orientation_is_applied(number, kind):
    pixels = decode(p.with_orientation(number, kind), Geometry(16)).astype(int)
    corners = pixels[[4, 4, 12, 12], [4, 12, 4, 12]]
    assert np.abs(corners - np.array(p.QUADRANTS)).max() <= (2 if kind == "JPEG" else 0)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")  # Pillow says so, and goes on
def test_a_damaged_exif_block_does_not_cost_the_image():
    data = p.save(p.solid(), "JPEG", quality=95, exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    assert np.abs(decode(data, TO).astype(int) - p.RUST).max() <= 1


def test_an_image_on_its_side_keeps_its_pixels():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert images.read_rgb(p.save(p.solid(size=(80, 40)), exif=exif)).size == (40, 80)


def test_special_files_are_refused_before_they_are_opened(tmp_path):
    os.mkfifo(tmp_path / "fifo.jpg")
    (tmp_path / "folder.jpg").mkdir()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "s.jpg"))
        for name in ("fifo.jpg", "folder.jpg", "s.jpg", "/dev/zero"):
            with pytest.raises(ImageError, match="it is not a regular file"):
                decode(tmp_path / name, TO)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gone.jpg", "No such file"),
        ("nul\0.jpg", "null"),
        ("x" * 300 + ".jpg", "too long"),
        ("gone/CON.jpg", "No such file"),
    ],
)
def test_names_that_cannot_be_opened(name, reason, tmp_path):
    with pytest.raises(ImageError, match=f"cannot be opened .*{reason}"):
        decode(tmp_path / name, TO)


def test_a_link_in_a_circle_is_refused(tmp_path):
    (tmp_path / "a.jpg").symlink_to(tmp_path / "b.jpg")
    (tmp_path / "b.jpg").symlink_to(tmp_path / "a.jpg")
    with pytest.raises(ImageError, match="cannot be opened"):
        decode(tmp_path / "a.jpg", TO)


def test_a_file_of_many_bytes_is_not_read(tmp_path):
    with open(tmp_path / "large.webp", "wb") as file:
        file.truncate(images.MAX_BYTES + 1)  # sparse: takes no room
    with pytest.raises(ImageError, match="512 MiB, more than the 512 allowed"):
        decode(tmp_path / "large.webp", TO)


def test_a_decoder_without_memory_is_not_a_bad_image(monkeypatch):
    def starved(self):
        raise MemoryError

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", starved)
    with pytest.raises(MemoryError):
        decode(p.save(p.solid()), TO)


def test_damaged_bytes_give_pixels_or_a_reason_and_nothing_else():
    rng = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of damaged EXIF blocks
        for data in (*(p.save(p.noise(24), kind) for kind in NOISY), p.with_orientation(6, "JPEG"), p.animated("PNG")):
            for _ in range(250):
                mutant = np.frombuffer(data, np.uint8).copy()
                where = rng.integers(0, len(mutant), rng.integers(1, 16))
                mutant[where] = rng.integers(0, 256, len(where))
                cut = mutant[: rng.integers(1, len(mutant) + 1)] if rng.random() < 0.2 else mutant
                try:
                    assert decode(cut.tobytes(), TO).shape == (SIZE, SIZE, 3)
                except ImageError:
                    continue


def test_the_file_is_closed(tmp_path):
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    (tmp_path / "a.png").write_bytes(p.save(p.solid()))
    (tmp_path / "b.png").write_bytes(b"x")
    for name in ("a.png", "b.png") * 5:
        try:
            decode(tmp_path / name, TO)
        except ImageError:
            continue
    assert not before or len(os.listdir("/proc/self/fd")) <= before


@pytest.mark.parametrize("orientation", [1, 6])
def test_fast_resampling_reads_a_large_jpeg_smaller_and_nearly_the_same(orientation, monkeypatch):
    across, down = np.meshgrid(np.linspace(0, 255, 640), np.linspace(0, 255, 400))
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(np.dstack([across, down, 255 - across]).astype(np.uint8)).save(
        file := BytesIO(), "JPEG", quality=95, exif=exif
    )
    sizes, loaded = [], images._loaded
    monkeypatch.setattr(images, "_loaded", lambda *given: [one := loaded(*given), sizes.append(one.size)][0])
    exact = decode(file.getvalue(), Geometry(64)).astype(int)
    fast = decode(file.getvalue(), Geometry(64, resampling="fast"))
    assert sizes == [(640, 400), (320, 200)], "a quarter would be shorter than twice the square"
    assert 0 < np.abs(exact - fast).max() <= 4


def test_bytes_are_not_shared(tmp_path):
    data = BytesIO(p.save(p.solid())).getvalue()
    first = decode(data, TO)
    assert not np.shares_memory(first, decode(data, TO))


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "jpeg"])
def test_nothing_that_a_library_says_reaches_the_standard_error(compression, capfd):
    """libtiff prints its errors, and Python a log record that nobody handles."""
    data = bytearray(p.save(p.quadrants(32), "TIFF", compression=compression))
    for place in range(16, 200):
        data[place] ^= 0x5A
    with pytest.raises(ImageError):
        decode(bytes(data), Geometry(8))
    logging.getLogger("PIL.TiffImagePlugin").error("more samples than can be decoded")
    assert capfd.readouterr().err == ""
