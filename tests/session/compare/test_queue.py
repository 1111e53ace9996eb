"""The queue: order, what a stop keeps, that what is kept comes back, and one training for methods that share it."""

from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.errors import DeviceLostError, InputError, Interrupted, StorageError, TrainingError
from mmap_studio.session.compare.options import CompareOptions, parse_amounts
from mmap_studio.session.compare.trial import Amount
from mmap_studio.session.engines.this_process import ThisProcess
from mmap_studio.session.runtime.generator_result import Returning
from mmap_studio.storage.store import FolderStore, MemoryStore
from tests import projects
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.rivals.weights.full import FullFineTuning
    from mmap_studio.session.compare.catalogue import chosen_entries
    from mmap_studio.session.compare.kept_trials import KIND
    from mmap_studio.session.compare.method_export import kept_learned
    from mmap_studio.session.compare.queue import compare, of_one_trial, planned
    from mmap_studio.session.compare.trial_maker import at_amount

FULL = Amount.parse("full")
METHODS = ("ridge", "coop", "finetune", "wise_ft", "mmap_together")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("compare"))


def asked(clip, *methods, shots="2,full", seeds=(1,), **more):
    return CompareOptions(methods, parse_amounts(shots), seeds, clip=clip, **more)


def walked(generator):
    walk = Returning(generator)
    return list(walk), walk.value


@pytest.fixture(scope="module")
def first(project, clip, store):
    return walked(compare(project, asked(clip, *METHODS), store))


def test_every_method_has_a_trial_at_every_amount(first):
    reports, comparison = first
    assert {one.method for one in comparison.trials} == {"zero_shot", *METHODS}
    assert len(comparison.trials) == 2 * 6
    assert comparison.tasks == projects.DOMAINS
    ends = [one for one in reports if one.trial is not None]
    assert [one.done for one in ends] == list(range(1, 13))
    assert not any(one.cached for one in ends[:1])
    assert all(0 < one.step <= one.steps for one in reports if one.step)


def test_what_takes_seconds_comes_first_then_seed_by_seed(first, clip):
    from mmap_studio.session.compare.catalogue import chosen_entries

    entries = chosen_entries(["zero_shot", "ridge", "coop"])
    places = planned(entries, parse_amounts("full,1"), (1, 2))
    assert [one.entry.family for one in places] == ["zero_shot", "features"] * 4 + ["prompts"] * 4
    assert [(one.seed, one.amount.label) for one in places[8:]] == [(1, "1"), (1, "full"), (2, "1"), (2, "full")]


def test_a_second_time_nothing_is_trained_and_the_numbers_are_the_same(project, clip, store, first, monkeypatch):
    monkeypatch.setattr(FullFineTuning, "fit", None)
    reports, again = walked(compare(project, asked(clip, *METHODS), store))
    assert all(one.cached for one in reports if one.trial is not None)
    assert "12 of them done before" in next(one.text for one in reports if one.notice and "trials" in one.text)
    for one, two in zip(first[1].trials, again.trials, strict=True):
        assert one.accuracy == two.accuracy
        assert one.seconds == two.seconds
        for task in projects.DOMAINS:
            assert np.array_equal(one.per_task[task].predictions, two.per_task[task].predictions)


def test_zero_shot_is_what_a_run_says(project, clip, store, first):
    from mmap_studio.session.run.pipeline import run_without_record
    from mmap_studio.session.run.run_options import RunOptions

    events = run_without_record(project, RunOptions("together", clip=clip), store)
    scores = [one for one in events if getattr(one, "method", "") in ("zero_shot", "run")]
    zero_shot, together = (one.mean for one in scores)
    trials = {one.method: one for one in first[1].trials if one.amount == FULL}
    assert trials["zero_shot"].accuracy == pytest.approx(zero_shot)
    assert trials["mmap_together"].accuracy == pytest.approx(together)
    assert trials["mmap_together"].grouping == "art+clip art+real"
    assert trials["mmap_together"].parameters > 0


def test_methods_that_share_a_training_are_trained_once(project, clip, monkeypatch):
    count, fit = [], FullFineTuning.fit

    def counted(self, data, values, seed):
        count.append(values)
        return (yield from fit(self, data, values, seed))

    monkeypatch.setattr(FullFineTuning, "fit", counted)
    _, comparison = walked(
        compare(project, asked(clip, "finetune", "wise_ft", shots="full", choose=False), MemoryStore())
    )
    assert len(count) == 1
    assert len(comparison.trials) == 3


def test_wise_ft_chooses_as_full_fine_tuning_and_spoils_no_trial_of_it(project, clip):
    store = MemoryStore()
    _, alone = walked(compare(project, asked(clip, "wise_ft", shots="full"), store))
    _, both = walked(compare(project, asked(clip, "finetune", "wise_ft", shots="full"), store))
    _, other = walked(compare(project, asked(clip, "finetune", "wise_ft", shots="full"), MemoryStore()))
    half = [next(t for t in one.trials if t.method == "wise_ft") for one in (alone, both, other)]
    full = [next(t for t in one.trials if t.method == "finetune") for one in (both, other)]
    assert half[0].values == half[1].values == half[2].values == full[0].values == full[1].values
    assert half[0].seconds == half[1].seconds, "the kept trial was written over"
    assert full[0].accuracy == full[1].accuracy


def test_a_method_that_cannot_be_trained_is_left_out(project, clip, monkeypatch):
    def fails(self, data, values, seed):
        yield from ()
        raise TrainingError("losses must be finite")

    monkeypatch.setattr(FullFineTuning, "fit", fails)
    reports, comparison = walked(compare(project, asked(clip, "finetune", "ridge", shots="full"), MemoryStore()))
    assert [one.method for one in comparison.trials] == ["zero_shot", "ridge"]
    assert any("is left out: losses must be finite" in one.text for one in reports if one.notice)
    assert [one.place.cell for one in reports if one.failed] == [("finetune", "full", 1)]


@pytest.mark.parametrize("error", [RuntimeError("no kernel image"), MemoryError(), InputError("Two tasks at least.")])
def test_what_one_method_cannot_do_leaves_the_others(project, clip, monkeypatch, error):
    def fails(self, data, values, seed):
        yield from ()
        raise error

    monkeypatch.setattr(FullFineTuning, "fit", fails)
    reports, comparison = walked(compare(project, asked(clip, "finetune", "coop", shots="full"), MemoryStore()))
    assert [one.method for one in comparison.trials] == ["zero_shot", "coop"]
    said = next(one.text for one in reports if one.failed)
    assert str(error) in said
    assert said.count("\n") == 0


def test_a_tree_of_prompts_takes_the_affinity_that_a_run_measures(project, clip):
    from mmap_studio.method.rivals.prompts.tree import average_linkage
    from mmap_studio.session.cache.cache import Cached
    from mmap_studio.session.compare.queue import Queue
    from mmap_studio.session.run.context import RunContext
    from mmap_studio.session.run.stages import measured_affinity
    from mmap_studio.session.runtime.generator_result import result

    store, options = MemoryStore(), asked(clip, "prompt_tree", "mmap_suggested", shots="full", choose=False)
    _, comparison = walked(compare(project, options, store))
    assert [one.method for one in comparison.trials] == ["zero_shot", "prompt_tree", "mmap_suggested"]
    assert len([one for one in store.entries() if one.kind == "affinity"]) == 1
    queue = Queue(project, options, store)
    list(queue.opened())
    (material,) = queue.materials.values()
    place = next(one for one in queue.places if one.entry.name == "prompt_tree")
    (model,) = kept_learned(queue.cached, queue.maker.digest(place, material))
    estimate = result(measured_affinity(RunContext.of(Cached(store), clip, material.tasks, material.settings)))
    assert np.array_equal(model.arrays["paths"], average_linkage(estimate.mean))


def test_a_full_disk_ends_all(project, clip, monkeypatch):
    def fails(self, data, values, seed):
        yield from ()
        raise StorageError("no space left")

    monkeypatch.setattr(FullFineTuning, "fit", fails)
    with pytest.raises(StorageError, match="no space left"):
        walked(compare(project, asked(clip, "finetune", shots="full"), MemoryStore()))


@pytest.mark.parametrize("engine", [None, ThisProcess])
def test_a_lost_device_ends_all_and_leaves_out_none(project, clip, monkeypatch, tmp_path, engine):
    def fails(self, data, values, seed):
        yield from ()
        raise torch.AcceleratorError("CUDA error: device lost")

    monkeypatch.setattr(FullFineTuning, "fit", fails)
    made = asked(clip, "finetune", "coop", shots="full", engine=engine() if engine else None)
    reports = []
    with pytest.raises(DeviceLostError, match=r"whole comparison, but was lost \(CUDA error: device lost\)"):
        reports.extend(compare(project, made, FolderStore(tmp_path / "cache")))
    assert reports
    assert not any(one.failed for one in reports)


def test_a_lost_device_is_no_fault_of_another_packages_method(project, clip):
    place = planned(chosen_entries(["finetune"]), (FULL,), (1,))[0]
    foreign = replace(place, entry=replace(place.entry, package="other 1.0"))
    assert of_one_trial(foreign, ValueError("its own"))
    assert not of_one_trial(foreign, DeviceLostError("gone"))


def test_what_is_moved_up_comes_behind_zero_shot_and_what_is_left_out_never(project, clip, store, first):
    moved = (("coop", "full", 1), ("coop", "2", 1))
    left_out = frozenset({("ridge", "2", 1), ("zero_shot", "2", 1)})
    reports, comparison = walked(compare(project, asked(clip, *METHODS, first=moved, without=left_out), store))
    ends = [one.place.cell for one in reports if one.trial is not None]
    assert ends[0] == ("zero_shot", "full", 1)
    assert tuple(ends[1:3]) == moved
    assert ends[3] == ("ridge", "full", 1)
    assert not left_out & set(ends)
    assert len(comparison.trials) == 10


def test_what_lies_ahead_is_told_trial_by_trial_before_the_first(project, clip):
    store = MemoryStore()
    walked(compare(project, asked(clip, "ridge", shots="full"), store))
    reports, _ = walked(compare(project, asked(clip, "ridge", "coop", shots="full", only_kept=True), store))
    (ahead,) = [one.ahead for one in reports if one.ahead]
    assert [(one.method, one.seed, one.kept) for one in ahead] == [
        ("zero_shot", 1, True), ("ridge", 1, True), ("coop", 1, False),
    ]  # fmt: skip
    assert [one.seconds for one in ahead[:2]] == [0, 0]
    assert list(ahead[0].tested) == list(projects.DOMAINS)
    assert len(set(ahead[0].tested.values())) == len(projects.DOMAINS), "digests, and no images, whose files stay open"


def test_a_stop_loses_the_trial_in_hand_alone(project, clip):
    store, seen = MemoryStore(), []

    def stop():
        if len(seen) >= 2:
            raise Interrupted("stopped")

    queue = compare(project, asked(clip, "ridge", "coop", shots="full", watch=stop), store)

    def walk():
        for report in queue:
            seen.extend([report] if report.trial is not None else [])

    with pytest.raises(Interrupted):
        walk()
    clip.watch = lambda: None
    assert len([one for one in store.entries() if one.kind == KIND]) == 2
    reports, _ = walked(compare(project, asked(clip, "ridge", "coop", shots="full", watch=lambda: None), store))
    assert [one.cached for one in reports if one.trial is not None] == [True, True, False]


def test_what_is_kept_alone_is_reported_without_any_training(project, clip, monkeypatch):
    store = MemoryStore()
    walked(compare(project, asked(clip, "ridge", shots="full"), store))
    _, comparison = walked(compare(project, asked(clip, "ridge", "coop", shots="full", only_kept=True), store))
    assert [one.method for one in comparison.trials] == ["zero_shot", "ridge"]
    assert comparison.methods == ("zero_shot", "ridge", "coop")


def test_shots_cut_the_training_images_and_leave_the_test_images(project, clip, store, first):
    few, full = (at_amount(project, Amount.parse(one), 3) for one in ("2", "full"))
    assert (few.file.split.kind, few.file.split.shots, few.file.split.seed) == ("shots", 2, 3)
    assert full.file.split == project.file.split
    assert few.settings.seed == full.settings.seed == 3
    assert not few.own_split


def test_other_settings_or_another_seed_are_other_trials(project, clip, store, first):
    reports, _ = walked(compare(project, asked(clip, "coop", shots="full", seeds=(1, 2)), store))
    cached = {(one.trial.method, one.trial.seed): one.cached for one in reports if one.trial is not None}
    assert cached["coop", 1]
    assert not cached["coop", 2]
    train = project.settings.train.model_copy(update={"epochs": 1})
    changed = project.with_settings(project.settings.model_copy(update={"train": train}))
    reports, _ = walked(compare(changed, asked(clip, "ridge", "coop", shots="full"), store))
    cached = {one.trial.method: one.cached for one in reports if one.trial is not None}
    assert cached == {"zero_shot": True, "ridge": True, "coop": False}, "features do not depend on it"


def test_a_damaged_trial_is_made_again(project, clip):
    store = MemoryStore()
    walked(compare(project, asked(clip, "ridge", shots="full"), store))
    for (kind, digest), _ in list(store.files.items()):
        if kind == KIND:
            store.put(kind, digest, {"predictions_0": np.zeros(3)}, {"parameters": -1})
    reports, comparison = walked(compare(project, asked(clip, "ridge", shots="full"), store))
    assert [one.cached for one in reports if one.trial is not None] == [False, False]
    assert len(comparison.trials) == 2


def test_a_method_that_is_none_is_refused_before_anything_is_read(project, clip, store):
    with pytest.raises(InputError, match=r"A method must be one of zero_shot, .*Got 'cop' instead"):
        next(compare(project, asked(clip, "cop"), store))


def test_worse_than_zero_shot_on_validation_stays_at_zero_shot(project, clip, monkeypatch):
    """A rate that spoils everything: what is tested is zero-shot, and it is said."""
    monkeypatch.setattr(FullFineTuning, "candidates", ({"learning_rate": 0.5},))
    _, comparison = walked(compare(project, asked(clip, "finetune", shots="full"), MemoryStore()))
    zero_shot, tuned = comparison.trials
    validated = all(np.isfinite(one.evaluation.accuracy) for one in zero_shot.per_task.values())
    assert validated
    assert tuned.at_zero_shot in ((), projects.DOMAINS)
    if tuned.at_zero_shot:
        assert tuned.accuracy == zero_shot.accuracy


RESNET = {"vision": {"image_size": 32, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None}}


def test_what_the_backbone_cannot_take_is_left_out_and_said(tmp_path):
    project = projects.make(tmp_path, ("art", "real"), RESNET)
    options = CompareOptions(("ridge", "vpt_deep", "maple"), parse_amounts("full"), (1,), choose=False)
    reports, comparison = walked(compare(project, options, MemoryStore()))
    said = [one.text for one in reports if one.notice and "left out" in one.text]
    assert said == [
        "Backbone 'tiny.json' takes text prompts only: its image tower is a ResNet; so these are left out: "
        "VPT deep, per task, MaPLe, per task."
    ]
    assert {trial.method for trial in comparison.trials} == set(comparison.methods) == {"zero_shot", "ridge"}
    assert reports[-1].total == 2
    with pytest.raises(InputError, match=r"but is with 'vpt_deep' \(its image tower is a ResNet\); choose another"):
        walked(compare(project, replace(options, baseline="vpt_deep"), MemoryStore()))
