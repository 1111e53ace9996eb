"""Write the backbone, and read it back the way its numbers are judged: float16 weights used in float32.

- `backbone.json`: an open_clip CLIP config (`embed_dim`, `vision_cfg`, `text_cfg`) with `name`, `description`, `mean`
  and `std`.
- `backbone.safetensors`: the `state_dict()` of `open_clip.model.CLIP`, float16; rows of the token table that training
  never saw are zero, so the file compresses well.
"""

import json
import os
from pathlib import Path

import torch
from open_clip.model import CLIP
from safetensors.torch import load_file, save_file
from torch import Tensor

from tools.build_starter.config import DESCRIPTION, MEAN, MODEL, NAME, STD
from tools.build_starter.model import expand_state, make_clip

CONFIG_FILE, WEIGHTS_FILE = "backbone.json", "backbone.safetensors"


def write_backbone(state: dict[str, Tensor], out: Path) -> None:
    """Write config and weights of a full-vocabulary state."""
    out.mkdir(parents=True, exist_ok=True)
    document = {"name": NAME, "description": DESCRIPTION, **MODEL, "mean": MEAN, "std": STD}
    (out / CONFIG_FILE).write_text(json.dumps(document, indent=1) + "\n")
    half = {name: tensor.half().contiguous() for name, tensor in sorted(state.items())}
    partial = out / (WEIGHTS_FILE + ".partial")
    save_file(half, partial, metadata={"format": "pt"})
    partial.chmod(0o644)  # save_file keeps files to their owner
    os.replace(partial, out / WEIGHTS_FILE)


def export(checkpoint: Path, out: Path) -> None:
    """Write the backbone of a training checkpoint."""
    saved = torch.load(checkpoint, weights_only=True)
    write_backbone(expand_state(saved["clip"], saved["used"].numpy()), out)


def read_backbone(out: Path) -> CLIP:
    """The backbone as the studio will use it, in float32 and evaluation mode."""
    clip = make_clip()
    clip.load_state_dict({name: tensor.float() for name, tensor in load_file(out / WEIGHTS_FILE).items()})
    return clip.eval()
