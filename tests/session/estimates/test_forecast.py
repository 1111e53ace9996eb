"""Time and memory before the start: from speeds that were measured here, and nothing that was not."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from mmap_studio.config import settings_from
from mmap_studio.session.estimates.flops import multiply_adds
from mmap_studio.session.estimates.forecast import RunEstimate, estimate
from mmap_studio.session.estimates.memory import ClassTexts, ClipShape
from mmap_studio.session.estimates.progress import planned
from mmap_studio.session.estimates.throughput import save_rates, saved_rates, shape_key
from mmap_studio.session.estimates.trained_share import BackboneFacts
from mmap_studio.session.studio.knowledge import Knowledge
from mmap_studio.storage.store import CACHE_VARIABLE

SETTINGS = settings_from({"preset": "light"}, {"train.epochs": 2, "train.batch_size": 10, "affinity.epochs": 1})
BACKBONE = BackboneFacts(
    "tiny", "d1", 1_000_000, 64, 64, 4, "cpu", "float32", ClipShape(1_000_000, 32, 17, 64, 64, 4, 4)
)


@pytest.fixture
def known(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    found = Knowledge()
    found.tasks = tuple(SimpleNamespace(name=name, train=range(20), val=range(0), test=range(30)) for name in "ab")
    found.texts = (ClassTexts(3, 5, 4),) * 2
    return found


def test_nothing_is_said_of_the_time_before_something_was_measured(known):
    found = estimate(SETTINGS, known, BACKBONE, [("a", "b")], False)
    assert found.seconds is None
    assert found.time() == "after the first steps"
    assert found.memory.weights == 4_000_000


def test_the_time_is_passes_at_the_speed_of_this_shape(known):
    save_rates(shape_key(SETTINGS, BACKBONE, 2), {"training": 0.5, "affinity": 0.25})
    parts = {name: part.passes for name, part in planned(known.tasks, SETTINGS).items()}
    whole = 0.5 * (parts["zero_shot"] + parts["training"] + parts["evaluation"]) + 0.25 * parts["affinity"]
    assert estimate(SETTINGS, known, BACKBONE, [("a", "b")], False).seconds == pytest.approx(whole)
    half = 0.5 * (parts["zero_shot"] + (parts["training"] + parts["evaluation"]) / 2)
    assert estimate(SETTINGS, known, BACKBONE, [("a",)], True).seconds == pytest.approx(half)
    for change in ({"batch_size": 5}, {"recompute": True}, {"compiled": True}):
        other = SETTINGS.model_copy(update={"train": SETTINGS.train.model_copy(update=change)})
        assert estimate(other, known, BACKBONE, [("a",)], True).seconds is None


def test_more_epochs_take_more_time_at_once(known):
    save_rates(shape_key(SETTINGS, BACKBONE, 2), {"training": 0.5})
    longer = SETTINGS.model_copy(update={"train": SETTINGS.train.model_copy(update={"epochs": 4})})
    one, two = (estimate(s, known, BACKBONE, [("a", "b")], True).seconds for s in (SETTINGS, longer))
    assert two - one == pytest.approx(0.5 * planned(known.tasks, SETTINGS)["training"].passes)


def test_a_run_that_trains_nothing_takes_a_moment(known):
    known.methods = {"zero_shot": None}
    assert estimate(SETTINGS, known, BACKBONE, [], True).time() == "a moment"


def test_speeds_outlive_the_session_and_a_broken_file_is_as_none(known, tmp_path):
    save_rates("x", {"training": 0.5})
    save_rates("x", {"affinity": 0.25})
    assert saved_rates("x") == {"training": 0.5, "affinity": 0.25}
    (tmp_path / "rates.json").write_text('{"x": {"training": "fast"}}')
    assert saved_rates("x") == {}
    save_rates("x", {"training": 1.0})
    assert saved_rates("x") == {"training": 1.0}


def test_two_threads_that_save_at_once_lose_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    both = threading.Barrier(2)

    def save(key):
        both.wait()
        for number in range(20):
            save_rates(f"{key}{number}", {"training": float(number)})

    threads = [threading.Thread(target=save, args=(key,)) for key in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = {f"{key}{number}": {"training": float(number)} for key in "ab" for number in range(20)}
    assert {key: saved_rates(key) for key in expected} == expected


def test_without_a_backbone_there_is_no_number():
    assert estimate(SETTINGS, Knowledge(), None, [], False) == RunEstimate()


@pytest.mark.parametrize("other", [{"digest": "d2"}, {"precision": "bfloat16"}])
def test_the_speed_of_another_backbone_of_the_same_name_says_nothing(tmp_path, monkeypatch, other):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    save_rates(shape_key(SETTINGS, BACKBONE, 2), {"training": 0.5})
    assert saved_rates(shape_key(SETTINGS, replace(BACKBONE, **other), 2)) == {}


def test_before_anything_was_measured_the_time_follows_from_the_speed_of_the_cpu(known):
    fast = replace(BACKBONE, speed=1e9)
    found, slower = (estimate(SETTINGS, known, one, [("a", "b")], False) for one in (fast, replace(fast, speed=5e8)))
    assert slower.seconds == pytest.approx(2 * found.seconds)
    assert not found.measured
    assert replace(found, seconds=60).time() == "roughly 1 min 00 s"
    step = multiply_adds(SETTINGS, BACKBONE.shape, known.texts) / 1e9
    training = planned(known.tasks, SETTINGS)["training"].passes
    known.methods = {"zero_shot": None}
    only = estimate(SETTINGS, known, fast, [("a", "b")], True).seconds
    assert only == pytest.approx(step / (3 * 20) * (training + 60))
    save_rates(shape_key(SETTINGS, BACKBONE, 2), {"training": 0.5})
    assert estimate(SETTINGS, known, fast, [("a", "b")], False).measured


def test_the_work_of_a_step_is_the_same_in_micro_batches_and_more_when_it_recomputes():
    shape, texts = BACKBONE.shape, (ClassTexts(65, 5, 5),) * 2
    plain, parts, again = (
        multiply_adds(settings_from({"preset": "light", "train": more}), shape, texts)
        for more in ({}, {"accumulate": 4}, {"recompute": True})
    )
    assert parts == plain
    assert 1.2 * plain < again < 1.6 * plain


def test_tasks_of_the_board_that_were_not_read_yet_are_not_foretold(known):
    assert estimate(SETTINGS, known, BACKBONE, [("a", "renamed")], True) == RunEstimate()


def test_texts_of_other_tasks_are_not_counted(known):
    known.texts = known.texts[:1]
    assert estimate(SETTINGS, known, BACKBONE, [("a", "b")], True).memory is None
