"""The backbone's architecture and preprocessing: what goes into `backbone.json`."""

from typing import Any

NAME = "mmap-starter-s16"
DESCRIPTION = "A small CLIP for trying MmAP Studio, trained on pictograms only; not a CLIP for work."
MEAN = (0.5, 0.5, 0.5)
STD = (0.5, 0.5, 0.5)
MODEL: dict[str, Any] = {
    "embed_dim": 192,
    "vision_cfg": {"image_size": 64, "patch_size": 16, "width": 192, "layers": 6, "head_width": 32},
    "text_cfg": {"context_length": 32, "vocab_size": 49408, "width": 128, "heads": 4, "layers": 4},
}
