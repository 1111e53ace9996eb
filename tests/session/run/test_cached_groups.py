"""What the cache knows of a grouping: groups, scores and the features of the map, without training anything."""

import numpy as np
import pytest

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.events import GroupReady, GroupScored, MapReady, Scores, TasksReady
from mmap_studio.session.explore.projection import place_pca, place_tsne
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.backbones.loading import open_backbone
    from mmap_studio.session.cache.cache import Cached
    from mmap_studio.session.run import map_features
    from mmap_studio.session.run.cached_groups import cached_groups
    from mmap_studio.session.run.context import RunContext
    from mmap_studio.session.run.pipeline import run
    from mmap_studio.session.run.run_options import RunOptions
    from mmap_studio.session.run.unprompted_features import unprompted_features


GROUPS = "art+clip art,real"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project that was run with `GROUPS`: project, backbone, tasks, store, the run's scores by method."""
    project, store = projects.make(tmp_path_factory.mktemp("recall")), MemoryStore()
    clip = open_backbone(str(project.file.backbone), "cpu")
    events = list(run(project, RunOptions(groups=GROUPS, clip=clip), store))
    tasks = next(e.tasks for e in events if isinstance(e, TasksReady))
    return project, clip, tasks, store, {e.method: e for e in events if isinstance(e, Scores)}


def recalled(made, groups: str, store=None, **settings):
    project, clip, tasks, known, _ = made
    changed = projects.quick_settings(**settings) if settings else project.settings
    grouping = Grouping.parse(groups, [task.name for task in tasks])
    context = RunContext.of(Cached(known if store is None else store), clip, tasks, changed)
    return list(cached_groups(context, grouping))


def of(kind, events):
    return [event for event in events if isinstance(event, kind)]


def test_a_trained_grouping_comes_back_with_its_scores_and_nothing_is_computed(made):
    entries = made[3].entries()
    events = recalled(made, GROUPS)
    assert [event.group.members for event in of(GroupReady, events)] == [("art", "clip art"), ("real",)]
    per_task = {name: one for event in of(GroupScored, events) for name, one in event.per_task.items()}
    for name, one in made[4]["run"].per_task.items():
        np.testing.assert_array_equal(per_task[name].predictions, one.predictions)
    assert made[3].entries() == entries


def test_the_map_shows_what_was_scored_before_and_after(made):
    _, clip, tasks, store, scores = made
    found = of(MapReady, recalled(made, GROUPS))[0].features
    for t, task in enumerate(tasks):
        rows = found.task_of == t
        np.testing.assert_array_equal(found.index[rows], np.arange(len(task.test)))
        np.testing.assert_array_equal(found.labels[rows], task.test.labels)
        np.testing.assert_array_equal(found.before[rows], unprompted_features(Cached(store), clip, task.test))
        said = {method: scores[method].per_task[task.name].predictions for method in ("zero_shot", "run")}
        np.testing.assert_array_equal(found.predictions_before[rows], said["zero_shot"])
        np.testing.assert_array_equal(found.predictions_after[rows], said["run"])
    assert found.text_names[: len(tasks[0].class_names)] == tasks[0].class_names
    assert found.text_tasks.tolist() == [0] * 3 + [1] * 3 + [2] * 3
    assert np.abs(found.after - found.before).max() > 0.01


def test_tasks_of_untrained_groups_have_no_after_and_the_others_keep_theirs(made):
    events = recalled(made, "art,clip art,real")
    assert [event.members for event in of(GroupScored, events)] == [("real",)]
    found = of(MapReady, events)[0].features
    missing = found.task_of != 2
    assert np.isnan(found.after[missing]).all()
    assert np.isfinite(found.after[~missing]).all()
    assert set(found.predictions_after[missing]) == {-1}
    for placed in (place_pca(found), place_tsne(found)):
        assert np.isfinite(placed.before).all()
        assert np.isnan(placed.after[missing]).all()
        assert np.isfinite(placed.after[~missing]).all()


def test_other_settings_know_no_groups_but_the_plain_features(made):
    events = recalled(made, GROUPS, **{"train.epochs": 3})
    assert not of(GroupReady, events)
    found = of(MapReady, events)[0].features
    assert found.after is None
    assert found.text_tasks.tolist() == [-1] * 3


def test_before_zero_shot_there_is_no_map(made):
    events = recalled(made, GROUPS, MemoryStore())
    assert [type(event) for event in events] == [MapReady]
    assert events[0].features is None


def test_prompted_features_that_were_lost_are_made_again_the_same(made):
    _, _, _, store, _ = made
    before = of(MapReady, recalled(made, GROUPS))[0].features
    copy = MemoryStore()
    copy.files = dict(store.files)
    for kind, digest in list(copy.files):
        if kind == "embeddings" and "texts" in copy.get(kind, digest).arrays:
            copy.remove(kind, digest)
    assert len(copy.files) == len(store.files) - 3
    after = of(MapReady, recalled(made, GROUPS, copy))[0].features
    np.testing.assert_array_equal(after.after, before.after)
    assert len(copy.files) == len(store.files)


def test_a_map_of_many_images_is_bounded_and_evenly_chosen(made, monkeypatch):
    monkeypatch.setattr(map_features, "AT_MOST", 6)
    found = of(MapReady, recalled(made, GROUPS))[0].features
    assert len(found) == 6
    assert found.sizes == (6, 6, 6)
    assert found.index.tolist() == [0, 5] * 3
    assert np.isfinite(found.after).all()
