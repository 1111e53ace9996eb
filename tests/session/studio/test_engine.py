"""The window's engine: which backbone it has at hand."""

import pytest

from mmap_studio.config import settings_from
from mmap_studio.session.events import Notice, TasksReady
from mmap_studio.session.project.project import Project
from mmap_studio.session.runtime.job import Job, Stop
from mmap_studio.session.studio.engine import Engine
from mmap_studio.session.studio.events import Loaded, Recorded, TextsCounted
from mmap_studio.storage.runs import RunFolder
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.run import pipeline


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


def test_earlier_runs_are_told_even_where_a_run_cuts_the_opening_short(project):
    run = RunFolder.new(project.runs, "x")
    run.write_json("results.json", {})
    run.finish()
    job = Job(on_thread=lambda: job.stop())  # before the work has begun
    job.start(Engine().opening(project))
    assert job.join(60)
    (told,) = (letter.event for letter in job.mailbox.drain() if isinstance(letter.event, Recorded))
    assert run.name in told.problems[0]


def test_a_run_counts_the_texts_where_no_opening_got_to_it_and_is_closed_at_once_when_stopped(project, monkeypatch):
    ended = []

    def run(project, options, store):
        try:
            yield TasksReady(())
            yield Notice("training")
        finally:
            ended.append(True)

    monkeypatch.setattr(pipeline, "run", run)
    events = Engine().running(project, "auto")(Stop())
    assert TextsCounted(()) in iter(lambda: next(events), Notice("training"))
    events.close()
    assert ended


def test_tokens_are_counted_as_refusals_count_them_and_classes_are_known_before_they_can_be_read(tmp_path):
    project = projects.make(tmp_path)
    engine = Engine()
    assert engine.token_counts(["fox"]) == []
    loaded(engine, project)
    assert engine.token_counts(["fox"]) == [1]
    assert engine.classes_in_data(project, project.file.tasks[0]) == projects.CLASSES
