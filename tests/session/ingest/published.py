"""Small data sets as people have them: a dict of path -> content becomes files below a folder."""

import io
import json
import tarfile
import unicodedata
import zipfile
from pathlib import Path

from tests.data.images import image_files as p

NFC, NFD = (lambda text: unicodedata.normalize("NFC", text)), (lambda text: unicodedata.normalize("NFD", text))
IDS = ("n01443537", "n01484850")
CLASSES = ("cat", "dog")
Files = dict[str, bytes | str]
_made = iter(range(1 << 20))


def picture(kind="PNG", **how):
    """An image that is equal to no other."""
    n = next(_made)
    return p.save(p.solid("RGB", (n % 251, n // 251 % 251, 9)), kind, **how)


def tree(*folders, n=2, suffix=".png", kind="PNG"):
    """n images in each folder."""
    return {f"{folder}/{i}{suffix}": picture(kind) for folder in folders for i in range(n)}


def domains(*names, classes=CLASSES, **how):
    return tree(*(f"{name}/{kind}" for name in names for kind in classes), **how)


def flat(folder, n=4, suffix=".png"):
    return {f"{folder}/im_{i}{suffix}": picture() for i in range(n)}


def lines(rows):
    return "\n".join(rows) + "\n"


def tar(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def shard(labels, start=0, suffix="cls"):
    files = {}
    for i, label in enumerate(labels, start):
        files |= {f"s{i:04}.{suffix}": str(label).encode(), f"s{i:04}.jpg": picture("JPEG")}
    return tar(files)


def zipped(files, marked=True, encoding="utf-8", field=False):
    """A zip, by default as programs of now write it; else with names in an encoding that it does not mark."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            if marked:
                archive.writestr(name, data)
                continue
            info = Unmarked(name)
            info.raw = name.encode(encoding)
            if field:
                body = b"\x01" + zipfile.crc32(info.raw).to_bytes(4, "little") + name.encode()
                info.extra = (0x7075).to_bytes(2, "little") + len(body).to_bytes(2, "little") + body
            archive.writestr(info, data)
    return out.getvalue()


class Unmarked(zipfile.ZipInfo):
    """A member whose name is written as bytes, without the mark of UTF-8."""

    raw = b""

    def _encodeFilenameFlags(self):  # noqa: N802
        return self.raw, self.flag_bits & ~0x800


def columns(path, /, **cells):
    """A Parquet or Arrow file at a path; a column of numbers with names is `(numbers, names)`."""
    import pyarrow as arrow
    from pyarrow import ipc, parquet

    path.parent.mkdir(parents=True, exist_ok=True)
    features = {"image": {"_type": "Image"}}
    for name, cell in cells.items():
        if isinstance(cell, tuple):
            cells[name], features[name] = cell[0], {"names": list(cell[1]), "_type": "ClassLabel"}
    table = arrow.table(cells)
    table = table.replace_schema_metadata({b"huggingface": json.dumps({"info": {"features": features}}).encode()})
    if path.suffix == ".parquet":
        parquet.write_table(table, path)
        return
    with arrow.OSFile(str(path), "wb") as sink, ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)


def write(root: Path, files: Files) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return root
