"""`project.toml`: what a project is made of, as frozen values."""

import errno
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from mmap_studio.config import Section, Settings, sentence, settings_from
from mmap_studio.errors import InputError, StorageError
from mmap_studio.formatting import printable, shown, shown_value
from mmap_studio.storage.documents import LONGEST_NAME, read_toml

FORMAT = 1
LONGEST_PATH = 4096
"""Letters of a path."""
MAX_TASKS, MAX_CLASSES = 1000, 50_000
"""Of a project, and of a task of it."""
LONGEST_TITLE = 300
"""Letters of a task's or a project's name."""
FILE_NAME = "project.toml"


def _on_one_line(text: str) -> str:
    if printable(text) != text:
        raise ValueError(f"a name must be printable, on one line. Got {shown(text[:80])} instead.")
    return text


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise ValueError("a path must not have a NUL in it")
    return text


Text = Annotated[str, Field(max_length=LONGEST_NAME)]
PathText = Annotated[str, Field(max_length=LONGEST_PATH), AfterValidator(_without_nul)]
Title = Annotated[str, Field(min_length=1, max_length=LONGEST_TITLE), AfterValidator(_on_one_line)]


class SplitSettings(Section):
    """How images become training, validation and test images."""

    kind: Literal["auto", "given", "fraction", "shots", "share"] = "auto"
    """given: by folders named train, val, test, or by lists; fraction: seeded shares of all images; shots: k a class
    and domain; share: a share of what is given for training, tested on all that is given for it; auto: given where
    it is, else fraction."""
    fractions: tuple[float, float, float] = (0.6, 0.2, 0.2)
    """Shares of train, val and test (LibMTL's Office-Home lists: 60/20/20)."""
    shots: int = Field(16, ge=1, le=10_000)
    """Training images per class and domain; validation takes min(shots, 4) more (CoOp, Dassl)."""
    share: float = Field(0.1, gt=0, lt=1)
    """Share of each class and domain that is trained on; validation takes as much (10 and 20 %, 1 and 2 %)."""
    rest: Literal["val", "test"] = "val"
    """With share. test: all the rest of each class is test, whatever is given (VMTL's Office-Home lists)."""
    identity: Literal["auto", "stem", "none"] | None = None
    """How images are known to show one subject, which is in one part of all tasks. auto: by file names that say what is
    shown; stem: by equal file names; none: by equal images alone, which count always. Without it, as in projects made
    before it was there, every task is split by itself."""
    seed: int = Field(1, ge=0, lt=1 << 63)
    """Seeds the choice; the choice itself is saved with the project."""


class TaskEntry(Section):
    """One task of a project."""

    name: Title
    folder: PathText
    """Folder of the domain, absolute or relative to the project; or a folder, archive or table that `part` is in."""
    layout: PathText = "auto"
    """As what the folder is read: one of `data.layouts.LAYOUTS`, `lists:FOLDER`, `manifest:FILE`."""
    part: PathText = ""
    """The domain of the folder that is meant, where it holds several."""
    follow_links: bool = False
    """Whether links are followed out of the folder."""
    template: Text = "a photo of a {}."
    """Text around a class name; must contain {}."""
    ensemble: tuple[Text, ...] = Field((), max_length=1000)
    """Templates averaged for the zero-shot ensemble; none: the studio's own."""
    class_names: dict[Text, Text] = Field(default_factory=dict, max_length=MAX_CLASSES)
    """Folder name of a class -> what CLIP reads instead of the cleaned name."""
    merged: dict[Text, tuple[Text, ...]] = Field(default_factory=dict, max_length=MAX_CLASSES)
    """What CLIP reads -> folder names of the classes that become this one."""
    left_out: tuple[Text, ...] = Field((), max_length=MAX_CLASSES)
    """Folder names of classes that are not used."""


class ProjectFile(Section):
    """Everything in `project.toml`."""

    format: int = FORMAT
    name: Title
    backbone: PathText = "starter"
    """"starter", an open_clip model config (JSON) beside its weights, or NAME:WEIGHTS."""
    made_in: PathText = ""
    """Where the project was made: relative folders that are not beside it any more are looked for there."""
    split: SplitSettings = SplitSettings()
    tasks: tuple[TaskEntry, ...] = Field((), max_length=MAX_TASKS)
    settings: Settings = Settings()


def read_project_file(path: Path) -> ProjectFile:
    """Parse and check; InputError or CorruptError with one sentence naming the file and the key."""
    try:
        values = read_toml(path, within=path.parent)
    except StorageError as error:
        if error.errno == errno.ELOOP:
            raise
        raise InputError(
            f"A project must be a folder with {FILE_NAME}, but {path} cannot be read; "
            "make one with `mmap-studio new FOLDER --data DIR`."
        ) from None
    found = values.get("format", FORMAT)
    if type(found) is not int or found < FORMAT:
        raise InputError(f"{path} must say format = {FORMAT}, but says {shown_value(found)}; correct the line.")
    if found > FORMAT:
        raise InputError(
            f"{path} must have format {FORMAT}, but has format {shown_value(found)}; open it with a newer mmap-studio."
        )
    try:
        settings = settings_from(values.pop("settings", {}))
        return ProjectFile.model_validate({**values, "settings": settings})
    except ValidationError as error:
        raise InputError(f"{path}: {sentence(error)}") from None
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def write_project_file(file: ProjectFile) -> str:
    """The TOML text; settings that have their preset's value are left out, so that the file says what was chosen."""
    import tomli_w

    values: dict[str, Any] = file.model_dump(mode="json", exclude={"settings", "tasks"}, exclude_none=True)
    if not file.made_in:
        del values["made_in"]
    values["settings"] = changed_settings(file.settings)
    values["tasks"] = [task.model_dump(mode="json", exclude_defaults=True) for task in file.tasks]
    return tomli_w.dumps(values)


def changed_settings(settings: Settings) -> dict[str, Any]:
    """Only what differs from the settings' own preset, with the preset's name."""
    base = settings_from({"preset": settings.preset}).model_dump(mode="json", exclude_none=True)
    mine = settings.model_dump(mode="json", exclude_none=True)
    changed: dict[str, Any] = {"preset": settings.preset}
    for key, value in mine.items():
        if isinstance(value, dict):
            different = {k: v for k, v in value.items() if base[key].get(k) != v}
            changed |= {key: different} if different else {}
        elif value != base.get(key):
            changed[key] = value
    return changed
