"""Settings, as frozen values with ranges, units and help; the window's form and the command line are made from them.

Importing this loads pydantic and nothing heavier. A setting that is out of range is refused by name
(`pydantic.ValidationError`); `settings_from` turns that into one sentence.
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.config import JsonDict
from pydantic.fields import FieldInfo

from mmap_studio.errors import InputError
from mmap_studio.formatting import shown_value
from mmap_studio.method.prompt_shape import CLASS_RANK, PromptShape

LARGEST_SEED = 2**31 - 1
AUTOMATIC_TOKENS = 4
"""Prompt tokens by default: as many as "a photo of a" has (CoOp and PromptSRC start from these words)."""
LARGEST_COLUMNS = 1024
OPEN: JsonDict = {"zero": "auto"}
"""What a setting says of itself whose 0 means automatic."""


class Section(BaseModel):
    """One page of settings: frozen, and a key it does not know is an error, not a silence."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)

    def shown(self) -> dict[str, Any]:
        """The values by name; "auto" for a 0 that means so."""
        extra = {name: field.json_schema_extra for name, field in type(self).model_fields.items()}
        automatic = {name for name, one in extra.items() if isinstance(one, dict) and one.get("zero") == "auto"}
        return {name: "auto" if name in automatic and not value else value for name, value in self.model_dump().items()}


class PromptSettings(Section):
    """Start, size and place of the prompts: b tokens, a source of shape (m, n), D layers.

    Sizes of 0, and what is "auto", follow from the backbone and the number of training images: see `automatic`.
    """

    start: Literal["zero_shot", "random"] = Field("zero_shot", title="Start")
    """zero_shot: prompts change nothing before the first step; text prompts are added to the states of a text's first
    words, image prompts are attended to through a gate that is closed at first. random: tokens drawn at random are
    inserted among a tower's own, as in CoOp and MaPLe; an untrained prompt is then below zero-shot."""
    join: Literal["add", "concatenate"] = Field("add", title="Group and task")
    """How the prompts of a group and of a task become one: their sum, or the tokens of both."""
    tokens: int = Field(4, ge=0, le=32, title="Prompt tokens", json_schema_extra=OPEN)
    """Prompt tokens b of one MmAP in each tower; 0: automatic."""
    source_rows: int = Field(4, ge=0, le=32, title="Source rows", json_schema_extra=OPEN)
    """Rows m of the source prompt; must divide the number of prompt tokens; 0: automatic."""
    source_columns: int = Field(32, ge=0, le=LARGEST_COLUMNS, title="Source columns", json_schema_extra=OPEN)
    """Columns n of the source prompt; must divide the widths of both towers; 0: automatic."""
    depth: int = Field(3, ge=0, le=48, title="Depth", json_schema_extra=OPEN)
    """Layers D that have prompts of their own; 0: automatic. Inserted tokens flow on in deeper layers."""
    parts: Literal["auto", "both", "group", "task"] = Field("both", title="Prompt scope")
    """Prompts that a task sees: its group's and its own (as in the paper), only its group's, or only its own; auto:
    its group's where there are few images, else both."""
    class_residual: Literal["auto", "on", "off"] = Field("off", title="Class residual")
    """Whether a group learns, beside its prompts, what is added to the text features of every class; auto: where there
    are images enough. AdamW moves it; SGD hardly does."""
    initialisation: Literal["balanced", "source"] = Field("balanced", title="Initialisation")
    """balanced: factors and source with standard deviation 0.141; source: 1 and 0.02. Product 0.02 in both."""

    @property
    def inserted(self) -> int:
        """Tokens that stand among a tower's own for a task: none with the start at zero-shot.

        As many as there may be where the scope is automatic.
        """
        if self.start == "zero_shot":
            return 0
        return self.wanted_tokens * (2 if self.parts in ("both", "auto") and self.join == "concatenate" else 1)

    @property
    def wanted_tokens(self) -> int:
        """The tokens; where they are automatic the smallest number from `AUTOMATIC_TOKENS` on that the rows divide."""
        rows = self.source_rows or AUTOMATIC_TOKENS
        return self.tokens or rows * -(-AUTOMATIC_TOKENS // rows)

    @property
    def automatic(self) -> bool:
        """Whether a size, the scope or the class residual is left open."""
        sizes = (self.tokens, self.source_rows, self.source_columns, self.depth)
        return "auto" in (self.parts, self.class_residual) or not all(sizes)

    def shape(self, text_width: int, image_width: int, embed_width: int = 0) -> PromptShape:
        """The MmAPs that these settings make on towers of these widths; InputError where n does not divide them.

        embed_width : of the features, for class residuals; how many classes these have is the bank's to say
        """
        source = (self.source_rows, self.source_columns)
        if self.automatic:
            raise InputError("Prompt sizes of 0 and what is auto must be given values first, by `automatic`.")
        gated = self.start == "zero_shot"
        rank = CLASS_RANK if self.class_residual == "on" else 0
        return PromptShape(self.tokens, source, self.depth, text_width, image_width, gated, rank, 0, embed_width)

    @model_validator(mode="after")
    def _rows_divide_tokens(self) -> "PromptSettings":
        if self.source_rows and self.tokens % self.source_rows:
            raise ValueError(
                f"source_rows must divide tokens. Got source_rows {self.source_rows} and tokens {self.tokens} instead."
            )
        return self


class TrainSettings(Section):
    """One training: optimiser, schedule, batches."""

    epochs: int = Field(10, ge=1, le=1000, title="Epochs")
    """Passes over the largest training set of the group (CoOp, MaPLe and PromptSRC use 5 to 50)."""
    batch_size: int = Field(16, ge=1, le=1024, title="Batch size", json_schema_extra={"unit": "images per task"})
    """Images of each task in every step."""
    optimizer: Literal["sgd", "adamw"] = Field("sgd", title="Optimiser")
    """SGD with momentum (CoOp, MaPLe, PromptSRC) or AdamW."""
    min_steps: int = Field(0, ge=0, le=100_000, title="Fewest steps")
    """Fewest steps of a training: with few images an epoch has few steps, so more epochs follow."""
    learning_rate: float = Field(0.1, gt=0, le=10, title="Learning rate")
    """Peak learning rate; after the warm-up it decays to zero along a cosine, step by step."""
    momentum: float = Field(0.9, ge=0, lt=1, title="Momentum")
    """Momentum of SGD (Dassl's default)."""
    weight_decay: float = Field(5e-4, ge=0, le=1, title="Weight decay")
    """Weight decay (Dassl's default)."""
    warmup: float = Field(0.1, ge=0, le=0.9, title="Warm-up", json_schema_extra={"unit": "share of all steps"})
    """Share of the steps over which the learning rate rises linearly."""
    accumulate: int = Field(1, ge=1, le=256, title="Micro-batches")
    """Parts in which a batch is computed: less memory, the same step up to rounding. Doubled when memory runs out."""
    recompute: bool = Field(False, title="Recompute")
    """Gradient checkpointing: recompute the towers' activations for the gradient. Less memory, more time, same step."""
    compiled: bool = Field(False, title="Compile")
    """Compile the steps with torch.compile; not used where that fails, nor with recompute. The first steps take
    minutes, and Stop waits for them. Meant for GPUs: measured on a CPU, a full-size step was 1.03 times as fast."""
    crop: float = Field(0.7, gt=0, le=1, title="Smallest crop", json_schema_extra={"unit": "share of the area"})
    """Random crops cover at least this share of an image; 1 uses the whole image (CoOp: 0.08)."""
    flip: bool = Field(True, title="Flip")
    """Mirror a random half of the images."""
    keep: Literal["final", "best"] = Field("final", title="Prompts kept")
    """Prompts that are evaluated and exported: those after the last step (as usual in the literature), or the best on
    validation."""

    def epochs_of(self, steps: int, largest: int) -> int:
        """Epochs of a training whose epochs have so many steps: `epochs`, or more for `min_steps`.

        largest : images of its largest training set
        """
        return max(self.epochs, -(-self.min_steps // max(1, steps)))

    def steps_of(self, steps: int, largest: int) -> int:
        """Steps of a training whose epochs have so many."""
        return steps * self.epochs_of(steps, largest)

    def steps_on(self, images: Iterable[int]) -> int:
        """Steps of a training of tasks that have so many training images each."""
        largest = max(images, default=0)
        return self.steps_of(-(-largest // self.batch_size), largest)

    def by_epochs(self, epochs: int, min_steps: int = 0) -> "TrainSettings":
        """The same for so many epochs, or more for `min_steps`."""
        own = {name: getattr(self, name) for name in TrainSettings.model_fields}
        return TrainSettings(**own | {"epochs": epochs, "min_steps": min_steps})


class FixedSteps(TrainSettings):
    """A training of exactly so many steps, whatever its epochs: what the budget of a comparison asks for."""

    steps: int = Field(1, ge=1)
    """All steps of the training."""

    @classmethod
    def of(cls, settings: TrainSettings, steps: int) -> "FixedSteps":
        """These settings with so many steps."""
        return cls(**{name: getattr(settings, name) for name in TrainSettings.model_fields}, steps=steps)

    def epochs_of(self, steps: int, largest: int) -> int:
        return -(-self.steps // max(1, steps))

    def steps_of(self, steps: int, largest: int) -> int:
        return self.steps


class FixedImages(TrainSettings):
    """A training until its largest training set was drawn from so often: what a budget of images asks for.

    Every training has its own steps by that: a batch has no more images of a task than there are.
    """

    images: int = Field(1, ge=1)
    """Of the largest training set, with repetition; the last batch is whole."""

    @classmethod
    def of(cls, settings: TrainSettings, images: int) -> "FixedImages":
        """These settings with so many images."""
        return cls(**{name: getattr(settings, name) for name in TrainSettings.model_fields}, images=images)

    def epochs_of(self, steps: int, largest: int) -> int:
        return -(-self.steps_of(steps, largest) // max(1, steps))

    def steps_of(self, steps: int, largest: int) -> int:
        return -(-self.images // max(1, min(self.batch_size, largest)))


class AffinitySettings(Section):
    """Stage 1: who helps whom, by look-ahead steps along one shared training or by training every pair of tasks."""

    by: Literal["lookahead", "training"] = Field("lookahead", title="Measured by")
    """lookahead: a step on one task and the loss of another, while one MmAP that all tasks share is trained. training:
    every pair of tasks is trained, and every task alone; it takes many times as long and measures the gain itself."""
    repeats: int = Field(5, ge=2, le=100, title="Trainings of a pair")
    """By training: how often every pair is trained, each time with another seed and judged on other images. Fewer than
    5 are never evidence for groups."""
    epochs: int = Field(2, ge=1, le=1000, title="Epochs")
    """Epochs of the shared training during which affinity is measured, or of a pair's."""
    every: int = Field(3, ge=1, le=1000, title="Measure every", json_schema_extra={"unit": "steps"})
    """Steps between two measurements (TAG: 10)."""
    min_measurements: int = Field(0, ge=0, le=10_000, title="Measure at least")
    """Fewest measurements: with few images more epochs follow. One compares the losses of a batch of every task."""
    step_size: float = Field(0.02, gt=0, le=10, title="Look-ahead step")
    """Fixed step size eta of the look-ahead step: plain SGD without momentum."""
    order: Literal["exact", "first_order"] = Field("exact", title="Order")
    """exact: losses after a look-ahead step; first_order: products of gradients, several times cheaper."""

    @property
    def how(self) -> Literal["exact", "first_order", "training"]:
        """The way of measuring: by training, or which look-ahead."""
        return "training" if self.by == "training" else self.order

    @property
    def key(self) -> dict[str, Any]:
        """What a measurement depends on, for its name in a cache."""
        own = self.model_dump(mode="json")
        if self.by == "training":
            return {name: own[name] for name in ("by", "repeats", "epochs")}
        return {name: value for name, value in own.items() if name not in ("by", "repeats")}

    def epochs_of(self, steps: int, warmup: float) -> int:
        """Epochs of stage 1 whose epochs have so many steps: `epochs`, or more for `min_measurements`.

        warmup : `TrainSettings.warmup`, the share of all steps before the first measurement
        """
        at_least = (self.min_measurements - 1) * self.every / ((1 - warmup) * max(1, steps))
        epochs = max(self.epochs, int(at_least) - 1)
        while self.measurements(epochs * max(1, steps), warmup) < self.min_measurements:
            epochs += 1
        return epochs

    def of_a_pair(self, train: TrainSettings) -> TrainSettings:
        """How a pair, or a task alone, is trained: for `epochs`, or more for `train.min_steps`."""
        return train.by_epochs(self.epochs, train.min_steps)

    def measurements(self, steps: int, warmup: float) -> int:
        """Measurements in a stage 1 of so many steps."""
        return -(-(steps - round(warmup * steps)) // self.every)


class GroupingSettings(Section):
    """Stage 2: from the affinity matrix to groups."""

    groups: int | None = Field(None, ge=1, le=64, title="Number of groups")
    """A fixed number of groups, or none for the number that scores best."""
    normalised: bool = Field(True, title="Normalised")
    """Divide each column by the recipient's affinity to itself before scoring."""
    singleton_score: float = Field(0.0, ge=-1e6, le=1e6, title="Singleton score")
    """Score of a group of one; at 0 a task stays alone only if every group it could join would harm it."""


class FineTuneSettings(Section):
    """Full fine-tuning: the control that trains all weights of CLIP."""

    learning_rate: float = Field(1e-5, gt=0, le=1, title="Learning rate")
    """Learning rate of AdamW (WiSE-FT and FLYP: 1e-5 on CLIP's ViT-B/16; a small model needs more)."""
    weight_decay: float = Field(0.1, ge=0, le=1, title="Weight decay")
    """Weight decay of AdamW (WiSE-FT: 0.1)."""


class Settings(Section):
    """Everything that a run depends on, apart from its project; what is not given is the preset's."""

    preset: Literal["auto", "light", "paper-size", "custom"] = Field("auto", title="Preset")
    """Starting point of all values. auto: sizes follow from backbone and images; light and paper-size: fixed sizes and
    prompts that start at random, as in CoOp and MaPLe; custom: as light."""
    seed: int = Field(1, ge=0, le=LARGEST_SEED, title="Seed")
    """Seeds the order of images, crops and initial prompts: same seed and machine, same result bit for bit."""
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", title="Device")
    """auto: the GPU if there is one."""
    precision: Literal["auto", "float32", "bfloat16"] = Field("auto", title="Precision")
    """Of the frozen towers; prompts and losses are always float32. auto: bfloat16 on CUDA, and for large models
    on CPUs with `avx512_bf16` or `amx_bf16`; float32 elsewhere."""
    resampling: Literal["exact", "fast"] = Field("exact", title="Resampling")
    """How images are brought to the backbone's size when they are first read. exact: bit for bit as open_clip does it;
    fast: by torch, from a smaller decoding where a JPEG is large: a few grey levels off, in about half the time."""
    tensorboard: bool = Field(False, title="TensorBoard log")
    """Write losses, accuracies, affinity and settings of a run for TensorBoard, into its folder. Needs the extra
    tensorboard."""
    prompt: PromptSettings = PromptSettings()
    affinity: AffinitySettings = AffinitySettings()
    grouping: GroupingSettings = GroupingSettings()
    train: TrainSettings = TrainSettings()
    finetune: FineTuneSettings = FineTuneSettings()

    @model_validator(mode="before")
    @classmethod
    def _on_its_preset(cls, values: Any) -> Any:
        """What a preset says stands below what is given: a file of an earlier version knows no later setting."""
        if not isinstance(values, Mapping):
            return values
        values = {k: v.model_dump(exclude_unset=True) if isinstance(v, Section) else v for k, v in values.items()}
        return _deep_merge(PRESETS.get(str(values.get("preset", "auto"))[:40], {}), values)


_RANDOM = {"start": "random", "join": "concatenate"}
PRESETS: dict[str, dict[str, Any]] = {
    "auto": {
        "preset": "auto",
        "prompt": {
            "tokens": 0,
            "source_rows": 0,
            "source_columns": 0,
            "depth": 0,
            "parts": "auto",
            "class_residual": "auto",
        },
        "train": {"batch_size": 8, "optimizer": "adamw", "learning_rate": 0.02, "min_steps": 100},
        "affinity": {"min_measurements": 20},
    },
    "light": {"preset": "light", "prompt": _RANDOM},
    "paper-size": {
        # anchored on PromptSRC (depth 9, lr 0.0025, 20 epochs) and MaPLe (batch 4), not on the paper's unknown values
        "preset": "paper-size",
        "prompt": {"tokens": 16, "source_rows": 16, "source_columns": 128, "depth": 9, **_RANDOM},
        "train": {"epochs": 20, "batch_size": 4, "learning_rate": 0.02, "crop": 0.3},
        "affinity": {"epochs": 5, "every": 10},
    },
    "custom": {"preset": "custom", "prompt": _RANDOM},
}
"""Named starting points; everything they leave out has its default."""


def all_settings(section: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting by its dotted name."""
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from all_settings(inner, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


def unknown_setting(name: str, also: Iterable[str] = ()) -> str:
    """The sentence for a setting that there is not; `also`: other names that could be meant."""
    known = [one for one, _ in all_settings()]
    inside = [one for one in known if one.startswith(f"{name}.")]
    if inside:
        return f"Setting {name!r} is a group of settings; name one of them, such as {inside[0]}."
    near = difflib.get_close_matches(name, [*known, *also], n=1, cutoff=0.5)
    by_end = [one for one in known if one.rpartition(".")[2] == name.rpartition(".")[2]]
    meant = " or ".join(repr(one) for one in by_end[:3] or near)
    hint = f"did you mean {meant}?" if meant else "`mmap-studio info settings` lists all."
    return f"Setting {name!r} is not known; {hint}"


def settings_from(values: Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> Settings:
    """Settings from nested values (a TOML table), with dotted changes such as ``{"train.epochs": 5}`` on top.

    Raises InputError with one sentence naming the setting, what it must be and what it got.
    """
    if not isinstance(values, Mapping):
        raise InputError(f"Settings must be a table of sections, but are {shown_value(values)}.")
    merged = dict(values)
    for dotted, value in (changes or {}).items():
        merged = _deep_merge(merged, _nest(dotted.split("."), value))
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        raise InputError(sentence(error)) from None


def _deep_merge(base: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in above.items():
        below = merged.get(key)
        merged[key] = _deep_merge(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return merged


def _nest(keys: list[str], value: Any) -> dict[str, Any]:
    return {keys[0]: _nest(keys[1:], value) if len(keys) > 1 else value}


def sentence(error: ValidationError) -> str:
    """The first thing wrong, as one sentence naming the setting."""
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"]) or "settings"
    if first["type"] == "extra_forbidden":
        return f"Setting {where!r} is not known; run `mmap-studio info settings` for the list."
    if first["type"] == "missing":
        return f"Setting {where!r} must be there, but is missing; add it."
    problem = first["msg"].removeprefix("Value error, ")
    if first["type"] == "value_error":  # our own sentence, which says what it got
        return f"Setting {where!r} cannot be used: {problem}"
    return f"Setting {where!r} cannot be used: {problem[0].lower() + problem[1:]}; got {shown_value(first['input'])}."
