"""Sizes that follow from the backbone and the number of images; what is given stays."""

import pytest

from mmap_studio.config import AffinitySettings, PromptSettings, Settings, TrainSettings, settings_from
from mmap_studio.errors import InputError
from mmap_studio.method.automatic import ENOUGH, FEW, automatic, images_per_class, sized
from tests import tiny

AUTO = Settings().prompt


def test_few_images_a_class_have_a_prompt_of_the_group_alone():
    prompt = sized(AUTO, 128, 192, 4, FEW)
    assert (prompt.tokens, prompt.source_rows, prompt.source_columns, prompt.depth) == (4, 4, 32, 4)
    assert prompt.parts == "group"


def test_more_images_have_one_of_the_task_besides_and_more_columns():
    prompt = sized(AUTO, 128, 192, 4, FEW + 1)
    assert (prompt.source_columns, prompt.parts) == (64, "both")


def test_classes_have_residuals_where_there_are_images_enough_or_it_is_asked():
    assert sized(AUTO, 128, 192, 4, ENOUGH - 1).class_residual == "off"
    assert sized(AUTO, 128, 192, 4, ENOUGH).class_residual == "on"
    for asked in ("on", "off"):
        given = settings_from({}, {"prompt.class_residual": asked}).prompt
        assert {sized(given, 128, 192, 4, images).class_residual for images in (1, 16)} == {asked}
    assert settings_from({"preset": "light"}).prompt.class_residual == "off"


@pytest.mark.parametrize("widths", [(512, 768), (512, 1024), (128, 192), (77, 33), (7, 5)])
@pytest.mark.parametrize("images", [1, 16])
def test_sizes_fit_every_backbone(widths, images):
    prompt = sized(AUTO, *widths, 12, images)
    assert prompt.shape(*widths).parameters > 0
    assert prompt.depth == 9


def test_what_is_given_stays():
    asked = settings_from({}, {"prompt.depth": 1, "prompt.source_rows": 3, "prompt.parts": "task"}).prompt
    prompt = sized(asked, 512, 768, 12)
    assert (prompt.depth, prompt.source_rows, prompt.tokens, prompt.parts) == (1, 3, 6, "task")


def test_settings_with_numbers_are_the_same_object():
    settings = settings_from({"preset": "light"})
    assert automatic(settings, 512, 768, 12) is settings


def test_images_per_class_is_over_all_tasks():
    tasks = [tiny.task("art", 0), tiny.task("real", 2)]
    classes = sum(len(task.class_names) for task in tasks)
    assert images_per_class(tasks) == sum(len(task.train) for task in tasks) / classes
    assert images_per_class([]) == 0


def test_sizes_left_open_are_refused_where_numbers_are_needed():
    with pytest.raises(InputError, match="given values first"):
        AUTO.shape(128, 192)
    with pytest.raises(InputError, match="given values first"):
        PromptSettings(parts="auto").shape(128, 192)


def test_columns_stay_within_what_a_setting_may_be():
    prompt = sized(AUTO, 1152, 1152, 12, 16)
    assert prompt.source_columns == 576
    assert type(prompt).model_validate(prompt.model_dump()) == prompt


def test_names_get_the_room_that_inserted_prompts_may_need():
    changes = {"prompt.start": "random", "prompt.join": "concatenate"}
    assert settings_from({}, changes).prompt.inserted == 8
    assert settings_from({}, changes | {"prompt.parts": "group"}).prompt.inserted == 4
    assert AUTO.inserted == 0


def test_what_a_section_leaves_open_is_the_presets():
    made = Settings(train=TrainSettings(epochs=5), prompt=PromptSettings(depth=1))
    assert (made.train.epochs, made.train.optimizer, made.train.min_steps) == (5, "adamw", 100)
    assert (made.prompt.depth, made.prompt.tokens) == (1, 0)
    assert Settings(preset="light", prompt=PromptSettings()).prompt.start == "random"


@pytest.mark.parametrize(("steps", "warmup"), [(1, 0.1), (3, 0.9), (50, 0.0)])
@pytest.mark.parametrize("least", [0, 1, 20, 997])
def test_epochs_of_stage_1_are_the_fewest_that_measure_enough(steps, warmup, least):
    affinity = AffinitySettings(epochs=2, every=3, min_measurements=least)
    epochs = affinity.epochs_of(steps, warmup)
    assert affinity.measurements(epochs * steps, warmup) >= least
    assert epochs == 2 or affinity.measurements((epochs - 1) * steps, warmup) < least


def test_what_is_automatic_is_said_so():
    assert AUTO.shown()["tokens"] == "auto"
    assert settings_from({"preset": "light"}).prompt.shown()["tokens"] == 4
    assert Settings().train.shown()["min_steps"] == 100
