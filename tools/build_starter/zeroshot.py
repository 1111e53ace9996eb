"""What the backbone can do on the starter's six styles: zero-shot, also with words moved; linear probe; text head."""

import json
from pathlib import Path

import numpy as np
import torch
from open_clip.model import CLIP
from open_clip.tokenizer import SimpleTokenizer
from sklearn.linear_model import LogisticRegression
from torch.nn import functional as F

from tools.build_starter.config import MEAN, MODEL, STD
from tools.build_starter.model import encode_text
from tools.build_starter.sheets import read_sheet

PROMPT_SIZE = 0.02  # standard deviation
HEAD_STRENGTHS = (10, 3, 1, 0.3, 0.1, 0.03, 0.01, 0.003)


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


@torch.no_grad()
def moved_features(clip: CLIP, classes: list[str], template: str, count: int, seed: int = 0) -> torch.Tensor:
    """As `class_features`, with `count` random vectors of the size that prompts start at between SOT and the words."""
    context, width = clip.positional_embedding.shape
    tokens = SimpleTokenizer(context_length=context)([template.format(name) for name in classes])
    moved = torch.zeros_like(tokens)
    moved[:, 0], moved[:, 1 + count :] = tokens[:, 0], tokens[:, 1 : context - count]
    generator = torch.Generator().manual_seed(seed)
    layers = len(clip.transformer.resblocks)
    fillers = [PROMPT_SIZE * torch.randn(1, context, width, generator=generator) for _ in range(layers)]
    shifts = torch.full((len(classes),), count)
    return F.normalize(encode_text(clip, moved, [one.expand(len(classes), -1, -1) for one in fillers], shifts), dim=1)


def zero_shot(
    clip: CLIP, data: Path, splits: tuple[str, ...] = ("test",), template: str = "", moved: int = 0, draws: int = 5
) -> dict[str, float]:
    """Top-1 accuracy per task on the given splits.

    moved : random vectors before the words; if there are any, the mean over `draws` of them
    """
    document, pixels = read_data(data)
    table = document["pictograms"]
    member = np.isin(table["split"], splits)
    target = torch.tensor(table["class"])[torch.from_numpy(member)]
    asked = document["classes"], template or document["template"]
    texts = [moved_features(clip, *asked, moved, k) for k in range(draws)] if moved else [class_features(clip, *asked)]
    found = {name: image_features(clip, images[member]) for name, images in pixels.items()}
    return {
        name: float(np.mean([((image @ text.T).argmax(1) == target).float().mean().item() for text in texts]))
        for name, image in found.items()
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


def text_head(clip: CLIP, data: Path) -> dict[str, float]:
    """Test accuracy per task of one logistic regression for all tasks, on their training pictograms' features.

    It starts at the class texts and is held to them; how strongly is chosen on the validation pictograms.
    """
    document, pixels = read_data(data)
    table = document["pictograms"]
    split, target = np.array(table["split"]), torch.tensor(table["class"])
    text = class_features(clip, document["classes"], document["template"]) * clip.logit_scale.exp().detach()
    found = {name: image_features(clip, images) for name, images in pixels.items()}
    part = {name: torch.from_numpy(split == name) for name in ("train", "val", "test")}

    def score(head: tuple[torch.Tensor, torch.Tensor], name: str, images: torch.Tensor) -> float:
        return float(((images[part[name]] @ head[0].T + head[1]).argmax(1) == target[part[name]]).float().mean())

    train = torch.cat([images[part["train"]] for images in found.values()]), target[part["train"]].repeat(len(found))
    heads = [fit_head(text, *train, strength) for strength in HEAD_STRENGTHS]
    best = max(heads, key=lambda head: np.mean([score(head, "val", images) for images in found.values()]))
    return {name: score(best, "test", images) for name, images in found.items()}


def fit_head(
    text: torch.Tensor, images: torch.Tensor, target: torch.Tensor, strength: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (C, d) and offsets (C,) of a softmax regression; `strength` times the mean square distance is added."""
    weight, bias = text.clone().requires_grad_(), torch.zeros(len(text), requires_grad=True)
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        away = (weight - text).square().mean() + bias.square().mean()
        found = F.cross_entropy(images @ weight.T + bias, target) + strength * away
        found.backward()
        return found

    optimizer.step(loss)
    return weight.detach(), bias.detach()
