"""Whatever is compared can be taken away and classifies elsewhere as it did in the comparison."""

import numpy as np
import pytest

from mmap_studio.errors import BackboneError, CorruptError, InputError, StorageError
from mmap_studio.session.compare.options import CompareOptions
from mmap_studio.session.compare.trial import Amount
from mmap_studio.session.runtime.generator_result import result
from mmap_studio.storage.store import MemoryStore
from tests import projects, tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.compare import export, method_export, trial_maker
    from mmap_studio.session.compare import queue as module
    from mmap_studio.session.compare.classifier import load_classifier
    from mmap_studio.session.compare.export import export_method
    from mmap_studio.session.compare.method_export import kept_learned
    from mmap_studio.session.run.classifier import PromptedClassifier

FULL = Amount.parse("full")
METHODS = (
    "linear_probe", "ridge", "tip_adapter_f", "clip_adapter", "coop", "maple", "softcpt", "clip_lora",
    "norm_tuning:per_task", "mmap_together", "mmap_task",
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("export"), **{"train.epochs": 1})


def asked(clip, method):
    return CompareOptions((method,), (FULL,), (1,), choose=False, clip=clip)


def exported(project, clip, method, out, store):
    return result(export_method(project, asked(clip, method), out, store))


@pytest.mark.parametrize("method", METHODS)
def test_an_export_classifies_as_the_trial_did(project, clip, store, tmp_path, method):
    trial = exported(project, clip, method, tmp_path / "out", store)
    classifier = load_classifier(tmp_path / "out", clip)
    assert classifier.tasks == projects.DOMAINS
    queue = module.Queue(project, asked(clip, method), store)
    for _ in queue.reports():
        pass
    (material,) = queue.materials.values()
    for task in material.tasks:
        pixels = task.test.pixels(np.arange(len(task.test)))
        found = classifier.probabilities(pixels, task.name)
        scores = trial.per_task[task.name]
        assert np.array_equal(found.argmax(1), scores.predictions)
        assert np.allclose(found.max(1), scores.confidence, atol=1e-5)
        assert classifier.predict(pixels[:1], task.name)[0].class_name in task.class_names
    if not isinstance(classifier, PromptedClassifier):
        with pytest.raises(InputError, match="can be given to prompts alone"):
            classifier.predict(pixels[:1], task.name, classes=["fox", "cat"])


def test_mmap_becomes_a_prompt_folder(project, clip, store, tmp_path):
    exported(project, clip, "mmap_together", tmp_path / "out", store)
    assert isinstance(load_classifier(tmp_path / "out", clip), PromptedClassifier)


def test_what_learns_nothing_or_too_much_is_not_exported(project, clip, store, tmp_path, monkeypatch):
    with pytest.raises(InputError, match="Zero-shot learns nothing"):
        exported(project, clip, "zero_shot", tmp_path / "out", store)
    for one in (trial_maker, method_export, export):
        monkeypatch.setattr(one, "LARGEST", 10)
    with pytest.raises(InputError, match=r"'Bias tuning, pooled' learned takes .* is not kept"):
        exported(project, clip, "bias_tuning", tmp_path / "out", store)
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_trained(project, clip, store, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(StorageError, match="will not be replaced"):
        next(export_method(project, asked(clip, "ridge"), tmp_path, store))


def test_another_backbone_or_a_method_that_is_not_there_is_refused(project, clip, store, tmp_path, monkeypatch):
    exported(project, clip, "ridge", tmp_path / "out", store)
    with pytest.raises(BackboneError, match=r"have weights|has weights"):
        load_classifier(tmp_path / "out", tiny.clip(3))
    from mmap_studio.session.compare import classifier

    monkeypatch.setattr(classifier, "catalogue", dict)
    with pytest.raises(InputError, match="'ridge' must be installed"):
        load_classifier(tmp_path / "out", clip)


def test_arrays_of_another_shape_are_refused(project, clip, store, tmp_path):
    from mmap_studio.storage.method_folder import MethodFolder, SavedModel, load_method, save_method

    exported(project, clip, "coop", tmp_path / "out", store)
    folder = load_method(tmp_path / "out")
    wrong = tuple(SavedModel(m.tasks, {n: a[..., :3] for n, a in m.arrays.items()}) for m in folder.models)
    save_method(tmp_path / "out", MethodFolder(wrong, folder.classes, "", folder.meta))
    with pytest.raises(CorruptError, match="must hold what 'coop' learned"):
        load_classifier(tmp_path / "out", clip)


@pytest.mark.parametrize(("method", "kind"), [("ridge", "learned"), ("mmap_together", "prompts")])
def test_what_was_pruned_is_trained_again(project, clip, tmp_path, method, kind):
    store = MemoryStore()
    before = exported(project, clip, method, tmp_path / "one", store)
    for found, digest in list(store.files):
        if found == kind:
            store.remove(found, digest)
    after = exported(project, clip, method, tmp_path / "two", store)
    assert before.accuracy == after.accuracy
    assert load_classifier(tmp_path / "two", clip).tasks == projects.DOMAINS


def test_an_earlier_export_of_another_kind_is_not_replaced(project, clip, store, tmp_path):
    exported(project, clip, "mmap_together", tmp_path / "out", store)
    with pytest.raises(StorageError, match=r"holds other files, and no method\.json of a method folder"):
        next(export_method(project, asked(clip, "ridge"), tmp_path / "out", store))


def test_learned_arrays_come_back_bit_for_bit(project, clip, store, tmp_path):
    exported(project, clip, "clip_lora", tmp_path / "out", store)
    queue = module.Queue(project, asked(clip, "clip_lora"), store)
    for _ in queue.reports():
        pass
    place = queue.places[-1]
    kept = kept_learned(queue.cached, queue.maker.digest(place, queue.materials[FULL, 1]))
    saved = load_classifier(tmp_path / "out", clip)
    assert kept is not None
    assert kept[0].tasks == saved.tasks
