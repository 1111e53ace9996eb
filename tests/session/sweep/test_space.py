"""What a sweep varies, as it is written: ranges, lists, and the refusals of what cannot be varied."""

import pytest

from mmap_studio.config import settings_from
from mmap_studio.errors import InputError
from mmap_studio.session.sweep.space import Parameter, in_words, parse_space, usual_space
from tests.projects import QUICK

TASKS = ("art", "photo", "sketch")


def parse(text, **changes):
    return parse_space(text, settings_from({}, QUICK | changes), TASKS)


def test_ranges_and_lists_are_read_with_the_types_of_their_settings():
    space = parse(
        "train.learning_rate=1e-3..1:log, prompt.depth=1..3,prompt.tokens=2|4,train.flip=true|false,shots=4|full"
    )
    assert space.parameters == (
        Parameter("train.learning_rate", (), 0.001, 1.0, log=True),
        Parameter("prompt.depth", (), 1, 3, whole=True),
        Parameter("prompt.tokens", (2, 4)),
        Parameter("train.flip", (True, False)),
        Parameter("shots", (4, "full")),
    )
    assert space.count is None
    assert parse(space.text) == space


def test_a_grouping_of_several_groups_is_a_value():
    space = parse("groups=art+photo,sketch|together|art,photo+sketch, prompt.depth=1..2,")
    assert [one.name for one in space.parameters] == ["groups", "prompt.depth"]
    assert space.parameters[0].values == ("art+photo,sketch", "together", "art,photo+sketch")
    assert parse(space.text) == space


def test_combinations_are_counted_and_listed_once_each():
    space = parse("prompt.depth=1..3,groups=together|2")
    found = list(space.combinations())
    assert space.count == len(found) == 6
    assert found[:2] == [{"prompt.depth": 1, "groups": "together"}, {"prompt.depth": 1, "groups": 2}]


def test_the_settings_of_a_trial_are_the_projects_with_its_changes():
    space = parse("train.learning_rate=0.1|0.2,groups=1..3")
    base = settings_from({}, QUICK)
    changes = {"train.learning_rate": 0.2, "groups": 2}
    assert space.settings(base, changes) == settings_from({}, QUICK | {"train.learning_rate": 0.2})
    assert space.changed_settings(changes) == {"train.learning_rate": 0.2}
    assert space.settings(base, {}) == base
    assert in_words(changes) == "train.learning_rate=0.2, groups=2"


def test_source_rows_follow_from_the_tokens_where_those_of_the_project_do_not_divide_them():
    assert parse("prompt.tokens=2|4").follows == ()
    space = parse("prompt.tokens=2|3")
    assert space.follows == (("prompt.source_rows", 0),)
    changed = space.settings(settings_from({}, QUICK), {"prompt.tokens": 3})
    assert (changed.prompt.tokens, changed.prompt.source_rows) == (3, 0)
    assert space.changed_settings({"prompt.tokens": 3}) == {"prompt.source_rows": 0, "prompt.tokens": 3}
    assert parse("prompt.tokens=2|3,prompt.source_rows=1|2").follows == ()


def test_a_number_from_a_range_is_what_a_table_shows():
    (rate,) = parse("train.learning_rate=0.00123456..1:log").parameters
    assert rate.rounded(0.0161803) == 0.0162
    assert rate.rounded(0.00123456) == 0.00123456, "never below the range"


def test_without_a_word_the_learning_rate_is_varied():
    base = settings_from({})
    assert usual_space(base) == "train.learning_rate=0.002..0.2:log"
    parse_space(usual_space(base), base, TASKS)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "must vary from 1 to 100 settings"),
        ("train.learning_rate", "must be given as train.learning_rate=1e-3..1e-1:log or"),
        ("learning_rate=0.1|0.2", "'learning_rate' is not known; did you mean 'train.learning_rate'"),
        ("train=1|2", "'train' is a group of settings; name one of them, such as train.epochs"),
        ("train.learning_rate=0.1", "must be swept over from 2 to 100 different values, or a range such as 1..9"),
        ("train.learning_rate=0.1|0.1", "must be swept over from 2 to 100 different values"),
        ("train.learning_rate=1..0.1", "must go from a number to a larger one. Got '1..0.1'"),
        ("train.learning_rate=0..0.1:log", "must go from a number above 0 to a larger one"),
        ("train.learning_rate=a..b", "must be between numbers. Got 'a..b'"),
        ("train.learning_rate=0.1..11", "'train.learning_rate' cannot be used: input should be less than"),
        ("train.learning_rate=0.1|nan", "'train.learning_rate' cannot be used"),
        ("prompt.depth=1..2.5", "must be between whole numbers. Got '1..2.5'"),
        ("prompt.depth=2|x", "'prompt.depth' cannot be used"),
        ("train.flip=0..1", "has no range; list its values, such as train.flip=true|false"),
        ("train.optimizer=a..b", "has no range; list its values, such as train.optimizer=sgd|adamw"),
        ("train.epochs=1|2,train.epochs=3|4", "is to be swept twice"),
        ("seed=1|2", "'seed' cannot be swept: every trial is made with the seeds of --seeds"),
        ("train.keep=final|best", "'train.keep' cannot be swept: the best epoch is never worse on validation"),
        ("train.compiled=true|false", "cannot be swept: it changes memory and time alone"),
        ("finetune.learning_rate=0.1|0.2", "cannot be swept: it is no part of how MmAP is trained"),
        ("device=cpu|cuda", "cannot be swept: it is no part of the method"),
        ("shots=0|4", "'shots' must be training images a class from 1 to 10,000, or full. Got 0"),
        ("shots=4|all", "'shots' must be training images a class"),
        ("groups=1..4", "must be from 1 to 3, the number of tasks. Got 4"),
        ("groups=art|separate", "'photo'"),
    ],
)  # fmt: skip
def test_what_cannot_be_varied_so_is_refused_in_one_sentence(text, sentence):
    with pytest.raises(InputError) as refused:
        parse(text)
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)
