"""Time and memory before the start: from speeds that were measured here, and nothing that was not."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from mmap_studio.config import settings_from
from mmap_studio.errors import StorageError
from mmap_studio.session.estimates import throughput
from mmap_studio.session.estimates.flops import BESIDE, REACHED, affinity_multiply_adds, multiply_adds, seconds_of
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


def task(name, train=20, classes=3):
    """What of a task counts."""
    names = tuple(map(str, range(classes)))
    return SimpleNamespace(name=name, train=range(train), val=range(0), test=range(30), class_names=names)


@pytest.fixture
def known(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    found = Knowledge()
    found.tasks = tuple(task(name) for name in "ab")
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


def test_rates_are_read_again_only_from_another_file(known, monkeypatch):
    read: list[str] = []
    before = throughput.read_json

    def counted(path, within):
        read.append(path.name)
        return before(path, within=within)

    monkeypatch.setattr(throughput, "read_json", counted)
    save_rates("x", {"training": 1.0})
    read.clear()
    assert [saved_rates("x") for _ in range(3)] == [{"training": 1.0}] * 3
    assert len(read) <= 1
    save_rates("x", {"training": 2.0})  # as many bytes
    assert saved_rates("x") == {"training": 2.0}


def test_a_disk_that_refuses_once_is_asked_again(known, monkeypatch):
    def refusing(path, within):
        raise StorageError(f"{path} cannot be read; try again.")

    save_rates("x", {"training": 1.0})
    with monkeypatch.context() as patch:
        patch.setattr(throughput, "read_json", refusing)
        assert saved_rates("x") == {}
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
    step = seconds_of(multiply_adds(SETTINGS, BACKBONE.shape, known.texts, beside=BESIDE), 1e9)
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


def test_a_batch_that_is_larger_than_the_images_counts_as_many_as_there_are(known):
    """Of five images a task a batch of 1,000 is five."""
    fast, groups = replace(BACKBONE, speed=1e9), [("a", "b")]
    known.tasks = tuple(task(name, train=5) for name in "ab")
    huge, five = (
        SETTINGS.model_copy(update={"train": SETTINGS.train.model_copy(update={"batch_size": size})})
        for size in (1000, 5)
    )
    one, other = (estimate(settings, known, fast, groups, False) for settings in (huge, five))
    assert one.memory == other.memory
    assert one.seconds == pytest.approx(other.seconds)
    assert planned(known.tasks, huge)["training"].passes == planned(known.tasks, five)["training"].passes
    known.tasks = tuple(task(name, train=1000) for name in "ab")
    assert estimate(huge, known, fast, groups, False).memory.step > 20 * one.memory.step


def test_of_many_classes_an_affinity_takes_the_time_of_its_texts(known):
    """A gradient a task reads every class list once more, and so does each trial."""
    fast = replace(BACKBONE, speed=1e9)
    often = SETTINGS.model_copy(update={"affinity": SETTINGS.affinity.model_copy(update={"every": 1})})

    def seconds(classes, rates=None):
        known.tasks = tuple(task(name, classes=classes) for name in "ab")
        known.texts = (ClassTexts(classes, 5, 4),) * 2
        if rates:
            save_rates(shape_key(often, fast, 2, 2 * classes), rates)
        with_affinity, without = (estimate(often, known, fast, [("a", "b")], on).seconds for on in (False, True))
        return (with_affinity - without) / without

    texts, images = (ClassTexts(1000, 5, 4),) * 2, (10, 10)
    step = affinity_multiply_adds(often, BACKBONE.shape, texts, images)
    whole = multiply_adds(often, BACKBONE.shape, texts, images)  # 2 lists there and back; here 1 shared, 2, and 2 there
    assert step / whole == pytest.approx(8 / 4, abs=0.02)
    rare = often.model_copy(update={"affinity": often.affinity.model_copy(update={"every": 10})})
    assert affinity_multiply_adds(rare, BACKBONE.shape, texts, images) < step / 2
    foretold = seconds(1000)
    measured = seconds(1000, {"training": 0.5})
    assert measured == pytest.approx(foretold, rel=0.1), "a measured training says how fast an affinity will be"


def test_a_narrow_tower_takes_longer_than_its_products_do():
    """0.27 of the products' speed was measured at width 128, 0.61 at 512, 0.7 at 768."""
    for width, reached in ((128, 0.27), (512, 0.61), (768, 0.7)):
        shape = ClipShape(1, 32, 1, 8, width, 12, 2)
        texts = (ClassTexts(1000, 5, 4),)
        work, timed = (multiply_adds(SETTINGS, shape, texts, [1], beside=beside) for beside in (0, BESIDE))
        assert work / (seconds_of(timed, 1e9) * 1e9 / REACHED) == pytest.approx(reached, abs=0.04)


def test_a_speed_with_many_classes_is_another_one():
    keys = [shape_key(SETTINGS, BACKBONE, 2, classes) for classes in (0, 100, 255, 1000, 1040, 4000)]
    assert keys[0] == keys[1] == keys[2] == shape_key(SETTINGS, BACKBONE, 2), "keys of before"
    assert keys[3] == keys[4] != keys[5]
    assert keys[3] != keys[0]


def test_affinity_by_training_takes_the_memory_and_the_time_of_its_pairs(known):
    known.tasks, known.texts = tuple(task(name) for name in "abc"), (ClassTexts(3, 5, 4),) * 3
    own = settings_from(SETTINGS.model_dump(), {"affinity.by": "training"})
    alone = estimate(own, known, BACKBONE, [], False)
    assert alone.memory == estimate(own, known, BACKBONE, [("a", "b")], True).memory
    save_rates(shape_key(own, BACKBONE, 3), {"training": 2.0})
    parts = {name: part.passes for name, part in planned(known.tasks, own).items()}
    assert estimate(own, known, BACKBONE, ["abc"], False).seconds == pytest.approx(2.0 * sum(parts.values()))
