"""Images of one's own: the same answers as the exported prompts give, and a reason for what cannot be read."""

import threading

import numpy as np
import pytest

from mmap_studio.errors import Interrupted
from mmap_studio.session.dataset.image_files import images_in
from mmap_studio.session.events import GroupReady, TasksReady
from mmap_studio.storage.store import MemoryStore
from tests import projects
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.backbones.loading import open_backbone
    from mmap_studio.session.run.classifier import PromptedClassifier
    from mmap_studio.session.run.pipeline import run
    from mmap_studio.session.run.run_options import RunOptions
    from mmap_studio.session.run.try_images import TOGETHER, try_images


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Backbone, tasks by name, trained groups, settings, the exported prompts, the folder of the images."""
    folder = tmp_path_factory.mktemp("trying")
    project = projects.make(folder)
    clip = open_backbone(str(project.file.backbone), "cpu")
    options = RunOptions(groups="art+real,clip art", out=folder / "prompts", clip=clip)
    events = list(run(project, options, MemoryStore()))
    (ready,) = [event for event in events if isinstance(event, TasksReady)]
    groups = {event.group.members: event.group for event in events if isinstance(event, GroupReady)}
    tasks = {task.name: task for task in ready.tasks}
    return clip, tasks, groups, project.settings, options.out, folder / "data"


def test_the_prompts_say_what_the_exported_ones_say(made):
    clip, tasks, groups, settings, prompts, data = made
    files = sorted((data / "real").rglob("*.png"))
    assert len(files) > TOGETHER
    found = [
        one for some in try_images(clip, tasks["real"], groups["art", "real"], settings, files) for one in some.tried
    ]
    assert [one.image for one in found] == files
    wanted = PromptedClassifier.load(prompts, clip).probabilities(files, "real")
    names = tasks["real"].class_names
    for one, row in zip(found, wanted, strict=True):
        assert one.prompted[0] == (names[row.argmax()], pytest.approx(float(row.max()), abs=1e-6))
        assert [share for _, share in one.prompted] == sorted((s for _, s in one.prompted), reverse=True)
        assert one.pixels.shape == (clip.image_size, clip.image_size, 3)
    assert any(one.alone != one.prompted for one in found)


def test_without_trained_prompts_clip_is_asked_alone(made):
    clip, tasks, _, settings, _, data = made
    task = tasks["art"]
    (some,) = try_images(clip, task, None, settings, sorted((data / "art").rglob("*.png"))[:3])
    assert [one.prompted for one in some.tried] == [()] * 3
    assert all(len(one.alone) == min(3, len(task.class_names)) for one in some.tried)


def test_what_is_no_image_says_why_and_the_others_are_answered(made, tmp_path):
    clip, tasks, groups, settings, _, data = made
    (tmp_path / "broken.png").write_bytes(b"no image")
    sound = next((data / "art").rglob("*.png"))
    files = [tmp_path / "gone.png", sound, tmp_path / "broken.png"]
    (some,) = try_images(clip, tasks["art"], groups["art", "real"], settings, files)
    assert [bool(one.error) for one in some.tried] == [True, False, True]
    assert some.tried[1].prompted
    assert not list(try_images(clip, tasks["art"], None, settings, []))


def test_it_can_be_stopped(made, monkeypatch):
    clip, tasks, _, settings, _, data = made
    flag = threading.Event()
    flag.set()

    def watch():
        if flag.is_set():
            raise Interrupted("stop")

    monkeypatch.setattr(clip, "watch", watch)
    with pytest.raises(Interrupted):
        list(try_images(clip, tasks["art"], None, settings, sorted((data / "art").rglob("*.png"))))


def test_images_are_found_in_folders_and_never_too_many(tmp_path):
    for name in ("a.png", "notes.txt", "deep/b.JPG", "deep/er/c.webp"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found, more = images_in([tmp_path, tmp_path / "notes.txt"], 10)
    assert (sorted(file.name for file in found), more) == (["a.png", "b.JPG", "c.webp"], False)
    found, more = images_in([tmp_path], 2)
    assert (len(found), more) == (2, True)
    assert images_in([tmp_path / "gone"], 2) == ([], False)
    assert np.shape(found) == (2,)
