"""The window's engine: which backbone it has at hand."""

import multiprocessing
from collections import Counter
from contextlib import suppress

import pytest

from mmap_studio.config import settings_from
from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.compare.live.events import TrialMade
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.options import parse_amounts
from mmap_studio.session.engines import choice
from mmap_studio.session.engines.choice import HERE, RunOn
from mmap_studio.session.events import GroupingChosen, Notice, Progress, Stepped, TasksReady
from mmap_studio.session.project.project import Project
from mmap_studio.session.runtime.job import BackgroundJob, State, Stop
from mmap_studio.session.studio.engine import StudioEngine
from mmap_studio.session.studio.events import Loaded, Loading, Recorded, TextsCounted
from mmap_studio.storage.runs import RunFolder, list_runs
from mmap_studio.storage.store import FolderStore
from tests import projects
from tests.lazy import imported_later
from tests.session.run.test_run_jobs import adapters

with imported_later():
    import torch

    from mmap_studio.session.run import pipeline


NAME = "model/tiny.json"


def loaded(engine: StudioEngine, project: Project) -> str:
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
    engine = StudioEngine()
    assert loaded(engine, project) != loaded(engine, other)


def test_weights_that_were_written_anew_are_read_anew(project):
    engine = StudioEngine()
    before, clip = loaded(engine, project), engine._clip
    assert loaded(engine, project) == before
    assert engine._clip is clip
    projects.write_backbone(project.folder / "model", seed=1)
    assert loaded(engine, project) != before


def test_earlier_runs_are_told_even_where_a_run_cuts_the_opening_short(project):
    run = RunFolder.new(project.runs, "x")
    run.write_json("results.json", {})
    run.finish()
    job = BackgroundJob(on_thread=lambda: job.stop())  # before the work has begun
    job.start(StudioEngine().opening(project))
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
    events = StudioEngine().running(project, "auto")(Stop())
    assert TextsCounted(()) in iter(lambda: next(events), Notice("training"))
    events.close()
    assert ended


def test_tokens_are_counted_as_refusals_count_them_and_classes_are_known_before_they_can_be_read(tmp_path):
    project = projects.make(tmp_path)
    engine = StudioEngine()
    assert engine.token_counts(["fox"]) == []
    loaded(engine, project)
    assert engine.token_counts(["fox"]) == [1]
    assert engine.classes_in_data(project, project.file.tasks[0]) == projects.CLASSES


@pytest.mark.parametrize(("before", "after"), [(HERE, RunOn(7)), (RunOn(7), HERE)])
def test_what_is_under_way_stays_where_it_was_begun(tmp_path, monkeypatch, before, after):
    made, engine, asked = projects.make(tmp_path), StudioEngine(), []
    monkeypatch.setattr(pipeline, "run", lambda *given: asked.append(HERE) or (one for one in ()))
    engine.store = lambda: FolderStore(tmp_path / "cache")

    def chosen_engine(where, *more):
        asked.append(where)
        raise InputError("enough")

    monkeypatch.setattr(choice, "chosen_engine", chosen_engine)
    engine.run_on = before
    works = [engine.running(made, "together"), engine.comparing(made, ComparisonPlan)]
    engine.run_on = after  # while the backbone is loaded
    for work in works:
        with suppress(InputError):
            list(work(Stop()))
    assert asked == [before] * 2


@pytest.mark.slow
def test_a_run_in_another_process_says_what_one_here_says_and_has_the_same_bits(tmp_path):
    found = {}
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    for name, run_on in (("here", HERE), ("there", RunOn(1, threads=1))):
        made, engine = projects.make(tmp_path / name), StudioEngine()
        engine.run_on = run_on
        engine.store = lambda name=name: FolderStore(tmp_path / name / "cache")
        found[name] = list(engine.running(made, "auto", edited=lambda: None)(Stop()))
        assert [path.name for path in made.folder.iterdir() if path.name.startswith(".mmap-")] == []
    torch.set_num_threads(before)
    kinds = {name: Counter(map(type, events)) for name, events in found.items()}
    kinds["here"].pop(Progress), kinds["there"].pop(Progress)  # what is in the cache by then makes none
    added = kinds["there"] - kinds["here"]
    assert set(added) <= {Notice}, "who makes it"
    assert not kinds["here"] - kinds["there"]
    assert adapters(found["there"][-1].run_folder) == adapters(found["here"][-1].run_folder)


@pytest.mark.slow
def test_groups_made_while_a_run_in_another_process_measures_are_trained(tmp_path):
    project, engine, seen = projects.make(tmp_path), StudioEngine(), []
    engine.run_on, engine.store = RunOn(1, threads=1), lambda: FolderStore(tmp_path / "cache")
    wanted = Grouping.separate(projects.DOMAINS)
    edited = lambda: wanted if seen else None  # noqa: E731
    for event in engine.running(project, "auto", edited=edited)(Stop()):
        if isinstance(event, Notice) and "Runs are made by" in event.text:
            seen.append(event)
        chosen = event.grouping if isinstance(event, GroupingChosen) else None
        assert chosen is None or set(map(frozenset, chosen)) == set(map(frozenset, wanted))
    assert len(list((tmp_path / "cache" / "prompts").glob("*.h5"))) == 3


@pytest.mark.slow
def test_a_stop_ends_the_process_of_a_run(tmp_path):
    project, engine, job = (
        projects.make(tmp_path, **{"train.epochs": 500}),
        StudioEngine(),
        BackgroundJob(on_thread=lambda: None),
    )
    engine.run_on, engine.store = RunOn(1, threads=1), lambda: FolderStore(tmp_path / "cache")
    job.start(engine.running(project, "together"))
    told = []
    while not any(isinstance(event, Stepped) and event.report.group is not None for event in told):
        told += [letter.event for letter in job.mailbox.drain()]
        assert job.busy
    job.stop()
    assert job.join(30)
    assert job.state is State.CANCELLED
    (run,) = list_runs(project.runs)
    assert run.state == "cancelled"
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_a_comparison_is_made_by_the_processes_that_were_chosen(tmp_path):
    project, engine = projects.make(tmp_path), StudioEngine()
    engine.run_on, engine.store = RunOn(2, threads=1), lambda: FolderStore(tmp_path / "cache")
    plan = ComparisonPlan(("ridge",), parse_amounts("full"), (1,), choose=False)
    events = list(engine.comparing(project, lambda: plan)(Stop()))
    assert [event.text for event in events if isinstance(event, Loading)][-1] == "Starting 2 processes"
    assert any("2 processes of 1 thread" in event.text for event in events if isinstance(event, Notice))
    assert len([event for event in events if isinstance(event, TrialMade)]) == 2
