"""The pretrained weights that open_clip names: where they come from, where they are.

Weights are looked for in the studio's own models folder, then in the Hugging Face cache, `.safetensors` before
`.bin`. Nothing here touches the network.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmap_studio.session.backbones.architectures import architectures
from mmap_studio.session.backbones.open_clip_configs import read_config, tags
from mmap_studio.session.backbones.places import in_hub_cache, own_folder
from mmap_studio.session.backbones.tokens import text_model_folder, text_model_of, tokenizer_folder, tokenizer_of

WEIGHTS = ("open_clip_model.safetensors", "open_clip_pytorch_model.bin")
"""Files of a hub repository in the order they are looked for (open_clip's own names)."""
LICENCES = {
    "laion/CLIP-ViT-B-32-laion2B": "MIT",
    "laion/CLIP-ViT-B-16-laion2B": "MIT",
    "laion/CLIP-ViT-L-14-laion2B": "MIT",
    "laion/CLIP-ViT-H-14-laion2B": "MIT",
    "laion/CLIP-ViT-g-14-laion2B-s12B": "MIT",
    "laion/CLIP-ViT-bigG-14-laion2B": "MIT",
    "-DataComp": "MIT",
    "-CommonPool": "MIT",
    ".laion400m": "MIT",
    "apple/DFN": "Apple Sample Code License",
    ".metaclip_400m": "CC-BY-NC-4.0",
    ".metaclip_2pt5b": "CC-BY-NC-4.0",
    ".openai": "Apache-2.0",
}
"""Part of a repository's name -> the licence its model card states; whatever is not here was not verified."""


@dataclass(frozen=True)
class Pretrained:
    """Weights of an architecture under a tag."""

    architecture: str
    tag: str
    repository: str
    """On the Hugging Face hub, `owner/name`."""
    files: tuple[str, ...]
    """Names of the weights in the repository, in the order they are looked for."""
    quick_gelu: bool
    """Whether they were trained with QuickGELU, which their model must have."""
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize_mode: str
    interpolation: str

    @property
    def name(self) -> str:
        return f"{self.architecture}:{self.tag}"

    @property
    def licence(self) -> str:
        """As the model card states it, or "unknown"."""
        return next((text for part, text in LICENCES.items() if part in self.repository), "unknown")

    def target(self, file: str) -> Path:
        """Where a download of this file is put."""
        return own_folder(self.repository) / file


def all_pretrained() -> list[Pretrained]:
    """Every tag of every architecture that can be loaded, each under the config that fits it.

    open_clip lists weights that need QuickGELU under the plain architecture too; here they stand under its
    -quickgelu twin alone.
    """
    known = tags()
    found = [_made(one.name, tag, how) for one in architectures() for tag, how in known.get(one.name, {}).items()]
    return [one for one in found if one == fitting(one)]


def find_pretrained(architecture: str, tag: str) -> Pretrained | None:
    """The weights of this tag, under the config that fits them; None if open_clip names no such tag."""
    how = tags().get(architecture, {}).get(tag.lower().replace("-", "_"))
    return None if how is None else fitting(_made(architecture, tag.lower().replace("-", "_"), how))


def fitting(one: Pretrained) -> Pretrained:
    """The same weights under the -quickgelu architecture if they need it and there is one."""
    twin = f"{one.architecture}-quickgelu"
    how = tags().get(twin, {}).get(one.tag) if one.quick_gelu else None
    return one if how is None else _made(twin, one.tag, how)


def installed(one: Pretrained) -> Path | None:
    """The weights on this computer, or None: where they or the tokenizer that they need are not here."""
    config = read_config(one.architecture)
    for needed, found in ((tokenizer_of, tokenizer_folder), (text_model_of, text_model_folder)):
        if needed(config) and found(config) is None:
            return None
    return weights_of(one)


def weights_of(one: Pretrained) -> Path | None:
    """The weights on this computer, or None."""
    own = (one.target(file) for file in one.files)
    found = next((path for path in own if path.is_file()), None)
    cached = (in_hub_cache(one.repository, file) for file in one.files)
    return found or next((path for path in cached if path is not None), None)


def _made(architecture: str, tag: str, how: Mapping[str, Any]) -> Pretrained:
    repository, _, file = how["hf_hub"].rpartition("/")
    files = WEIGHTS if not file else (f"{file.rpartition('.')[0]}.safetensors", file)
    return Pretrained(
        architecture, tag, repository, files, bool(how.get("quick_gelu")), tuple(how["mean"]), tuple(how["std"]),
        how["resize_mode"], how["interpolation"],
    )  # fmt: skip
