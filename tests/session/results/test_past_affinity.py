"""The affinity of an earlier run is there again when the settings are other ones by now."""

import numpy as np
import pytest

from mmap_studio.session.events import AffinityMeasured, PastAffinity
from mmap_studio.session.studio.engine import StudioEngine
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.backbones.loading import open_backbone
    from mmap_studio.session.results.past_affinity import past_affinity
    from mmap_studio.session.run.pipeline import run
    from mmap_studio.session.run.run_options import RunOptions


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project whose affinity was measured: project, store, backbone, what was measured."""
    project, store = projects.make(tmp_path_factory.mktemp("past_affinity")), MemoryStore()
    clip = open_backbone(str(project.file.backbone), "cpu")
    events = list(run(project, RunOptions(only_affinity=True, clip=clip), store))
    return project, store, clip, [e for e in events if isinstance(e, AffinityMeasured)]


def opened(made, project):
    engine = StudioEngine()
    engine.store = lambda: made[1]
    return list(engine.opening(project)(lambda: None))


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def same(one, other):
    assert [event.step for event in one] == [event.step for event in other]
    for a, b in zip(one, other, strict=True):
        assert a.estimate.tasks == b.estimate.tasks
        np.testing.assert_array_equal(a.estimate.mean, b.estimate.mean)


def test_with_the_same_settings_the_cache_answers_with_the_whole_history(made):
    events = opened(made, made[0])
    assert of(PastAffinity, events) == []
    same(of(AffinityMeasured, events), made[3])


def test_with_other_settings_the_run_folder_answers_and_says_which_were_others(made):
    project = made[0]
    epochs = project.settings.train.epochs
    train = project.settings.train.model_copy(update={"epochs": epochs + 1})
    events = opened(made, project.with_settings(project.settings.model_copy(update={"train": train})))
    (said,) = of(PastAffinity, events)
    assert said.differs == f"train.epochs {epochs}"
    assert said.run in said.sentence
    same(of(AffinityMeasured, events), made[3])


def test_another_backbone_or_other_tasks_remember_nothing(made):
    project, _, clip, _ = made
    splits = {entry.name: "" for entry in project.file.tasks}
    assert list(past_affinity(project, clip.digest, splits))
    assert not list(past_affinity(project, "another", splits))
    assert not list(past_affinity(project, clip.digest, dict(list(splits.items())[:-1])))


def test_other_images_and_other_class_texts_are_said(made, tmp_path):
    project, first = made[0], made[0].file.tasks[0].name
    entries = [
        entry.model_copy(update={"template": "a sketch of a {}."}) if entry.name == first else entry
        for entry in project.file.tasks
    ]
    (said,) = of(PastAffinity, opened(made, project.with_tasks(entries)))
    assert said.differs == f"other class texts of {first!r}"
    split = project.file.split.model_copy(update={"kind": "fraction", "seed": 7})
    (said,) = of(PastAffinity, opened(made, project.with_split(split)))
    assert said.differs == "other images of 'art', 'clip art', 'real'"
    assert "with other images of 'art'" in said.sentence
