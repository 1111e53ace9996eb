"""The command that repeats a run of the window: what it says, read by the command line, gives the same settings."""

import shlex

import pytest

from mmap_studio.cli.settings import parse_changes, with_changes
from mmap_studio.config import settings_from
from mmap_studio.session.project.project import Project
from mmap_studio.session.studio.command_line import run_command

AUTO = {"train.optimizer": "adamw", "train.learning_rate": 0.02, "train.batch_size": 8}


@pytest.mark.parametrize("changes", [{}, AUTO, {"prompt.tokens": 16, "grouping.groups": None, "train.flip": False}])
@pytest.mark.parametrize("preset", ["auto", "light", "paper-size"])
def test_the_starters_command_has_the_settings_of_the_window(preset, changes):
    project = Project.starter()
    project = project.with_settings(settings_from({"preset": preset}, changes))
    words = shlex.split(run_command(project, "together"))
    chosen = words[words.index("--preset") + 1] if "--preset" in words else None
    sets = [words[i + 1] for i, word in enumerate(words) if word == "--set"]
    assert with_changes(Project.starter(), parse_changes(sets), chosen).settings == project.settings
