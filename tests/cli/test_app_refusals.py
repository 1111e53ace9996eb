"""Whatever cannot be meant or done is refused in one sentence, before anything heavy is loaded where that can be."""

import pytest

from mmap_studio.cli.settings import parse_changes
from mmap_studio.cli.terminal.output import UsageError
from mmap_studio.cli.upkeep.cache import parse_age, parse_size
from mmap_studio.config import all_settings
from mmap_studio.errors import TrainingError


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("run nowhere", 1, ("nowhere/project.toml", "mmap-studio new")),
        ("run starter --set train.epoch=5", 2, ("train.epoch'", "'train.epochs'")),
        ("run starter --set epochs=5", 2, ("'affinity.epochs' or 'train.epochs'",)),
        ("run starter --set zebra=5", 2, ("zebra", "info settings")),
        ("run starter --set train=5", 2, ("'train'", "group of settings")),
        ("run starter --set train.epochs", 2, ("key=value", "train.epochs")),
        ("run starter --set train.epochs=0", 2, ("train.epochs", "got 0")),
        ("run starter --set train.epochs=[1", 2, ("train.epochs", "TOML", "[1")),
        ("run starter --set train.optimizer=adam", 2, ("train.optimizer", "'adamw'", "got 'adam'")),
        ("run starter --set prompt.tokens=6 --set prompt.source_rows=4", 2, ("source_rows", "6")),
        ("run starter --preset big", 2, ("auto, light, paper-size", "'big'")),
        ("run starter --device gpu", 2, ("device", "'gpu'")),
        ("run starter --set grouping.groups=50", 2, ("'grouping.groups'", "from 1 to 6", "50")),
        ("run starter --groups 9", 2, ("1 to 6", "9")),
        ("run starter --groups noto", 2, ("OpenMoji", "missing")),
        ("run starter --groups noto+typo", 2, ("'typo'",)),
        ("run starter --control magic", 2, ("linear_probe", "'magic'")),
        ("new p --data nowhere", 1, ("nowhere", "was not found")),
        ("new p --data . --template nothing", 1, ("{}", "'nothing'")),
        ("new p --data . --backbone gone.json", 1, ("gone.json", "not")),
        ("new p --data . --backbone ViT-B-16", 1, ("ViT-B-16", ".safetensors")),
        ("new p --data . --shots 4 --split given", 2, ("contradict",)),
        ("new p --data . --shots 0", 2, ("shots", "0")),
        ("new p --data . --identity face", 2, ("identity", "'stem'", "'face'")),
        ("new p --data . --rest test", 2, ("--rest", "--share")),
        ("run starter --shots 4 --share 10%", 2, ("contradict",)),
        ("run starter --share 110%", 2, ("--share", "'110%'")),
        ("run starter --split-seed 2", 2, ("--split-seed", "given by its data", "--shots")),
        ("new p --data . --split magic", 2, ("'magic'",)),
        ("new p --data . --fractions 0.5,0.5", 2, ("three shares", "0.5,0.5")),
        ("new p --data . --fractions 0.5,0.5,nan", 2, ("three shares",)),
        ("export .", 2, ("--out",)),
        ("export . --out x", 1, ("run.json",)),
        ("predict . x.png", 1, ("mmap.json",)),
        ("inspect nowhere", 1, ("nowhere", "not")),
        ("inspect main.py", 1, ("main.py", "none of them")),
        ("cache prune", 2, ("--all",)),
        ("cache prune --max-size big", 2, ("2GB", "'big'")),
        ("cache prune --older-than old", 2, ("30d", "'old'")),
        ("info everything", 2, ("settings", "'everything'")),
    ],
)
def test_one_sentence(place, mmap, monkeypatch, command, code, words):
    from tests.cli.conftest import ROOT

    monkeypatch.chdir(ROOT)
    result = mmap(*command.split())
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.strip()[-1] in ".`?"
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize("command", ["rnu starter", "run", "run starter --sed 3", "new p", "cache lss"])
def test_wrong_usage_is_2(place, mmap, command):
    result = mmap(*command.split())
    assert result.exit_code == 2
    assert "Error: " in result.stderr


def test_a_misspelt_command_names_the_nearest(mmap):
    assert "did you mean 'run'?" in mmap("rnu", "starter").stderr


def test_a_project_that_is_there_is_not_made_again(project, place, mmap):
    result = mmap("new", project, "--data", place / "data")
    assert result.exit_code == 1
    assert "has a project.toml" in result.stderr


@pytest.fixture
def failing(monkeypatch):
    """`cache where` raises what it is told."""
    from mmap_studio.session.cache import user_cache

    def fail_with(error):
        def fail():
            raise error

        monkeypatch.setattr(user_cache, "cache_folder", fail)

    return fail_with


def test_the_unexpected_is_one_sentence_and_a_file(place, mmap, failing):
    failing(KeyError("odd"))
    result = mmap("cache", "where")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "KeyError" in result.stderr
    path = result.stderr.strip().removesuffix(".").rpartition(" ")[2]
    with open(path) as file:
        assert "in fail" in file.read()


@pytest.mark.parametrize("error", [KeyError("odd"), TrainingError("The loss is not finite.")])
def test_debug_shows_the_traceback(mmap, failing, error):
    failing(error)
    for command in (("--debug", "cache", "where"), ("cache", "where", "--debug")):
        result = mmap(*command)
        assert result.exit_code == 1
        assert "Traceback" in result.stderr


def test_every_setting_can_be_set_to_its_default():
    for name, field in all_settings():
        value = field.get_default()
        text = str(value).lower() if isinstance(value, bool) else "none" if value is None else str(value)
        assert parse_changes([f"{name}={text}"]) == {name: value}


def test_values_are_toml_and_bare_words_are_strings():
    given = ["train.epochs=5", 'train.optimizer="sgd"', "train.keep=best", "train.flip=false", "train.crop = 0.5"]
    assert list(parse_changes(given).values()) == [5, "sgd", "best", False, 0.5]


@pytest.mark.parametrize(("text", "count"), [("2GB", 2 * 10**9), ("500 mb", 5 * 10**8), ("1.5KiB", 1536), ("7", 7)])
def test_sizes(text, count):
    assert parse_size(text) == count


@pytest.mark.parametrize(("text", "hours"), [("12h", 12), ("30d", 720), ("1w", 168), ("30 m", 0.5)])
def test_ages(text, hours):
    assert parse_age(text).total_seconds() == hours * 3600


@pytest.mark.parametrize("text", ["", "h", "-1d", "1e9d", "99999999999w"])
def test_ages_that_are_none(text):
    with pytest.raises(UsageError, match="30d"):
        parse_age(text)
