"""Every refusal of the importer, in one table: what, which, required, found, and what to do.

A case makes an input below a folder and reads it. Its sentence is whole: `ROOT` stands for the folder, and three dots
for what a library says. A test sees to it that every place that refuses is in the table.
"""

import ast
import gzip
import json
import re
import struct
import sys
import traceback
from functools import partial
from pathlib import Path

import pytest

import mmap_studio
from mmap_studio.data import domains as domain_limits
from mmap_studio.data import split
from mmap_studio.data.archives import rules
from mmap_studio.data.domain_finder import DomainFinder
from mmap_studio.data.images import decode
from mmap_studio.data.names import check_class_names
from mmap_studio.data.tables import annotations, arrow_files, delimited, lists, parquet
from mmap_studio.errors import StudioError
from mmap_studio.method.task import Geometry
from mmap_studio.session.ingest.report import import_report
from mmap_studio.session.ingest.text_options import TextOptions, check_template
from mmap_studio.session.project.project_file import SplitSettings
from tests.data.images import image_files as p
from tests.session.ingest.published import columns, domains, flat, lines, picture, shard, tar, tree, write, zipped

pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
PACKAGE = Path(mmap_studio.__file__).parent
ROOMS = ("data", "session/ingest")
RAISED = ("DataError", "InputError", "ArchiveError", "ImageError", "_RefusedError")
NOT_HERE = {
    "data/images/shard_cache.py": "the cache, not what a user gave",
}
MISSING = "nowhere"
SHAPE = "<domain>/<class>/<image> with .jpg, .jpeg, .png, .webp, .bmp"


def read(files, at="", layout="auto", column="", **limits):
    """What reading these files does; `limits` are smaller ones, by module and name."""

    def run(root, patch):
        for name, (module, value) in limits.items():
            patch.setattr(module, name, value)
        write(root, files)
        path = str(root / at)
        return import_report([path], layouts={path: layout}, column=column)

    return run


def table(rows, header="path,label", name="d/t.csv", **how):
    return read({name: lines([header, *rows]), **flat("d/images")}, "d", "manifest", **how)


ROWS = [f"images/im_{i}.png,{'cat' if i % 2 else 'dog'}" for i in range(4)]
BYTES = [picture() for _ in range(4)]
LIST = [f"Art/cat/{i}.png 0" for i in range(2)] + [f"Art/dog/{i}.png 1" for i in range(2)]
LISTS = {
    **domains("d/Art", "d/Clip"),
    **{f"d/{name}_train.txt": lines(row.replace("Art", name) for row in LIST) for name in ("Art", "Clip")},
}


def listed(*rows, **how):
    return read({**domains("d/Art"), "d/l/Art_train.txt": lines([*LIST[:3], *rows])}, "d", "lists", **how)


def jsonl(text, **how):
    return read({**flat("d/images"), "d/metadata.jsonl": text}, "d", "manifest", **how)


def document(content, **how):
    text = content if isinstance(content, str | bytes) else json.dumps(content)
    return read({**flat("d/images"), "d/t.json": text}, "d/t.json", **how)


def columnar(cells, name="d/t.parquet", at="", layout="auto", column="", after=None):
    """What reading a table of columns does, once `after` has changed the file."""

    def run(root, patch):
        columns(root / name, **(cells() if callable(cells) else cells))
        if after:
            after(root / name, patch)
        path = str(root / (at or name))
        return import_report([path], layouts={path: layout}, column=column)

    return run


def without_pyarrow(path, patch):
    patch.setitem(sys.modules, "pyarrow", None)
    patch.setitem(sys.modules, "pyarrow.parquet", None)


def cut(path, patch):
    path.write_bytes(path.read_bytes()[:-30])


def spoiled(path, patch):
    """A table whose pages are noise, though its end is whole."""
    data = bytearray(path.read_bytes())
    data[4:104] = b"\xff" * 100
    path.write_bytes(bytes(data))


def no_bytes():
    import pyarrow as arrow

    kind = arrow.struct([("bytes", arrow.binary()), ("path", arrow.string())])
    return arrow.array([{"bytes": None, "path": "a.png"}] * 4, kind)


def encrypted(data):
    """A zip with the flags of one that has a password."""
    data = bytearray(data)
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = data.find(mark)
        while place >= 0:
            data[place + flags] |= 1
            place = data.find(mark, place + 4)
    return bytes(data)


def limit(module, name, value):
    return lambda path, patch: patch.setattr(module, name, value)


def declared(name, size):
    """A zip that says of a member that it unpacks to so many bytes."""
    data = bytearray(zipped({name: b"x"}))
    place = data.find(b"PK\1\2")
    data[place + 24 : place + 28] = struct.pack("<L", size)
    return bytes(data)


def huge_header():
    """A tar whose header of a long name asks for far more than there is."""
    data = bytearray(tar({"a/b.png": b"x"}))
    data[156:157] = b"L"
    data[124:136] = b"77777777777\0"
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data[:512])
    return bytes(data)


def bomb():
    import gzip

    return gzip.compress(tar({"a/b.png": b"\0" * (80 << 20)}))


def find(folder, *how, **files):
    def run(root, patch):
        write(root, domains("d/Art", "d/Clip"))
        return DomainFinder().find(root / folder, *how)

    return run


def options(**how):
    def run(root, patch):
        return import_report([str(write(root / "d", domains("Art", "Clip")))]).with_texts(TextOptions(**how))

    return run


def image(data, **limits):
    def run(root, patch):
        for name, value in limits.items():
            patch.setattr(decode, name, value)
        (root / "x.jpg").write_bytes(data)
        return decode.decode(root / "x.jpg", Geometry(8))

    return run


def plain(work):
    return lambda root, patch: work()


def piped(name, files, layout="manifest"):
    """A pipe in place of a file."""
    import os

    def run(root, patch):
        write(root, files)
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).unlink(missing_ok=True)
        os.mkfifo(root / name)
        return PIPED[Path(name).suffix](root / name)

    return run


PIPED = {
    ".csv": lambda path: list(delimited.csv_rows(path)),
    ".json": lambda path: list(annotations.json_rows(path)),
    ".jsonl": lambda path: list(annotations.json_rows(path)),
    ".txt": lambda path: list(lists.read_list(path)),
    ".parquet": parquet.opened,
    ".arrow": parquet.opened,
    ".jpg": lambda path: decode.decode(path, Geometry(8)),
}
COCO = {"images": [{"id": 0, "file_name": "a.png"}], "annotations": [{"image_id": 0, "category_id": 0}],
        "categories": [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}]}  # fmt: skip
LABELLED = {"image": [{"bytes": data, "path": None} for data in BYTES], "label": [0, 1, 0, 1]}
PICTURES = {"image": LABELLED["image"]}

CASES = {
    # ---- a folder, an archive or a table that is none
    "no such folder": (
        read({}, MISSING),
        "Folder 'ROOT/nowhere' was not found; required is a folder of SHAPE, so check the path.",
    ),
    "a name that is too long": (
        read({}, "x" * 300),
        "Folder 'ROOT/...xxxxxxxxxx' cannot be read (File name too long); required is a folder of SHAPE, "
        "so check the path.",
    ),
    "a path that is no text": (
        read({**domains("d\udcff/Art")}, "d\udcff"),
        "Folder 'ROOT/d\\udcff' must have a path of valid Unicode, but it has bytes of another encoding; rename it.",
    ),
    "a file of another kind": (
        read({"x.bin": b"x"}, "x.bin"),
        "File 'ROOT/x.bin' is neither an archive (.zip, .tar, .tar.gz, .tgz, .tar.bz2, .tbz2, .tar.xz, "
        ".txz) nor a table (.csv, .tsv, .parquet, .arrow, .jsonl, .ndjson); required is one of these or "
        "a folder of SHAPE; of an image or a list file name the folder it is in.",
    ),
    "a 7z archive": (
        read({"x.7z": b"7z\xbc\xaf\x27\x1c"}, "x.7z"),
        "File 'ROOT/x.7z' must be a folder, an archive or a table of images, but is a 7z archive; unpack "
        "it, or pack it as zip or tar.",
    ),
    "labels in a file that is not read": (
        read({**flat("d/images"), "d/labels.mat": b"MATLAB"}, "d"),
        "Folder 'ROOT/d' must hold at least 2 classes with images, each a folder: ... Beside them, 'labels.mat' is no "
        "list (a line an image, `path label`) and no table that can be read; if the classes are in there, write a CSV "
        "with the columns path and class.",
    ),
    "a list that was named by itself": (
        read({"x.csv": "a/b.png,1\nc/d.png,0\n"}, "x.csv"),
        "File 'ROOT/x.csv' must begin with a line of names of columns to be read by itself, but is a "
        "list of images; name the folder it is in.",
    ),
    "no images": (
        read({"d/notes.xyz": b"x", "d/more.xyz": b"x"}, "d"),
        "Folder 'ROOT/d' holds no images where they are looked for: required SHAPE; found 0 folders and "
        "2 other files, 2 of them .xyz, such as 'more.xyz'; convert them to PNG or JPEG.",
    ),
    "images in a form that is not read": (
        read({f"d/Art/cat/{i}.heic": b"x" for i in range(4)}, "d"),
        "Folder 'ROOT/d' holds no images where they are looked for: required SHAPE; found 1 folder and 4 "
        "other files, 4 of them .heic, such as 'Art/cat/0.heic'; convert them to PNG or JPEG.",
    ),
    "archives in a form that is not read": (
        read({"d/a.rar": b"Rar!", "d/b.rar": b"Rar!"}, "d"),
        "Folder 'ROOT/d' holds no images where they are looked for: required SHAPE; found 0 folders and "
        "2 other files, 2 of them .rar, such as 'a.rar'; unpack them, or pack them as zip or tar.",
    ),
    "images without class folders": (
        read(flat("d"), "d"),
        "Folder 'ROOT/d' must hold class folders, but holds 4 images and no class folders; sort them as "
        "SHAPE, or put a table of them (columns path and class) beside them.",
    ),
    "names with backslashes": (
        read({f"d/Art\\cat\\{i}.png": picture() for i in range(3)}, "d"),
        "Folder 'ROOT/d' must have its images in folders, but their names have backslashes, which are "
        "letters here ('Art\\cat\\0.png' and 2 more); pack it again with / between folders.",
    ),
    "one class": (
        read(tree("d/Art/cat"), "d"),
        "Folder 'ROOT/d' must hold at least 2 classes with images, each a folder: Domain 'Art' was left "
        "out: at least 2 classes are required, found 'cat'; put every class into a folder of its own, or "
        "name the folder in which they are.",
    ),
    "folders of domains": (
        read({**domains("d/x/Art", "d/x/Clip"), **domains("d/y/Art", "d/y/Clip")}, "d"),
        "Folder 'ROOT/d' must be one folder of domains, but holds several folders of domains ('x', 'y'); "
        "open one of them, or use --layout nested if these are domains whose classes hold folders.",
    ),
    "parts that hold the images": (
        read({**flat("d/train"), **flat("d/test")}, "d"),
        "Folder 'ROOT/d' must have class folders in its parts, or a table that gives every image its "
        "class, but 'test', 'train' hold the images themselves; sort them into class folders, put a "
        "table (path, class) beside them, or use --layout one-task if the classes are these.",
    ),
    "parts that hold the images, and lists of them": (
        read(
            {
                **flat("d/images/train"),
                **flat("d/images/val"),
                **{f"d/{s}.txt": lines(f"./images/{s}/im_{i}.png" for i in range(4)) for s in ("train", "val")},
            },
            "d",
        ),
        "Folder 'ROOT/d/images' must have class folders in its parts, or a table that gives every image its class, "
        "but 'train', 'val' hold the images themselves; sort them into class folders, put a table (path, class) beside "
        "them, or use --layout one-task if the classes are these.",
    ),
    "parts with a word in front that hold the images": (
        read({**flat("d/cars_train"), **flat("d/cars_test"), "d/devkit/cars_meta.mat": b"MATLAB"}, "d"),
        "Folder 'ROOT/d' must have class folders in its parts, or a table that gives every image its "
        "class, but 'cars_test', 'cars_train' hold the images themselves; sort them into class folders, put a "
        "table (path, class) beside them, or use --layout one-task if the classes are these. Beside them, "
        "'devkit/cars_meta.mat' is no list (a line an image, `path label`) and no table that can be read; if the "
        "classes are in there, write a CSV with the columns path and class.",
    ),
    "a layout that does not fit": (
        read(domains("d/Art", "d/Clip"), "d", "split-domains"),
        "Folder 'ROOT/d' cannot be read as layout 'split-domains': its folders are 'Art', 'Clip'; name another layout.",
    ),
    "a layout that is none": (
        read(domains("d/Art"), "d", "onetask"),
        "A layout must be auto, domains, tasks, domain-splits, split-domains, one-task, nested, lists, "
        "parquet, webdataset, manifest, lists:FOLDER, manifest:FILE or parquet:FILE. Got 'onetask' "
        "instead.",
    ),
    "two archives of one name": (
        read({"d/a.zip": zipped(domains("x")), "d/a.tar": tar(domains("x"))}, "d"),
        "Archives beside each other must differ in more than their suffixes, but 'a.tar', 'a.zip' in "
        "'ROOT/d' would all be 'a'; rename or remove all but one.",
    ),
    "pointers in place of images": (
        read(dict.fromkeys(domains("d/Art"), "version https://git-lfs.github.com/spec/v1"), "d"),
        "Folder 'ROOT/d/Art' must hold images, but all 4 files are none: 'cat/0.png', it is a Git "
        "LFS pointer in place of the file, which `git lfs pull` gets; get the images themselves.",
    ),
    "too many classes": (
        read(tree(*(f"d/Art/{i}" for i in range(4)), n=1), "d", MAX_CLASSES=(domain_limits, 3)),
        "Domain 'Art' must have at most 3 classes. Got 4 instead; is its column or its folder the one of the classes?",
    ),
    # ---- archives
    "a web page for an archive": (
        read({"x.zip": "<!DOCTYPE html>"}, "x.zip"),
        "Archive 'ROOT/x.zip' must be a whole zip or tar file, but is a web page (HTML) in place of the "
        "file; download it again.",
    ),
    "an empty archive": (
        read({"x.zip": b""}, "x.zip"),
        "Archive 'ROOT/x.zip' must be a whole zip or tar file, but is empty; get it again.",
    ),
    "an archive that is cut": (
        read({"x.zip": zipped(domains("Art"))[:-60]}, "x.zip"),
        "Archive 'ROOT/x.zip' must be a whole zip or tar file, but cannot be read (its table of "
        "contents, which is at its end, is not there: the download broke off); get it again.",
    ),
    "an archive of too many files": (
        read({"x.zip": zipped(domains("Art"))}, "x.zip", MAX_MEMBERS=(rules, 2)),
        "Archive 'ROOT/x.zip' must not be read: it has more than the 2 members allowed; unpack it "
        "yourself if you trust it.",
    ),
    "a header that asks for memory": (
        read({"x.tar": huge_header()}, "x.tar"),
        "Archive 'ROOT/x.tar' must not be read: a header in it asks for 8,589,934,592 bytes; unpack it "
        "yourself if you trust it.",
    ),
    "an archive that unpacks to too much": (
        read({"x.tar.gz": bomb()}, "x.tar.gz"),
        "Archive 'ROOT/x.tar.gz' must not be read: it unpacks to more than ... MiB, which its size does "
        "not allow; unpack it yourself if you trust it.",
    ),
    "an archive that says it does": (
        read({"x.zip": declared("Art/cat/0.png", 1 << 30)}, "x.zip"),
        "Archive 'ROOT/x.zip' must not be read: it says that its 125 bytes unpack to 1,073,741,824; "
        "unpack it yourself if you trust it.",
    ),
    "names in an encoding that is not named": (
        read({"x.zip": zipped(domains("Art", classes=("\u72d7", "dog")), False, "gbk")}, "x.zip"),
        "Archive 'ROOT/x.zip' must not be read: it has 2 names in an encoding that it does not name, "
        "such as 'Art/╣╖/0.png', which would be wrong names of classes; unpack it yourself if you trust "
        "it.",
    ),
    # ---- lists
    "a list of another form": (
        listed(*["Art/dog/1.png dog"] * 4),
        "List 'ROOT/d/l/Art_train.txt', line 4: a line must be `path label` with a whole number at its "
        "end. Got 'Art/dog/1.png dog' instead.",
    ),
    "a list with an absolute path": (
        listed(*["/data/Art/dog/9.png 1"] * 4),
        "List 'ROOT/d/l/Art_train.txt', line 4: a path must be relative, but '/data/Art/dog/9.png' is "
        "absolute; write it from the data's folder.",
    ),
    "a list that leaves its folder": (
        listed(*["../../Art/dog/1.png 1"] * 4),
        "List 'ROOT/d/l/Art_train.txt', line 4: a path must stay inside the data's folder, but "
        "'../../Art/dog/1.png' leaves it; correct it.",
    ),
    "a list of another encoding": (
        read({**domains("d/Art"), "d/l/Art_train.txt": b"Art/caf\xe9/0.png 0\n"}, "d", "lists"),
        "List 'ROOT/d/l/Art_train.txt', line 1: a list must be UTF-8 text, but holds b'Art/caf\\xe9/0.png "
        "0\\n'; write it again as UTF-8.",
    ),
    "a list with a zero byte": (
        read({**domains("d/Art"), "d/l/Art_train.txt": b"Art/cat\0/0.png 0\n"}, "d", "lists"),
        "List 'ROOT/d/l/Art_train.txt', line 1: a list must be text, but holds a zero byte; is it a list?",
    ),
    "a list with an endless line": (
        listed("x" * 99, MAX_LINE=(lists, 64)),
        "List 'ROOT/d/l/Art_train.txt', line 4: a line must have at most 64 bytes, but has more; is it a list?",
    ),
    "a list that is a pipe": (
        piped("Art_train.txt", {}),
        "List 'ROOT/Art_train.txt' cannot be read: ROOT/Art_train.txt must be a file. Found a pipe "
        "instead: choose a file.",
    ),
    "a list that gives two classes": (
        listed("Art/cat/0.png 1"),
        "List 'Art_*.txt' must give every image of 'Art' one class, but gives two to 'Art/cat/0.png'; give each one.",
    ),
    "a list of one class": (
        read({**domains("d/Art"), "d/l/Art_train.txt": lines(LIST[:2])}, "d", "lists"),
        "List 'Art_*.txt' must name images of at least 2 classes for 'Art'; found 'cat'; add the others.",
    ),
    "a list whose images are not there": (
        read({**domains("d/Art"), "d/l/Art_train.txt": "x/0.png 0\ny/1.png 1\n"}, "d", "lists"),
        "List 'Art_*.txt' must name images of at least 2 classes for 'Art'; found none; 2 files it names "
        "are not there, such as 'x/0.png', so correct the paths.",
    ),
    "lists of parts of one class": (
        read({**domains("d/images"), "d/train.txt": "cat/0\n", "d/test.txt": "cat/1\n"}, "d", "lists"),
        "Lists 'test.txt', 'train.txt' must name images of at least 2 classes below 'ROOT/d', but name 2 images that "
        "are there; correct the paths.",
    ),
    "lists and a table that both may be meant": (
        read(
            {
                **flat("d"),
                "d/l/list.txt": lines(f"im_{i}.png {i % 2}" for i in range(4)),
                "d/m/other.csv": lines(["path,label", *(f"im_{i}.png,{i % 2}" for i in range(4))]),
            },
            "d",
        ),
        "Folder 'ROOT/d' must say in one way which image is what, but can be read in several ways "
        "('lists:l', 'manifest:m/other.csv'); ask for one with --layout, such as lists:l.",
    ),
    "lists that are not there": (
        read(domains("d/Art"), "d", "lists"),
        "Folder 'ROOT/d' cannot be read as layout 'lists': there is no list file <domain>_train.txt and "
        "no table of images; name one that is there.",
    ),
    # ---- tables
    "a table without a class": (
        table(["images/im_0.png,3"], "path,height"),
        "Folder 'ROOT/d' cannot be read as layout 'manifest': Table 'ROOT/d/t.csv' must have a column "
        "for the class (class, label, class_name, category, target, labels, label_name); found the "
        "columns 'path', 'height'; rename the one it is, or name it with --label-column.",
    ),
    "a table without names of columns": (
        table([], "images/im_9.png,cat,3,4"),
        "Folder 'ROOT/d' cannot be read as layout 'manifest': Table 'ROOT/d/t.csv' must have a column "
        "for the path (path, image, file, filename, filepath, image_path, file_name); found the columns "
        "'images/im_9.png', 'cat', '3', '4'; write one line with the names of the columns above the "
        "first.",
    ),
    "a table in another encoding": (
        read({**flat("d/images"), "d/t.csv": b"path,label\nimages/im_0.png,caf\xe9\n"}, "d", "manifest"),
        "Folder 'ROOT/d' cannot be read as layout 'manifest': Table 'ROOT/d/t.csv' must be UTF-8 text, "
        "but has letters in another encoding; save it as CSV in UTF-8.",
    ),
    "a table in another encoding, not asked for": (
        read({**flat("d/images"), "d/t.csv": b"path,label\nimages/im_0.png,caf\xe9\n"}, "d"),
        "Table 'ROOT/d/t.csv' must be UTF-8 text, but has letters in another encoding; save it as CSV in "
        "UTF-8; without it, folders alone do not say the classes.",
    ),
    "a table that is no CSV": (
        table(['"x']),
        "Folder 'ROOT/d' cannot be read as layout 'manifest': Table 'ROOT/d/t.csv', line 2: it must be "
        "CSV, but is not (...); correct the line.",
    ),
    "a table of one file without a class": (
        read({**flat("d"), "d/t.csv": "path,height\nim_0.png,3\n"}, "d/t.csv"),
        "Table 'ROOT/d/t.csv' must have a column for the class (class, label, class_name, category, "
        "target, labels, label_name); found the columns 'path', 'height'; rename the one it is, or name "
        "it with --label-column.",
    ),
    "a table of one file in another encoding": (
        read({**flat("d"), "d/t.csv": b"path,label\nim_0.png,caf\xe9\n"}, "d/t.csv"),
        "Table 'ROOT/d/t.csv' must be UTF-8 text, but has letters in another encoding; save it as CSV in UTF-8.",
    ),
    "a table of one file that is no CSV": (
        read({**flat("d"), "d/t.csv": b'path,label\n"x\n'}, "d/t.csv"),
        "Table 'ROOT/d/t.csv', line 2: it must be CSV, but is not (...); correct the line.",
    ),
    "a table that is a pipe": (
        piped("t.csv", {}),
        "Table 'ROOT/t.csv' cannot be read: ROOT/t.csv must be a file. Found a pipe instead: choose a file.",
    ),
    "a table without rows": (
        table([]),
        "Table 't.csv' must have rows, but has none; name another.",
    ),
    "rows without a class": (
        table([ROWS[0], "images/im_1.png,", "images/im_2.png,"]),
        "Table 't.csv', line 3: every row must have a path and a class, but one of them is empty; fill it in.",
    ),
    "rows with too many cells": (
        table([ROWS[0], *["images/im_0.png,cat,dog"] * 2]),
        "Table 't.csv', line 3: a row must have 2 cells as the header has. Got 3 instead; correct the line.",
    ),
    "rows of another part": (
        table([f"{row},later" for row in ROWS], "path,label,split"),
        "Table 't.csv', line 2: a split must be one of train, val, valid, validation, crossval, test, "
        "training, trainval, dev, eval, evaluation, validate, testing, holdout, or empty. Got 'later' instead.",
    ),
    "rows that are not one-hot": (
        table([*(f"images/im_{i}.png,{i % 2},{1 - i % 2}" for i in range(60)), *["a.png,2,0"] * 61], "path,cat,dog"),
        "One-hot table 'ROOT/d/t.csv', line 62: each of 2 classes must be 0 or 1; found '2'; correct the line.",
    ),
    "rows of a one-hot table that are short": (
        table([*(f"images/im_{i}.png,{i % 2},{1 - i % 2}" for i in range(60)), *["a.png,0"] * 61], "path,cat,dog"),
        "One-hot table 'ROOT/d/t.csv', line 62: each of 2 classes must be 0 or 1; found 2 cells; correct the line.",
    ),
    "a table of several classes an image": (
        table([f"images/im_{i}.png,1,1" for i in range(4)], "path,cat,dog"),
        "One-hot table 'ROOT/d/t.csv' must give an image one class, but of 4 rows 4 give several, which is not read; "
        "write one class for every image.",
    ),
    "an empty table": (
        read({"d/t.csv": "\n\n", **flat("d/images")}, "d/t.csv"),
        "Table 'ROOT/d/t.csv' must begin with a line of names of columns, but is empty; get it again, or move it away.",
    ),
    "captions in place of classes": (
        read({"d/a-0000.tar": shard([f"a photo number {i}" for i in range(12)], suffix="txt")}, "d"),
        "Shard 'a-0000.tar' must give every image one of a few classes, but 12 images have 12 texts, such as "
        "'a photo number 0': these are captions; use shards with classes.",
    ),
    "an archive in an archive": (
        read({"d/x.zip": zipped({"inner.zip": zipped(domains("Art"))})}, "d"),
        "Folder 'ROOT/d' holds no images where they are looked for: required SHAPE; found 1 folder and 1 other file, "
        ".zip, such as 'x.zip/inner.zip'; unpack them, or pack them as zip or tar.",
    ),
    "a piece of an archive": (
        read({"d/x.zip.001": b"PK", "d/x.zip.002": b"x"}, "d"),
        "Folder 'ROOT/d' holds no images where they are looked for: required SHAPE; found 0 folders and 2 other "
        "files, 1 of them .001, such as 'x.zip.001'; these are pieces of one archive, so join them and unpack it, as "
        "`7z x` does from the first.",
    ),
    "an archive with a password": (
        read({"x.zip": encrypted(zipped(tree("cat", "dog", n=1)))}, "x.zip"),
        "Folder 'ROOT/x.zip' holds no images where they are looked for: required SHAPE; found 0 folders and 2 other "
        "files ('cat/0.png': it is encrypted); unpack the archive yourself, and name the folder.",
    ),
    "an archive by another name": (
        read({"x.zip": gzip.compress(tar(domains("Art")))}, "x.zip"),
        "Archive 'ROOT/x.zip' must be packed as its name says, but is packed as .tar.gz; call it so.",
    ),
    "a table in an archive": (
        read({"x.zip": zipped(flat("train") | {"train.csv": b"id,label\n"})}, "x.zip"),
        "Folder 'ROOT/x.zip' must hold class folders, but holds 4 images and no class folders; sort them as SHAPE, or "
        "put a table of them (columns path and class) beside them. 'train.csv' lies in an archive, where lists, tables "
        "and names of classes are not read; unpack it if it says classes or parts.",
    ),
    "a table that is not there": (
        table(ROWS, column="breed"),
        "Column 'breed' must be in a table below 'ROOT/d', but 't.csv' has 'path', 'label'; name one that is there.",
    ),
    "a column that two tables have": (
        read(
            {**flat("d"), "d/a.csv": "path,label,k\nim_0.png,1,2\n", "d/b.csv": "path,label,k\nim_0.png,1,2\n"},
            "d",
            column="k",
        ),
        "Column 'k' must be in one table below 'ROOT/d', but is in 'a.csv', 'b.csv'; ask for one with "
        "--layout, such as manifest:a.csv.",
    ),
    "a column where there is no table": (
        read(domains("d/Art"), "d", column="breed"),
        "Column 'breed' must be in a table below 'ROOT/d', but there is no table; name one that is there.",
    ),
    "a column of a list": (
        read(domains("d/Art"), "d", "lists", column="breed"),
        "A column of classes can be named for tables, but layout 'lists' is none; name it for auto, "
        "manifest or parquet.",
    ),
    "a column that a table of one file has not": (
        read({**flat("d"), "d/t.csv": lines(["path,label", *ROWS])}, "d/t.csv", column="breed"),
        "Table 'ROOT/d/t.csv' must have the column 'breed'; found 'path', 'label'; name one of them.",
    ),
    "two ways to read a folder": (
        read(
            {
                **flat("d"),
                **{f"d/{n}.csv": lines(["path,label", *(f"im_{i}.png,{i % 2}" for i in range(4))]) for n in "ab"},
            },
            "d",
        ),
        "Folder 'ROOT/d' must say in one way which image is what, but can be read in several ways "
        "('manifest:a.csv', 'manifest:b.csv'); ask for one with --layout, such as manifest:a.csv.",
    ),
    # ---- JSON
    "a class with half a letter in its name": (
        jsonl(
            lines(json.dumps({"file_name": f"images/im_{i}.png", "label": "a\ud800"[: 1 + i % 2]}) for i in range(4))
        ),
        "Domain 'd' must have names of at most 1,000 letters that a file of text can hold, but a class "
        "is called 'a\\ud800', with half a letter in it; correct the name.",
    ),
    "a domain with a zero byte in its name": (
        jsonl(
            lines(json.dumps({"file_name": f"images/im_{i}.png", "label": i % 2, "domain": "a\0"}) for i in range(4))
        ),
        "Domain 'a\\x00' must have names of at most 1,000 letters that a file of text can hold, but the "
        "domain is called 'a\\x00', with a zero byte in it; correct the name.",
    ),
    "a class with a name that never ends": (
        jsonl(lines(json.dumps({"file_name": f"images/im_{i}.png", "label": "ab"[i % 2] * 1001}) for i in range(4))),
        "Domain 'd' must have names of at most 1,000 letters that a file of text can hold, but a class "
        "is called 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', which has 1,001 "
        "letters; correct the name.",
    ),
    "a line that is no JSON": (
        jsonl('{"file_name": "images/im_0.png", "label": 1}\nx\n'),
        "Table 'ROOT/d/metadata.jsonl', line 2: it must be JSON, but is not (...); correct the line.",
    ),
    "a line that is too long": (
        jsonl("x" * 99, MAX_LINE=(annotations, 64)),
        "Folder 'ROOT/d' cannot be read as layout 'manifest': Table 'ROOT/d/metadata.jsonl', line 1: a "
        "line must have at most 64 bytes, but has more; is it a table?",
    ),
    "a line of one file that is too long": (
        read({**flat("d"), "d/t.jsonl": "x" * 99}, "d/t.jsonl", MAX_LINE=(annotations, 64)),
        "Table 'ROOT/d/t.jsonl', line 1: a line must have at most 64 bytes, but has more; is it a table?",
    ),
    "lines that are a pipe": (
        piped("t.jsonl", {}),
        "Table 'ROOT/t.jsonl' cannot be read: ROOT/t.jsonl must be a file. Found a pipe instead: choose a file.",
    ),
    "a document that is no JSON": (
        document("{"),
        "Table 'ROOT/d/t.json' must be JSON, but is not (...); correct it, or move it away.",
    ),
    "a document that is a pipe": (
        piped("t.json", {}),
        "Table 'ROOT/t.json' cannot be read: ROOT/t.json must be a file. Found a pipe instead: choose a file.",
    ),
    "a document of something else": (
        document({"a": 1, "b": 2}),
        "Table 'ROOT/d/t.json' must name images and their classes (lists of [path, label, class name] "
        "for train, val and test; COCO; or a list of rows); found 'a', 'b'; write it in one of these "
        "forms, or move it away.",
    ),
    "COCO of several classes an image": (
        document({**COCO, "annotations": [{"image_id": 0, "category_id": i} for i in (0, 1)]}),
        "Table 'ROOT/d/t.json' must give an image one class, but of 1 image 1 has several categories: it "
        "is for detection, not for classification; cut the boxes out as images of their own.",
    ),
    "COCO that is not whole": (
        document({**COCO, "annotations": [{"image_id": 7, "category_id": 0}]}),
        "Table 'ROOT/d/t.json' must be whole COCO, but is not ('7' is missing or odd); get it again.",
    ),
    # ---- columns
    "Parquet without pyarrow": (
        columnar(LABELLED, after=without_pyarrow),
        "Table 'ROOT/d/t.parquet' needs pyarrow to be read, which is not installed; run `pip install "
        "'mmap-studio[parquet]'` or write the table as CSV.",
    ),
    "Arrow without pyarrow": (
        columnar(LABELLED, "d/t.arrow", after=without_pyarrow),
        "Table 'ROOT/d/t.arrow' needs pyarrow to be read, which is not installed; run `pip install "
        "'mmap-studio[parquet]'`.",
    ),
    "Parquet that is a pipe": (
        piped("t.parquet", {}),
        "Table 'ROOT/t.parquet' cannot be read: ROOT/t.parquet must be a file. Found a pipe instead: choose a file.",
    ),
    "Arrow that is a pipe": (
        piped("t.arrow", {}),
        "Table 'ROOT/t.arrow' cannot be read: ROOT/t.arrow must be a file. Found a pipe instead: choose a file.",
    ),
    "Parquet that is cut": (
        columnar(LABELLED, after=cut),
        "Table 'ROOT/d/t.parquet' must be a Parquet file, but is not (...); get it again.",
    ),
    "Parquet that is a pointer": (
        read({"d/t.parquet": "version https://git-lfs.github.com/spec/v1\n"}, "d"),
        "Table 'ROOT/d/t.parquet' must be a Parquet file, but is a Git LFS pointer in place of the file, "
        "which `git lfs pull` gets.",
    ),
    "Arrow that is none": (
        read({"d/t.arrow": b"x" * 99}, "d/t.arrow"),
        "Table 'ROOT/d/t.arrow' must be an Arrow file, but is not (...); save it again.",
    ),
    "Parquet of too many rows": (
        columnar(LABELLED, after=limit(parquet, "MAX_ROWS", 3)),
        "Table 'ROOT/d/t.parquet' must have at most 3 rows and 10,000 columns. Got 4 and 3 instead; divide it.",
    ),
    "Arrow of too many rows": (
        columnar(LABELLED, "d/t.arrow", after=limit(arrow_files, "MAX_ROWS", 3)),
        "Table 'ROOT/d/t.arrow' must have at most 3 rows and 10,000 columns. Got 4 and 2 instead; divide it.",
    ),
    "Parquet that unpacks to too much": (
        columnar(
            {"path": ["x" * 99] * 4000, "label": [0, 1] * 2000},
            after=lambda path, patch: (patch.setattr(parquet, "MAX_RATIO", 1), patch.setattr(parquet, "FREE", 0)),
        ),
        "Table 'ROOT/d/t.parquet', column 'path': it must unpack to at most 1 times its size and "
        "2,147,483,648 bytes a row group. Got ... bytes that unpack to ... instead; write it in smaller "
        "row groups.",
    ),
    "Arrow that is packed": (
        columnar(LABELLED, "d/t.arrow", after=limit(arrow_files, "FREE", -(1 << 20))),
        "Table 'ROOT/d/t.arrow' must be Arrow that is not packed, of at most -1,046,528 bytes in memory, "
        "but unpacks to more; write it unpacked, or as Parquet.",
    ),
    "a word that is too long": (
        columnar({"path": ["x" * 5000, "b.png"], "label": ["a", "b"]}),
        "Table 'ROOT/d/t.parquet', row 1: a path or the name of a class must have at most 4,096 bytes, "
        "but some near it have more; is it another column?",
    ),
    "Parquet that breaks off": (
        columnar({"path": [f"{i}.png" for i in range(400)], "label": [f"{i}" for i in range(400)]}, after=spoiled),
        "Table 'ROOT/d/t.parquet', row 1: it must be whole, but cannot be read (...); get it again.",
    ),
    "images of which Parquet breaks off": (
        columnar(
            {"image": [{"bytes": data, "path": None} for data in BYTES * 50], "label": ["a", "b"] * 100}, after=spoiled
        ),
        "Table 'ROOT/d/t.parquet', row 1: it must be whole, but cannot be read (...); get it again.",
    ),
    "a shard that is damaged": (
        lambda root, patch: (
            columns(root / "d/train-00000-of-00002.parquet", **LABELLED),
            write(root, {"d/train-00001-of-00002.parquet": b"PAR1"}),
            import_report([str(root / "d")]),
        ),
        "Table 'train-00001-of-00002.parquet' must be a whole Parquet file like the shards beside it, "
        "but cannot be opened; get it again, or move it away to do without its rows.",
    ),
    "a table of images without a class": (
        columnar(PICTURES),
        "Table 'ROOT/d/t.parquet' must have a column of images and one of classes (class, label, "
        "class_name, category, target, labels, label_name, category_name, species, breed, diagnosis, dx, "
        "class_id, classid, label_id, category_id, class_index, fine_label, labels); found the columns "
        "'image'; name the one of the classes with --label-column.",
    ),
    "a table of images without its column": (
        columnar(LABELLED, column="breed"),
        "Table 'ROOT/d/t.parquet' must have the column 'breed' of words or numbers; found 'label'; name one of them.",
    ),
    "a table of images without their bytes": (
        columnar(lambda: {"image": no_bytes(), "label": [0, 1, 0, 1]}),
        "Table 'ROOT/d/t.parquet' must hold the bytes of its images, but column 'image.bytes' has none; "
        "get the files that its paths name, or save the table again with the images in it.",
    ),
    "numbers without a name": (
        columnar({**PICTURES, "label": ([0, 7, 7, 7], ("cat", "dog"))}),
        "Table 't.parquet', row 2: 'label' must be a number below 2, which have names. Got 7 instead; correct the row.",
    ),
    "a table of images without classes in its rows": (
        columnar({**PICTURES, "label": ([-1] * 4, ("cat", "dog"))}),
        "Table 't.parquet' must have rows with a class, but has none; name another.",
    ),
    "a part that is none in a table of images": (
        columnar({**LABELLED, "split": ["later"] * 4}),
        "Table 't.parquet', row 1: a split must be one of train, val, valid, validation, crossval, test, "
        "training, trainval, dev, eval, evaluation, validate, testing, holdout, or empty. Got 'later' instead.",
    ),
    "one table of images that is not there": (
        columnar(LABELLED, at="d", layout="parquet:x.parquet"),
        "Folder 'ROOT/d' cannot be read as layout 'parquet:x.parquet': there is 'parquet:t.parquet'; "
        "name one that is there.",
    ),
    # ---- shards
    "shards without classes": (
        read({"x.tar": tar({"a.jpg": picture("JPEG"), "a.cls": b""})}, "x.tar"),
        "Shard 'x.tar' must hold images with a class beside each, but has none; put a .cls, .json or "
        ".txt of the same name beside every image.",
    ),
    "shards of captions": (
        read({"x.tar": shard([f"a photo of number {i}" for i in range(60)], suffix="txt")}, "x.tar"),
        "Shard 'x.tar' must give every image one of a few classes, but 60 images have 60 texts, such as "
        "'a photo of number 0': these are captions; use shards with classes.",
    ),
    # ---- images
    "an image that is a pipe": (
        piped("x.jpg", {}),
        "Image 'ROOT/x.jpg' cannot be used: it is not a regular file.",
    ),
    "an image that is too large": (
        image(b"x" * 99, MAX_BYTES=64),
        "Image 'ROOT/x.jpg' cannot be used: it has 0 MiB, more than the 0 allowed.",
    ),
    "an image that is new and none": (
        plain(partial(decode.decode_new, b"x", Geometry(8), lambda digest: False)),
        "Image 'in memory' cannot be used: it is not a readable JPEG, PNG, WEBP, BMP, GIF, TIFF, PPM or AVIF image.",
    ),
    "an empty image": (
        image(b""),
        "Image 'ROOT/x.jpg' cannot be used: the file is empty.",
    ),
    "an image that is none": (
        image(b"x" * 99),
        "Image 'ROOT/x.jpg' cannot be used: it is not a readable JPEG, PNG, WEBP, BMP, GIF, TIFF, PPM or AVIF image.",
    ),
    "an image that is a web page": (
        image(b"<!DOCTYPE html>"),
        "Image 'ROOT/x.jpg' cannot be used: it is a web page (HTML) in place of the file; download it again.",
    ),
    "an image that is cut": (
        image(picture("JPEG")[:-200]),
        "Image 'ROOT/x.jpg' cannot be used: it is truncated or damaged (...).",
    ),
    "an image of too many scans": (
        image(picture("JPEG"), MAX_SCANS=0),
        "Image 'ROOT/x.jpg' cannot be used: it has 1 scans, more than the 0 allowed.",
    ),
    "an image of too many pixels": (
        image(picture("PNG"), MAX_PIXELS=4),
        "Image 'ROOT/x.jpg' cannot be used: it has 0.0 megapixels, more than the 0 allowed.",
    ),
    "an image of far too many pixels": (
        image(p.save(p.solid("1", 0, (20000, 20000)))),
        "Image 'ROOT/x.jpg' cannot be used: it has more than the 64 megapixels allowed.",
    ),
    # ---- what is asked for
    "a task of another domain": (
        find("d", "domains", "Photo", "mine"),
        "Task 'mine' must find its domain 'Photo' in 'ROOT/d', but that holds 'Art', 'Clip'; write one "
        "of them as its `part` in project.toml, or make the task anew.",
    ),
    "a task without a part": (
        lambda root, patch: (write(root, LISTS), DomainFinder().find(root / "d", "lists", "", "mine")),
        "Task 'mine' needs a `part` in project.toml: 'ROOT/d' holds 'Art', 'Clip'; write the one that is meant.",
    ),
    "a task that must be one domain": (
        find("d", "tasks", "", "mine"),
        "Folder 'ROOT/d' must be one domain (class folders with images), but holds several ('Art', "
        "'Clip'); add each of them as a task, or use `mmap-studio new` on the folder.",
    ),
    "fractions that are none": (
        plain(partial(split.fraction_plan, [0, 1], ("a", "b"), (1, 1, 1), task_name="Art")),
        "Task 'Art': fractions must be train, val, test, with train and test above 0 and 1 together. Got "
        "(1, 1, 1) instead.",
    ),
    "no shots": (
        plain(partial(split.few_shot_plan, [0, 1], ("a", "b"), 0, task_name="Art")),
        "Task 'Art': shots must be 1 or more a class. Got 0 instead.",
    ),
    "a share that is none": (
        plain(partial(split.share_plan, [0, 1], ("a", "b"), 2, task_name="Art")),
        "Task 'Art': a share must lie between 0 and 1. Got 2 instead.",
    ),
    "a given split without a test": (
        plain(partial(split.few_shot_plan, [0, 1], ("a", "b"), 1, task_name="Art", given=["val", "val"])),
        "Task 'Art': a given split needs images in train and in test (or val); found val; use fractions "
        "or shots instead.",
    ),
    "a given split where there is none": (
        lambda root, patch: import_report([str(write(root / "d", domains("Art")))], SplitSettings(kind="given")),
        "A given split needs folders or lists named train, val, test, but domain 'Art' was read without; "
        "choose another split (fractions, shots, share).",
    ),
    "a template of no task": (
        options(templates={"Photo": "a {}"}),
        "A template can be given for the tasks 'Art', 'Clip'. Got 'Photo' instead.",
    ),
    "a template without a place": (
        plain(partial(check_template, "a photo")),
        "A template must contain {} once, where the class name goes. Got 'a photo' instead.",
    ),
    "a text that no file can hold": (
        options(class_names={"cat": "\udcff"}),
        "A text that CLIP reads must have at most 1,000 letters that a file of text can hold. Got "
        "'\\udcff' instead, with half a letter in it.",
    ),
    "a class that is not there": (
        options(left_out=("fox",)),
        "Classes to be renamed, merged or left out must be there, but 'fox' is in no task; there are 'cat', 'dog'.",
    ),
    "names that read alike": (
        plain(partial(check_class_names, "Art", ("a", "a"), lambda name: [1], 4)),
        "Task 'Art': every class must read differently, but 'a', 'a' are read as the same tokens; "
        "rename or merge one of them.",
    ),
}
"""What is read -> the whole sentence."""


def refusal(name, tmp_path, patch):
    """The error of a case."""
    run, _ = CASES[name]
    with pytest.raises(StudioError) as caught:
        run(tmp_path, patch)
    return caught.value


@pytest.mark.parametrize("name", CASES)
def test_it_says_what_which_required_found_and_what_to_do(name, tmp_path, monkeypatch):
    said = str(refusal(name, tmp_path, monkeypatch)).replace(str(tmp_path), "ROOT").replace(SHAPE, "SHAPE")
    expected = re.escape(CASES[name][1]).replace(r"\.\.\.", ".*")
    assert re.fullmatch(expected, said), said
    assert re.search(r"'[^']+'|ROOT|layout|[Tt]emplate|split", said), "it names what it is about"
    assert re.search(r"\b(must|required|needs?|can be|cannot be used|cannot be read)\b", said), (
        "it says what is required"
    )
    assert said.endswith((".", "?"))
    assert "\n" not in said


def places():
    """Where something is refused: file -> (first line, last line) of every `raise` or `return` of an error."""
    found = {}
    for folder in ROOMS:
        for path in (PACKAGE / folder).rglob("*.py"):
            name = path.relative_to(PACKAGE).as_posix()
            if name in NOT_HERE:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                call = getattr(node, "exc", None) if isinstance(node, ast.Raise) else None
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") in RAISED:
                    found.setdefault(str(path), []).append((node.lineno, node.end_lineno))
    return found


def test_every_place_that_refuses_is_in_the_table(tmp_path, monkeypatch):
    met = set()
    for number, name in enumerate(CASES):
        (tmp_path / str(number)).mkdir()
        with monkeypatch.context() as patch:
            error = refusal(name, tmp_path / str(number), patch)
        while error is not None:
            met |= {(frame.filename, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)}
            error = error.__context__
    missing = [
        f"{path}:{first}"
        for path, spans in places().items()
        for first, last in spans
        if not any((path, line) in met for line in range(first, last + 1))
    ]
    assert not missing, "\n".join(missing)
