"""Image files decoded to the pixels CLIP was made for, one or many by threads, or a short reason why not.

The content decides what a file is, not its name, and only the formats of published data sets are tried: rare decoders
are where the holes were (CVE-2026-40192 FITS), and EPS starts another program. Colours are taken as they are written:
an ICC profile is ignored, as in CLIP's own preprocessing.
"""

import ctypes
import hashlib
import logging
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from io import BufferedReader, BytesIO
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

import numpy as np
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
    _imaging,
)

from mmap_studio.data.file_kinds import START, what_else
from mmap_studio.data.images.resize import to_geometry, to_rgb, upright
from mmap_studio.data.skipped import Skipped
from mmap_studio.errors import CorruptError, DataError
from mmap_studio.formatting import shown
from mmap_studio.method.task import Geometry
from mmap_studio.storage.opener import open_regular

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF")
MAX_PIXELS = 64_000_000
"""Read from the header, before any pixel is decoded; the largest image takes about 640 MB in its thread."""
MAX_BYTES = 512 * 2**20
"""Of the file: some headers make the decoder read all of it."""
AT_ONCE = 8 * 2**20
"""Bytes of a file that is read once, into memory; a larger one is read by whoever needs a part, each time."""
MAX_SCANS = 100
"""Of a progressive JPEG; programs write ten or so, twice where a preview is in it."""
JPEG, SCAN = b"\xff\xd8", (0xFF, 0xDA)
"""How the file begins, and the two bytes with which every scan in it does."""
AHEAD = 64
"""Images in flight: work that goes on while whoever takes them is busy, such as with writing what it has."""
AHEAD_BYTES = 64 * 2**20
"""Bytes of files in memory that wait for their turn: with `AHEAD`, what bounds the memory."""
Decoded = np.ndarray | Skipped
Source = str | Path | bytes | Skipped
"""A file, the bytes of one, or why there are none."""
K = TypeVar("K")
D = TypeVar("D")
_PLUGINS = (
    AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, PpmImagePlugin, TiffImagePlugin,
    WebPImagePlugin,
)  # fmt: skip  # registered, so Pillow loads no others

# What Pillow says of an image is in its reason; filters belong to the process, so no thread can set one for itself.
warnings.filterwarnings("ignore", module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())


def _hush_libtiff() -> None:
    """Keep libtiff, which prints what it finds wrong, off the standard error; what Pillow raises then is in the reason.

    Pillow hushes its warnings and not its errors. Where its functions cannot be found (Windows), they are printed.
    """
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(_imaging.__file__)
        for name in ("TIFFSetErrorHandler", "TIFFSetErrorHandlerExt"):
            hush = getattr(library, name)
            hush.argtypes, hush.restype = [ctypes.c_void_p], ctypes.c_void_p
            hush(None)


_hush_libtiff()


class ImageError(DataError):
    """An image that cannot be used; `reason` says why without the name."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"Image {shown(name)} cannot be used: {reason}.")
        self.reason = reason


def decode(source: str | Path | bytes, to: Geometry) -> np.ndarray:
    """uint8 (S, S, 3): RGB, upright, on white, brought to a geometry.

    source : a path, or the bytes of a file

    JPEG, PNG, WEBP, BMP, GIF, TIFF, PPM and AVIF; the first frame of an animation; 16-bit grey scaled by its range; the
    EXIF orientation applied; transparent parts white. Raises ImageError for everything else: another format, a
    truncated or damaged file, more than 64 megapixels, a name that is not a regular file.
    """
    return to_geometry(read_rgb(source, _least_edge(to)), to)


def read_rgb(source: str | Path | bytes, least_edge: int = 0) -> Image.Image:
    """The whole image in RGB, upright, on white, at its own size. Raises ImageError as `decode` does.

    least_edge : a JPEG may come at a half, a quarter or an eighth of its size, no side shorter than so many pixels
    """
    try:
        with _opened(source) as file:
            return to_rgb(upright(_loaded(file, least_edge)))
    except (_RefusedError, OSError, ValueError) as error:
        raise ImageError(_name(source), _reason(error)) from None


class NewImage(NamedTuple):
    """An image that was read for the first time."""

    content: bytes
    """sha256 of the file's bytes."""
    pixels: np.ndarray | None
    """uint8 (S, S, 3), as `decode` gives; None where pixels of the same content are known."""
    digest: bytes
    """sha256 of the pixels; empty where there are none."""


def hash_of(pixels: np.ndarray) -> bytes:
    """sha256 of the pixels, by which an image is identified after decoding."""
    return hashlib.sha256(np.ascontiguousarray(pixels).data).digest()


def decode_new(source: str | Path | bytes, to: Geometry, cached: Callable[[bytes], bool]) -> NewImage:
    """What `decode` gives, with digests; no pixels where `cached` is true of the content's digest."""
    try:
        with _opened(source) as file:
            content = hashlib.file_digest(file, "sha256").digest()
            file.seek(0)
            if cached(content):
                return NewImage(content, None, b"")
            pixels = to_geometry(to_rgb(upright(_loaded(file, _least_edge(to)))), to)
            return NewImage(content, pixels, hash_of(pixels))
    except (_RefusedError, OSError, ValueError) as error:
        raise ImageError(_name(source), _reason(error)) from None


def decode_many(
    sources: Iterable[tuple[K, Source]], to: Geometry, workers: int | None = None
) -> Iterator[tuple[K, Decoded]]:
    """Yield (key, uint8 (S, S, 3) or Skipped) in the order of `sources`, which are (key, source) and may be endless.

    workers : threads; as many as the process has cores if not given

    Pillow gives up the interpreter lock while it decodes and resizes. Closing the generator stops the work: images in
    hand are finished and dropped, no thread is left.
    """
    return _in_order(sources, partial(decode, to=to), workers)


def decode_many_new(
    sources: Iterable[tuple[K, Source]], to: Geometry, cached: Callable[[bytes], bool], workers: int | None = None
) -> Iterator[tuple[K, NewImage | Skipped]]:
    """As `decode_many`, each as by `decode_new`; `cached` is called in the threads."""
    return _in_order(sources, partial(decode_new, to=to, cached=cached), workers)


def _in_order(
    sources: Iterable[tuple[K, Source]], work: Callable[[str | Path | bytes], D], workers: int | None
) -> Iterator[tuple[K, D | Skipped]]:
    def work_or_skip(source: Source) -> D | Skipped:
        if isinstance(source, Skipped):
            return source
        try:
            return work(source)
        except ImageError as error:
            return Skipped(_name(source), error.reason)

    workers = max(1, workers or _cores())
    waiting: deque[tuple[K, Future[D | Skipped]]] = deque()
    held: deque[int] = deque()  # bytes of each that waits
    pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    try:
        for key, source in sources:
            waiting.append((key, pool.submit(work_or_skip, source)))
            held.append(len(source) if isinstance(source, bytes) else 0)
            while len(waiting) >= max(AHEAD, 2 * workers) or (sum(held) > AHEAD_BYTES and len(waiting) > workers):
                held.popleft()
                yield _first(waiting)
        while waiting:
            yield _first(waiting)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _first(waiting: deque[tuple[K, Future[D]]]) -> tuple[K, D]:
    key, result = waiting.popleft()
    return key, result.result()


def _cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _name(source: str | Path | bytes) -> str:
    return "in memory" if isinstance(source, bytes) else str(source)


class _RefusedError(Exception):
    """A reason, on its way to an ImageError."""


def _opened(source: str | Path | bytes) -> BytesIO | BufferedReader:
    """The file, once it is known to be a regular one: opening a FIFO would wait for ever."""
    if isinstance(source, bytes):
        return BytesIO(source)
    try:
        file = os.fdopen(open_regular(Path(source)), "rb")
    except CorruptError:
        raise _RefusedError("it is not a regular file") from None
    if (size := os.fstat(file.fileno()).st_size) > MAX_BYTES:
        file.close()
        raise _RefusedError(f"it has {size / 2**20:,.0f} MiB, more than the {MAX_BYTES // 2**20} allowed")
    if size > AT_ONCE:
        return file
    with file:
        return BytesIO(file.read(size))


def _least_edge(to: Geometry) -> int:
    """Pixels that a smaller decoding leaves: twice the square's, where resampling may be fast; 0: none is smaller."""
    return 2 * to.size if to.resampling == "fast" else 0


def _loaded(file: BinaryIO, least_edge: int = 0) -> Image.Image:
    """The first frame, fully decoded. Whatever the decoder raises on hostile bytes means one thing: unusable."""
    if not file.read(1):
        raise _RefusedError("the file is empty")
    file.seek(0)
    try:
        image = Image.open(file, formats=FORMATS)
        if (scans := _scans(file)) > MAX_SCANS:
            raise _RefusedError(f"it has {scans:,} scans, more than the {MAX_SCANS} allowed")
        if image.width * image.height <= MAX_PIXELS:
            if least_edge:
                image.draft(None, (least_edge, least_edge))
            image.load()
            return image
    except UnidentifiedImageError:
        file.seek(0)
        what = what_else(file.read(START))
        raise _RefusedError(
            f"it is {what}" if what else f"it is not a readable {', '.join(FORMATS[:-1])} or {FORMATS[-1]} image"
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _RefusedError(f"it has more than the {MAX_PIXELS / 1e6:.0f} megapixels allowed") from None
    except (MemoryError, _RefusedError):
        raise
    except Exception as error:
        raise _RefusedError(f"it is truncated or damaged ({_first_line(error)})") from None
    megapixels = image.width * image.height / 1e6
    raise _RefusedError(f"it has {megapixels:,.1f} megapixels, more than the {MAX_PIXELS / 1e6:.0f} allowed")


def _scans(file: BinaryIO) -> int:
    """How often a JPEG goes over its image; every scan takes time for all of it, however few bytes it has.

    Between the scans' bytes the mark of a scan does not occur; in what stands before them it may, but rarely.
    """
    place, found, last = file.tell(), 0, b""
    file.seek(0)
    if file.read(2) == JPEG:
        while block := file.read(1 << 20):
            values = np.frombuffer(last + block, np.uint8)  # numpy lets other threads run meanwhile
            found += int(np.count_nonzero((values[:-1] == SCAN[0]) & (values[1:] == SCAN[1])))
            last = block[-1:]
    file.seek(place)
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, _RefusedError):
        return str(error)
    detail = error.strerror if isinstance(error, OSError) and error.strerror else _first_line(error)
    return f"it cannot be opened ({detail})"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:80]
