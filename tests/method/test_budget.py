"""Budgets: how they are written, and the steps that they give."""

import pytest

from mmap_studio.config import AffinitySettings, FixedImages, FixedSteps, TrainSettings
from mmap_studio.errors import InputError
from mmap_studio.method.budget import Budget


@pytest.mark.parametrize(
    ("text", "budget"),
    [("settings", Budget()), ("500 steps", Budget("steps", 500)), ("8,000images", Budget("images", 8000))],
)
def test_a_budget_is_what_it_says(text, budget):
    assert Budget.parse(text) == budget
    assert Budget.parse(budget.label) == Budget.parse(budget.said) == budget


@pytest.mark.parametrize("text", ["", "steps", "0 steps", "60 seconds", "1.5 steps", "²steps", "99999999 steps"])
def test_anything_else_is_refused(text):
    with pytest.raises(InputError, match="A budget must be settings, a number of steps such as 500steps"):
        Budget.parse(text)


def test_a_refusal_is_a_sentence_whatever_was_given():
    with pytest.raises(InputError) as raised:
        Budget.parse("9" * 5000 + "steps")
    assert len(str(raised.value)) < 250


def test_images_are_those_of_the_largest_set_in_whole_batches():
    fixed = FixedImages.of(TrainSettings(batch_size=16), 100)
    assert [fixed.steps_of(9, largest) for largest in (3, 16, 500)] == [34, 7, 7]
    assert [fixed.epochs_of(per_epoch, 500) for per_epoch in (1, 3, 20)] == [7, 3, 1]
    assert FixedImages.of(TrainSettings(batch_size=16), 96).steps_of(9, 500) == 6
    assert fixed.by_epochs(2).steps_of(5, 500) == 10


def test_only_a_budget_of_ones_own_leaves_a_trace_in_a_name():
    assert Budget().key == {}
    assert Budget("steps", 9).key == {"budget": "9steps"}
    assert "9 steps" in Budget("steps", 9).words


def test_fixed_steps_are_kept_whatever_an_epoch_has():
    train = TrainSettings(epochs=3, min_steps=50, batch_size=4)
    fixed = FixedSteps.of(train, 7)
    assert (train.steps_of(20, 1), train.steps_of(5, 1)) == (60, 50)
    assert [fixed.steps_of(per_epoch, 1) for per_epoch in (1, 3, 20)] == [7, 7, 7]
    assert [fixed.epochs_of(per_epoch, 1) for per_epoch in (1, 3, 20)] == [7, 3, 1]
    assert fixed.model_copy(update={"batch_size": 8}).steps_of(1, 1) == 7
    assert fixed.by_epochs(2) == train.model_copy(update={"epochs": 2, "min_steps": 0})
    assert fixed.by_epochs(2).steps_of(5, 1) == 10


def test_the_largest_training_set_says_how_long_tasks_train_together():
    train = TrainSettings(epochs=3, batch_size=4, min_steps=5)
    assert [train.steps_on(images) for images in ([9], [9, 2], [2, 3], [])] == [9, 9, 5, 0]
    assert AffinitySettings(epochs=2).of_a_pair(train) == train.model_copy(update={"epochs": 2})
