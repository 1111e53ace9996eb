"""What a backbone takes from the transformers library beside its weights: a tokenizer, and the config of a text tower.

Both are a few small files, which lie beside the backbone's config, in the models folder, or in the Hugging Face cache.
They are loaded from there; nothing is fetched but by `download`.
"""

import re
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mmap_studio.errors import BackboneError
from mmap_studio.formatting import shown_value
from mmap_studio.session.backbones.places import in_hub_cache, own_folder
from mmap_studio.storage.documents import read_json
from mmap_studio.storage.opener import file_sha256

VOCABULARIES = ("tokenizer.json", "spiece.model", "sentencepiece.bpe.model", "vocab.txt")
"""Files of which one holds a tokenizer's words, in the order they are looked for."""
SETTINGS = "tokenizer_config.json"
BESIDE = ("special_tokens_map.json", "added_tokens.json", "config.json")
"""What a tokenizer may need beside the two."""
CONFIG = "config.json"
"""Of a text tower."""
TEXT_MODELS = ("roberta", "xlm-roberta", "bert", "mt5", "m2m_100")
"""Kinds of text towers that open_clip builds with the transformers library."""
LARGEST = {"vocab_size": 2_000_000, "max_position_embeddings": 16_384, "num_hidden_layers": 200, "hidden_size": 16_384,
           "intermediate_size": 65_536, "num_layers": 200, "d_model": 16_384, "d_ff": 65_536, "encoder_layers": 200,
           "decoder_layers": 200, "encoder_ffn_dim": 65_536, "decoder_ffn_dim": 65_536, "d_kv": 1024}  # fmt: skip
"""Sizes that a text tower may have."""
REPOSITORY = r"[\w.-]{1,100}(/[\w.-]{1,100})?"


def tokenizer_of(config: Mapping[str, Any]) -> str:
    """The repository whose tokenizer a model config names; empty for CLIP's own."""
    return str(config["text_cfg"].get("hf_tokenizer_name") or "")


def text_model_of(config: Mapping[str, Any]) -> str:
    """The repository whose text tower a model config names; empty for open_clip's own."""
    return str(config["text_cfg"].get("hf_model_name") or "")


def is_installed() -> bool:
    """Whether the transformers library is."""
    return find_spec("transformers") is not None


def tokenizer_folder(config: Mapping[str, Any], near: Path | None = None) -> Path | None:
    """The folder with the tokenizer that a model config names; None where there is none, or it is not here.

    near : the folder of the backbone's config or weights, which is looked at first
    """
    return _found(tokenizer_of(config), (*VOCABULARIES,), near)


def text_model_folder(config: Mapping[str, Any], near: Path | None = None) -> Path | None:
    """The folder with the `config.json` of the text tower that a model config names, as `tokenizer_folder`.

    BackboneError for one of another kind, or of sizes that no computer builds.
    """
    found = _found(text_model_of(config), (CONFIG,), near)
    if found is not None:
        _check_text_model(found / CONFIG)
    return found


def _found(repository: str, files: tuple[str, ...], near: Path | None) -> Path | None:
    if not repository:
        return None
    for folder in filter(None, (near, own_folder(repository))):
        if any((folder / file).is_file() for file in files):
            return folder
    there = (in_hub_cache(repository, file) for file in files)
    return next((path.parent for path in there if path is not None), None)


def _check_text_model(path: Path) -> None:
    read = read_json(path)
    kind = read.get("model_type") if isinstance(read, Mapping) else None
    if kind not in TEXT_MODELS or "auto_map" in read:
        raise BackboneError(
            f"{path} must be the config of a text tower of {', '.join(TEXT_MODELS)} without code of its own, but has "
            f"model_type {shown_value(kind)}; get it again, or choose another backbone."
        )
    for key, most in LARGEST.items():
        if key in read and not (type(read[key]) is int and 1 <= read[key] <= most):
            raise BackboneError(
                f"{path} must have {key} from 1 to {most:,}, but has {shown_value(read[key])}; get it again."
            )


def check_tokenizer(folder: Path) -> None:
    """BackboneError for a tokenizer that brings code of its own, which is not run here."""
    path = folder / SETTINGS
    read = read_json(path) if path.is_file() else {}
    if not isinstance(read, Mapping) or "auto_map" in read:
        raise BackboneError(
            f"{path} must be the settings of a tokenizer without code of its own, but is not; choose another backbone."
        )


def digests(tokenizer: Path | None, text_model: Path | None) -> dict[str, str]:
    """SHA-256 of what the features of texts depend on beside weights and config, by file."""
    found = {}
    if tokenizer is not None:
        words = next(one for one in VOCABULARIES if (tokenizer / one).is_file())
        paths = [tokenizer / one for one in (words, SETTINGS, *BESIDE)]
        found = {path.name: file_sha256(path) for path in paths if path.is_file()}
    return found | ({f"text/{CONFIG}": file_sha256(text_model / CONFIG)} if text_model is not None else {})


def wanted(config: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """What `download` fetches beside weights: repository, files of which one is taken, whether one must be there."""
    if (repository := tokenizer_of(config)) and re.fullmatch(REPOSITORY, repository):
        yield repository, VOCABULARIES, True
        for file in (SETTINGS, *BESIDE):
            yield repository, (file,), False
    if (repository := text_model_of(config)) and re.fullmatch(REPOSITORY, repository):
        yield repository, (CONFIG,), True
