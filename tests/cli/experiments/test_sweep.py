"""`sweep`: its table and what it says, that a second time everything is kept, refusals, and its document."""

import json

import pytest

OVER = ("--over", "train.learning_rate=1e-2..1:log", "--over", "prompt.depth=1..2")
QUICK = ("--set", "train.epochs=1")


@pytest.fixture(scope="module")
def swept(project, mmap):
    result = mmap("sweep", project, *OVER, "--trials", "3", "--seeds", "1,2", *QUICK)
    assert result.exit_code == 0, result.output
    return result


def test_the_table_has_every_trial_and_the_settings_as_they_are(swept):
    lines = swept.stdout.splitlines()
    assert lines[0].split() == ["trial", "train.learning_rate", "prompt.depth", "validation", "±", "parameters"]
    assert sorted(line.split()[0] for line in lines[1:5]) == ["1", "2", "3", "as"]
    assert "4/4  trial 3 (train.learning_rate=" in swept.stderr
    use = next(line for line in lines if line.startswith("To use these settings: "))
    assert " --set train.epochs=1 " in use, "the settings that the sweep was made with"
    assert lines[-1].startswith("Report: ")


def test_a_second_time_everything_is_kept_and_the_document_is_json(project, mmap, swept):
    result = mmap("sweep", project, *OVER, "--trials", "3", "--seeds", "1,2", *QUICK, "--kept", "--json")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("(kept") == 4
    document = json.loads(result.stdout)
    assert document["format"] == 1
    assert document["over"] == "train.learning_rate=0.01..1:log,prompt.depth=1..2"
    assert [one["number"] for one in document["trials"]] == [0, 1, 2, 3]
    best = max(document["trials"], key=lambda one: one["mean"])
    assert best["mean"] == next(one["mean"] for one in document["trials"] if one["number"] == document["best"])
    assert document["test"] == []


def test_the_chosen_settings_are_tested_where_that_is_asked_for(project, mmap, swept):
    result = mmap("sweep", project, *OVER, "--trials", "3", "--seeds", "1,2", *QUICK, "--test", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    (look,) = document["test"]
    assert look["number"] == document["best"]
    assert len(look["values"]) == 2
    assert "On the test images: " in document["answer"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--over", "learning_rate=1|2"), "Setting 'learning_rate' is not known; did you mean 'train.learning_rate'"),
        (("--over", "seed=1|2"), "Setting 'seed' cannot be swept"),
        (("--trials", "0"), "A sweep must make from 1 to 10,000 trials"),
        (("--groups", "9"), "The number of groups must be from 1 to 2"),
        (("--seeds", "1,1"), "--seeds: Seeds must be different whole numbers"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(project, mmap, given, sentence):
    result = mmap("sweep", project, *given)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_without_optuna_one_sentence_says_what_to_install(project, mmap, monkeypatch):
    from mmap_studio.session.sweep import sampler

    monkeypatch.setattr(sampler.importlib.util, "find_spec", lambda name: None)
    result = mmap("sweep", project, "--trials", "1")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == (
        "A sweep needs the package optuna, which is not installed; install mmap-studio[sweep]."
    )
