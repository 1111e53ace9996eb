"""The whole way on a small project: what it gives, what it remembers, how it is stopped."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmap_studio.data.images.decode import decode
from mmap_studio.errors import BackboneError, InputError, Interrupted, StorageError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.task import SPLITS, Geometry
from mmap_studio.session.backbones.resolve import FORMER_STARTERS
from mmap_studio.session.events import (
    AffinityLosses,
    AffinityMeasured,
    GroupingChosen,
    GroupReady,
    GroupScored,
    Notice,
    Progress,
    RunEnded,
    Scores,
    Stepped,
    TasksReady,
)
from mmap_studio.session.methods import CONTROLS
from mmap_studio.session.runtime.job import Stop
from mmap_studio.storage.prompt_folder import load_prompts, save_prompts
from mmap_studio.storage.runs import list_runs
from mmap_studio.storage.store import FolderStore, MemoryStore
from tests import projects, tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.backbones.loading import open_backbone
    from mmap_studio.session.cache.cache import group_from_arrays, group_to_arrays
    from mmap_studio.session.run.classifier import PromptedClassifier
    from mmap_studio.session.run.pipeline import run
    from mmap_studio.session.run.predictions import predict_files
    from mmap_studio.session.run.run_options import RunOptions

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project that was run once, with its store and events."""
    folder = tmp_path_factory.mktemp("studio")
    project, store = projects.make(folder), FolderStore(folder / "cache")
    options = RunOptions(out=folder / "prompts", controls=("all",))
    return project, store, options, list(run(project, options, store))


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def test_a_place_that_cannot_take_the_prompts_is_refused_before_anything_is_read(tmp_path):
    project, store = projects.make(tmp_path), MemoryStore()
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StorageError, match="will not be replaced"):
        next(run(project, RunOptions(out=tmp_path), store))
    assert not list_runs(project.folder / "runs")
    assert not store.files


def test_a_run_tells_its_way_and_ends_with_a_document(made):
    _, _, options, events = made
    assert isinstance(events[-1], RunEnded)
    document = json.loads(json.dumps(events[-1].document, allow_nan=False))
    assert set(document["run"]["per_task"]) == set(projects.DOMAINS)
    assert document["run"]["mean"] == pytest.approx(np.mean(list(document["run"]["per_task"].values())))
    assert document["zero_shot"]["mean"] == of(Scores, events)[0].mean
    assert np.shape(document["affinity"]["matrix"]) == (3, 3)
    assert document["trained_parameters"] / document["backbone"]["parameters"] == document["trained_share"]
    assert document["paths"]["prompts"] == str(options.out)
    assert set(document["timings"]) >= {"tasks", "affinity", "training", "evaluation"}
    assert tuple(document["controls"]) == tuple(CONTROLS)


def test_class_names_are_cleaned_and_splits_are_kept(made):
    project, _, _, events = made
    tasks = of(TasksReady, events)[0].tasks
    assert tasks[0].class_names == ("alarm clock", "fox", "red car")
    assert [len(tasks[0].split(part)) for part in ("train", "val", "test")] == [12, 6, 6]
    assert len(list((project.folder / "splits").glob("*.json"))) == 3


def test_a_second_run_trains_nothing_and_says_the_same(made):
    project, store, options, first = made
    second = list(run(project, options, store))
    assert not of(Stepped, second)
    assert second[-1].trained_nothing
    for name in ("zero_shot", "run", "affinity", "grouping", "controls", "trained_parameters"):
        assert second[-1].document[name] == first[-1].document[name]


def test_a_cached_group_comes_with_the_losses_of_its_training(made):
    project, store, options, first = made
    (group, *_) = [event.group for event in of(GroupReady, run(project, options, store)) if event.cached]
    steps = [event.report for event in of(Stepped, first) if event.phase == "training"]
    for name in group.members:
        wanted = [(report.step, report.losses[name]) for report in steps if name in report.losses]
        np.testing.assert_allclose(group.losses[name].T, wanted, rtol=1e-6)


def test_replayed_affinity_is_the_measured_one(made):
    project, store, _, first = made
    again = of(AffinityMeasured, run(project, RunOptions(only_affinity=True), store))
    before = of(AffinityMeasured, first)
    assert [e.step for e in again] == [e.step for e in before]
    assert np.array_equal(again[-1].estimate.mean, before[-1].estimate.mean)
    assert np.array_equal(again[0].estimate.latest, before[0].estimate.latest)


def test_affinity_from_the_cache_comes_with_the_losses_of_its_measurement(made):
    project, store, _, first = made
    (losses,) = (event.losses for event in of(AffinityLosses, run(project, RunOptions(only_affinity=True), store)))
    steps = [event.report for event in of(Stepped, first) if event.phase == "affinity"]
    assert set(losses) == set(steps[0].losses)
    for name, points in losses.items():
        np.testing.assert_allclose(points.T, [(one.step, one.losses[name]) for one in steps], rtol=1e-6)


def test_changing_one_group_trains_that_group_alone(made):
    project, store = made[0], MemoryStore()  # its own: in the shared one another test may have trained these groups
    list(run(project, RunOptions(groups="art+clip art,real"), store))
    events = list(run(project, RunOptions(groups="art+real,clip art"), store))
    ready = {event.group.members: event.cached for event in of(GroupReady, events)}
    assert ready[("art", "real")] is False
    again = list(run(project, RunOptions(groups="clip art,real+art"), store))
    assert all(event.cached for event in of(GroupReady, again))


def test_the_exported_folder_reproduces_the_test_accuracy_exactly(made):
    project, _, options, events = made
    classifier = PromptedClassifier.load(options.out, str(project.file.backbone))
    for task in of(TasksReady, events)[0].tasks:
        found = classifier.predict(task.test.pixels(np.arange(len(task.test))), task.name)
        accuracy = np.mean([one.index for one in found] == task.test.labels)
        assert accuracy == events[-1].document["run"]["per_task"][task.name]


def test_the_classifier_reads_files_and_names_what_is_wrong(made):
    project, _, options, _ = made
    classifier = PromptedClassifier.load(options.out, str(project.file.backbone))
    image = next((project.folder.parent / "data" / "art" / "fox").glob("*.png"))
    (found,) = classifier.predict([image], "art")
    assert found.class_name in classifier.class_names("art")
    assert 0 < found.probability <= 1
    with pytest.raises(InputError, match="task must be one of art"):
        classifier.predict([image])
    other = projects.write_backbone(project.folder.parent / "other", seed=7)
    with pytest.raises(BackboneError, match=r"were trained on .* with weights .* but .* has weights"):
        PromptedClassifier.load(options.out, str(other))


def test_prompts_of_an_earlier_starter_name_its_version_and_the_way_out(made, monkeypatch):
    project, _, options, _ = made
    monkeypatch.setitem(FORMER_STARTERS, load_prompts(options.out).meta["backbone_digest"], "0.0.7")
    assert PromptedClassifier.load(options.out, str(project.file.backbone)).tasks, "with its own weights it opens"
    other = projects.write_backbone(project.folder.parent / "newer", seed=8)
    with pytest.raises(BackboneError, match=r"on the starter of version 0\.0\.7 with weights .* train again, or name"):
        PromptedClassifier.load(options.out, str(other))


def test_prompts_are_used_with_the_resize_they_were_trained_under(tmp_path):
    project = projects.make(tmp_path, ("art",))
    wide = project.folder.parent / "data" / "art" / "fox" / "0.png"
    Image.open(wide).resize((40, 20)).save(wide)
    backbone = Path(project.file.backbone)
    plain = backbone.read_text()
    backbone.write_text(json.dumps(json.loads(plain) | {"resize_mode": "squash"}))
    events = list(run(project, RunOptions(groups="together", out=tmp_path / "prompts"), FolderStore(tmp_path / "c")))
    squashed = decode(wide, Geometry(tiny.SIZE, "squash"))
    task = of(TasksReady, events)[0].tasks[0]
    assert any((pixels == squashed).all() for part in SPLITS for pixels in task.split(part).pixels(range(6)))
    assert "open_clip's resize mode `squash`, bicubic." in (tmp_path / "prompts" / "README.md").read_text()
    backbone.write_text(plain)  # as weights from a file, which say nothing of the resize
    classifier = PromptedClassifier.load(tmp_path / "prompts")
    assert classifier.probabilities([wide]).tolist() == classifier.probabilities([squashed]).tolist()
    assert predict_files(classifier, [wide], "art")[0].probability == classifier.predict([squashed])[0].probability


def test_older_prompts_that_do_not_say_their_resize_open_as_they_were_trained(made, tmp_path):
    project, _, options, _ = made
    backbone = Path(project.file.backbone)
    shutil.copytree(backbone.parent, tmp_path / "model")
    squashing = tmp_path / "model" / backbone.name
    squashing.write_text(json.dumps(json.loads(backbone.read_text()) | {"resize_mode": "squash"}))
    folder = load_prompts(options.out)
    older = replace(folder, meta={key: value for key, value in folder.meta.items() if key != "preprocessing"})
    save_prompts(tmp_path / "prompts", older)
    classifier = PromptedClassifier.load(tmp_path / "prompts", str(squashing))
    assert classifier.clip.geometry == Geometry(tiny.SIZE)


def test_the_run_folder_holds_everything(made):
    project, _, _, events = made
    folder = events[-1].run_folder
    names = {path.name for path in folder.iterdir()}
    assert names >= {"config.toml", "metrics.jsonl", "affinity.h5", "grouping.json", "prompts", "log.txt", "run.json"}
    (first, *_) = list_runs(project.runs)
    assert first.state == "finished"
    assert first.verify() == []
    epochs = [row for row in first.metrics() if row["what"] == "epoch" and row["phase"] == "training"]
    assert all(set(row["losses"]) == set(row["members"]) for row in epochs)


@pytest.mark.parametrize("after", ["affinity", "training"])
def test_a_run_that_is_stopped_keeps_what_is_finished(tmp_path, after):
    project, store = projects.make(tmp_path), MemoryStore()
    way = run(project, RunOptions(groups="separate" if after == "training" else "auto"), store)
    seen = 0
    for event in way:
        seen += isinstance(event, GroupReady if after == "training" else AffinityMeasured)
        if seen == 1:
            break
    way.close()
    (record,) = list_runs(project.runs)
    assert record.state == "cancelled"
    assert (record.path / "prompts").exists() == (after == "training")
    events = list(run(project, RunOptions(groups="separate", resume=True), store))
    assert [event.cached for event in of(GroupReady, events)] == [after == "training", False, False]
    steps = [event for event in of(Progress, events) if event.phase == "training"]
    assert {event.cached for event in steps} == {steps[-1].total // 3 if after == "training" else 0}
    assert events[-1].run_folder == record.path
    assert record.state == "finished"


def test_a_watch_that_interrupts_ends_the_run_within_a_block(tmp_path):
    project, calls = projects.make(tmp_path), []

    def watch():
        calls.append(1)
        if len(calls) > 40:
            raise Interrupted("stop")

    with pytest.raises(Interrupted):
        list(run(project, RunOptions(watch=watch), MemoryStore()))
    assert len(calls) == 41
    assert list_runs(project.runs)[0].state == "cancelled"


def test_the_stop_of_the_job_before_does_not_end_this_run_and_its_own_is_heard(tmp_path):
    """As when a run is started while the cache is being asked about a card that was moved."""
    project, store = projects.make(tmp_path), MemoryStore()
    clip, before, own = open_backbone(str(project.file.backbone), "cpu"), Stop(), Stop()
    clip.watch = before
    before.raise_flag()
    *_, ended = run(project, RunOptions(groups="together", watch=own, clip=clip), store)
    assert isinstance(ended, RunEnded)
    own.raise_flag()
    with pytest.raises(Interrupted):
        list(run(project, RunOptions(groups="separate", watch=own, clip=clip), store))


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ("together", [["art", "clip art", "real"]]),
        ("separate", [["art"], ["clip art"], ["real"]]),
        ("REAL+art,clip art", [["art", "real"], ["clip art"]]),
    ],
)
def test_groups_as_asked(made, groups, expected):
    project, store, _, _ = made
    (chosen,) = of(GroupingChosen, run(project, RunOptions(groups=groups), store))
    assert sorted(map(list, chosen.grouping.groups)) == sorted(expected)
    assert chosen.how == "given"


@pytest.mark.parametrize("edited", [True, False])
def test_groups_that_were_edited_while_the_affinity_was_measured_are_trained(made, edited):
    project, store, _, _ = made
    first, second, third = (entry.name for entry in project.file.tasks)
    mine = Grouping.of([[third], [first, second]]) if edited else None
    events = list(run(project, RunOptions(edited=lambda: mine), store))
    (chosen,) = of(GroupingChosen, events)
    assert chosen.suggested is not None
    assert (chosen.how == "given") is edited
    assert ({frozenset(one.group.members) for one in of(GroupReady, events)}) == set(map(frozenset, chosen.grouping))
    assert set(map(frozenset, chosen.grouping)) == set(map(frozenset, mine or chosen.suggested.grouping))
    said = [event.text for event in of(Notice, events) if "edited while" in event.text]
    assert bool(said) is edited


def test_a_number_of_groups(made):
    project, store, _, _ = made
    (chosen,) = of(GroupingChosen, run(project, RunOptions(groups="2"), store))
    assert len(chosen.grouping) == 2


def test_a_trained_group_comes_back_bit_for_bit(made):
    group = of(GroupReady, made[3])[0].group
    again = group_from_arrays(*group_to_arrays(group))
    assert again.members == group.members
    assert again.validation == group.validation
    for key, arrays in group.final.items():
        assert all(np.array_equal(again.final[key][name], array) for name, array in arrays.items())
    assert all(np.array_equal(again.losses[name], points) for name, points in group.losses.items())


def test_a_group_that_was_kept_before_losses_were_has_none(made):
    arrays, meta = group_to_arrays(of(GroupReady, made[3])[0].group)
    older = {name: array for name, array in arrays.items() if not name.startswith("losses")}
    assert len(older) < len(arrays)
    assert group_from_arrays(older, meta).losses == {}


def test_the_results_of_a_group_come_when_it_has_finished(made):
    project, *_ = made
    events = list(run(project, RunOptions("art,clip art+real"), MemoryStore()))
    told = [event for event in events if isinstance(event, GroupReady | GroupScored)]
    assert [type(event) for event in told] == [GroupReady, GroupScored] * 2
    (whole,) = (event for event in of(Scores, events) if event.method == "run")
    assert events.index(told[1]) < events.index(told[2])
    assert {name: one.accuracy for event in told[1::2] for name, one in event.per_task.items()} == {
        name: one.accuracy for name, one in whole.per_task.items()
    }
