"""Data sets in the trees in which they are published, of small drawn images: a shape a class, a style a domain."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

PACS_DOMAINS = ("art_painting", "cartoon", "photo", "sketch")
PACS_CLASSES = ("dog", "elephant", "giraffe", "guitar", "horse", "house", "person")
STYLES = {  # ground and shape
    "art_painting": ((180, 160, 120), (90, 40, 20)),
    "cartoon": ((255, 255, 255), (230, 60, 60)),
    "photo": ((120, 150, 170), (60, 90, 50)),
    "sketch": ((255, 255, 255), (20, 20, 20)),
}


def image(domain: str, label: int, seed: int, size: int = 40) -> Image.Image:
    """The shape of a class, somewhere, in the style of a domain."""
    rng = np.random.default_rng([label, seed])
    ground, ink = STYLES.get(domain, ((200, 200, 200), (50, 50, 120)))
    image = Image.new("RGB", (size, size), ground)
    draw = ImageDraw.Draw(image)
    x, y = (int(v) for v in rng.integers(2, size // 4, 2))
    side = int(rng.integers(size // 2, size * 2 // 3))
    box = (x, y, x + side, y + side)
    if label % 7 == 0:
        draw.ellipse(box, ink)
    elif label % 7 == 6:
        draw.rectangle(box, ink)
    else:
        draw.regular_polygon((x + side / 2, y + side / 2, side / 2), label % 7 + 2, fill=ink)
    return image


def noise(*seed: int, size: int = 20) -> Image.Image:
    """An image that is equal to no other."""
    return Image.fromarray(np.random.default_rng([one + 1 for one in seed]).integers(0, 256, (size, size, 3), np.uint8))


def write(path: Path, image: Image.Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def pacs(root: Path, train: int = 6, val: int = 2, lists: str = "", classes: Sequence[str] = PACS_CLASSES) -> Path:
    """`root/<domain>/<class>/pic_001.jpg` and `root/lists/<domain>_{train,crossval,test}_kfold.txt`, labels from 1.

    As published, the test list of a domain holds all its images, and one list names an image that is not there.
    """
    for domain in PACS_DOMAINS:
        parts: dict[str, list[str]] = {"train": [], "crossval": [], "test": []}
        for label, name in enumerate(classes):
            for number in range(train + val):
                path = f"{domain}/{name}/pic_{number + 1:03}.jpg"
                write(root / path, image(domain, label, number))
                line = f"{path} {label + 1}"
                parts["train" if number < train else "crossval"].append(line)
                parts["test"].append(line)
        if domain == "sketch":
            parts["train"].append("sketch/dog/n02103406_4068-1.png 1")
        for part, lines in parts.items():
            here = root / lists / f"{domain}_{part}_kfold.txt"
            here.parent.mkdir(parents=True, exist_ok=True)
            here.write_text("\n".join(lines) + "\n")
    return root


def mini_domainnet(root: Path, domains: Sequence[str] = ("clipart", "real"), classes: int = 3) -> Path:
    """`root/<domain>/<class>/<image>` and `root/splits_mini/<domain>_{train,test}.txt`, labels from 0."""
    for domain in domains:
        for part, numbers in (("train", range(4)), ("test", range(4, 6))):
            lines = list(_lines(root, domain, classes, numbers))
            here = root / "splits_mini" / f"{domain}_{part}.txt"
            here.parent.mkdir(parents=True, exist_ok=True)
            here.write_text("".join(f"{line}\n" for line in lines))
    return root


def _lines(root: Path, domain: str, classes: int, numbers: range) -> Iterator[str]:
    for label in range(classes):
        name = ("aircraft_carrier", "The_Great_Wall_of_China", "zebra")[label]
        for number in numbers:
            path = f"{domain}/{name}/{domain}_{label:03}_{number:06}.jpg"
            write(root / path, image(domain, label, number))
            yield f"{path} {label}"
