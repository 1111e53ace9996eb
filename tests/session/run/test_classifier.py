"""What a classifier takes: paths, PIL images, arrays, one or many; and class names that were not trained."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mmap_studio.errors import DataError, InputError
from mmap_studio.session.run.run_options import RunOptions
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.data.images.decode import decode
    from mmap_studio.session.run.classifier import PromptedClassifier
    from mmap_studio.session.run.pipeline import run


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    home = tmp_path_factory.mktemp("classifier")
    project = projects.make(home, ("art",), **{"train.epochs": 1})
    for _ in run(project, RunOptions(groups="together", out=home / "prompts"), MemoryStore()):
        pass
    return PromptedClassifier.load(home / "prompts"), sorted((home / "data" / "art" / "fox").glob("*.png"))


def test_one_image_in_every_form_is_the_same_image(made):
    classifier, (path, *_) = made
    (expected,) = classifier.predict([path])
    with Image.open(path) as image:
        array, rgba = np.asarray(image.convert("RGB")), image.convert("RGBA")
    for one in (
        path,
        str(path),
        rgba,
        rgba.convert("RGB"),
        array,
        np.asarray(rgba),
        decode(path, classifier.clip.geometry),
    ):
        for form in (one, (one,), [one], iter([one])):
            assert classifier.predict(form) == [expected]
        assert [two.class_name for two in classifier.predict([one, one])] == [expected.class_name] * 2


def test_a_grey_or_large_pil_image_and_an_array_of_any_size(made):
    classifier, (path, *_) = made
    grey = Image.new("L", (90, 40), 77)
    wide = np.full((40, 90, 3), 77, np.uint8)
    assert classifier.predict(grey) == classifier.predict(wide) == classifier.predict(np.asarray(grey))
    faint = Image.new("RGBA", (90, 40), (9, 9, 9, 100))
    assert classifier.predict(faint) == classifier.predict(np.asarray(faint))
    assert len(classifier.predict([path, str(path), grey, wide])) == 4


def test_a_batch_and_no_images(made):
    classifier, paths = made
    pixels = np.stack([decode(path, classifier.clip.geometry) for path in paths])
    assert classifier.predict(pixels) == classifier.predict(paths)
    for none in ([], pixels[:0], iter(())):
        assert classifier.predict(none) == []
        assert classifier.probabilities(none).shape == (0, len(classifier.class_names()))


@pytest.mark.parametrize(
    "image",
    [
        np.zeros(8, np.uint8), np.zeros((8, 8, 3)), np.zeros((8, 8, 2), np.uint8), np.zeros((3, 8, 8), np.uint8),
        np.zeros((0, 8, 3), np.uint8), np.zeros((0, 8), np.uint8), 3, None,
    ],
    ids=["a row", "floats", "two channels", "channels first", "empty", "empty grey", "a number", "none"],
)  # fmt: skip
def test_what_is_no_image_is_refused(made, image):
    classifier, _ = made
    with pytest.raises(InputError, match="An image must"):
        classifier.predict([image])


@pytest.mark.parametrize(
    ("images", "named"),
    [(3, "an int"), (None, "a NoneType"), (b"\x89PNG", "a bytes"), ({"a": "a"}, "a dict"), (np.array(None), "object")],
    ids=["number", "none", "bytes", "mapping", "array of nothing"],
)
def test_what_holds_no_images_is_refused(made, images, named):
    with pytest.raises(InputError, match=f"An image must .* Got {named}.* instead"):
        made[0].predict(images)


def test_a_path_that_is_not_there_is_named(made):
    with pytest.raises(DataError, match=r"gone\.png"):
        made[0].predict("gone.png")


def test_the_most_probable_come_first(made):
    classifier, (path, *_) = made
    (found,) = classifier.top(path, 3)
    (row,) = classifier.probabilities(path)
    assert [one.probability for one in found] == sorted(map(float, row), reverse=True)[:3]
    assert found[0] == classifier.predict(path)[0]
    assert [one.class_name for one in found] == [classifier.class_names()[one.index] for one in found]


def test_other_class_names(made):
    classifier, paths = made
    names = classifier.class_names()
    trained = classifier.probabilities(paths)
    assert np.array_equal(classifier.probabilities(paths, classes=list(names)), trained)
    order = [2, 0, 1]
    turned = classifier.probabilities(paths, classes=[names[i] for i in order])
    assert np.allclose(turned, trained[:, order], atol=1e-6)
    two = classifier.predict(paths, classes=("apple", "grand piano"))
    assert {one.class_name for one in two} <= {"apple", "grand piano"}
    assert classifier.probabilities(paths).tolist() == trained.tolist()


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        (["fox " * 60], "has 60 tokens, but template and prompts leave room for"),
        (["fox", "Fox"], "read as the same tokens"),
        (["fox", " "], "reads as nothing"),
        ([], "must be a list of class names"),
        ("fox", "must be a list of class names"),
        ([1, 2], "must be a list of class names"),
    ],
)
def test_class_names_that_cannot_be_used(made, classes, words):
    classifier, paths = made
    with pytest.raises(InputError, match=words):
        classifier.predict(paths, classes=classes)


@pytest.mark.parametrize("parts", ["both", "group", "task"])
def test_class_residuals_leave_and_come_back(tmp_path, parts):
    """What the run scored is what the classifier of its export answers, from the cache of groups as well."""
    changes = {"train.epochs": 2, "prompt.class_residual": "on", "prompt.parts": parts, "train.optimizer": "adamw"}
    changes |= {"prompt.start": "random"}  # which nothing puts back at zero-shot
    project = projects.make(tmp_path, ("art", "real"), **changes)
    store = MemoryStore()
    first, second = (
        list(run(project, RunOptions(groups="together", out=tmp_path / name), store))[-1].document
        for name in ("first", "second")
    )
    assert first["run"] == second["run"]
    assert second["trained_nothing"]
    classifier = PromptedClassifier.load(tmp_path / "first")
    assert first["trained_parameters"] == classifier.folder.meta["trained_parameters"]
    assert "class_codes @ class_directions" in classifier.folder.card
    plain = PromptedClassifier.load(tmp_path / "first")
    plain._prompts = {task: replace(pair, residual=None) for task, pair in plain._prompts.items()}
    images = sorted((tmp_path / "data" / "art").rglob("*.png"))
    ours, theirs = (one.probabilities(images, "art") for one in (classifier, plain))
    assert np.abs(ours - theirs).max() > 1e-4
    new = ("a zebra", "an owl")
    ours, theirs = (one.probabilities(images, "art", new) for one in (classifier, plain))
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
