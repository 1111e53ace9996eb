"""The window's engine: which backbone it has at hand."""

import pytest

from mmap_studio.config import settings_from
from mmap_studio.session.job import Stop
from mmap_studio.session.project import Project
from mmap_studio.session.work import Engine, Loaded
from tests import projects

NAME = "model/tiny.json"


def loaded(engine: Engine, project: Project) -> str:
    """The digest of the backbone it opens the project with."""
    events = engine.opening(project)(Stop())
    found = next(event.backbone for event in events if isinstance(event, Loaded))
    events.close()
    return found.digest


@pytest.fixture
def project(tmp_path):
    projects.write_backbone(tmp_path / "one" / "model")
    return Project.new(tmp_path / "one", [], backbone=NAME, settings=settings_from({"device": "cpu"}))


def test_two_projects_may_call_two_backbones_alike(project, tmp_path):
    projects.write_backbone(tmp_path / "other" / "model", seed=1)
    other = Project.new(tmp_path / "other", [], backbone=NAME)
    engine = Engine()
    assert loaded(engine, project) != loaded(engine, other)


def test_weights_that_were_written_anew_are_read_anew(project):
    engine = Engine()
    before, clip = loaded(engine, project), engine._clip
    assert loaded(engine, project) == before
    assert engine._clip is clip
    projects.write_backbone(project.folder / "model", seed=1)
    assert loaded(engine, project) != before
