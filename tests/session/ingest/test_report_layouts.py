"""Data sets as people have them are read as they are meant, and again from the project that is kept of them."""

import json

import pytest

from mmap_studio.data.domain_finder import DomainFinder
from mmap_studio.errors import DataError
from mmap_studio.session.ingest.report import import_report
from tests.session.ingest.published import (
    CLASSES,
    IDS,
    NFC,
    NFD,
    columns,
    domains,
    flat,
    lines,
    picture,
    shard,
    tree,
    write,
    zipped,
)

CAFE = "caf\u00e9"
TWO = "2 of cat, dog"
"""Two images of each class, of no part."""


def named(pairs):
    return lines(f"{raw} {name}" for raw, name in pairs)


def csv(rows, header="path,label"):
    return lines([header, *rows])


def one_hot(names):
    return csv((f"{name}, {i % 2}, {1 - i % 2}" for i, name in enumerate(names)), "filename, cat, dog")


SPLIT_ZHOU = {part: [[f"im_{i}.png", i % 2, CLASSES[i % 2]] for i in rows]
              for part, rows in (("train", range(4)), ("val", range(4, 6)), ("test", range(6, 8)))}  # fmt: skip
COCO = {
    "images": [{"id": i, "file_name": f"im_{i}.png"} for i in range(5)],
    "annotations": [*({"image_id": i, "category_id": i % 2} for i in range(4)), {"image_id": 0, "category_id": 0}],
    "categories": [{"id": i, "name": name} for i, name in enumerate(CLASSES)],
}

CUB = ("001.Albatross",) * 2 + ("002.Gull",) * 2
PETS = ("Abyssinian", "american_bulldog")


def gtsrb(rows):
    return csv((f"30,5,{label},{path}" for path, label in rows), "Width,Roi.X1,ClassId,Path")


CASES = {
    # folders
    "splits in other words": (domains("Training", "TESTING", "dev"), "one-task", {"d": (CLASSES, (4, 4, 4, 0))}),
    "splits with a tail": (domains("train_set", "test-images"), "one-task", {"d": (CLASSES, (4, 0, 4, 0))}),
    "trainval beside train is all again": (
        domains("Art/train", "Art/val", "Art/trainval", "Art/test"),
        "domain-splits",
        {"Art": (CLASSES, (4, 4, 4, 0))},
    ),
    "trainval alone is training": (domains("trainval", "eval"), "one-task", {"d": (CLASSES, (4, 4, 0, 0))}),
    "Office-31": (
        domains("amazon/images", "dslr/images"),
        "domains",
        dict.fromkeys(("amazon", "dslr"), (CLASSES, (0, 0, 0, 4))),
    ),
    "unzipped into its own name": (
        domains("clipart/clipart", "sketch/sketch"),
        "domains",
        dict.fromkeys(("clipart", "sketch"), (CLASSES, (0, 0, 0, 4))),
    ),
    "folders in folders": (
        domains("a/b/c/Art", "a/b/c/Clip"),
        "domains",
        dict.fromkeys(("Art", "Clip"), (CLASSES, (0, 0, 0, 4))),
    ),
    "class folders that hold a folder of images": (
        domains("train", "val", classes=("cat/images", "dog/images")),
        "one-task",
        {"d": (CLASSES, (4, 4, 0, 0))},
    ),
    "classes a folder deeper": (
        domains("Art", "Clip", classes=("cat/part1", "cat/part2", "dog/part1")),
        "nested",
        dict.fromkeys(("Art", "Clip"), (CLASSES, (0, 0, 0, 6))),
    ),
    "thumbnails of a NAS": (
        domains("Art", "Clip") | tree("Art/@eaDir/cat/1.png", "Art/cat/@eaDir"),
        "domains",
        dict.fromkeys(("Art", "Clip"), (CLASSES, (0, 0, 0, 4))),
    ),
    "a case in each part": (
        domains("Art/train", classes=("Cat", "Dog")) | domains("Art/test"),
        "domain-splits",
        {"Art": (("Cat", "Dog"), (4, 0, 4, 0))},
    ),
    "a Unicode form in each part": (
        domains("Art/train", classes=(NFC(CAFE), "dog")) | domains("Art/test", classes=(NFD(CAFE), "dog")),
        "domain-splits",
        {"Art": ((NFC(CAFE), "dog"), (4, 0, 4, 0))},
    ),
    "domains in which a class is called train": (
        domains("real", "sketch", classes=("train", "t-shirt")),
        "domains",
        dict.fromkeys(("real", "sketch"), (("t-shirt", "train"), (0, 0, 0, 4))),
    ),
    "parts with a word in front": (
        domains("seg_train", "seg_test") | flat("seg_pred"),
        "one-task",
        {"d": (CLASSES, (4, 0, 4, 0))},
    ),
    "parts with a word in front, each unzipped into its own name": (
        domains("training_set/training_set", "test_set/test_set"),
        "one-task",
        {"d": (CLASSES, (4, 0, 4, 0))},
    ),
    "parts with the domain in front": (
        domains("art-train", "art-val", "photo-train", "photo-val"),
        "domain-splits",
        dict.fromkeys(("art", "photo"), (CLASSES, (4, 4, 0, 0))),
    ),
    "domains of which one is called by a part": (
        domains("art_photo", "train_photo"),
        "domains",
        dict.fromkeys(("art_photo", "train_photo"), (CLASSES, (0, 0, 0, 4))),
    ),
    "parts with a year": (domains("train2017", "val2017"), "one-task", {"d": (CLASSES, (4, 4, 0, 0))}),
    "images of no class beside parts": (
        domains("Training", "Test") | flat("test-multiple"),
        "one-task",
        {"d": (CLASSES, (4, 0, 4, 0))},
    ),
    "folders by the first letter, classes at two depths": (
        tree("a/abbey", "a/apse/indoor", "b/beach", "c/church/indoor", "c/church/outdoor", "c/cove", "c/cliff")
        | {"ClassName.txt": "/a/abbey\n"},
        "one-task",
        {
            "d": (
                ("abbey", "apse_indoor", "beach", "church_indoor", "church_outdoor", "cliff", "cove"),
                (0, 0, 0, 14),
            )
        },
    ),
    "folders by the first letter in a folder": (
        tree("SUN/a/abbey", "SUN/a/apse/indoor", "SUN/c/church/indoor", "SUN/c/church/outdoor"),
        "domains",
        {"SUN": (("abbey", "apse_indoor", "church_indoor", "church_outdoor"), (0, 0, 0, 8))},
    ),
    "classes at two depths in a domain": (
        tree("Art/beach", "Art/forest", "Art/park", "Art/outdoor/church", "Clip/beach", "Clip/park"),
        "domains",
        {
            "Art": (("beach", "forest", "outdoor_church", "park"), (0, 0, 0, 8)),
            "Clip": (("beach", "park"), (0, 0, 0, 4)),
        },
    ),
    "folders of something else in a domain": (
        tree("Art/beach", "Art/forest", "Art/more/church", "Art/more/park", "Clip/beach", "Clip/forest"),
        "domains",
        dict.fromkeys(("Art", "Clip"), (("beach", "forest"), (0, 0, 0, 4))),
    ),
    "domains of one letter": (
        domains("b", "c", classes=("bike", "car")),
        "domains",
        dict.fromkeys("bc", (("bike", "car"), (0, 0, 0, 4))),
    ),
    "one class in a folder beside others": (
        tree("beach", "outdoor/church"),
        "one-task",
        {"d": (("beach", "outdoor_church"), (0, 0, 0, 4))},
    ),
    "images of no class beside domains": (
        domains("Art", "Clip") | flat("figures"),
        "domains",
        dict.fromkeys(("Art", "Clip"), (CLASSES, (0, 0, 0, 4))),
    ),
    "a folder of a number": (tree("2750/Crop", "2750/Forest"), "domains", {"d": (("Crop", "Forest"), (0, 0, 0, 4))}),
    "masks beside the images of each class": (
        tree("COVID/images", "COVID/masks", "Normal/images", "Normal/masks"),
        "one-task",
        {"d": (("COVID", "Normal"), (0, 0, 0, 4))},
    ),
    "masks beside the images": (domains("images", "masks"), "domains", {"d": (CLASSES, (0, 0, 0, 4))}),
    "a part of no class in a folder": (
        domains("train", "validation") | tree("test/trunk01", "test/trunk02"),
        "one-task",
        {"d": (CLASSES, (4, 4, 0, 0))},
    ),
    "a part whose images are of no class": (
        domains("train") | flat("test"),
        "one-task",
        {"d": (CLASSES, (4, 0, 0, 0))},
    ),
    "Tiny ImageNet": (
        tree(*(f"tiny/train/{name}/images" for name in IDS))
        | flat("tiny/val/images")
        | flat("tiny/test/images")
        | {"tiny/words.txt": named(zip(IDS, CLASSES, strict=True)), "tiny/wnids.txt": lines(IDS)},
        "domain-splits",
        {"tiny": (IDS, (4, 0, 0, 0))},
    ),
    "parts with a number in front": (domains("1_train", "2_test"), "one-task", {"d": (CLASSES, (4, 0, 4, 0))}),
    "a holdout": (domains("train", "holdout"), "one-task", {"d": (CLASSES, (4, 0, 4, 0))}),
    "domains called as folds": (
        domains("fold_0", "fold_1"),
        "domains",
        dict.fromkeys(("fold_0", "fold_1"), (CLASSES, (0, 0, 0, 4))),
    ),
    "a domain called as a part": (
        domains("train", "gallery"),
        "domains",
        dict.fromkeys(("gallery", "train"), (CLASSES, (0, 0, 0, 4))),
    ),
    # kinds of images
    "TIFF": (domains("Art", suffix=".tif", kind="TIFF"), "domains", {"Art": (CLASSES, (0, 0, 0, 4))}),
    "PPM, GIF, AVIF, JPEG by other names": (
        tree("Art/cat", suffix=".ppm", kind="PPM")
        | tree("Art/cat", suffix=".gif", kind="GIF")
        | tree("Art/dog", suffix=".avif", kind="AVIF")
        | tree("Art/dog", suffix=".jfif", kind="JPEG"),
        "domains",
        {"Art": (CLASSES, (0, 0, 0, 8))},
    ),
    "no suffix": (
        domains("Art", suffix="") | {"Art/cat/README": "read me"},
        "domains",
        {"Art": (CLASSES, (0, 0, 0, 4))},
    ),
    # lists
    "Office-31's lists of flat folders": (
        flat("amazon")
        | flat("dslr")
        | {f"{n}_list.txt": lines(f"{n}/im_{i}.png {i % 2}" for i in range(4)) for n in ("amazon", "dslr")},
        "lists:.",
        dict.fromkeys(("amazon", "dslr"), (("0", "1"), (0, 0, 0, 4))),
    ),
    "ImageCLEF": (
        flat("b") | flat("c") | {f"list/{n}List.txt": lines(f"{n}/im_{i}.png {i % 2}" for i in range(4)) for n in "bc"},
        "lists:list",
        dict.fromkeys("bc", (("0", "1"), (0, 0, 0, 4))),
    ),
    "commas, and parts in the names": (
        flat("Art")
        | {
            f"Art_{part}.txt": lines(f"Art/im_{i}.png,{i % 2}" for i in rows)
            for part, rows in (("train", (0, 1)), ("test", (2, 3)))
        },
        "lists:.",
        {"Art": (("0", "1"), (2, 0, 2, 0))},
    ),
    "a domain in every line": (
        flat("all") | {"labels.txt": lines(f"all/im_{i}.png {i % 2} {'ab'[i // 2]}" for i in range(4))},
        "lists:.",
        dict.fromkeys("ab", (("0", "1"), (0, 0, 0, 2))),
    ),
    "words with blanks behind a tab": (
        flat("all") | {"all.lst": lines(f"im_{i}.png\t{('alarm clock', 'dog')[i % 2]}" for i in range(4))},
        "lists:.",
        {"all": (("alarm clock", "dog"), (0, 0, 0, 4))},
    ),
    "lists that say what folders say": (
        domains("Art", "Clip")
        | {f"image_list/{n}.txt": lines(f"{n}/{c}/0.png {k}" for k, c in enumerate(CLASSES)) for n in ("Art", "Clip")},
        "domains",
        dict.fromkeys(("Art", "Clip"), (CLASSES, (0, 0, 0, 4))),
    ),
    "a list in each part": (
        domains("train", "validation")
        | {
            f"{s}/image_list.txt": lines(f"{c}/{i}.png {k}" for i in range(2) for k, c in enumerate(CLASSES))
            for s in ("train", "validation")
        },
        "one-task",
        {"d": (CLASSES, (4, 4, 0, 0))},
    ),
    "lists in NFC, files in NFD": (
        domains("Art", classes=(NFD(CAFE), "dog"))
        | {
            f"Art_{s}.txt": lines(f"Art/{c}/{i}.png {k}" for k, c in enumerate((NFC(CAFE), "dog")))
            for i, s in enumerate(("train", "test"))
        },
        "lists:.",
        {"Art": ((NFD(CAFE), "dog"), (2, 0, 2, 0))},
    ),
    "lists in another case": (
        domains("Art", classes=("Cat", "Dog"), suffix=".PNG")
        | {
            f"Art_{s}.txt": lines(f"Art/{c}/{i}.png {k}" for k, c in enumerate(CLASSES))
            for i, s in enumerate(("train", "test"))
        },
        "lists:.",
        {"Art": (("Cat", "Dog"), (2, 0, 2, 0))},
    ),
    "lists of folders with the same file names": (
        flat("m_train")
        | flat("m_test")
        | {
            f"m_{s}_labels.txt": lines(f"im_{i}.png {(i + k) % 2}" for i in range(4))
            for k, s in enumerate(("train", "test"))
        },
        "lists:.",
        {"m": (("0", "1"), (4, 0, 4, 0))},
    ),
    "lists of another computer": (
        domains("Art")
        | {
            f"Art_{s}.txt": lines(f"/home/me/Art/{c}/{i}.png {k}" for k, c in enumerate(CLASSES))
            for i, s in enumerate(("train", "test"))
        },
        "lists:.",
        {"Art": (CLASSES, (2, 0, 2, 0))},
    ),
    "lists of another computer, of which one domain is there": (
        domains("real")
        | {
            f"{d}_{s}.txt": lines(f"/home/me/dn/{d}/{c}/{i}.png {k}" for k, c in enumerate(CLASSES))
            for i, s in enumerate(("train", "test"))
            for d in ("real", "sketch")
        },
        "lists:.",
        {"real": (CLASSES, (2, 0, 2, 0))},
    ),
    "lists with folders that are not here in front": (
        domains("pictures/Art")
        | {
            f"splits/Art_{s}.txt": lines(f"./data/office/Art/{c}/{i}.png {k}" for k, c in enumerate(CLASSES))
            for i, s in enumerate(("train", "test"))
        },
        "lists:splits",
        {"Art": (CLASSES, (2, 0, 2, 0))},
    ),
    "a list of training and validation together beside one of each": (
        flat("all", 6)
        | {
            f"x_{s}.txt": lines(f"im_{i}.png {CLASSES[i % 2]}" for i in rows)
            for s, rows in (("train", (0, 1)), ("val", (2, 3)), ("trainval", range(4)), ("test", (4, 5)))
        },
        "lists:.",
        {"x": (CLASSES, (2, 2, 2, 0))},
    ),
    "FGVC Aircraft": (
        {f"data/images/{i:07}.png": picture() for i in range(4)}
        | {
            f"data/images_family_{s}.txt": lines(f"{i:07} {('Boeing 707', 'A300')[i % 2]}" for i in rows)
            for s, rows in (("train", (0, 1)), ("test", (2, 3)))
        },
        "lists:data",
        {"images_family": (("A300", "Boeing 707"), (2, 0, 2, 0))},
    ),
    "Food-101": (
        domains("images")
        | {f"meta/{s}.txt": lines(f"{c}/{i}" for c in CLASSES) for i, s in enumerate(("train", "test"))}
        | {"meta/classes.txt": lines(CLASSES)},
        "lists:meta",
        {"d": (CLASSES, (2, 0, 2, 0))},
    ),
    "DTD, the first of its splits": (
        domains("images", n=3)
        | {
            f"labels/{s}{k}.txt": lines(f"{c}/{(i + k) % 3}.png" for c in CLASSES)
            for k in (1, 2, 10)
            for i, s in enumerate(("train", "val", "test"))
        }
        | {"labels/labels_joint_anno.txt": lines(f"{c}/0.png {c}" for c in CLASSES)},
        "lists:labels/1",
        {"d": (CLASSES, (2, 2, 2, 0))},
    ),
    "SUN397 with its lists": (
        tree("a/abbey", "c/church/indoor", "c/church/outdoor", "c/cove", "c/cliff")
        | {
            f"{s}_01.txt": lines(f"/{c}/{i}.png" for c in ("a/abbey", "c/church/indoor", "c/cove"))
            for i, s in enumerate(("Training", "Testing"))
        },
        "lists:.",
        {"d": (("abbey", "church_indoor", "cove"), (3, 0, 3, 0))},
    ),
    "lists of parts of several domains": (
        domains("Art", "Clip")
        | {
            f"{s}.txt": lines(f"{d}/{c}/{i}.png" for d in ("Art", "Clip") for c in CLASSES)
            for i, s in enumerate(("train", "test"))
        },
        "lists:.",
        dict.fromkeys(("Art", "Clip"), (CLASSES, (2, 0, 2, 0))),
    ),
    "MIT Indoor": (
        domains("Images")
        | {f"{s}Images.txt": lines(f"{c}/{i}.png" for c in CLASSES) for i, s in enumerate(("Train", "Test"))},
        "lists:.",
        {"d": (CLASSES, (2, 0, 2, 0))},
    ),
    "CUB-200": (
        domains("CUB/images", classes=("001.Albatross", "002.Gull"))
        | {
            "CUB/images.txt": lines(f"{k + 1} {c}/{k % 2}.png" for k, c in enumerate(CUB)),
            "CUB/image_class_labels.txt": lines(f"{k + 1} {k // 2 + 1}" for k in range(4)),
            "CUB/train_test_split.txt": lines(f"{k + 1} {1 - k % 2}" for k in range(4)),
            "CUB/classes.txt": "1 001.Albatross\n2 002.Gull\n",
        },
        "lists:CUB",
        {"CUB": (("001.Albatross", "002.Gull"), (2, 0, 2, 0))},
    ),
    "Oxford-IIIT Pet": (
        {f"images/{c}_{i}.png": picture() for c in PETS for i in (1, 2)}
        | tree("annotations/trimaps")
        | {
            f"annotations/{s}.txt": lines(f"{c}_{i} {k + 1} 1 1" for k, c in enumerate(PETS))
            for i, s in ((1, "trainval"), (2, "test"))
        }
        | {"annotations/list.txt": lines(["#Image CLASS-ID SPECIES BREED", *(f"{c}_1 1 1 1" for c in PETS)])},
        "lists:annotations",
        {"d": (PETS, (2, 0, 2, 0))},
    ),
    "files that are called by the numbers of their classes": (
        {f"images/img_{k}_{i}.png": picture() for k in (0, 1) for i in (1, 2)}
        | {f"d_{s}.txt": lines(f"images/img_{k}_{i}.png {k}" for k in (0, 1)) for i, s in ((1, "train"), (2, "test"))},
        "lists:.",
        {"d": (("0", "1"), (2, 0, 2, 0))},
    ),
    # tables
    "a table of other folders' parts": (
        flat("train")
        | flat("test")
        | {"labels.csv": csv(f"{s}/im_{i}.png,{CLASSES[i % 2]}" for s in ("train", "test") for i in range(4))},
        "manifest:labels.csv",
        {"d": (CLASSES, (4, 0, 4, 0))},
    ),
    "a table of another computer, of which one domain is there": (
        domains("real")
        | {
            "all.csv": csv(
                (
                    f"/home/me/{d}/{c}/{i}.png,{c},{d},{s}"
                    for d in ("real", "sketch")
                    for c in CLASSES
                    for i, s in enumerate(("train", "test"))
                ),
                "path,label,domain,split",
            )
        },
        "manifest:all.csv",
        {"real": (CLASSES, (2, 0, 2, 0))},
    ),
    "columns in other words": (
        flat("images", 6)
        | {
            "x.csv": csv(
                (f"im_{i}.png | {CLASSES[i % 2]}|{('Training', 'TEST ', 'valid')[i // 2]}" for i in range(6)),
                "\n Image Name |Class-Label|Set",
            )
        },
        "manifest:x.csv",
        {"x": (CLASSES, (2, 2, 2, 0))},
    ),
    "a column of images and one of flags": (
        flat("images")
        | {"x.csv": csv((f"im_{i}.png,{CLASSES[i % 2]},{i > 1}" for i in range(4)), "shot,label,is_valid")},
        "manifest:x.csv",
        {"x": (CLASSES, (2, 2, 0, 0))},
    ),
    **{
        f"GTSRB, {name}": (
            tree("Train/0", "Train/1")
            | flat("Test")
            | tree("Meta")
            | {
                "Train.csv": gtsrb((f"Train/{k}/{i}.png", k) for k in (0, 1) for i in (0, 1)).replace(",", between),
                "Test.csv": gtsrb((f"Test/im_{i}.png", i % 2) for i in range(4)).replace(",", between),
                "Meta.csv": gtsrb((f"Meta/{k}.png", k) for k in (0, 1)).replace(",", between),
            },
            "manifest",
            {"d": (("0", "1"), (4, 0, 4, 0))},
        )
        for name, between in (("commas", ","), ("semicolons", ";"))
    },
    "a table of another computer": (
        flat("images") | {"x.csv": csv(rf"C:\Users\me\images\im_{i}.png,{CLASSES[i % 2]}" for i in range(4))},
        "manifest:x.csv",
        {"x": (CLASSES, (0, 0, 0, 4))},
    ),
    "a table in a folder beside its images": (
        flat("images") | {"labels/x.csv": csv(f"../images/im_{i}.png,{CLASSES[i % 2]}" for i in range(4))},
        "manifest:labels/x.csv",
        {"x": (CLASSES, (0, 0, 0, 4))},
    ),
    "a form to be filled in beside the table": (
        flat("train")
        | flat("test")
        | {"train.csv": csv((f"im_{i},{CLASSES[i % 2]}" for i in range(4)), "id,label")}
        | {"sample_submission.csv": csv((f"im_{i},{CLASSES[i // 2]}" for i in range(4)), "id,label")},
        "manifest:train.csv",
        {"train": (CLASSES, (0, 0, 0, 4))},
    ),
    "images in numbered folders": (
        flat("part_1", 6)
        | {f"part_2/jm_{i}.png": picture() for i in range(4)}
        | {
            "x.csv": csv(
                (f"{n}_{i},{CLASSES[i % 2]}" for n, k in (("im", 6), ("jm", 4)) for i in range(k)), "image_id,dx"
            )
        },
        "manifest:x.csv",
        {"x": (CLASSES, (0, 0, 0, 10))},
    ),
    "cells of nothing": (
        flat("images", 6) | {"x.csv": csv(f"im_{i}.png,{(*CLASSES, 'NaN')[i % 3]}" for i in range(6))},
        "manifest:x.csv",
        {"x": (CLASSES, (0, 0, 0, 4))},
    ),
    "ids without a suffix": (
        flat("train") | {"train.csv": csv((f"im_{i},{CLASSES[i % 2]}" for i in range(4)), "id,label")},
        "manifest:train.csv",
        {"train": (CLASSES, (0, 0, 0, 4))},
    ),
    "metadata.csv in each part": (
        flat("train")
        | flat("test")
        | {
            f"{s}/metadata.csv": csv((f"im_{i}.png,{CLASSES[i % 2]}" for i in range(4)), "file_name,label")
            for s in ("train", "test")
        },
        "manifest",
        {"d": (CLASSES, (4, 0, 4, 0))},
    ),
    "metadata.jsonl": (
        flat("train")
        | {
            "train/metadata.jsonl": lines(
                json.dumps({"file_name": f"im_{i}.png", "label": CLASSES[i % 2]}) for i in range(4)
            )
        },
        "manifest:train/metadata.jsonl",
        {"d": (CLASSES, (0, 0, 0, 4))},
    ),
    "one table a part": (
        flat("images", 6)
        | {
            f"{s}.csv": csv(f"im_{i}.png,{CLASSES[i % 2]}" for i in rows)
            for s, rows in (("train", (0, 1)), ("valid", (2, 3)), ("test", (4, 5)))
        },
        "manifest",
        {"d": (CLASSES, (2, 2, 2, 0))},
    ),
    "one-hot in each part": (
        flat("train")
        | flat("valid")
        | {f"{s}/_classes.csv": one_hot(f"im_{i}.png" for i in range(4)) for s in ("train", "valid")},
        "manifest",
        {"d": (CLASSES, (4, 4, 0, 0))},
    ),
    "numbers with a point": (
        flat("images") | {"x.csv": csv(f"im_{i}.png,{i % 2}.0" for i in range(4))},
        "manifest:x.csv",
        {"x": (("0", "1"), (0, 0, 0, 4))},
    ),
    "a fold of numbers": (
        flat("images") | {"x.csv": csv((f"im_{i}.png,{CLASSES[i % 2]},{i % 5}" for i in range(4)), "path,label,fold")},
        "manifest:x.csv",
        {"x": (CLASSES, (0, 0, 0, 4))},
    ),
    "a spreadsheet's first line": (
        flat("images") | {"x.csv": "sep=;\r\n" + csv((f"im_{i}.png;{CLASSES[i % 2]}" for i in range(4)), "path;label")},
        "manifest:x.csv",
        {"x": (CLASSES, (0, 0, 0, 4))},
    ),
    "UTF-16": (
        flat("images")
        | {"x.csv": csv((f"im_{i}.png\t{CLASSES[i % 2]}" for i in range(4)), "path\tlabel").encode("utf-16")},
        "manifest:x.csv",
        {"x": (CLASSES, (0, 0, 0, 4))},
    ),
    "CoOp": (
        flat("images", 8) | {"split_zhou_Pets.json": json.dumps(SPLIT_ZHOU)},
        "manifest:split_zhou_Pets.json",
        {"Pets": (CLASSES, (4, 2, 2, 0))},
    ),
    "COCO with one class an image": (
        flat("train", 5) | {"train/_annotations.coco.json": json.dumps(COCO)},
        "manifest:train/_annotations.coco.json",
        {"d": (CLASSES, (0, 0, 0, 4))},
    ),
    "a table of other things beside domains": (
        domains("Art") | {"ImageInfo.csv": "id,\theight\n1,\t32\n"},
        "domains",
        {"Art": (CLASSES, (0, 0, 0, 4))},
    ),
    # archives
    "WebDataset in parts": (
        {f"{s}/{k}.tar": shard([0, 1, 0, 1], 4 * k) for s in ("train", "test") for k in range(2)}
        | {"classnames.txt": "cat\ndog\n", "zeroshot_classification_templates.txt": "a photo of a {c}.\n"},
        "webdataset",
        {"d": (("0", "1"), (8, 0, 8, 0))},
    ),
    "WebDataset of domains": (
        {f"{d}-train-{k:06}.tar": shard(CLASSES, 2 * k, "txt") for d in ("art", "clip") for k in range(2)},
        "webdataset",
        dict.fromkeys(("art", "clip"), (CLASSES, (4, 0, 0, 0))),
    ),
    "WebDataset with JSON": (
        {"a-000000.tar": shard(('{"label": "cat"}', '{"label": "dog"}'), 0, "json")},
        "webdataset",
        {"a": (CLASSES, (0, 0, 0, 2))},
    ),
    "a zip that says its names in UTF-8 in a field": (
        {"x.zip": zipped(domains("Art", classes=("\u72d7", "dog")), False, "gbk", field=True)},
        "domains",
        {"x": (("dog", "\u72d7"), (0, 0, 0, 4))},
    ),
    "a zip of a Mac, UTF-8 without a mark": (
        {"x.zip": zipped(domains("Art", classes=(CAFE, "dog")), False)},
        "domains",
        {"x": ((CAFE, "dog"), (0, 0, 0, 4))},
    ),
}


ON_DEMAND = {
    "one-task": (domains("cat", "dog", classes=("train", "test")), {"d": (CLASSES, (4, 0, 4, 0))}),
    "nested": (
        domains("art/cat", "art/dog", "photo/cat", "photo/dog", classes=("train", "test")),
        dict.fromkeys(("art", "photo"), (CLASSES, (4, 0, 4, 0))),
    ),
}


@pytest.mark.parametrize("layout", ON_DEMAND)
def test_parts_below_each_class_are_read_where_that_is_said(layout, tmp_path):
    files, expected = ON_DEMAND[layout]
    path = str(write(tmp_path / "d", files))
    with pytest.raises(DataError, match=f"use --layout {layout} if"):
        import_report([path])
    assert summary(import_report([path], layouts={path: layout})) == expected


SAID = {
    "one class in a folder beside others": "Class folders lie at two depths: 'outdoor/church' is read as class "
    "'outdoor_church' beside 'beach'; --layout domains reads 'outdoor' as a domain.",
    "images of no class beside domains": "'figures' holds images and no class folders, and is not used; --layout "
    "one-task reads it as a class beside 'Art_cat'.",
    "DTD, the first of its splits": "Of the lists, 'lists:labels/1' are read; --layout takes others: "
    "'lists:labels/2', 'lists:labels/10', 'lists:labels'.",
    "SUN397 with its lists": "4 images are named nowhere, and not used.",
    "Oxford-IIIT Pet": "Task 'd': the classes have numbers, and are called as their files are: 'Abyssinian', "
    "'american_bulldog'.",
    "a part of no class in a folder": "No class of test ('trunk01', 'trunk02') is one of training, so test is not "
    "used; --layout domains reads parts as domains.",
    "a part whose images are of no class": "'test' holds images of no class, and is not used.",
    "domains called as folds": "By their names, 'fold_0', 'fold_1' are parts of one data set, but 'fold_0', 'fold_1' "
    "are read as domains; call parts train, val and test if they are.",
    "a table of other folders' parts": "The parts are those of the folders in the paths: 'test', 'train'.",
    "columns in other words": "Column 'Set' is read as the parts.",
    "GTSRB, semicolons": "Table 'Meta.csv' shows each class once, beside tables of parts; it is not used.",
}
"""What a user is told of some of them."""


@pytest.mark.parametrize("name", SAID)
def test_what_could_be_meant_otherwise_is_said(name, tmp_path):
    assert SAID[name] in import_report([str(write(tmp_path / "d", CASES[name][0]))]).notices


def test_other_splits_are_read_where_they_are_asked_for(tmp_path):
    path = str(write(tmp_path / "d", CASES["DTD, the first of its splits"][0]))
    report = import_report([path], layouts={path: "lists:labels/10"})
    (task,) = report.tasks
    at = dict(zip(task.domain.files.paths(), task.domain.given_splits, strict=True))
    assert (at["cat/1.png"], at["cat/2.png"], at["cat/0.png"]) == ("train", "val", "test")
    assert (task.entry.layout, task.entry.part) == ("lists:labels/10", "d")


def test_classes_at_two_depths_are_read_where_that_is_said(tmp_path):
    files = tree("beach", "outdoor/church", "outdoor/garden")
    path = str(write(tmp_path / "d", files))
    assert summary(import_report([path])) == {"outdoor": (("church", "garden"), (0, 0, 0, 4))}
    found = import_report([path], layouts={path: "one-task"})
    assert summary(found) == {"d": (("beach", "outdoor_church", "outdoor_garden"), (0, 0, 0, 6))}


def test_folders_of_no_class_are_told_with_what_leaves_them_out(tmp_path):
    files = tree("101_ObjectCategories/accordion", "101_ObjectCategories/BACKGROUND_Google", "101_ObjectCategories/ant")
    report = import_report([str(write(tmp_path / "d", files))])
    assert (
        "By its name, folder 'BACKGROUND_Google' holds images of no class, but is read as one; --leave-out "
        "BACKGROUND_Google leaves it out." in report.notices
    )


def test_published_splits_in_files_that_are_not_read_are_named(tmp_path):
    files = domains("Images") | {"train_list.mat": "MATLAB", "test_list.mat": "MATLAB", "file_list.mat": "MATLAB"}
    report = import_report([str(write(tmp_path / "d", files))])
    assert (
        "By name, 'test_list.mat', 'train_list.mat' say which images are for training and test, but such files are not "
        "read; write a CSV with the columns path, class and split for it." in report.notices
    )


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("im_1.png,,train", "line 3: every row must have a path and a class, but one of them is empty; fill it in."),
        (",cat,train", "line 3: every row must have a path and a class, but one of them is empty; fill it in."),
        ("im_1.png,cat", "line 3: a row must have 3 cells as the header has. Got 2 instead; correct the line."),
        ("im_1.png,cat,tset", "line 3: a split must be one of "),
        ("/home/me/elsewhere.png,cat,train", "line 3: a path must be relative, but "),
    ],
)
def test_a_row_that_cannot_be_used_stops_no_other(row, said, tmp_path):
    rows = [f"im_{i}.png,{CLASSES[i // 2]},{'train' if i % 2 else 'test'}" for i in range(4)]
    table = csv([rows[0], row, *rows[2:]], "path,label,split")
    report = import_report([str(write(tmp_path / "d", flat("images") | {"x.csv": table}))])
    assert summary(report) == {"x": (CLASSES, (1, 0, 2, 0))}
    assert any(text.startswith(f"1 row is left out: Table 'x.csv', {said}") for text in report.notices)


@pytest.mark.parametrize(
    ("file", "text"),
    [("id2label.json", '{"0": "daisy", "1": "rose"}'), ("flower_to_number.json", '{"daisy": 0, "rose": 1}')],
)
def test_numbers_are_called_as_a_json_beside_them_says(file, text, tmp_path):
    report = import_report([str(write(tmp_path / "d", domains("a", "b", classes=("0", "1")) | {file: text}))])
    assert [list(task.class_texts) for task in report.tasks] == [["daisy", "rose"]] * 2


@pytest.mark.parametrize(
    ("names", "file", "texts"),
    [
        (("n02085620-Chihuahua", "n02110627-affenpinscher"), {}, ["chihuahua", "affenpinscher"]),
        (("00_airplane", "01_bird"), {}, ["airplane", "bird"]),
        (("2_door", "4_door"), {}, ["2 door", "4 door"]),
        (
            ("0000", "0001"),
            {"clsidx_to_labels.txt": "{0: 'tench, Tinca tinca',\n 1: 'goldfish'}\n"},
            ["tench", "goldfish"],
        ),
        (("0", "1"), {"classes.csv": "label,name\n0,cat\n1,dog\n"}, ["cat", "dog"]),
    ],
)
def test_numbers_give_way_to_names(names, file, texts, tmp_path):
    report = import_report([str(write(tmp_path / "d", domains("a", "b", classes=names) | file))])
    assert [list(task.class_texts) for task in report.tasks] == [texts] * 2


def test_numbers_of_several_data_sets_have_the_names_that_lie_with_each(tmp_path):
    files = domains("pets", "flowers", classes=("0", "1"))
    files |= {"pets/labels.txt": "cat\ndog\n", "flowers/labels.txt": "rose\ntulip\n"}
    report = import_report([str(write(tmp_path / "d", files))])
    assert {task.name: task.class_texts for task in report.tasks} == {"pets": CLASSES, "flowers": ("rose", "tulip")}


def test_a_file_of_too_few_names_is_named(tmp_path):
    report = import_report(
        [str(write(tmp_path / "d", domains("a", "b", classes=("0", "1")) | {"labels.txt": "cat\n"}))]
    )
    said = "By its name, 'labels.txt' says what the 2 classes are called, but has no name for each; it is not used."
    assert said in report.notices


def test_an_image_in_two_classes_is_told(tmp_path):
    same = picture()
    report = import_report([str(write(tmp_path / "d", domains("a", "b") | {"a/cat/x.png": same, "a/dog/y.png": same}))])
    told = "Task 'a': 1 image is in several classes, such as 'cat/x.png', 'dog/y.png'; keep the one that is right."
    assert told in report.notes


def test_lists_in_an_archive_are_told(tmp_path):
    packed = zipped(domains("a", "b") | {"a_train.txt": b"a/cat/0.png 0"})
    report = import_report([str(write(tmp_path, {"x.zip": packed}) / "x.zip")])
    said = "lies in an archive, where lists, tables and names of classes are not read; unpack it if it says"
    assert any(said in text for text in report.notices)


@pytest.mark.parametrize("text", ["7", "null", '"daisy"', "[1, 2]", '{"0": {"1": 2}}'])
def test_json_that_holds_no_names_is_passed_over(text, tmp_path):
    files = domains("a", "b", classes=("0", "1")) | {"id2label.json": text}
    report = import_report([str(write(tmp_path / "d", files))])
    assert [list(task.class_texts) for task in report.tasks] == [["0", "1"]] * 2


def summary(report):
    return {task.name: (task.domain.classes, tuple(task.domain.given_splits.count(part)
            for part in ("train", "val", "test", None))) for task in report.tasks}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_it_is_read_as_it_is_meant_and_again_from_the_project(name, tmp_path):
    files, layout, expected = CASES[name]
    report = import_report([str(write(tmp_path / "d", files))])
    assert report.readings[0].layout == layout
    assert summary(report) == expected
    finder = DomainFinder()
    for task in report.tasks:
        again, _ = finder.find(tmp_path / task.entry.folder, task.entry.layout, task.entry.part, task.name)
        assert again.fingerprint == task.domain.fingerprint


PLAIN = {"goldfish": IDS[0], "great white shark": IDS[1]}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("classnames.txt", named((raw, name) for name, raw in PLAIN.items())),
        ("LOC_synset_mapping.txt", named((raw, f"{name}, other name") for name, raw in PLAIN.items())),
        ("words.txt", lines(f"{raw}\t{name}, Carassius" for name, raw in PLAIN.items()) + "n00001740\tentity\n"),
        ("README.txt", "About.\n\n" + named((raw, name.replace(" ", "_")) for name, raw in PLAIN.items())),
        ("index.json", json.dumps({str(i): [raw, name] for i, (name, raw) in enumerate(PLAIN.items())})),
        ("names.csv", lines(["id,name", *(f"{raw},{name}" for name, raw in PLAIN.items())])),
    ],
)
@pytest.mark.parametrize("where", ["", "images/"])
def test_ids_are_called_as_a_file_beside_them_says(file, text, where, tmp_path):
    files = domains(f"{where}real", f"{where}sketch", classes=IDS) | {file: text}
    report = import_report([str(write(tmp_path / "d", files))])
    assert [list(task.class_texts) for task in report.tasks] == [list(PLAIN)] * 2
    assert report.entries[0].class_names == {raw: name for name, raw in PLAIN.items()}
    assert f"2 class names are read from '{file}'." in report.notices


def test_numbers_are_called_as_lines_in_their_order_say(tmp_path):
    files = domains("Art", classes=("0", "1", "2")) | {"classes.txt": "cat\ndog\nT-shirt\n"}
    assert import_report([str(write(tmp_path / "a", files))]).tasks[0].class_texts == ("cat", "dog", "T-shirt")
    files = domains("Art", classes=("1", "2")) | {"classes.txt": "1 cat\n2 dog\n"}
    assert import_report([str(write(tmp_path / "b", files))]).tasks[0].class_texts == ("cat", "dog")
    files = domains("Art", classes=("0", "7")) | {"classes.txt": "cat\ndog\n"}
    assert import_report([str(write(tmp_path / "c", files))]).tasks[0].class_texts == ("0", "7")


class TestTablesOfColumns:
    @pytest.fixture(autouse=True)
    def arrow(self):
        return pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")

    def read(self, root, layout="auto"):
        report = import_report([str(root)], layouts={str(root): layout})
        task = report.tasks[0]
        again, _ = DomainFinder().find(root, task.entry.layout, task.entry.part)
        assert again.fingerprint == task.domain.fingerprint
        return report, summary(report)

    def test_arrow_as_datasets_saves_it(self, tmp_path):
        for part in ("train", "test"):
            columns(tmp_path / "pets" / part / "data-00000-of-00001.arrow",
                    image=[{"bytes": picture(), "path": None} for _ in range(4)],
                    label=([0, 1, 0, 1], CLASSES))  # fmt: skip
            write(tmp_path / "pets" / part, {"state.json": "{}", "dataset_info.json": "{}"})
        report, found = self.read(tmp_path / "pets")
        assert (report.readings[0].layout, found) == ("parquet", {"pets": (CLASSES, (4, 0, 4, 0))})

    @pytest.mark.parametrize("kind", ["view", "float", "list", "bool"])
    def test_columns_of_other_types(self, kind, tmp_path, arrow):
        images, labels = arrow.array([picture() for _ in range(4)], arrow.binary()), [0, 1, 0, 1]
        if kind == "view":
            images, labels = images.cast(arrow.binary_view()), arrow.array(["0", "1"] * 2, arrow.string_view())
        labels = {"float": [0.0, 1.0] * 2, "list": [[0], [1]] * 2, "bool": [False, True] * 2}.get(kind, labels)
        columns(tmp_path / "x" / "t.parquet", image=images, label=labels)
        expected = ("False", "True") if kind == "bool" else ("0", "1")
        assert self.read(tmp_path / "x")[1] == {"t": (expected, (0, 0, 0, 4))}

    def test_two_columns_of_classes_are_said_and_can_be_chosen(self, tmp_path):
        columns(tmp_path / "x" / "train-00000-of-00001.parquet", img=[picture() for _ in range(4)],
                coarse_label=([0, 1, 0, 1], ("animal", "thing")),
                fine_label=([0, 1, 2, 1], ("ant", "bed", "cow")))  # fmt: skip
        report, found = self.read(tmp_path / "x")
        assert found == {"x": (("ant", "bed", "cow"), (4, 0, 0, 0))}
        assert report.readings[0].others == ("parquet#coarse_label",)
        assert "Column 'fine_label' is read as the classes; 'coarse_label' could be too" in report.notices[0]
        assert self.read(tmp_path / "x", "parquet#coarse_label")[1] == {"x": (("animal", "thing"), (4, 0, 0, 0))}


def test_two_columns_of_classes_of_a_table(tmp_path):
    table = csv((f"im_{i}.png,{CLASSES[i % 2]},{'abcd'[i]}" for i in range(4)), "path,label,coarse_label")
    root = str(write(tmp_path, flat("images") | {"x.csv": table}))
    assert summary(import_report([root]))["x"][0] == CLASSES
    report = import_report([root], layouts={root: "manifest:x.csv#coarse_label"})
    assert summary(report)["x"][0] == tuple("abcd")
    assert DomainFinder().find(tmp_path, report.entries[0].layout, "x")[0].classes == tuple("abcd")


def test_what_is_left_out_of_tables_is_counted(tmp_path):
    several = json.loads(json.dumps(COCO))
    several["annotations"].append({"image_id": 3, "category_id": 0})
    root = write(tmp_path, flat("train", 5) | {"train/_annotations.coco.json": json.dumps(several)})
    report = import_report([str(root)])
    assert report.tasks[0].images == 3
    assert [path for path, reason in report.skipped if "gives it no class, or several" in reason] == [
        "im_3.png", "im_4.png"]  # fmt: skip


def test_a_shard_that_is_named_alone_says_what_lies_beside_it(tmp_path):
    write(tmp_path, {f"pets-{k:06}.tar": shard([0, 1], 2 * k) for k in range(3)} | {"classnames.txt": "cat\ndog\n"})
    report = import_report([str(tmp_path / "pets-000000.tar")])
    assert summary(report) == {"pets": (("0", "1"), (0, 0, 0, 2))}
    assert report.tasks[0].class_texts == CLASSES
    assert any("2 shards of the same name beside it are not read" in text for text in report.notices)


def test_names_beside_a_shard_are_not_read_through_a_link_out_of_its_folder(tmp_path):
    write(tmp_path, {"pets/pets-000000.tar": shard([0, 1]), "private/notes.txt": "cat\ndog\n"})
    (tmp_path / "pets" / "classnames.txt").symlink_to(tmp_path / "private" / "notes.txt")
    path = [str(tmp_path / "pets" / "pets-000000.tar")]
    assert import_report(path).tasks[0].class_texts == ("0", "1")
    assert import_report(path, follow=True).tasks[0].class_texts == CLASSES


@pytest.mark.parametrize("name", ["fold", "Partition"])
def test_numbers_in_a_column_of_parts_are_said_with_its_name(name, tmp_path):
    table = csv((f"im_{i}.png,{CLASSES[i % 2]},{i % 3 - 1}" for i in range(4)), f"path,label,{name}")
    report = import_report([str(write(tmp_path, flat("images") | {"x.csv": table}))])
    assert summary(report) == {"x": (CLASSES, (0, 0, 0, 4))}
    said = f"Column '{name}' holds numbers, which are no parts, and are not used: the split is drawn instead."
    assert [text for text in report.notices if "no parts" in text] == [said]


def test_numbers_in_a_column_of_parts_of_tables_with_images_are_said_too(tmp_path):
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    columns(tmp_path / "x" / "t.parquet", image=[{"bytes": picture(), "path": None} for _ in range(4)],
            label=["a", "b"] * 2, fold=[0, 1, 2, 3])  # fmt: skip
    report = import_report([str(tmp_path / "x")])
    assert summary(report) == {"t": (("a", "b"), (0, 0, 0, 4))}
    assert any(text.startswith("Column 'fold' holds numbers") for text in report.notices)
    columns(tmp_path / "y" / "t.parquet", image=[{"bytes": picture(), "path": None} for _ in range(4)],
            label=["a", "b"] * 2, split=["train_set", "Train", "test", "TESTING"])  # fmt: skip
    assert summary(import_report([str(tmp_path / "y")])) == {"t": (("a", "b"), (2, 0, 2, 0))}
