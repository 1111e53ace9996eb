"""Sizes that follow from the backbone and the number of images; what is given stays."""

import pytest

from mmap_studio.config import PromptSettings, Settings, settings_from
from mmap_studio.errors import InputError
from mmap_studio.method.automatic import FEW, automatic, images_per_class, sized
from tests import tiny

AUTO = Settings().prompt


def test_few_images_a_class_have_a_prompt_of_the_group_alone():
    prompt = sized(AUTO, 128, 192, 4, FEW)
    assert (prompt.tokens, prompt.source_rows, prompt.source_columns, prompt.depth) == (4, 4, 32, 4)
    assert prompt.parts == "group"


def test_more_images_have_one_of_the_task_besides_and_more_columns():
    prompt = sized(AUTO, 128, 192, 4, FEW + 1)
    assert (prompt.source_columns, prompt.parts) == (64, "both")


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
    with pytest.raises(InputError, match="made numbers first"):
        AUTO.shape(128, 192)
    with pytest.raises(InputError, match="made numbers first"):
        PromptSettings(parts="auto").shape(128, 192)
