"""A sweep on a tiny project: it is chosen on validation, kept trial by trial, and looks at no test image unasked."""

from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.data.images.image_sets import Subset
from mmap_studio.errors import DeviceLostError, InputError, TrainingError
from mmap_studio.session.project.project_file import SplitSettings
from mmap_studio.session.runtime.generator_result import Returning
from mmap_studio.session.sweep.options import SweepOptions
from mmap_studio.session.sweep.report import answer, cells, rows, unlike, use, write_report
from mmap_studio.storage.store import MemoryStore
from tests import projects, tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.session.sweep import search

RATE = "train.learning_rate=1e-2..1:log"
RATES = "train.learning_rate=0.1|0.2|0.3"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("sweep"), **{"train.epochs": 1})


@pytest.fixture(scope="module")
def clip():
    return tiny.clip()


def swept(project, clip, store, *, heard=None, **options):
    """A sweep to its end."""
    walk = Returning(search.sweep(project, SweepOptions(clip=clip, **options), store))
    for report in walk:
        if heard is not None:
            heard.append(report)
    return walk.value


class NoImages:
    """Images that nobody may look at."""

    def __init__(self, images):
        self.labels, self.digest = images.labels, images.digest

    def __len__(self):
        return len(self.labels)

    def pixels(self, indices):
        raise AssertionError("a test image was looked at")


@pytest.fixture
def hidden_test(monkeypatch):
    """The project's test images cannot be read."""
    read = search.read_tasks

    def hiding(*args):
        tasks, *others = yield from read(*args)
        return (tuple(replace(task, test=NoImages(task.test)) for task in tasks), *others)

    monkeypatch.setattr(search, "read_tasks", hiding)


def test_settings_are_chosen_on_validation_and_no_test_image_is_looked_at(project, clip, hidden_test):
    heard = []
    found = swept(project, clip, MemoryStore(), heard=heard, over=f"{RATE},groups=together|2", trials=3)
    assert [one.number for one in found.trials] == [0, 1, 2, 3]
    assert found.as_they_are.changes == {}
    for one in found.trials:
        assert one.mean == pytest.approx(np.mean(list(one.per_task.values())))
    assert found.best.mean == max(one.mean for one in found.trials)
    assert found.validated == 3 * 3 * 2, "three domains, three classes, a quarter of eight images"
    assert found.looks == ()
    assert any(report.step for report in heard)
    assert [report.done for report in heard if report.trial is not None] == [1, 2, 3, 4]


def test_the_test_images_are_looked_at_once_where_that_is_asked_for(project, clip, hidden_test):
    with pytest.raises(AssertionError, match="a test image was looked at"):
        swept(project, clip, MemoryStore(), over=RATE, trials=1, test=True)


def test_a_look_at_the_test_images_is_kept_and_a_second_one_is_said(project, clip, monkeypatch):
    store = MemoryStore()
    found = swept(project, clip, store, over=RATE, trials=1, test=True)
    assert found.tested.number == found.best.number
    assert 0 <= found.tested.mean <= 1
    assert "On the test images:" in answer(found)
    before = len(found.looks)
    monkeypatch.setattr(search, "run_without_record", None)  # nothing is trained or scored again
    assert swept(project, clip, store, over=RATE, trials=1, test=True).looks == found.looks
    monkeypatch.undo()
    ((kind, digest),) = [key for key in store.files if key[0] == search.KIND]
    known = store.get(kind, digest).meta
    worse = [{**one, "values": [0.0]} if one["number"] == found.best.number else one for one in known["trials"]]
    store.put(kind, digest, {}, {**known, "trials": worse})  # as if another trial had been found since
    heard = []
    again = swept(project, clip, store, heard=heard, over=RATE, trials=1, test=True)
    assert len(again.looks) == before + 1
    assert any("were looked at before for other settings" in report.text for report in heard)


def test_other_test_images_are_looked_at_anew(project, clip, monkeypatch):
    store, heard = MemoryStore(), []
    first = swept(project, clip, store, over=RATE, trials=1, test=True)
    read = search.read_tasks

    def fewer(*args):
        tasks, *others = yield from read(*args)
        return (tuple(replace(task, test=Subset(task.test, [0, 1, 2])) for task in tasks), *others)

    monkeypatch.setattr(search, "read_tasks", fewer)
    assert swept(project, clip, store, over=RATE, trials=1).looks == ()
    again = swept(project, clip, store, heard=heard, over=RATE, trials=1, test=True)
    assert again.digest == first.digest
    assert again.tested.images != first.tested.images
    assert not any("were looked at before" in report.text for report in heard)
    monkeypatch.undo()
    assert swept(project, clip, store, over=RATE, trials=1).looks == first.looks


def test_more_trials_continue_a_sweep_as_if_it_had_not_ended(project, clip):
    whole = swept(project, clip, MemoryStore(), over=RATE, trials=4, seeds=(1, 2))
    store = MemoryStore()
    swept(project, clip, store, over=RATE, trials=2, seeds=(1, 2))
    heard = []
    found = swept(project, clip, store, heard=heard, over=RATE, trials=4, seeds=(1, 2))
    assert [(one.changes, one.values) for one in found.trials] == [(one.changes, one.values) for one in whole.trials]
    assert sum(report.kept for report in heard) == 3
    assert found.trials[0].spread is not None


def test_what_was_stopped_in_a_trial_goes_on_with_the_same_numbers(project, clip):
    whole = swept(project, clip, MemoryStore(), over=RATE, trials=3)
    store = MemoryStore()
    with closing(search.sweep(project, SweepOptions(over=RATE, trials=3, clip=clip), store)) as reports:
        for report in reports:
            if report.done == 2 and report.step == 1:
                break
    kept = swept(project, clip, store, over=RATE, trials=3, only_kept=True)
    assert len(kept.trials) == 2
    found = swept(project, clip, store, over=RATE, trials=3)
    assert [(one.changes, one.values) for one in found.trials] == [(one.changes, one.values) for one in whole.trials]


def test_nothing_is_trained_where_only_what_is_kept_is_asked_for(project, clip, monkeypatch):
    monkeypatch.setattr(search, "check_optuna", lambda: pytest.fail("Optuna was asked for"))
    found = swept(project, clip, MemoryStore(), over=RATE, only_kept=True)
    assert found.trials == ()
    assert answer(found) == "No trial is done yet."
    assert use(found, project) == ""


def test_a_kept_sweep_that_is_none_is_made_again(project, clip):
    store = MemoryStore()
    first = swept(project, clip, store, over=RATE, trials=1)
    ((kind, digest),) = [key for key in store.files if key[0] == search.KIND]
    store.put(kind, digest, {}, {"trials": [{"number": "one"}]})
    assert [one.values for one in swept(project, clip, store, over=RATE, trials=1).trials] == [
        one.values for one in first.trials
    ]


def test_a_combination_that_does_not_fit_is_left_out_and_said(project, clip):
    heard = []
    found = swept(project, clip, MemoryStore(), heard=heard, over="prompt.tokens=3|4,prompt.source_rows=2|4", trials=4)
    states = {tuple(one.changes.values()): one.state for one in found.trials if one.number}
    assert states == {(3, 2): "failed", (3, 4): "failed", (4, 2): "done", (4, 4): "done"}
    assert sum("could not be trained: Setting 'prompt'" in report.text for report in heard) == 2
    assert any(report.text == "All of the 4 combinations are tried, each once." for report in heard)
    assert [row[-1] for row in rows(found)].count("failed") == 2
    assert found.best.state == "done"


def test_a_sweep_whose_own_settings_cannot_be_trained_fails(project, clip, monkeypatch):
    def failing(*args):
        raise TrainingError("The loss is not finite.")
        yield

    monkeypatch.setattr(search, "run_without_record", failing)
    with pytest.raises(TrainingError, match="not finite"):
        swept(project, clip, MemoryStore(), over=RATE, trials=1)


def test_a_sweep_of_a_narrow_range_says_that_there_are_no_other_settings(project, clip):
    heard = []
    found = swept(project, clip, MemoryStore(), heard=heard, over="train.learning_rate=0.01..0.0101", trials=9)
    assert len(found.trials) == 3
    assert heard[-1].text.startswith(
        "2 trials with all the settings that were found in train.learning_rate=0.01..0.0101"
    )
    assert (heard[-1].done, heard[-1].total) == (3, 3)


def failing_at(rate, error):
    """A training at this rate fails."""
    train = search.run_without_record

    def run_without_record(project, options, store):
        if project.settings.train.learning_rate == rate:
            raise error
        yield from train(project, options, store)

    return run_without_record


@pytest.mark.parametrize("error", [RuntimeError("DefaultCPUAllocator: not enough memory"), MemoryError("full")])
def test_a_trial_that_failed_for_no_reason_of_its_settings_is_tried_again(project, clip, monkeypatch, error):
    store, over, heard = MemoryStore(), RATES, []
    with monkeypatch.context() as patched:
        patched.setattr(search, "run_without_record", failing_at(0.2, error))
        found = swept(project, clip, store, heard=heard, over=over, trials=3)
    assert {one.changes["train.learning_rate"]: one.state for one in found.trials if one.number} == {
        0.1: "done", 0.2: "failed", 0.3: "done"
    }  # fmt: skip
    assert sum("tried again when the sweep goes on" in report.text for report in heard) == 1
    again = swept(project, clip, store, over=over, trials=3)
    assert {one.changes["train.learning_rate"]: one.state for one in again.trials if one.number} == dict.fromkeys(
        (0.1, 0.2, 0.3), "done"
    )
    assert len({one.number for one in again.trials}) == 4


def test_a_trial_whose_loss_is_not_finite_is_kept_as_failed(project, clip, monkeypatch):
    store, over = MemoryStore(), RATES
    with monkeypatch.context() as patched:
        patched.setattr(search, "run_without_record", failing_at(0.2, TrainingError("The losses must be finite.")))
        swept(project, clip, store, over=over, trials=3)
    found = swept(project, clip, store, over=over, trials=3)
    assert sorted(one.state for one in found.trials) == ["done", "done", "done", "failed"]


def test_a_report_says_why_a_trial_failed_without_the_folders_of_the_user(project, clip, monkeypatch, tmp_path):
    said = "'/srv/Jane Doe/art/a.png' must be an image; see /srv/jane/log.txt."
    monkeypatch.setattr(search, "run_without_record", failing_at(0.2, TrainingError(said)))
    found = swept(project, clip, MemoryStore(), over=RATES, trials=3)
    text = (write_report(found, project, tmp_path / "out") / "sweep.json").read_text()
    assert "'a.png' must be an image; see log.txt." in text
    assert "jane" not in text.lower()


def test_a_lost_device_ends_a_sweep_and_no_trial_is_kept_for_it(project, clip, monkeypatch):
    store, over = MemoryStore(), RATES
    error = torch.AcceleratorError("CUDA error: unspecified launch failure")
    with monkeypatch.context() as patched:
        patched.setattr(search, "run_without_record", failing_at(0.2, error))
        with pytest.raises(DeviceLostError, match=r"must last for the whole sweep, but was lost .*unspecified launch"):
            swept(project, clip, store, over=over, trials=3)
    kept = swept(project, clip, store, over=over, only_kept=True)
    assert {one.state for one in kept.trials} == {"done"}


def test_trials_behind_the_others_get_no_second_seed(project, clip, monkeypatch):
    monkeypatch.setattr(search, "hopeless", lambda space, trials, changes, values: changes["prompt.depth"] == 1)
    found = swept(project, clip, MemoryStore(), over="prompt.depth=1..2", trials=2, seeds=(1, 2))
    by_depth = {one.changes["prompt.depth"]: one for one in found.trials if one.number}
    assert (by_depth[1].state, len(by_depth[1].values)) == ("pruned", 1)
    assert (by_depth[2].state, len(by_depth[2].values)) == ("done", 2)
    assert cells(found, by_depth[1])[-1] == "ended early"
    assert found.ranked[-1] == by_depth[1]


def test_fewer_shots_are_among_more_and_other_parts_stay():
    task = tiny.task("art")
    counts = {}
    for shots in (1, 2):
        few = search.with_shots(task, shots)
        counts[shots] = np.bincount(few.train.labels, minlength=len(task.class_names))
        assert (counts[shots] <= shots).all()
        assert few.val is task.val
        assert few.test is task.test
    one, two = (search.with_shots(task, shots).train for shots in (1, 2))
    many = {two.pixels([row]).tobytes() for row in range(len(two))}
    assert all(one.pixels([row]).tobytes() in many for row in range(len(one)))
    assert search.with_shots(task, "full") is task
    assert search.with_shots(task, 10_000) is task


def test_without_validation_images_there_is_nothing_to_choose_by(project, clip):
    bare = project.with_split(SplitSettings(kind="fraction", fractions=(0.5, 0.0, 0.5)))
    with pytest.raises(InputError, match="chooses by accuracy on validation images, but 'art'"):
        swept(bare, clip, MemoryStore(), over=RATE)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"over": "prompt.depth=1..30"}, "prompt.depth cannot be swept over 1..30: Setting 'prompt.depth' must be"),
        ({"over": RATE, "trials": 0}, "from 1 to 10,000 trials. Got 0"),
        ({"over": RATE, "seeds": ()}, "must have seeds, but has none"),
        ({"over": RATE, "groups": "9"}, "from 1 to 3, the number of tasks. Got 9"),
        ({"over": "nonsense=1|2"}, "'nonsense' is not known"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_before_anything_is_trained(project, clip, options, sentence):
    store = MemoryStore()
    with pytest.raises(InputError) as refused:
        swept(project, clip, store, **options)
    assert sentence in str(refused.value)
    assert not store.entries()


def test_the_report_says_how_the_best_settings_are_used(project, clip, tmp_path):
    found = swept(project, clip, MemoryStore(), over="shots=1|2,prompt.tokens=3|4", trials=4)
    better = next(one for one in found.trials if one.number)
    found = replace(found, trials=(found.trials[0].model_copy(update={"values": [0.0]}), better))
    command = use(found, project)
    assert command.startswith(f"mmap-studio run {project.folder} --set prompt.source_rows=0 --set prompt.tokens=")
    assert f"--shots {better.changes['shots']} --groups together --seeds 1" in command
    assert unlike(found).startswith("--shots draws another split")
    assert unlike(replace(found, trials=found.trials[:1])) == ""
    assert answer(found).startswith(f"Best on validation is trial {better.number} (shots=")
    assert "only the test images say how good" in answer(found)
    folder = write_report(found, project)
    assert folder.parent == project.folder / "sweeps"
    assert write_report(found, project) == folder
    text = (folder / "table.md").read_text()
    assert str(project.folder) not in text, "a report is handed on"
    assert "| as they are |" in text
    assert unlike(found) in text
    assert (folder / "trials.csv").read_text().splitlines()[0] == (
        "trial,shots,prompt.tokens,state,seed,validation_accuracy,parameters"
    )
    (folder / "other.txt").write_text("mine")
    with pytest.raises(OSError, match=r"Found other\.txt; choose another"):
        write_report(found, project)
