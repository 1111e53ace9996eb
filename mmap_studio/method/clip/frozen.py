"""`FrozenClip`: an open_clip model whose weights never move and whose towers take prompts."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mmap_studio.method.clip.blocks import EAGER, Ways, watched
from mmap_studio.method.clip.checks import capability_of, check_usable, text_parts
from mmap_studio.method.clip.factory import Tokenizer, build_model, build_tokenizer, ends, with_text_model, word_ids
from mmap_studio.method.clip.image import ImageTower, OpenClipTower, encode_image
from mmap_studio.method.clip.pooling import TextTower, end_of_text, is_causal
from mmap_studio.method.clip.sizes import ImageSizes, sizes_of, whole_sizes
from mmap_studio.method.clip.text import encode_text
from mmap_studio.method.clip.timm_image import TimmTower
from mmap_studio.method.clip.unprompted_tower import encode_whole, image_work, text_work
from mmap_studio.method.device_transfer import normalised, to_floats
from mmap_studio.method.prompt import PromptPair
from mmap_studio.method.task import Geometry

if TYPE_CHECKING:
    from mmap_studio.method.clip.compiled import Compiler

CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)
"""Mean and standard deviation of CLIP's preprocessing (openai/CLIP, `clip.py`)."""

CONTEXT = 77
"""Tokens that a text tower without positions of its own reads (open_clip's default)."""

Precision = Literal["float32", "bfloat16"]


class FrozenClip:
    """A CLIP that stays as it is.

    Parameters
    ----------
    model : open_clip `CLIP`, `CustomTextCLIP` or `CoCa`; which prompts it takes says `capability`.
    tokenizer : texts -> int64 (R, context), as open_clip's tokenizers; must be built for the model's context length.
    name, digest : what it is called, and the digest of its weights: caches and prompt files carry both.
    mean, std : of the image preprocessing; resize : `resize_mode`, `interpolation`, `fill_color` of its `Geometry`.
    precision : of the towers' arithmetic ("bfloat16" by autocast); prompts, features and losses are float32.
    """

    def __init__(
        self,
        model: nn.Module,
        tokenizer: Tokenizer,
        name: str,
        digest: str = "",
        mean: Sequence[float] = CLIP_MEAN,
        std: Sequence[float] = CLIP_STD,
        precision: Precision = "float32",
        **resize: Any,
    ) -> None:
        check_usable(model, name)
        self.model: Any = model.eval().requires_grad_(False)
        self.lead, behind = ends(tokenizer)
        """Tokens before the words of a text: its start token, which SigLIP's texts do not have."""
        self._ends = self.lead + behind
        self.capability = capability_of(model, self.lead)
        """Which prompts it takes. A tower that takes none has width 0 and no layers, and prompts (P, D, b, 0)."""
        self.image_tower = _image_tower(self.model) if self.capability.image else None
        """The stages of the image tower, where it takes prompts."""
        self.tokenizer, self.name, self.digest = tokenizer, name, digest
        self.mean, self.std, self.precision = tuple(mean), tuple(std), precision
        self.geometry = Geometry(self.image_size, **resize)
        """What images must be brought to before `prepare`."""
        self.watch: Callable[[], None] = _nothing
        """Called before every piece of a block of either tower, forward and backward; what it raises stops the work."""
        self._ids: dict[str, tuple[int, ...]] = {}
        self.recompute = False
        """Whether blocks keep nothing for the gradient and compute it again: less memory, more time, same result."""
        self.compiling = False
        """Whether blocks are computed by compiled programs: inside `compiled()`."""
        self.compiler: Compiler | None = None
        """What compiles them; made by the first `compiled()`."""

    @classmethod
    def build(
        cls,
        config: Mapping[str, Any],
        weights: Mapping[str, Tensor] | None = None,
        tokens: str = "",
        text_model: str = "",
        **named: Any,
    ) -> "FrozenClip":
        """From an open_clip model config (the JSON's `embed_dim`, `vision_cfg`, `text_cfg`) and its weights.

        Without weights the model is random, which serves benchmarks and tests. Weights must fit key by key.

        tokens, text_model : folders with the tokenizer and with the `config.json` of the text tower, where the config
        names such of the transformers library
        """
        named.setdefault("name", "unnamed")
        tokenizer = build_tokenizer(config, named["name"], tokens)
        return cls(build_model(with_text_model(config, text_model), weights), tokenizer, **named)

    @property
    def _text(self) -> TextTower:
        return text_parts(self.model)

    @property
    def text_width(self) -> int:
        """d_l"""
        return int(self._text.token_embedding.weight.shape[1]) if self.capability.text else 0

    @property
    def image_width(self) -> int:
        """d_v"""
        return self.image_tower.width if self.image_tower else 0

    @cached_property
    def embed_width(self) -> int:
        """d, width of the joint embedding."""
        known = getattr(self.model.visual, "output_dim", None)  # timm's say none
        if known is not None:
            return int(known)
        with torch.no_grad():
            return self.encode_text(self.tokenize([""])).shape[1]

    @property
    def image_size(self) -> int:
        """Side S of the square images, pixels."""
        if self.image_tower:
            return self.image_tower.image_size
        size = self.model.visual.image_size
        return int(size[0] if isinstance(size, (tuple, list)) else size)

    @property
    def context_length(self) -> int:
        """Tokens the text tower can read, prompts included."""
        if not hasattr(self._text, "positional_embedding"):
            return int(getattr(self.tokenizer, "context_length", None) or CONTEXT)
        class_token = getattr(self._text, "cls_emb", None) is not None
        return int(self._text.positional_embedding.shape[0]) - class_token

    @property
    def causal(self) -> bool:
        """Whether the text tower has a causal mask; then classes share the work on the tokens before their names."""
        return is_causal(self._text)

    @property
    def layers(self) -> tuple[int, int]:
        """Layers of the text and the image tower that prompts can enter."""
        text = len(self._text.transformer.resblocks) if self.capability.text else 0
        return text, len(self.image_tower.blocks) if self.image_tower else 0

    @property
    def depth(self) -> int:
        """Layers with prompts of their own at most: of the towers that take prompts the lower one; 0 for none."""
        return min(filter(None, self.layers), default=0)

    @cached_property
    def image_sizes(self) -> ImageSizes:
        """What the memory and the work of the image tower follow from."""
        return sizes_of(self.image_tower) if self.image_tower else whole_sizes(self.model.visual, self.image_size)

    @property
    def quick(self) -> bool:
        """Whether it has QuickGELU, as OpenAI's models have."""
        return any(type(one).__name__ == "QuickGELU" for one in self.model.modules())

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        device: torch.device = self.model.logit_scale.device
        return device

    @property
    def parameters_count(self) -> int:
        """All weights of the model, none of which is trained."""
        return sum(p.numel() for p in self.model.parameters())

    def to(self, device: str | torch.device) -> "FrozenClip":
        """Move the weights; returns itself."""
        self.model.to(device)
        return self

    def assert_frozen(self) -> None:
        """Raise AssertionError if any weight could be trained or the model is not in evaluation mode."""
        assert not any(p.requires_grad for p in self.model.parameters()), "CLIP's weights must not require gradients"
        assert not self.model.training, "CLIP must be in evaluation mode"

    def copy_model(self) -> nn.Module:
        """A copy of the open_clip model that may be trained (for the full fine-tuning control); it is watched too."""
        model: Any = copy.deepcopy(self.model).requires_grad_(True)
        text: Any = text_parts(model)
        blocks = [*(text.transformer.resblocks if self.capability.text else [text])]
        blocks += _image_tower(model).blocks if self.capability.image else model.visual.children()
        for block in blocks:
            block.register_forward_pre_hook(_looking(self.watch))
        copied: nn.Module = model
        return copied

    def with_model(self, model: nn.Module) -> "FrozenClip":
        """The same tokenizer and preprocessing around a frozen copy of another model of this architecture."""
        about = self.mean, self.std, self.precision
        made = FrozenClip(copy.deepcopy(model), self.tokenizer, self.name, "", *about, **self.geometry.unusual())
        made.watch = self.watch
        return made

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """int64 (R, context) on the model's device, SOT and EOT included."""
        return self.tokenizer(list(texts)).to(self.device)

    def token_ids(self, text: str) -> tuple[int, ...]:
        """Ids of a text without SOT and EOT, however long; remembered, since names are counted again and again."""
        if text not in self._ids:
            ids = word_ids(self.tokenizer, text)
            if ids is None:
                longer = self.tokenizer([text], context_length=8 * self.context_length)[0]
                ids = tuple(longer[1 : int(end_of_text(self._text, longer[None])[0])].tolist())
            self._ids[text] = ids
        return self._ids[text]

    def word_embeddings(self, ids: Sequence[int]) -> Tensor:
        """float32 (N, d_l): the embeddings of token ids, without positions."""
        table: Tensor = self._text.token_embedding.weight
        return table[list(ids)].float()

    def word_states(self, ids: Sequence[int], first: int) -> Tensor:
        """float32 (N, d_l): what the first layer reads of token ids that are the words from the `first` on, from 0."""
        place = self.lead + first + torch.arange(len(ids), device=self.device)
        positions: Tensor = self._text.positional_embedding
        return self.word_embeddings(ids) + positions[place].float()

    def token_count(self, text: str) -> int:
        """Tokens of a text with start and end; a text that is too long counts as one more than the context."""
        return min(len(self.token_ids(text)) + self._ends, self.context_length + 1)

    def prepare(self, pixels: np.ndarray | Tensor) -> Tensor:
        """uint8 (N, S, S, 3) -> normalised float (N, 3, S, S) on the model's device."""
        return self.normalise(to_floats(pixels, self.device))

    def normalise(self, images: Tensor) -> Tensor:
        """float (N, 3, S, S) in [0, 1] -> as the image tower wants it."""
        return normalised(images, self.mean, self.std)

    def no_prompts(self) -> PromptPair:
        """Prompts of zero length: what follows is plain CLIP."""
        return PromptPair(
            torch.zeros(1, 0, 0, self.text_width, device=self.device),
            torch.zeros(1, 0, 0, self.image_width, device=self.device),
        )

    def encode_image(
        self,
        images: Tensor,
        prompts: Tensor | None = None,
        prompt_of_row: Tensor | None = None,
        gate: Tensor | None = None,
    ) -> Tensor:
        """Unit image features (N, d), float32.

        images : (N, 3, S, S) normalised   prompts : (P, D, b, d_v)   prompt_of_row : int64 (N,), default all 0
        gate : (P, D, k), as in `PromptPair`
        """
        prompts = self.no_prompts().image if prompts is None else prompts
        tower = self.image_tower
        self._check_prompts(prompts, "image", self.image_width, self.layers[1])
        rows = self._rows(prompt_of_row, len(images), len(prompts))
        with self._arithmetic():
            if tower is None:
                features = encode_whole(self.model.encode_image, images, image_work(self.model.visual), self.watch)
            else:
                how = self.watch, self.recompute, self._ways(tower.ways)
                features = encode_image(tower, images, prompts, rows, *how, gate)
        return F.normalize(features.float(), dim=-1)

    def encode_text(
        self,
        tokens: Tensor,
        prompts: Tensor | None = None,
        prompt_of_row: Tensor | None = None,
        on_words: bool = False,
    ) -> Tensor:
        """Unit text features (R, d), float32.

        tokens : int64 (R, context)   prompts : (P, D, b, d_l)   prompt_of_row : int64 (R,), default all 0
        on_words : as in `PromptPair`
        """
        prompts = self.no_prompts().text if prompts is None else prompts
        self._check_prompts(prompts, "text", self.text_width, self.layers[0])
        inserted = 0 if on_words or not self.capability.text else prompts.shape[2]
        need = int(end_of_text(self._text, tokens).max()) + 1 + inserted
        if need > self.context_length:
            raise ValueError(
                f"text and prompts must fit the context of {self.context_length} tokens. Got {need} tokens, "
                f"{inserted} of them prompts, instead."
            )
        rows = self._rows(prompt_of_row, len(tokens), len(prompts))
        with self._arithmetic():
            if self.capability.text:
                how = self.watch, self.recompute, self._ways(EAGER)
                features = encode_text(self._text, tokens, prompts, rows, *how, on_words, self.lead)
            else:
                work = text_work(self._text, self.context_length)
                features = encode_whole(self.model.encode_text, tokens, work, self.watch)
        return F.normalize(features.float(), dim=-1)

    @property
    def logit_scale(self) -> Tensor:
        """exp(logit_scale), the factor of the cosine; at most 100 as in CLIP's training.

        Sigmoid models (SigLIP) were trained without that limit. Their bias is the same for all classes, so it changes
        neither a softmax over classes nor its gradient, and is left out.
        """
        scale: Tensor = self.model.logit_scale.float().exp().reshape(())
        return scale if getattr(self.model, "logit_bias", None) is not None else scale.clamp(max=100.0)

    @contextmanager
    def exact_arithmetic(self) -> Iterator[None]:
        """float32 while the block lasts: a look-ahead's relative changes are smaller than bfloat16 resolves."""
        before, self.precision = self.precision, "float32"
        try:
            yield
        finally:
            self.precision = before

    @contextmanager
    def compiled(self) -> Iterator[None]:
        """Compiled blocks while the block lasts, or plain ones where they cannot be compiled (`compiler.failure`)."""
        if self.compiler is None:
            from mmap_studio.method.clip.compiled import Compiler

            self.compiler = Compiler()
        self.compiling = True
        try:
            yield
        finally:
            self.compiling = False

    def _ways(self, own: Ways) -> Ways:
        """How a tower's blocks are computed now."""
        return self.compiler.of(own) if self.compiling and self.compiler else own

    def _arithmetic(self) -> AbstractContextManager[Any]:
        on = self.precision == "bfloat16"
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=on)

    def _check_prompts(self, prompts: Tensor, tower: str, width: int, layers: int) -> None:
        if prompts.ndim != 4 or prompts.shape[3] != width:
            raise ValueError(f"{tower} prompts must be (P, D, b, {width}). Got {tuple(prompts.shape)} instead.")
        if width and prompts.shape[1] > layers:
            raise ValueError(
                f"prompt depth must be at most the {layers} {tower} layers. Got {prompts.shape[1]} instead."
            )

    def _rows(self, prompt_of_row: Tensor | None, n: int, prompts: int) -> Tensor:
        if prompt_of_row is None:
            return torch.zeros(n, dtype=torch.long, device=self.device)
        if prompt_of_row.shape != (n,):
            raise ValueError(f"prompt_of_row must be ({n},). Got {tuple(prompt_of_row.shape)} instead.")
        if n and not 0 <= int(prompt_of_row.min()) <= int(prompt_of_row.max()) < prompts:
            raise ValueError(
                f"prompt_of_row must name prompts 0 to {prompts - 1}. Got {prompt_of_row.unique()} instead."
            )
        return prompt_of_row.to(self.device)


def _image_tower(model: Any) -> ImageTower:
    """The stages of the image tower of a model whose image tower takes prompts."""
    return TimmTower(model.visual) if hasattr(model.visual, "trunk") else OpenClipTower(model.visual)


def _looking(watch: Callable[[], None]) -> Callable[[nn.Module, tuple[Any, ...]], tuple[Any, ...]]:
    """A hook of a block that runs by itself; a function, since a copy of the model copies what a method belongs to."""

    def look(_: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
        return watched(given[0], watch), *given[1:]

    return look


def _nothing() -> None:
    """The default of `watch`."""
