"""From an open_clip model config and a state dict to a model and its tokenizer. Reads no file."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from torch import Tensor, nn

from mmap_studio.errors import BackboneError
from mmap_studio.formatting import some

Tokenizer = Callable[..., Tensor]
"""Texts -> int64 (R, context); takes a `context_length` of its own, too."""
SHOWN_KEYS = 3
"""Names of a state dict that a refusal repeats."""
_TEXT_TOWER = ("text_projection", "positional_embedding", "token_embedding", "transformer", "ln_final")
"""Modules that `CLIP` holds itself and `CustomTextCLIP` under `text.`."""
_NO_WEIGHTS = ("input_resolution", "context_length", "vocab_size", "attn_mask", "text.attn_mask")
"""Entries of older checkpoints that are no weights."""


def build_model(config: Mapping[str, Any], weights: Mapping[str, Tensor] | None = None) -> nn.Module:
    """An open_clip `CLIP`, `CustomTextCLIP` or `CoCa`, random without weights, which must fit key by key.

    config : the JSON's `embed_dim`, `vision_cfg`, `text_cfg` and what may stand beside them.
    Raises RuntimeError, one line that names the first keys and how many more, when the weights do not fit.
    """
    from open_clip.coca_model import CoCa  # ten seconds on a cold machine: only when needed
    from open_clip.convert import convert_state_dict
    from open_clip.model import CLIP, CustomTextCLIP

    found = None if weights is None else {key: w for key, w in weights.items() if key not in _NO_WEIGHTS}
    settings = {key: value for key, value in config.items() if key != "custom_text"}
    custom = bool(config.get("custom_text")) or any(key.startswith("text.") for key in found or ())
    custom = custom or bool(config["text_cfg"].get("hf_model_name"))
    if found is not None and "logit_bias" in found and settings.get("init_logit_bias") is None:
        settings["init_logit_bias"] = 0.0  # a sigmoid model (SigLIP) whose config does not say so
    _check_timm(config["vision_cfg"].get("timm_model_name"))
    kind: Any = CoCa if "multimodal_cfg" in config else CustomTextCLIP if custom else CLIP
    model: nn.Module = kind(**settings)
    _set_activation(model, config["vision_cfg"])
    if found is not None:
        found = convert_state_dict(model, found)  # Apple's own names of MobileCLIP's weights
        named = _arranged(found, model, custom)
        _check_fit(named, model.state_dict())
        model.load_state_dict(named, strict=True)
    return model


def _set_activation(model: Any, vision: Mapping[str, Any]) -> None:
    """What a config says of the image tower's activation, which open_clip hands on to its own towers alone."""
    how = (vision.get("act_kwargs") or {}).get("approximate")
    if how and vision.get("timm_model_name"):
        for one in model.visual.modules():
            if isinstance(one, nn.GELU):
                one.approximate = how


def with_text_model(config: Mapping[str, Any], folder: str) -> Mapping[str, Any]:
    """The config with the folder in which the `config.json` of its text tower lies in place of a name on the hub.

    So nothing is fetched, and the tower is built without the weights that the hub has of it alone.
    """
    if not config["text_cfg"].get("hf_model_name"):
        return config
    return {**config, "text_cfg": {**config["text_cfg"], "hf_model_name": folder, "hf_model_pretrained": False}}


def _check_timm(name: str | None) -> None:
    """BackboneError for an image tower that this version of timm does not build."""
    import timm

    if name and not timm.is_model(name):
        raise BackboneError(
            f"The image tower of a backbone must be a model of timm {timm.__version__}, but {name!r} is none; choose "
            "another backbone, or install a newer timm."
        )


def _check_fit(found: Mapping[str, Tensor], required: Mapping[str, Tensor]) -> None:
    """RuntimeError unless both have the same names and shapes; torch's own would list every name."""
    lacking = [name for name in required if name not in found]
    strange = [name for name in found if name not in required]
    wrong = [name for name, tensor in found.items() if name in required and tensor.shape != required[name].shape]
    of_images = [name.startswith("visual.") for name in found]
    alone = "image" if all(of_images) else "text" if not any(of_images) else ""
    said = [f"they are those of the {alone} tower alone"] if alone and lacking and not strange else []
    said += [f"they lack {some(lacking, SHOWN_KEYS)}"] if lacking else []
    said += [f"they have {some(strange, SHOWN_KEYS)}, which no such model has"] if strange else []
    if wrong:
        first = f"{tuple(found[wrong[0]].shape)} instead of {tuple(required[wrong[0]].shape)}"
        more = f", and of {len(wrong) - 1:,} more" if len(wrong) > 1 else ""
        said.append(f"size mismatch for {wrong[0]}: {first}{more}")
    if said:
        raise RuntimeError("; ".join(said))


def _arranged(weights: Mapping[str, Tensor], model: Any, custom: bool) -> dict[str, Tensor]:
    """The weights under the names of this kind of model; a scale stored as (1,) becomes a number and back."""
    named = {_name(key) if custom else key: weight for key, weight in weights.items()}
    for key in ("logit_scale", "logit_bias"):
        ours = getattr(model, key)
        if ours is not None and key in named and named[key].numel() == ours.numel():
            named[key] = named[key].reshape(ours.shape)
    return named


def _name(key: str) -> str:
    return f"text.{key}" if key.split(".")[0] in _TEXT_TOWER else key


def build_tokenizer(config: Mapping[str, Any], name: str, tokens: str = "") -> Tokenizer:
    """The tokenizer for the context of this config: CLIP's own, or that of the transformers library that it names.

    tokens : folder with the files of the latter, which is loaded without asking the network. BackboneError where there
    is none, where the library is missing, and for files that it does not load.
    """
    text = config["text_cfg"]
    context, more = int(text.get("context_length", 77)), text.get("tokenizer_kwargs") or {}
    foreign = text.get("hf_tokenizer_name")
    if not foreign:
        return _tokenizer(context, more.get("clean", "lower"))
    if not tokens:
        raise BackboneError(
            f"Backbone {name!r} must have the files of the tokenizer {foreign!r}, but has none; get them with "
            "`mmap-studio download`, or put its tokenizer.json and tokenizer_config.json beside the backbone's config."
        )
    from open_clip.tokenizer import HFTokenizer

    try:
        made: Tokenizer = HFTokenizer(
            tokens, context_length=context, clean=more.get("clean", "whitespace"),
            strip_sep_token=bool(more.get("strip_sep_token")), local_files_only=True, trust_remote_code=False,
        )  # fmt: skip
        made(["a photo"])
    except ImportError:
        raise BackboneError(missing_transformers(name)) from None
    except Exception as error:  # whatever the library raises for files that are not sound
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
        raise BackboneError(
            f"The tokenizer of backbone {name!r} in {tokens} must be one that the transformers library loads, but is "
            f"not ({reason}); get its files again."
        ) from None
    return made


def missing_transformers(name: str) -> str:
    """The sentence for a backbone that needs the transformers library where that is not installed."""
    return (
        f"Backbone {name!r} needs the transformers library for its texts, which is not installed; install it with "
        "`pip install 'mmap-studio[transformers]'`."
    )


def token_count(tokenizer: Tokenizer, text: str) -> int:
    """Tokens of a text without start and end, however long."""
    made: Any = tokenizer  # open_clip's SimpleTokenizer
    ids = word_ids(tokenizer, text)
    return len(made.encode(text)) if ids is None else len(ids)


def word_ids(tokenizer: Tokenizer, text: str) -> tuple[int, ...] | None:
    """Ids of a text without start and end by a tokenizer of the transformers library; None for CLIP's."""
    made: Any = tokenizer  # open_clip's HFTokenizer
    inner = getattr(made, "tokenizer", None)
    return None if inner is None else tuple(inner(made.clean_fn(text), add_special_tokens=False).input_ids)


def ends(tokenizer: Tokenizer) -> tuple[int, int]:
    """Tokens that a tokenizer puts before and behind the words of a text."""
    made: Any = tokenizer
    inner = getattr(made, "tokenizer", None)
    if inner is None:
        return 1, 1
    words, all_ids = inner("a", add_special_tokens=False).input_ids, inner("a").input_ids
    lead = next(n for n in range(len(all_ids)) if all_ids[n : n + len(words)] == words)
    return lead, len(all_ids) - len(words) - lead


@cache
def _tokenizer(context: int, clean: str) -> Tokenizer:
    from open_clip.tokenizer import SimpleTokenizer  # a third of a second each: reads its table of merges

    tokenizer: Tokenizer = SimpleTokenizer(context_length=context, clean=clean)
    return tokenizer
