"""Names of backbones: which there are, and what one means: config, preprocessing and weights. Loads no torch.

starter                     the small model that ships with the studio
ARCHITECTURE:TAG            pretrained weights that open_clip names, such as ViT-B-16-quickgelu:openai
ARCHITECTURE:FILE           an open_clip architecture with weights from a file
MODEL.json                  an open_clip model config beside MODEL.safetensors (or .pt, .pth, .bin)
MODEL.json:FILE             the same with weights from elsewhere
FOLDER                      a folder with an open_clip_config.json and its weights, as the hub has them, or with the
                            config.json and weights of a Hugging Face CLIPModel or SiglipModel
ARCHITECTURE:random[-SEED]  random weights, for trials of size and speed
"""

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from mmap_studio.data.paths import expanded, is_unicode, real
from mmap_studio.errors import BackboneError, StudioError
from mmap_studio.formatting import kind_of, printable, shown_value
from mmap_studio.method.task import Geometry
from mmap_studio.resources import resource
from mmap_studio.session.backbones import hugging_face, siglip
from mmap_studio.session.backbones.architectures import unsupported_reason
from mmap_studio.session.backbones.model_schema import check_config
from mmap_studio.session.backbones.open_clip_configs import configs, tags
from mmap_studio.session.backbones.pretrained import WEIGHTS, Pretrained, all_pretrained, find_pretrained, weights_of
from mmap_studio.session.backbones.tokens import text_model_folder, tokenizer_folder
from mmap_studio.storage.documents import read_json
from mmap_studio.storage.model_weights import SUFFIXES, TORCHSCRIPT, is_torchscript

STARTER = "starter"
FORMER_STARTERS = {"daef890c6f3ddc9f26d0abd7c447076cf7cafebf72d7d58d60995ad685db6957": "0.1.0"}
"""Digests of the weights that `starter` meant in earlier versions, which prompt folders, runs and caches carry."""
HUB_CONFIG = "open_clip_config.json"
ADAPTER = "adapter_config.json"
"""peft's, which lies beside matrices that are no model; that of prompt folders too."""
PREPROCESS = ("mean", "std", "resize_mode", "interpolation", "fill_color")
"""What open_clip's configs say of the images, size aside."""
RANDOM = re.compile("random(-[0-9]{1,9})?")
"""In place of a tag."""
FORMS = "starter, ARCHITECTURE:TAG, ARCHITECTURE:FILE.safetensors, or a MODEL.json beside its weights"


@dataclass(frozen=True)
class BackboneSource:
    """Everything that a backbone is made from."""

    label: str
    """The name by which it can be opened again."""
    config: Mapping[str, Any]
    """`embed_dim`, `vision_cfg`, `text_cfg` and what may stand beside them."""
    preprocess: Mapping[str, Any] = field(default_factory=dict)
    """Those of `PREPROCESS` that are said; CLIP's own where they are not."""
    weights: Path | None = None
    """None for random weights, and for pretrained ones that are not on this computer."""
    pretrained: Pretrained | None = None
    random: bool = False
    config_path: Path | None = None
    """The file of the config, where it is one of the user's."""
    tokens: Path | None = None
    """The folder of its tokenizer, where that is one of the transformers library and is on this computer."""
    text_model: Path | None = None
    """The folder with the `config.json` of its text tower; the same."""


def names() -> list[str]:
    """The starter, then every pretrained tag of an architecture that can be loaded, by size."""
    return [STARTER, *(one.name for one in all_pretrained())]


def locate(name: str, near: Path | None = None) -> BackboneSource:
    """What `name` stands for; relative files are looked for beside `near` (the project) first.

    BackboneError for a name or a config that cannot be used. Whether weights are sound shows when they are read.
    """
    found = _resolve(name, near)
    if found.pretrained is not None:
        found = replace(found, weights=weights_of(found.pretrained))
    near = found.config_path or found.weights
    beside = near.parent if near is not None and found.pretrained is None else None
    tokens, text_model = tokenizer_folder(found.config, beside), text_model_folder(found.config, beside)
    return replace(found, tokens=tokens, text_model=text_model)


def _resolve(name: str, near: Path | None) -> BackboneSource:
    """As `locate`, but does not look for pretrained weights, for which the hub's library must be imported."""
    if name == STARTER:
        return _from_json(resource("starter") / "backbone.json", None, STARTER)
    for file in (HUB_CONFIG, hugging_face.CONFIG):
        if os.path.isfile(_find(name, near) / file):  # False where the name is too long for any file
            return _from_json(_find(name, near) / file, None, name)
    if os.path.isfile(_find(name, near) / ADAPTER):
        raise BackboneError(
            f"Backbone {name!r} must be a whole model, but holds an adapter alone ({ADAPTER}); merge it into its model "
            "with `model.merge_and_unload()` of peft, save what that returns, and name its folder."
        )
    head, inside, file = name.rpartition(".json:")
    if name.endswith(".json") or inside:
        weights = _find(file, near) if inside else None
        return _from_json(_find(f"{head}.json" if inside else name, near), weights, name, near)
    architecture, colon, source = name.partition(":")
    if name.endswith(SUFFIXES) and is_torchscript(_find(name, near)):
        raise BackboneError(
            f"Backbone {name!r} must be a model's weights, but {TORCHSCRIPT.format(_find(name, near))}."
        )
    if _is_path(architecture) and not os.path.exists(_find(name, near)):
        raise not_there(name, _find(name, near), near)
    if not colon or not source:
        raise BackboneError(f"Backbone {name!r} must be {FORMS}; see `mmap-studio backbones`.")
    return _of_architecture(architecture, source, name, near)


def absolute(name: str) -> str:
    """The name as a project can keep it: files by their absolute path; BackboneError if they are not there."""
    source = _resolve(name, Path.cwd())
    if source.pretrained is not None:
        return source.label
    if name == STARTER or source.random:
        return name
    if source.weights is None or not os.path.isfile(source.weights):
        raise not_there(name, source.weights)
    head, inside, file = name.rpartition(".json:")
    if inside:
        return f"{real(_path(f'{head}.json'))}:{real(_path(file))}"
    if name.endswith(".json") or os.path.isdir(_path(name)):
        return str(real(_path(name)))
    return f"{name.partition(':')[0]}:{real(source.weights)}"


def portable(name: str, home: Path) -> str:
    """An absolute name as the project in `home` keeps it: files below or beside it by their relative path, as folders
    of images, so that both can move."""
    parts = name.split(":") if not os.path.exists(name) else [name]
    return ":".join(_near(part, real(home)) for part in parts)


def _near(part: str, home: Path) -> str:
    path, beside = Path(part), home.parent
    if not path.is_absolute() or not path.is_relative_to(home if beside == beside.parent else beside):
        return part
    return Path(os.path.relpath(path, home)).as_posix()


def missing_file(name: str, near: Path | None = None) -> str:
    """One sentence where a file of the user's that the name means is not there; empty where all are.

    Weights that have to be downloaded are not the user's.
    """
    try:
        found = _resolve(name, near)
    except StudioError as error:
        return str(error)
    if found.pretrained is not None or found.random or (found.weights is not None and os.path.isfile(found.weights)):
        return ""
    return str(not_there(name, found.weights, near))


def not_there(name: str, path: Path | None, near: Path | None = None) -> BackboneError:
    """The error of a backbone that has moved."""
    places = [str(near / path)] if near is not None and path is not None and not path.is_absolute() else []
    places += [str(path.absolute())] if path is not None else []
    where = " or ".join(dict.fromkeys(places))
    how = "`--backbone` says where it is"
    if near is not None and os.path.lexists(near / "project.toml"):
        how = (
            "`mmap-studio relocate PROJECT --backbone NAME`, or Edit > Backbone in the window, says where it is, as "
            f"does the key backbone of {near / 'project.toml'}"
        )
    return BackboneError(f"Backbone {printable(name)[:200]!r} is not there: there is no {where}; {how}.")


def absolute_label(source: BackboneSource) -> str:
    """The label of a source whose weights are a file of the user's, by absolute paths; else the label."""
    if source.pretrained is not None or source.random or source.label == STARTER or source.weights is None:
        return source.label
    if source.config_path is None:
        return f"{source.label.partition(':')[0]}:{real(source.weights)}"
    return f"{real(source.config_path)}:{real(source.weights)}"


def model_config(config: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """An open_clip model config and the preprocessing, from either of the field's two JSON layouts."""
    inner = config.get("model_cfg", config)
    keys = (
        "embed_dim",
        "vision_cfg",
        "text_cfg",
        "multimodal_cfg",
        "quick_gelu",
        "custom_text",
        "init_logit_scale",
        "init_logit_bias",
    )
    return ({key: inner[key] for key in keys if key in inner}, preprocessing(config.get("preprocess_cfg", config)))


def preprocessing(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a config says of the images; ValueError for a resize that is none. A number stands for all three colours."""
    found = {key: values[key] for key in PREPROCESS if values.get(key) is not None}
    lists = {key: tuple(value) for key, value in found.items() if isinstance(value, list | tuple)}
    numbers = {key: (found[key],) * 3 for key in ("mean", "std") if isinstance(found.get(key), int | float)}
    found |= lists | numbers
    for key, least in (("mean", -1000.0), ("std", 1e-6)):
        colours = found.get(key, (1, 1, 1))
        numbers_only = isinstance(colours, tuple) and all(type(one) in (int, float) for one in colours)
        if not numbers_only or len(colours) != 3 or not all(least <= one <= 1000 for one in colours):
            raise ValueError(f"{key} must be three numbers from {least:g} to 1000. Got {shown_value(colours)} instead.")
    Geometry(1, **{key: value for key, value in found.items() if key not in ("mean", "std")})
    return found


def _of_architecture(architecture: str, source: str, name: str, near: Path | None) -> BackboneSource:
    known = configs()
    if architecture not in known:
        close = [one for one in sorted(known) if one.lower().startswith(architecture.lower()[:5])][:6]
        raise BackboneError(
            f"Architecture {architecture!r} must be one that open_clip knows, but is not; "
            f"near: {', '.join(close) or 'none'}."
        )
    if why := unsupported_reason(known[architecture]):
        raise BackboneError(
            f"Backbone {name!r} cannot be loaded: {why}; choose another, `mmap-studio backbones` lists them."
        )
    if RANDOM.fullmatch(source):
        return BackboneSource(name, model_config(known[architecture])[0], random=True)
    found = None if source.endswith(SUFFIXES) else find_pretrained(architecture, source)
    if found is None and not source.endswith(SUFFIXES):
        own = ", ".join(tags().get(architecture, {})) or "none"
        raise BackboneError(
            f"Backbone {name!r} must name a tag of {architecture} ({own}) or a file of {', '.join(SUFFIXES)}, "
            f"but {source!r} is neither; see `mmap-studio backbones`."
        )
    if found is None:
        path = _find(source, near)
        return BackboneSource(f"{architecture}:{path.name}", model_config(known[architecture])[0], weights=path)
    config = model_config(known[found.architecture])[0]
    if found.quick_gelu:
        config["quick_gelu"] = True
    return BackboneSource(found.name, config, preprocessing(asdict(found)), pretrained=found)


def _from_json(path: Path, weights: Path | None, label: str, near: Path | None = None) -> BackboneSource:
    what = f"Backbone config {path}"
    if not os.path.exists(path):
        raise not_there(label, path, near)
    try:
        read = read_json(path)
    except StudioError as error:
        raise BackboneError(f"{what} must be readable JSON, but is not ({str(error).rstrip('.')}).") from None
    try:
        config, preprocess = _of_clip_model(read, path) if hugging_face.is_clip_config(read) else model_config(read)
    except BackboneError:
        raise
    except (TypeError, AttributeError) as error:
        raise BackboneError(f"{what} must be a JSON object as open_clip's configs are, but is not ({error}).") from None
    except ValueError as error:
        raise BackboneError(f"The preprocessing in backbone config {path} cannot be used: {error}") from None
    missing = [key for key in ("embed_dim", "vision_cfg", "text_cfg") if key not in config]
    if missing:
        raise BackboneError(f"Backbone config {path} must be an open_clip model config, but has no {missing[0]!r}.")
    check_config(config, what)
    if why := unsupported_reason(config):
        raise BackboneError(f"Backbone {label!r} cannot be loaded: {why}; choose a model such as ViT-B-16.")
    return BackboneSource(label, config, preprocess, weights or _beside(path), config_path=path)


def _of_clip_model(read: Mapping[str, Any], path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Config and preprocessing of a Hugging Face CLIPModel or SiglipModel; ValueError for a resize that is none."""
    config = hugging_face.model_config(read, path)
    check_config(config, f"Backbone config {path}")
    said = path.with_name(hugging_face.PREPROCESSOR)
    squashes = read["model_type"] == siglip.MODEL_TYPE
    if not os.path.isfile(said):
        return config, siglip.PREPROCESSING if squashes else {}
    values = read_json(said)
    if not isinstance(values, Mapping):
        raise BackboneError(f"{said} must be a JSON object, but is {kind_of(values)}; get it again.")
    size = config["vision_cfg"].get("image_size", 224)
    return config, preprocessing(hugging_face.preprocessing(values, size, said, squashes))


def _beside(config: Path) -> Path:
    """The weights of a config: the same name with another suffix, or a hub repository's names."""
    names = [config.with_suffix(suffix) for suffix in SUFFIXES]
    if config.name == HUB_CONFIG:
        names = [config.with_name(name) for name in (*WEIGHTS, *hugging_face.WEIGHTS)]
    elif config.name == hugging_face.CONFIG:
        names = [*(config.with_name(name) for name in hugging_face.WEIGHTS), *names]
    return next((path for path in names if os.path.isfile(path)), names[0])


def _find(name: str, near: Path | None) -> Path:
    path = _path(name)
    beside = path if near is None else Path(os.path.normpath(real(near) / path))  # a new project is not there yet
    found = beside if os.path.exists(beside) else path
    if os.path.exists(found) and not is_unicode(found):
        raise BackboneError(f"A backbone must lie where all names are UTF-8. Found it at {found}; rename that folder.")
    return found


def _is_path(name: str) -> bool:
    """Whether it can be nothing but a path."""
    return os.sep in name or "/" in name or name.startswith("~")


def _path(name: str) -> Path:
    return expanded(name)
