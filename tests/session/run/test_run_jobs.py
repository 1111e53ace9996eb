"""Runs that an engine makes: the same prompts bit for bit, each in a folder of its own, one group trained once."""

import hashlib

import pytest

from benchmarks.ray_nodes import two_nodes
from mmap_studio.config import settings_from
from mmap_studio.errors import InputError
from mmap_studio.session.engines.engine import Site
from mmap_studio.session.engines.local_processes import LocalProcesses
from mmap_studio.session.engines.ray_cluster import RayCluster
from mmap_studio.session.engines.this_process import ThisProcess
from mmap_studio.session.events import GroupReady, Notice, RunEnded, Scores, Stepped, TasksReady
from mmap_studio.session.run.run_jobs import RunJobAsked, reach, runs_by
from mmap_studio.session.run.run_options import RunOptions
from mmap_studio.storage.runs import list_runs
from mmap_studio.storage.store import FolderStore, MemoryStore
from tests import projects
from tests.lazy import imported_later
from tests.session.compare.test_queue import walked
from tests.session.engines.ray_nodes import NEEDS_RAY

with imported_later():
    import torch

    from mmap_studio.session.backbones.loading import open_backbone
    from mmap_studio.session.run.pipeline import run

pytestmark = pytest.mark.slow
SEEDS = (1, 2)


def seeded(project):
    for seed in SEEDS:
        own = project.with_settings(project.settings.model_copy(update={"seed": seed}))
        yield RunJobAsked(f"Seed {seed}", own, RunOptions())


def adapters(run_folder):
    """sha256 of every file of arrays in the prompt folder, by name."""
    files = sorted((run_folder / "prompts").rglob("*.safetensors"))
    assert files
    return {path.parent.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    place = tmp_path_factory.mktemp("alone")
    project, before, found = projects.make(place), torch.get_num_threads(), {}
    torch.set_num_threads(1)
    for one in seeded(project):
        *_, ended = run(one.project, one.options, FolderStore(place / "cache"))
        found[one.title] = ended.run_folder
    torch.set_num_threads(before)
    return found


@pytest.fixture(scope="module")
def fanned(tmp_path_factory):
    place = tmp_path_factory.mktemp("fanned")
    project = projects.make(place)
    with LocalProcesses(2, threads=1) as engine:
        events, ended = walked(runs_by(engine, list(seeded(project)), FolderStore(place / "cache")))
    return project, events, ended


def test_every_prompt_has_the_same_bits_as_those_of_one_process(alone, fanned):
    ended = fanned[2]
    assert set(ended) == set(alone) == {"Seed 1", "Seed 2"}
    for title, folder in alone.items():
        assert adapters(ended[title].run_folder) == adapters(folder)
    assert adapters(alone["Seed 1"]) != adapters(alone["Seed 2"])


def test_every_run_has_a_folder_of_its_own_and_is_whole(fanned):
    project, _, ended = fanned
    runs = list_runs(project.runs)
    assert len(runs) == len({one.run_folder for one in ended.values()}) == 2
    assert [one.state for one in runs] == ["finished"] * 2
    assert [problem for one in runs for problem in one.verify()] == []


def test_events_live_as_in_one_process_but_for_the_images(fanned):
    for title in ("Seed 1", "Seed 2"):
        kinds = {type(event) for asked, event in fanned[1] if asked.title == title}
        assert kinds >= {Stepped, GroupReady, Scores, RunEnded}
        assert TasksReady not in kinds
    assert any("2 processes of 1 thread" in event.text for _, event in fanned[1] if isinstance(event, Notice))


def test_two_runs_that_want_the_same_groups_train_them_once(tmp_path):
    project = projects.make(tmp_path)
    runs = [RunJobAsked(title, project, RunOptions("together")) for title in ("one", "two")]
    with LocalProcesses(2, threads=1) as engine:
        events, ended = walked(runs_by(engine, runs, FolderStore(tmp_path / "cache")))
    trained = [event.cached for _, event in events if isinstance(event, GroupReady)]
    assert sorted(trained) == [False, True]
    assert len(ended) == 2


def test_the_device_is_the_engine_s_the_precision_that_of_here_and_the_record_says_what_was_asked(tmp_path):
    class OnItsDevice(ThisProcess):
        def submit(self, job):
            self._jobs[job.name] = job, job.begun(Site(lambda: None, "cpu"))

    project = projects.make(tmp_path, device="mps", **{"train.epochs": 1})
    clip = open_backbone(project.file.backbone, "cpu", "bfloat16", project.folder)
    asked = RunJobAsked("Run", project, RunOptions("together", clip=clip))
    _, ended = walked(runs_by(OnItsDevice(), [asked], FolderStore(tmp_path / "cache")))
    document = ended["Run"].document
    assert document["backbone"]["precision"] == "bfloat16"
    (run,) = list_runs(project.runs)
    for settings in (document["settings"], run.config()["settings"]):
        assert settings_from(settings) == project.settings, "which goes on on any computer"


def test_the_error_of_a_run_is_its_own(tmp_path):
    project = projects.make(tmp_path)
    runs = [RunJobAsked("one", project, RunOptions("nonsense+tasks"))]
    with pytest.raises(InputError, match="nonsense"):
        walked(runs_by(ThisProcess(), runs, FolderStore(tmp_path / "cache")))
    with pytest.raises(InputError, match="need a cache in a folder"):
        walked(runs_by(ThisProcess(), runs, MemoryStore()))


@NEEDS_RAY
def test_two_nodes_of_a_cluster_make_the_same_bits_and_say_where(alone, tmp_path):
    project, store = projects.make(tmp_path), FolderStore(tmp_path / "cache")
    shared, needed = reach(project, store)
    with two_nodes() as cluster, RayCluster(cluster.address, "cpu", shared=shared, needed=needed) as engine:
        events, ended = walked(runs_by(engine, list(seeded(project)), store))
    assert set(ended) == set(alone) == {"Seed 1", "Seed 2"}
    for title, folder in alone.items():
        assert adapters(ended[title].run_folder) == adapters(folder)
        assert {type(event) for asked, event in events if asked.title == title} >= {Stepped, GroupReady, Scores}
    assert [one.state for one in list_runs(project.runs)] == ["finished"] * 2
    told = [event.text.partition(" runs on ") for _, event in events if isinstance(event, Notice)]
    assert sorted(title for title, runs_on, _ in told if runs_on) == ["Seed 1", "Seed 2", "Zero-shot"]


def test_what_nodes_must_reach_is_all_that_a_run_reads_and_writes(tmp_path):
    project, store = projects.make(tmp_path), FolderStore(tmp_path / "cache")
    shared, needed = reach(project, store, tmp_path / "out" / "prompts", None)
    assert shared == [tmp_path / "cache", project.folder, tmp_path / "out"]
    assert {path.name for path in needed} == {*projects.DOMAINS, "tiny.json"}
