"""`predict`: what it says of every file, of what it leaves out, and what it refuses."""

import csv
import json
import os
import shutil

import pytest
from PIL import Image

from tests.cli.conftest import CLASSES, DOMAINS, IMAGES

TASK = ("--task", DOMAINS[1])


@pytest.fixture
def images(place, tmp_path):
    """A folder of three images, and what lies beside images in folders people have."""
    source = place / "data" / DOMAINS[1] / "fox"
    folder = tmp_path / "images"
    (folder / "more" / "deep" / "er" / "still").mkdir(parents=True)
    files = sorted(source.glob("*.png"))
    shutil.copy(files[0], folder / "a.png")
    shutil.copy(files[1], folder / "more" / "b.png")
    shutil.copy(files[2], folder / "more" / "deep" / "er" / "still" / "c.png")
    (folder / ".hidden.png").write_bytes(b"")
    (folder / ".cache").mkdir()
    shutil.copy(files[3], folder / ".cache" / "d.png")
    (folder / "notes.odt").write_text("x")
    (folder / "more" / "list.odt").write_text("x")
    os.symlink(source, folder / "more" / "there")
    return folder


def test_a_folder_is_read_as_new_reads_one_and_says_what_it_leaves_out(done, mmap, images):
    result = mmap("predict", done["paths"]["prompts"], images, *TASK)
    assert result.exit_code == 0, result.output
    assert [line.split()[0] for line in result.stdout.splitlines()] == [
        "image", str(images / "a.png"), str(images / "more" / "b.png"),
        str(images / "more" / "deep" / "er" / "still" / "c.png"),
    ]  # fmt: skip
    (said,) = result.stderr.splitlines()
    assert said.startswith("3 entries left out, ")
    assert "2 since it is not an image file (.odt): " in said
    assert "1 since the link leaves the folder that was opened" in said
    document = json.loads(mmap("predict", done["paths"]["prompts"], images, *TASK, "--json").stdout)
    assert document["left_out"]["count"] == 3
    assert len(document["left_out"]["first"]) == 3
    assert len(document["predictions"]) == 3


def test_a_folder_without_images_says_what_is_in_it(done, mmap, tmp_path):
    (tmp_path / "a.odt").write_text("x")
    result = mmap("predict", done["paths"]["prompts"], tmp_path, *TASK)
    assert result.exit_code == 1
    assert "but holds none (1 entry left out, 1 since it is not an image file (.odt)" in result.stderr


def test_the_most_probable_classes_and_a_table(done, mmap, images, tmp_path):
    out = tmp_path / "found.csv"
    result = mmap("predict", done["paths"]["prompts"], images, *TASK, "--top", 2, "--csv", out)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[0].split() == ["image", *["class", "probability"] * 2]
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["image", "class", "probability", "class_2", "probability_2", "error"]
    document = json.loads(mmap("predict", done["paths"]["prompts"], images, *TASK, "--top", 99, "--json").stdout)
    for row, one in zip(rows, document["predictions"], strict=True):
        assert (row["image"], row["class"], row["class_2"]) == (
            one["image"], one["top"][0]["class"], one["top"][1]["class"],
        )  # fmt: skip
        assert len(one["top"]) == len(CLASSES)
        assert sum(best["probability"] for best in one["top"]) == pytest.approx(1, abs=1e-5)
        assert float(row["probability"]) == one["probability"] == one["top"][0]["probability"]


def test_a_file_that_cannot_be_read_is_in_the_table(done, mmap, place, tmp_path):
    out = tmp_path / "found.csv"
    folder = place / "data" / DOMAINS[0] / "001.Desk_Lamp"
    result = mmap("predict", done["paths"]["prompts"], folder, "--task", DOMAINS[0], "--csv", out)
    assert result.exit_code == 1
    with out.open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == IMAGES + 1
    assert [row["class"] for row in rows if row["error"]] == [""]


def test_class_names_that_were_not_trained(done, mmap, images):
    given = mmap("predict", done["paths"]["prompts"], images, *TASK, "--classes", "apple, grand piano", "--json")
    assert given.exit_code == 0, given.output
    for one in json.loads(given.stdout)["predictions"]:
        assert one["class"] in ("apple", "grand piano")
        assert one["class"] == ("apple", "grand piano")[one["index"]]
    trained = mmap("predict", done["paths"]["prompts"], images, *TASK, "--json")
    names = ("--classes", "desk lamp,red car", "--classes", "fox")
    same = mmap("predict", done["paths"]["prompts"], images, *TASK, *names, "--json")
    assert json.loads(same.stdout)["predictions"] == json.loads(trained.stdout)["predictions"]


@pytest.mark.parametrize(
    ("given", "code", "words"),
    [
        (("--classes", "apple " * 60), 1, "tokens, but template and prompts leave room for"),
        (("--classes", "apple,Apple"), 1, "read as the same tokens"),
        (("--classes", " , "), 2, "--classes must be class names"),
        (("--csv", "out.txt"), 2, "must name a file that ends in .csv"),
        (("--device", "cuda:0"), 2, "--device must be auto, cpu, cuda or mps. Got 'cuda:0' instead; which of several"),
        (("--device", "gpu"), 2, "--device must be auto, cpu, cuda or mps. Got 'gpu' instead."),
        (("--device", "mps"), 1, "Device 'mps' must be present, but is not; choose auto or cpu."),
        (("--top", "0"), 2, "'--top'"),
    ],
)
def test_refusals(done, mmap, images, given, code, words):
    result = mmap("predict", done["paths"]["prompts"], images, *TASK, *given)
    assert result.exit_code == code, result.output
    assert words in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["run", "affinity", "compare"])
def test_every_command_refuses_a_device_that_is_none_in_the_same_way(project, mmap, command):
    result = mmap(command, project, "--device", "cuda:1")
    assert result.exit_code == 2
    assert result.stderr.startswith("--device must be auto, cpu, cuda or mps. Got 'cuda:1' instead")


def test_the_folder_that_export_wrote_and_a_run_will_do(done, mmap, images, tmp_path):
    shutil.copytree(done["paths"]["prompts"], tmp_path / "export" / "prompts")
    Image.new("RGB", (4, 4)).save(tmp_path / "export" / "curves.png")
    expected = json.loads(mmap("predict", done["paths"]["prompts"], images, *TASK, "--json").stdout)["predictions"]
    for folder in (tmp_path / "export", done["paths"]["run"]):
        found = mmap("predict", folder, images, *TASK, "--json")
        assert found.exit_code == 0, found.output
        assert json.loads(found.stdout)["predictions"] == expected
    neither = mmap("predict", tmp_path, images, *TASK)
    assert neither.exit_code == 1
    assert "Found no mmap.json in it" in neither.stderr
