"""What a file is, by its name (an image, an archive, a table) and by its first bytes."""

IMAGES = (
    ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".jpe", ".jfif", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm",
    ".avif",
)  # fmt: skip
COMMON = IMAGES[:5]
"""Named in sentences, which need not be complete."""
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
PARQUET, ARROW = ".parquet", ".arrow"
COLUMNAR = (PARQUET, ARROW)
TABLES = (".csv", ".tsv", *COLUMNAR, ".jsonl", ".ndjson")
TEXTS = (".txt", ".lst", ".list", ".flist", ".json")
"""Files that may be lists of images, tables of them, or names of classes; what is in them says so."""
START = 64
"""Bytes at the beginning of a file that say what it is."""
_IMAGE_STARTS = (
    b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+",
    *(b"P%d%s" % (number, blank) for number in range(1, 7) for blank in (b"\n", b" ", b"\t", b"\r")),
)  # fmt: skip
_OTHERS = {
    b"version https://git-lfs": "a Git LFS pointer in place of the file, which `git lfs pull` gets",
    b"<!doctype html": "a web page (HTML) in place of the file; download it again",
    b"<html": "a web page (HTML) in place of the file; download it again",
    b"rar!": "a RAR archive; unpack it, or pack it as zip or tar",
    b"7z\xbc\xaf": "a 7z archive; unpack it, or pack it as zip or tar",
    b"%pdf": "a PDF",
}


def is_image(name: str) -> bool:
    """Whether a name ends as images do."""
    return name.lower().endswith(IMAGES)


def is_archive(name: str) -> bool:
    """Whether a name ends as archives do."""
    return name.lower().endswith(ARCHIVES)


def starts_as_image(start: bytes) -> bool:
    """Whether the first bytes of a file are those of an image that is read."""
    brand = start[8:12]
    in_box = start[4:8] == b"ftyp" and brand in (b"avif", b"avis", b"mif1")
    return start.startswith(_IMAGE_STARTS) or (start[:4] == b"RIFF" and brand == b"WEBP") or in_box


def what_else(start: bytes) -> str:
    """What a file is that should be something else, with what to do; empty where its first bytes do not tell."""
    small = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return next((words for begin, words in _OTHERS.items() if small.startswith(begin)), "" if start else "empty")


def is_packed_tar(name: str) -> bool:
    """Whether a name ends as tars do that are packed as a whole."""
    return is_archive(name) and not name.lower().endswith((".zip", ".tar"))


def is_columnar(name: str) -> bool:
    """Whether a name ends as tables do that may hold the images themselves: Parquet and Arrow."""
    return name.lower().endswith(COLUMNAR)


def without_archive_suffix(name: str) -> str:
    """The name of an archive as that of a folder: ``art.tar.gz`` is ``art``."""
    suffix = max((s for s in ARCHIVES if name.lower().endswith(s)), key=len, default="")
    return name[: len(name) - len(suffix)]
