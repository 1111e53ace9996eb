"""The making of one trial: the curves of its training, kept with it and none of its name."""

import pytest

from mmap_studio.session.compare.options import CompareOptions, parse_amounts
from mmap_studio.session.compare.protocols.protocol import DOMAIN_OUT
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later
from tests.session.compare.test_queue import walked

with imported_later():
    from mmap_studio.session.compare.kept_trials import KIND
    from mmap_studio.session.compare.queue import compare
    from mmap_studio.session.compare.trial_maker import ALL

METHODS = ("ridge", "task_residual:per_task", "coop", "clip_lora", "mmap_together")
EPOCHS = 3


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("curves"), **{"train.epochs": EPOCHS})


def trials(project, clip, store, *methods, **more):
    options = CompareOptions(methods, parse_amounts("full"), (1,), choose=False, clip=clip, **more)
    return {one.method: one for one in walked(compare(project, options, store))[1].trials}


@pytest.fixture(scope="module")
def made(project, clip, store):
    return trials(project, clip, store, *METHODS)


def test_every_training_has_its_losses(made):
    assert made["zero_shot"].losses == made["ridge"].losses == {}, "not trained, and solved"
    for method in ("task_residual:per_task", "coop"):
        assert set(made[method].losses) == set(projects.DOMAINS)
    assert set(made["clip_lora"].losses) == {ALL}
    for one in made.values():
        for curve in one.losses.values():
            steps = [step for step, _ in curve]
            assert steps == sorted(set(steps))
            assert steps[0] >= 1


def test_the_groups_of_mmap_have_losses_and_validation(made):
    one = made["mmap_together"]
    assert set(one.losses) == set(one.validation) == set(projects.DOMAINS)
    for curve in one.validation.values():
        assert [epoch for epoch, _ in curve] == list(range(1, EPOCHS + 1))
        assert all(0 <= accuracy <= 1 for _, accuracy in curve)


def test_they_come_back_with_the_trial(project, clip, store, made):
    again = trials(project, clip, store, *METHODS, only_kept=True)
    assert {name: (one.losses, one.validation) for name, one in again.items()} == {
        name: (one.losses, one.validation) for name, one in made.items()
    }


def test_a_trial_of_before_is_taken_as_it_is(project, clip, store, made):
    """Its document has no curves, under the same name."""
    older = MemoryStore()
    for entry in store.entries():
        found = store.get(entry.kind, entry.digest)
        meta = {key: value for key, value in found.meta.items() if key not in ("losses", "validation")}
        older.put(entry.kind, entry.digest, found.arrays, meta if entry.kind == KIND else found.meta)
    again = trials(project, clip, older, *METHODS, only_kept=True)
    assert set(again) == set(made)
    assert not any(one.losses or one.validation for one in again.values())
    assert {name: one.accuracy for name, one in again.items()} == {name: one.accuracy for name, one in made.items()}


def test_a_method_that_takes_over_a_training_takes_its_losses(project, clip, store, made):
    assert trials(project, clip, store, "clip_lora_wise")["clip_lora_wise"].losses == made["clip_lora"].losses


def test_where_a_domain_is_held_back_the_curve_says_which(project, clip, store):
    found = trials(project, clip, store, "coop:pooled", "mmap_group", protocol=DOMAIN_OUT)
    assert set(found["coop:pooled"].losses) == {f"{ALL}, without {name}" for name in projects.DOMAINS}
    each = {f"{task}, without {name}" for name in projects.DOMAINS for task in projects.DOMAINS if task != name}
    assert set(found["mmap_group"].losses) == each
