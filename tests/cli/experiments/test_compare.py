"""`compare`: the list of methods, the queue and its report, what a stop keeps, and methods that are exported."""

import json
import re

import pytest

from tests.cli.conftest import DOMAINS

METHODS = "zero_shot,ridge,coop,mmap_together"
QUICK = ("--set", "train.epochs=1")


@pytest.fixture(scope="module")
def compared(project, mmap):
    result = mmap("compare", project, "--methods", METHODS, "--shots", "2,full", "--seeds", "1,2", *QUICK)
    assert result.exit_code == 0, result.output
    return result


def test_every_method_and_amount_is_in_the_table_and_the_answer_ends_it(compared):
    assert compared.stdout.count("\nRidge") == compared.stdout.count("\nCoOp") == 2
    assert "2 images a class" in compared.stdout
    assert "All training images" in compared.stdout
    *_, answer, report = compared.stdout.strip().splitlines()
    assert answer.endswith(".")
    assert report.startswith("Report: ")
    assert "16/16" in compared.stderr
    assert re.search(r"16 trials, \d+ of them done before", compared.stderr)


def test_a_second_time_everything_is_kept_and_the_document_is_json(project, mmap, compared):
    result = mmap("compare", project, "--methods", METHODS, "--shots", "2,full", "--seeds", "1,2", *QUICK, "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert document["format"]
    assert len(document["trials"]) == 16
    assert "16 of them done before" in result.stderr
    assert document["about"]["command"].startswith("mmap-studio")


def test_the_report_is_whole_and_names_no_place_of_this_computer(compared, place):
    folder = compared.stdout.strip().splitlines()[-1].removeprefix("Report: ").removesuffix("report.html")
    for name in ("report.html", "comparison.csv", "trials.csv", "comparison.json", "table.tex", "table.md"):
        with open(folder + name) as file:
            text = file.read()
        assert "Ridge" in text, name
        assert str(place) not in text, name


def test_the_list_has_every_method_with_what_it_trains(project, mmap):
    listed = json.loads(mmap("compare", project, "--list", "--json").stdout)["methods"]
    by_name = {one["name"]: one for one in listed}
    assert by_name["zero_shot"]["trained_parameters"] == 0
    assert by_name["text_head:per_task"]["trained_parameters"] == len(DOMAINS) * 3 * 24
    assert by_name["coop"]["trained_parameters"] > 0
    assert {"mmap_suggested", "clip_lora", "finetune"} <= set(by_name)
    assert all(one["source"] for one in listed)
    text = mmap("compare", project, "--list").stdout
    assert "CLIP-LoRA, pooled" in text
    heads, *lines = text.splitlines()
    place = heads.index("source")
    assert max(map(len, lines)) <= 200
    assert all(line[place - 1] == " " != line[place] for line in lines), "texts begin where their head does"
    assert any(line.endswith("share chosen on validation; of clip_lora") for line in lines)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--methods", "copo"), "A method must be one of zero_shot, "),
        (("--shots", "0"), "--shots: An amount of training images must be"),
        (("--shots", "110%"), "--shots: An amount of training images must be"),
        (("--seeds", "1,1"), "--seeds: Seeds must be different whole numbers"),
        (("--against", "nothing"), "A method must be one of"),
        (("--budget", "60 seconds"), "--budget: A budget must be settings, a number of steps"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_read(project, mmap, given, sentence):
    result = mmap("compare", project, *given)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_baseline_without_an_answer_names_the_option(project, mmap):
    result = mmap("compare", project, "--methods", "coop", "--protocol", "base-to-new", "--against", "ridge", *QUICK)
    assert result.exit_code == 2
    assert "--against: A comparison must be with a method that has an answer by its protocol" in result.stderr


def test_a_method_leaves_as_a_folder_and_predicts(project, place, mmap, compared):
    out = place / "ridge"
    result = mmap("export", project, "--method", "ridge", "--shots", "2", "--seed", "2", "--out", out)
    assert result.exit_code == 0, result.output
    assert "trainable parameters" in result.stdout
    looked = mmap("inspect", out)
    assert looked.exit_code == 0
    assert "Method folder" in looked.stdout
    assert "Everything verifies" in looked.stdout
    image = next((place / "data" / DOMAINS[0]).glob("*/image*.png"))
    predicted = json.loads(mmap("predict", out, image, "--task", DOMAINS[0], "--json").stdout)
    assert predicted["predictions"][0]["class"]
    assert mmap("export", project, "--method", "ridge").exit_code == 2


def test_trials_in_processes_are_those_of_one(project, mmap, compared):
    more = ("--methods", METHODS, "--shots", "2,full", "--seeds", "1,3", *QUICK, "--processes", "2")
    result = mmap("compare", project, *more)
    assert result.exit_code == 0, result.output
    assert "Trials are made by 2 processes of" in result.stderr
    assert "16/16" in result.stderr
    kept = [line for line in result.stderr.splitlines() if "(kept)" in line]
    assert len(kept) == 8


def test_a_protocol_is_asked_for_and_said(project, mmap):
    asked = ("--methods", "ridge,clip_adapter", "--seeds", "1", *QUICK, "--budget", "7 steps", "--protocol")
    result = mmap("compare", project, *asked, "leave-one-domain-out", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["protocol"] == "leave-one-domain-out"
    assert document["budget"] == "7steps"
    assert {one["steps"] for one in document["trials"] if one["method"] == "clip_adapter"} == {7}
    assert document["tasks"] == list(DOMAINS)
    too_few = mmap("compare", project, *asked, "base-to-new")
    assert too_few.exit_code == 1
    assert "need 4 classes of a task at least" in too_few.stderr
    assert mmap("compare", project, *asked, "new").exit_code == 2
