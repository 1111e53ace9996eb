"""The run of a project that did not come to its end: what it was asked for, and whether it can go on. Loads no torch.

A run writes what it was asked for into its config.toml, with the project as it was. It goes on in its folder where
tasks, backbone and split are still the same; the settings are those it began with, on the device of the project as it
is now, which may be on another computer.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mmap_studio.config import Settings, settings_from
from mmap_studio.errors import StudioError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import ProjectFile
from mmap_studio.session.run.run_options import ASKED, Asked, RunOptions, public_file
from mmap_studio.storage.documents import checked
from mmap_studio.storage.runs import CONFIG, GROUPING, RunFolder, latest, moment

GOES_ON = ("interrupted", "cancelled")
"""States of a newest run that is offered to be continued: killed, or stopped."""


@dataclass(frozen=True)
class InterruptedRun:
    """The newest run of a project, where it was killed or stopped."""

    name: str
    """Of its folder."""
    state: str
    began: datetime
    asked: Asked
    """With the groups that it trains, where those are known."""
    settings: Settings
    training: bool
    """Whether it had its groups already."""

    @property
    def sentence(self) -> str:
        what = "training its groups" if self.training else "measuring the affinity"
        if not self.training and self.asked.groups != "auto" and not self.asked.only_affinity:
            what = "about to train its groups"
        how = "interrupted" if self.state == "interrupted" else "stopped"
        when = self.began.astimezone()
        return f"The run of {when:%d %B, %H:%M} was {how} while {what}; it can go on from there."


def interrupted_run(project: Project) -> InterruptedRun | None:
    """None where the newest run ended otherwise, is of another project than this has become, or cannot be read."""
    try:
        run = latest(project.runs)
        state = "" if run is None else run.state
        return None if run is None or state not in GOES_ON else _read(project, run, state)
    except (StudioError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _read(project: Project, run: RunFolder, state: str) -> InterruptedRun | None:
    config = run.config()
    before = ProjectFile.model_validate({key: config[key] for key in ("name", "backbone", "split", "tasks")})
    now = public_file(project.file)
    if (before.tasks, before.backbone, before.split) != (now.tasks, now.backbone, now.split):
        return None
    asked = checked(Asked, config.get(ASKED, {}), run.path / CONFIG)
    names = [entry.name for entry in project.file.tasks]
    chosen = _chosen(run)
    if chosen is not None and chosen["how"] == "given":
        asked = asked.model_copy(update={"groups": Grouping.of(chosen["groups"]).text()})
    settings = settings_from(config["settings"] | {"device": project.settings.device})
    RunOptions(asked.groups, tuple(asked.controls)).check(names, settings.grouping.groups)
    began = moment(run.record()["started"])
    return None if began is None else InterruptedRun(run.name, state, began, asked, settings, chosen is not None)


def _chosen(run: RunFolder) -> dict[str, Any] | None:
    found = run.read_json(GROUPING) if (run.path / GROUPING).is_file() else None
    return found if isinstance(found, dict) else None
