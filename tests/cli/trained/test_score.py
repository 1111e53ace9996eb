"""`score`: the figures of a run come out again on its own images, and other images are scored by their own names."""

import json
import shutil

import pytest

from tests.cli.conftest import CLASSES, DOMAINS, IMAGES


@pytest.fixture
def data(place, tmp_path):
    shutil.copytree(place / "data", tmp_path / "data")
    return tmp_path / "data"


def scored(mmap, *words, code=0):
    result = mmap("score", *words, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)["domains"]


def test_both_domains_are_scored_by_the_prompts_of_their_names(done, mmap, data):
    domains = scored(mmap, done["paths"]["prompts"], data, code=1)  # one image is broken
    assert [(one["name"], one["task"], one["images"]) for one in domains] == [
        (name, name, IMAGES * len(CLASSES)) for name in DOMAINS
    ]
    assert domains[0]["unreadable"][0]["path"].endswith("broken.png")
    for one in domains:
        assert set(one["scores"]["per_class"]) == {"desk lamp", "fox", "red car"}
        hits = [share * IMAGES for share in one["scores"]["per_class"].values()]
        assert sum(hits) / one["images"] == pytest.approx(one["scores"]["accuracy"])
    text = mmap("score", done["paths"]["prompts"], data)
    assert text.stdout.splitlines()[0].split()[:3] == ["domain", "prompts", "of"]
    assert "broken.png of Art & Photo cannot be read" in text.stderr


def test_the_score_is_that_of_the_predictions(done, mmap, data):
    (one,) = scored(mmap, done["paths"]["prompts"], data / DOMAINS[1])
    folders = {"001.Desk_Lamp": "desk lamp", "fox": "fox", "RedCar": "red car"}
    right = 0
    for folder, name in folders.items():
        found = mmap("predict", done["paths"]["prompts"], data / DOMAINS[1] / folder, "--task", DOMAINS[1], "--json")
        right += sum(row["class"] == name for row in json.loads(found.stdout)["predictions"])
    assert one["scores"]["accuracy"] == pytest.approx(right / one["images"])


def test_another_domain_needs_the_task(done, mmap, data):
    other = (data / DOMAINS[1]).rename(data.parent / "snow")
    refused = mmap("score", done["paths"]["prompts"], other)
    assert refused.exit_code == 1
    assert "'snow' must be called as one of the tasks" in refused.stderr
    (one,) = scored(mmap, done["paths"]["prompts"], other, "--task", DOMAINS[1])
    assert (one["name"], one["task"]) == ("snow", DOMAINS[1])


def test_classes_that_were_not_trained_are_named_renamed_left_out_or_taken_as_they_are(done, mmap, data):
    folder = data / DOMAINS[1]
    (folder / "fox").rename(folder / "vulpes")
    refused = mmap("score", done["paths"]["prompts"], folder)
    assert refused.exit_code == 1
    assert "'vulpes' is not; say with --class" in refused.stderr
    (renamed,) = scored(mmap, done["paths"]["prompts"], folder, "--class", "vulpes=fox")
    assert renamed["images"] == IMAGES * len(CLASSES)
    (less,) = scored(mmap, done["paths"]["prompts"], folder, "--leave-out", "vulpes")
    assert less["images"] == IMAGES * (len(CLASSES) - 1)
    assert less["scores"]["per_class"]["fox"] is None
    (own,) = scored(mmap, done["paths"]["prompts"], folder, "--own-classes")
    assert sorted(own["classes"]) == ["desk lamp", "red car", "vulpes"]
    assert own["images"] == IMAGES * len(CLASSES)
    for words, code, said in (
        (("--class", "cup=fox"), 1, "'cup' is not; check the name"),
        (("--class", "fox"), 2, "--class must be CLASS=NAME"),
        (("--part", "test", "--own-classes"), 1, "must have test images of these classes, but has none"),
        (("--task", "no", "--own-classes"), 1, "task must be one of"),
    ):
        result = mmap("score", done["paths"]["prompts"], folder, *words)
        assert result.exit_code == code, result.output
        assert said in result.stderr


def test_only_the_images_that_folders_give_for_a_part(done, mmap, data, tmp_path):
    for part, number in (("train", 0), ("test", 1)):
        (tmp_path / "given" / part).mkdir(parents=True)
        for folder in CLASSES:
            target = tmp_path / "given" / part / folder
            target.mkdir()
            for file in sorted((data / DOMAINS[1] / folder).glob("*.png"))[number::2][: 2 + number]:
                shutil.copy(file, target)
    task = ("--task", DOMAINS[1])
    counts = [scored(mmap, done["paths"]["prompts"], tmp_path / "given", *task, "--part", part)[0]["images"]
              for part in ("train", "test", "all")]  # fmt: skip
    assert counts == [6, 9, 15]
