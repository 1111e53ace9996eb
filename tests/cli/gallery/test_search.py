"""`search` and `tags`: their tables, documents and refusals."""

import json

import pytest

from tests.cli.conftest import DOMAINS


def test_the_nearest_images_of_a_text_come_first(project, mmap):
    result = mmap("search", project, "a fox", "--top", "3")
    assert result.exit_code == 0, result.output
    head, *rows = result.stdout.splitlines()
    assert head.split() == ["score", "task", "split", "class", "file"]
    assert len(rows) == 3
    scores = [float(row.split()[0]) for row in rows]
    assert scores == sorted(scores, reverse=True)


def test_an_image_is_nearest_to_itself_and_the_document_is_json(project, place, mmap):
    image = sorted((place / "data" / DOMAINS[0] / "fox").glob("*.png"))[0]
    result = mmap("search", project, "--like", image, "--split", "all", "--top", "4", "--json")
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    nearest = document["images"][0]
    assert nearest["file"] == str(image)
    assert (nearest["task"], nearest["class"], round(nearest["score"], 3)) == (DOMAINS[0], "fox", 1.0)
    assert document["searched"] == 48
    one = json.loads(mmap("search", project, "a fox", "--task", DOMAINS[1], "--json").stdout)
    assert {image["task"] for image in one["images"]} == {DOMAINS[1]}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ((), "Say what to look for"),
        (("a fox", "--like", "a.png"), "Say what to look for"),
        (("a fox", "--split", "some"), "--split must be test, val, train or all. Got 'some'"),
        (("a fox", "--task", "none"), "--task must be one of"),
    ],
)
def test_what_cannot_be_meant_is_refused(project, mmap, given, sentence):
    result = mmap("search", project, *given)
    assert result.exit_code == 2
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


def test_tags_are_listed_and_one_names_its_images(project, mmap):
    from mmap_studio.session.gallery.tags import FILE, Tags, write_tags

    assert mmap("tags", project).stdout.startswith("No image has a tag yet")
    write_tags(project, Tags().changed("odd", {DOMAINS[0]: ["fox/1.png", "fox/2.png"]}, True))
    try:
        assert mmap("tags", project).stdout.splitlines()[1].split() == ["odd", "2"]
        assert mmap("tags", project, "--tag", "odd").stdout.splitlines()[1] == f"{DOMAINS[0]}  fox/1.png"
        assert json.loads(mmap("tags", project, "--json").stdout)["tags"] == {
            "odd": {DOMAINS[0]: ["fox/1.png", "fox/2.png"]}
        }
        result = mmap("tags", project, "--tag", "even")
        assert result.exit_code == 2
        assert "--tag must be one of the project's tags ('odd'). Got 'even' instead." in result.stderr
    finally:
        (project / FILE).unlink()
