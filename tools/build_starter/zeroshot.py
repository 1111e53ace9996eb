"""Zero-shot accuracy and linear probe of the backbone on the starter's six styles."""

import json
from pathlib import Path

import numpy as np
import torch
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from sklearn.linear_model import LogisticRegression
from torch.nn import functional as F

from tools.build_starter.config import MEAN, MODEL, STD
from tools.build_starter.sheets import read_sheet


def read_data(folder: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """The document of the data set and each task's images: name -> (N, S, S, 3) uint8."""
    document = json.loads((folder / "data.json").read_text())
    count, size = len(document["pictograms"]["code"]), document["size"]
    return document, {task["name"]: read_sheet(folder / task["sheet"], count, size) for task in document["tasks"]}


@torch.no_grad()
def image_features(clip: CLIP, pixels: np.ndarray) -> torch.Tensor:
    """(N, S, S, 3) uint8 -> (N, embed_dim), unit length."""
    x = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255
    x = (x - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
    return F.normalize(torch.cat([clip.encode_image(part) for part in x.split(256)]), dim=1)


@torch.no_grad()
def class_features(clip: CLIP, classes: list[str], template: str) -> torch.Tensor:
    """Text features of class names in one template: (C, embed_dim), unit length."""
    tokenizer = SimpleTokenizer(context_length=MODEL["text_cfg"]["context_length"])
    return F.normalize(clip.encode_text(tokenizer([template.format(name) for name in classes])), dim=1)


def zero_shot(clip: CLIP, data: Path, splits: tuple[str, ...] = ("test",), template: str = "") -> dict[str, float]:
    """Top-1 accuracy per task on the given splits."""
    document, pixels = read_data(data)
    table = document["pictograms"]
    member = np.isin(table["split"], splits)
    target = torch.tensor(table["class"])[torch.from_numpy(member)]
    text = class_features(clip, document["classes"], template or document["template"])
    return {
        name: ((image_features(clip, images[member]) @ text.T).argmax(1) == target).float().mean().item()
        for name, images in pixels.items()
    }


def linear_probe(clip: CLIP, data: Path, strength: float = 10.0) -> dict[str, float]:
    """Test accuracy per task of a logistic regression on the training pictograms' features."""
    document, pixels = read_data(data)
    split, target = np.array(document["pictograms"]["split"]), np.array(document["pictograms"]["class"])
    result = {}
    for name, images in pixels.items():
        features = image_features(clip, images).numpy()
        probe = LogisticRegression(C=strength, max_iter=2000).fit(features[split == "train"], target[split == "train"])
        result[name] = float(probe.score(features[split == "test"], target[split == "test"]))
    return result
