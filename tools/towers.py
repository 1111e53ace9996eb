"""`python -m tools.towers`: counts the architectures that other libraries build, and writes the table of them.

Models are built on the meta device, so nothing is computed and nothing fetched. Of Hugging Face's text towers the sizes
stand here, as their `config.json` has them.
"""

import json
import logging
import tempfile
from pathlib import Path
from typing import Any

import torch

from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.clip.factory import build_model
from mmap_studio.session.backbones.architectures import is_own
from mmap_studio.session.backbones.open_clip_configs import configs

TABLE = Path(__file__).parent.parent / "resources" / "backbones" / "towers.json"
_ROBERTA = {"model_type": "roberta", "max_position_embeddings": 514, "type_vocab_size": 1, "pad_token_id": 1}
_LARGE = {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096}
_MT5 = {"model_type": "mt5", "d_kv": 64, "vocab_size": 250112, "feed_forward_proj": "gated-gelu", "pad_token_id": 0,
        "is_encoder_decoder": True}  # fmt: skip
_NLLB = {"model_type": "m2m_100", "vocab_size": 256206, "d_model": 1024, "encoder_attention_heads": 16,
         "decoder_attention_heads": 16, "pad_token_id": 1, "is_encoder_decoder": True}  # fmt: skip
TEXT_TOWERS: dict[str, dict[str, Any]] = {
    "roberta-base": _ROBERTA | {"vocab_size": 50265},
    "xlm-roberta-base": _ROBERTA | {"model_type": "xlm-roberta", "vocab_size": 250002},
    "xlm-roberta-large": _ROBERTA | _LARGE | {"model_type": "xlm-roberta", "vocab_size": 250002},
    "google/mt5-base": _MT5 | {"d_model": 768, "d_ff": 2048, "num_layers": 12, "num_heads": 12},
    "google/mt5-xl": _MT5 | {"d_model": 2048, "d_ff": 5120, "num_layers": 24, "num_heads": 32},
    "facebook/nllb-200-distilled-600M": _NLLB
    | {"encoder_layers": 12, "decoder_layers": 12, "encoder_ffn_dim": 4096, "decoder_ffn_dim": 4096},
    "facebook/nllb-200-distilled-1.3B": _NLLB
    | {"encoder_layers": 24, "decoder_layers": 24, "encoder_ffn_dim": 8192, "decoder_ffn_dim": 8192},
}
"""What the `config.json` of each text tower that open_clip's architectures name says of its size."""


def on_meta(config: dict[str, Any]) -> FrozenClip:
    """The model of a config without numbers in its weights, and without a tokenizer."""
    text = dict(config["text_cfg"])
    with tempfile.TemporaryDirectory() as folder:
        if text.get("hf_model_name"):
            Path(folder, "config.json").write_text(json.dumps(TEXT_TOWERS[text["hf_model_name"]]))
            text |= {"hf_model_name": folder, "hf_model_pretrained": False}
        with torch.device("meta"):
            model = build_model(config | {"text_cfg": text})
    return FrozenClip(model, _Tokens("t5" not in str(text.get("hf_tokenizer_name"))), "meta")


class _Tokens:
    """A tokenizer without words, as `factory.ends` looks at one."""

    def __init__(self, starts: bool) -> None:
        self.starts, self.clean_fn = starts, str

    def tokenizer(self, text: str, add_special_tokens: bool = True) -> "_Tokens":
        self.input_ids = [0] * (self.starts and add_special_tokens) + [1] + [2] * add_special_tokens
        return self

    def __call__(self, texts: list[str], **_: Any) -> torch.Tensor:
        return torch.zeros(len(texts), 77, dtype=torch.long)


def counted(config: dict[str, Any]) -> dict[str, Any]:
    """The fields of an `Architecture` but for its name."""
    clip = on_meta(config)
    image = clip.image_sizes
    text_layers, image_layers = clip.layers
    return {
        "parameters": clip.parameters_count,
        "image_size": clip.image_size,
        "image_tokens": image.tokens,
        "image_width": clip.image_width,
        "text_width": clip.text_width,
        "layers": [image_layers, text_layers],
        "embed_dim": config["embed_dim"],
        "context_length": config["text_cfg"].get("context_length", 77),
        "causal": clip.causal,
        "quick": clip.quick,
        "image_weights": round(image.weights, 4),
        "image_kept": round(image.kept, 4),
        "reads_all": image.reads_all,
        "image_stem": image.stem,
        "whole_image": image.whole,
        "whole_peak": image.peak,
        "no_image": clip.capability.no_image,
        "no_text": clip.capability.no_text,
    }


def main() -> None:
    """Write the table."""
    logging.disable()
    found = {name: counted(config) for name, config in sorted(configs().items()) if not is_own(config)}
    lines = (f"  {json.dumps(name)}: {json.dumps(about)}" for name, about in found.items())
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(found)} architectures in {TABLE}")


if __name__ == "__main__":
    main()
