"""How many parameters a run will train: known from the settings and the facts of a backbone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mmap_studio.config import PromptSettings
from mmap_studio.errors import InputError
from mmap_studio.formatting import counted
from mmap_studio.method.automatic import sized
from mmap_studio.session.estimates.memory import ClipShape


@dataclass(frozen=True)
class BackboneFacts:
    """What the window needs to know about a backbone."""

    name: str
    digest: str
    """Of its weights, config and preprocessing: by this it is known, whatever it is called."""
    parameters: int
    text_width: int
    image_width: int
    """0 where the tower takes no prompts."""
    layers: int
    device: str
    precision: str
    """Of the towers, as it is on this device."""
    shape: ClipShape | None = None
    """What its memory follows from."""
    speed: float | None = None
    """Multiply-adds a second of the CPU it is on; None elsewhere."""
    threads: int = 0
    """That compute with it on a CPU; 0 elsewhere."""
    embed_width: int = 0
    """Of the features that both towers make."""
    no_prompts: str = ""
    """Why a tower takes no prompts; empty where both take some."""

    @property
    def place(self) -> str:
        """Where it is, in a user's words."""
        return f"CPU, {counted(self.threads, 'thread')}" if self.threads else self.device.upper()


@dataclass(frozen=True)
class TrainedShare:
    """Trainable parameters of a run, and their share of the backbone."""

    trained: int
    total: int
    """Parameters of the backbone."""

    @property
    def share(self) -> float:
        """Trainable parameters by the backbone's, 0 to 1."""
        return self.trained / self.total if self.total else 0.0


def trained_share(
    settings: PromptSettings,
    backbone: BackboneFacts,
    groups: Sequence[Sequence[str]],
    images: float = 0,
    texts: Mapping[str, Sequence[str]] = {},
) -> TrainedShare | None:
    """The parameters of all MmAPs of a run, one a group and one a task; None where they do not fit the backbone.

    images : training images a class, from which automatic sizes follow   texts : class texts of every task
    """
    if problem(settings, backbone):
        return None
    settings = sized(settings, backbone.text_width, backbone.image_width, backbone.layers, images)
    shape = settings.shape(backbone.text_width, backbone.image_width, backbone.embed_width)
    singles = [[task] for members in groups for task in members]
    owners = singles if settings.parts == "task" else groups
    others = singles if settings.parts == "both" else []
    classes = [len({text for task in members for text in texts.get(task, ())}) for members in owners]
    trained = sum(replace(shape, classes=count).parameters for count in classes) + shape.parameters * len(others)
    return TrainedShare(trained, backbone.parameters)


def problem(settings: PromptSettings, backbone: BackboneFacts) -> str:
    """Why these prompts do not fit this backbone, as a sentence; empty if they do."""
    if not backbone.text_width and not backbone.image_width:
        return (
            f"Backbone {backbone.name!r} must take prompts in one of its towers, but takes none "
            f"({backbone.no_prompts}); choose another backbone, or compare the methods that need none with "
            "`mmap-studio compare`."
        )
    settings = sized(settings, backbone.text_width, backbone.image_width, backbone.layers)
    try:
        settings.shape(backbone.text_width, backbone.image_width)
    except InputError:
        n, widths = settings.source_columns, [one for one in (backbone.text_width, backbone.image_width) if one]
        towers = "widths of both towers" if len(widths) == 2 else "width of the tower that takes prompts"
        said = " and ".join(map(str, widths))
        return f"Setting 'prompt.source_columns' must divide the {towers}, {said}; got {n}."
    if settings.depth > backbone.layers:
        layers = f"{backbone.layers}, the layers of {backbone.name!r}"
        return f"Setting 'prompt.depth' must be at most {layers}; got {settings.depth}."
    return ""
