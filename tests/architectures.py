"""open_clip's architectures made small: the kinds of layers and their order as they are, few and narrow ones."""

import json
import re
from collections.abc import Mapping
from typing import Any

WIDTH, HEADS, LAYERS, VOCABULARY = 32, 2, 2, 64
TOKENIZERS = {
    "timm/": "siglip", "bert-": "bert", "google/mt5": "t5", "roberta": "xlm", "xlm-": "xlm", "facebook/": "xlm",
}  # fmt: skip
"""What kind of tokenizer (`test_tokens.write_tokenizer`) a repository has, by how its name begins."""
_ROBERTA = {
    "hidden_size": WIDTH, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": 2 * WIDTH,
    "vocab_size": VOCABULARY, "max_position_embeddings": 100, "type_vocab_size": 1, "pad_token_id": 1,
}  # fmt: skip
TEXT_TOWERS: dict[str, dict[str, Any]] = {
    "roberta": _ROBERTA | {"model_type": "roberta"},
    "xlm-": _ROBERTA | {"model_type": "xlm-roberta"},
    "google/mt5": {
        "model_type": "mt5", "d_model": WIDTH, "d_kv": 16, "d_ff": 2 * WIDTH, "num_layers": LAYERS, "num_heads": HEADS,
        "vocab_size": VOCABULARY, "feed_forward_proj": "gated-gelu", "pad_token_id": 0, "is_encoder_decoder": True,
    },
    "facebook/": {
        "model_type": "m2m_100", "d_model": WIDTH, "encoder_layers": LAYERS, "decoder_layers": LAYERS,
        "encoder_attention_heads": HEADS, "decoder_attention_heads": HEADS, "encoder_ffn_dim": 2 * WIDTH,
        "decoder_ffn_dim": 2 * WIDTH, "vocab_size": VOCABULARY, "pad_token_id": 1, "is_encoder_decoder": True,
    },
}  # fmt: skip
"""The `config.json` of a Hugging Face text tower made small, by how the name of its repository begins."""


def of_name(table: Mapping[str, Any], repository: str) -> Any:
    """The entry of a table by how names begin."""
    return next(value for start, value in table.items() if repository.startswith(start))


def reduced(config: Mapping[str, Any]) -> dict[str, Any]:
    """An open_clip config with narrow towers of two layers on two patches a side (RN, FastViT, Swin: more)."""
    vision, text = dict(config["vision_cfg"]), dict(config["text_cfg"])
    size = image_size(vision)
    if not vision.get("timm_model_name"):
        vision |= {"layers": (1, 1, 1, 1)} if isinstance(vision["layers"], list) else {"layers": LAYERS}
        vision |= {"width": WIDTH} | ({} if isinstance(vision["layers"], tuple) else {"head_width": WIDTH // HEADS})
        vision |= {"attn_pooler_queries": 3, "attn_pooler_heads": HEADS}
    if not text.get("hf_model_name"):
        text |= {"width": WIDTH, "heads": HEADS, "layers": LAYERS}
        text |= {"vocab_size": VOCABULARY} if text.get("hf_tokenizer_name") else {"vocab_size": 49408}
    made = {**config, "embed_dim": WIDTH, "vision_cfg": vision | {"image_size": size}, "text_cfg": text}
    if "multimodal_cfg" in config:
        made["multimodal_cfg"] = {**config["multimodal_cfg"], "width": WIDTH, "heads": HEADS, "layers": LAYERS}
        made["multimodal_cfg"] |= {"attn_pooler_heads": HEADS, "vocab_size": VOCABULARY}
    return made


def image_size(vision: Mapping[str, Any]) -> int:
    """Side of the images of a reduced image tower."""
    name = vision.get("timm_model_name", "")
    if name:
        patch = re.search("patch(14|16|32)_", name)
        small = 224 if name.startswith("swin") else 64 if name.startswith(("fastvit", "vitamin")) else 32
        return 2 * int(patch[1]) if patch else small
    return 64 if isinstance(vision["layers"], list) else 2 * int(vision["patch_size"])


def timm_changes(name: str, width: int = WIDTH, size: int = 0) -> dict[str, Any]:
    """What makes timm's model of this name small; nothing for none.

    width : of its blocks, if it has such   size : of its images; 0 for a few patches
    """
    if not name:
        return {}
    size = size or image_size({"timm_model_name": name})
    if name.startswith("convnext"):
        return {"depths": (1, 1, 1, 1), "dims": (8, 8, 16, WIDTH)}
    if name.startswith("fastvit"):
        stages = 5 if name[-1] in "34" else 4
        return {"layers": (1,) * stages, "embed_dims": (8, 8, 16, WIDTH, 2 * WIDTH)[:stages]}
    if name.startswith("swin"):
        return {"embed_dim": 8, "depths": (1, 1, 1, 1), "num_heads": (1, 1, 2, 2)}
    common = {"img_size": size, "depth": LAYERS}
    if name.startswith("vit_base_mci"):  # the stem ends in the width
        return common
    common |= {"embed_dim": width, "num_heads": HEADS}
    if name.startswith("vitamin"):
        from timm.models.vitamin import VitCfg, VitConvCfg

        convolutions = VitConvCfg(norm_layer="layernorm2d", norm_eps=1e-6)
        stem = VitCfg(embed_dim=(8, 16, width), depths=(1, 1, 1), stem_width=8, conv_cfg=convolutions, head_type="1d")
        return common | {"embed_cfg": stem}
    if name.startswith("vit_pe"):
        return common | {"ref_feat_shape": (2, 2)}
    return common


def family(config: Mapping[str, Any]) -> str:
    """The same for architectures that differ in sizes alone."""
    made = reduced(config)
    vision, text = dict(made["vision_cfg"]), dict(made["text_cfg"])
    vision["timm_model_name"] = re.sub(r"_\d+$", "", vision.get("timm_model_name", ""))
    for key, table in (("hf_tokenizer_name", TOKENIZERS), ("hf_model_name", TEXT_TOWERS)):
        if text.get(key):
            text[key] = str(of_name(table, text[key]))
    return json.dumps(made | {"vision_cfg": vision, "text_cfg": text}, sort_keys=True)
