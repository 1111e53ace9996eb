"""What is read again of a domain that was read before: only what changed. And how its split stands in the record."""

import os
import shutil

import numpy as np
import pytest

from mmap_studio.data.folders import survey_folders
from mmap_studio.errors import DataError, StorageError
from mmap_studio.method.task import Geometry
from mmap_studio.session.dataset.saved_splits import chosen_splits
from mmap_studio.session.events import Notice, Progress
from mmap_studio.session.project.project_file import SplitSettings, TaskEntry
from mmap_studio.session.runtime.generator_result import Returning, result
from mmap_studio.storage.store import FolderStore
from tests import projects, tiny
from tests.data import drawn
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.cache.cache import Cached
    from mmap_studio.session.dataset import pixels, tasks
    from mmap_studio.session.dataset.pixels import DecodedImages, decode_domain
    from mmap_studio.session.run import unprompted_features as module
    from mmap_studio.session.run.unprompted_features import unprompted_features


SIZE, PER_CLASS = 16, 5
CLASSES = ("dog", "elephant")


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A domain of ten images, and a store of shards of four."""
    monkeypatch.setattr(pixels, "SHARD_BYTES", 1)
    monkeypatch.setattr(pixels, "LEAST", 4)
    for label, name in enumerate(CLASSES):
        for number in range(PER_CLASS):
            drawn.write(tmp_path / "art" / name / f"{number}.png", drawn.image("sketch", label, number, 20))
    return tmp_path


def read(place, store=None, resampling="exact"):
    """All images, hashes, bad rows, the rows that were decoded, and the notices."""
    domain = survey_folders(place / "art").domains[0]
    walk = Returning(
        decode_domain(Cached(store or FolderStore(place / "cache")), domain, Geometry(SIZE, resampling=resampling))
    )
    events = list(walk)
    whole, hashes, bad = walk.value
    decoded_now = sum(isinstance(event, Progress) for event in events)
    return domain, whole, hashes, bad, decoded_now, [e.text for e in events if isinstance(e, Notice)]


def every_pixel(found):
    return found[1].pixels(range(len(found[0].files)))


def test_a_second_reading_decodes_nothing_and_gives_the_same(place):
    first = read(place)
    again = read(place)
    assert (first[4], again[4]) == (10, 0)
    assert again[5] == []
    assert (every_pixel(first) == every_pixel(again)).all()
    assert (first[2] == again[2]).all()


def test_another_resampling_is_read_anew_and_each_has_its_own_cache(place):
    exact, fast = read(place), read(place, resampling="fast")
    assert (exact[4], fast[4]) == (10, 10)
    off = np.abs(every_pixel(exact).astype(int) - every_pixel(fast))
    assert off.max() <= 2
    assert (read(place)[4], read(place, resampling="fast")[4]) == (0, 0)


def test_the_setting_says_how_a_run_reads_its_images(tmp_path, monkeypatch):
    asked, decoding = [], tasks.decode_domain
    monkeypatch.setattr(tasks, "decode_domain", lambda *given: asked.append(given[2].resampling) or decoding(*given))
    for resampling in ("exact", "fast"):
        project = projects.make(tmp_path / resampling, ("art",), resampling=resampling)
        result(tasks.read_tasks(project, tiny.clip(), Cached(FolderStore(tmp_path / "cache")), 0))
    assert asked == ["exact", "fast"]


def test_only_new_and_changed_files_are_decoded_and_said(place):
    read(place)
    drawn.write(place / "art/dog/9.png", drawn.image("photo", 5, 1))
    drawn.write(place / "art/dog/0.png", drawn.image("photo", 5, 2))
    os.remove(place / "art/elephant/4.png")
    found = read(place)
    assert found[4] == 2
    assert found[5] == ["Task 'art': 2 new or changed images were read; 8 others were not read again."]
    fresh = read(place, FolderStore(place / "fresh"))
    assert (every_pixel(found) == every_pixel(fresh)).all()
    assert (found[2] == fresh[2]).all()
    assert read(place)[4] == 0


def test_a_touched_or_renamed_file_is_read_but_not_decoded(place, monkeypatch):
    before = read(place)
    os.utime(place / "art/dog/0.png", ns=(1, 1))
    os.rename(place / "art/dog/1.png", place / "art/dog/z.png")
    monkeypatch.setattr("mmap_studio.data.images.decode._loaded", lambda file: pytest.fail("decoded an image"))
    found = read(place)
    assert found[4] == 2
    assert sorted(map(bytes, found[2])) == sorted(map(bytes, before[2]))


def test_a_file_of_the_same_size_and_time_is_taken_to_be_the_same(place):
    path = place / "art/dog/0.png"
    first, status = read(place), path.stat()
    path.write_bytes(b"x" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (read(place)[2] == first[2]).all()


def test_unreadable_files_are_tried_again_and_nothing_is_written_or_said_to_be_new(place, monkeypatch):
    (place / "art/dog/0.png").write_bytes(b"no image")
    first = read(place)
    assert first[3] == [0]
    assert " cannot be read and is left out" in first[5][0]
    with monkeypatch.context() as still:
        still.setattr(Cached, "put", lambda *_: pytest.fail("written"))
        again = read(place)
    assert (again[3], again[4]) == ([0], 1)
    assert len(again[5]) == 1
    assert "'dog/0.png': it is not a readable" in again[5][0]
    drawn.write(place / "art/dog/0.png", drawn.image("sketch", 0, 0))
    assert read(place)[3:5] == ([], 1)


def test_a_file_that_could_not_be_read_for_a_while_is_read_once_it_can_be(place):
    path = place / "art/dog/0.png"
    whole, about = path.read_bytes(), path.stat()
    for content, bad in ((bytes(len(whole)), [0]), (whole, [])):
        path.write_bytes(content)
        os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
        found = read(place)
        assert found[3] == bad
    assert (every_pixel(found) == every_pixel(read(place, FolderStore(place / "fresh")))).all()


def test_what_was_decoded_before_a_stop_is_kept(place):
    store = FolderStore(place / "cache")
    steps = decode_domain(Cached(store), survey_folders(place / "art").domains[0], Geometry(SIZE))
    for _ in range(6):
        next(steps)
    steps.close()
    assert read(place)[4] == 4


@pytest.mark.parametrize("damage", ["removed", "damaged"])
def test_a_lost_shard_is_decoded_again_and_nothing_else(place, damage):
    found = read(place)
    store = FolderStore(place / "cache", notify=lambda text: None)
    shards = [entry for entry in store.entries() if len(store.get(entry.kind, entry.digest).arrays) == 1]
    assert len(shards) == 3
    if damage == "removed":
        os.remove(shards[0].path)
    else:
        shards[0].path.write_bytes(b"damaged")
        assert (every_pixel(read(place, store)) == every_pixel(found)).all()  # found out when it is used
    again = read(place, store)
    assert again[4] in (2, 4)
    assert (every_pixel(again) == every_pixel(found)).all()


def test_an_image_that_changed_while_its_shard_was_lost_is_refused(place):
    _, whole, *_ = read(place)
    shutil.rmtree(place / "cache")
    drawn.write(place / "art/dog/0.png", drawn.image("photo", 3, 3))
    with pytest.raises(DataError, match=r"dog/0\.png changed while it was in use"):
        whole.pixels([0])


def test_a_full_disk_is_said_and_not_hidden(place, monkeypatch):
    store = FolderStore(place / "cache")

    def refuse(*args):
        raise StorageError("The disk is full.")

    monkeypatch.setattr(store, "put", refuse)
    with pytest.raises(StorageError, match="full"):
        read(place, store)


def test_features_are_computed_for_new_images_alone(place, monkeypatch):
    clip, cached, counted = tiny.clip(), Cached(FolderStore(place / "cache")), []
    real = module.image_features
    monkeypatch.setattr(
        module, "image_features", lambda clip, images: counted.append(len(images)) or real(clip, images)
    )

    def features(rows=None):
        domain, whole, hashes, *_ = read(place)
        rows = np.arange(len(domain.files)) if rows is None else rows
        return unprompted_features(cached, clip, DecodedImages(whole, hashes, rows, domain.labels[rows], domain.place))

    features(np.arange(4))
    features(np.arange(2, 10))
    first = features()
    drawn.write(place / "art/dog/0.png", drawn.image("photo", 5, 2))
    second = features()
    assert counted == [4, 6, 1]
    assert (first[1:] == second[1:]).all()
    assert not np.allclose(first[0], second[0])
    assert np.allclose(second, real(clip, read(place)[1]), atol=1e-5)


class TestSplits:
    def project(self, tmp_path, **split):
        project = projects.make(tmp_path)
        return project.__class__(project.folder, project.file.model_copy(update={"split": SplitSettings(**split)}))

    def drawn(self, project, number=0):
        entry = project.file.tasks[number]
        return chosen_splits(project, [(entry, survey_folders(project.folder_of(entry)).domains[0])]).splits[0]

    def test_the_digest_is_of_file_names_and_says_that_two_runs_had_the_same_split(self, tmp_path):
        project = self.project(tmp_path, kind="shots", shots=2)
        first = self.drawn(project)
        assert (first.kind, first.seed, len(first.digest)) == ("shots", 1, 64)
        shutil.copy(tmp_path / "data/art/fox/1.png", tmp_path / "data/art/fox/0a.png")  # every row moves
        assert self.drawn(project).digest == first.digest
        assert self.drawn(self.project(tmp_path / "b", kind="shots", shots=2, seed=2)).digest != first.digest

    def test_a_share_takes_as_much_for_validation(self, tmp_path):
        split = self.drawn(self.project(tmp_path, kind="share", share=0.25)).split
        assert [len(split.part(part)) for part in ("train", "val", "test")] == [6, 6, 12]

    def test_projects_of_before_keep_their_split(self, tmp_path):
        """The setting `share` came later; it must not make another question of an old answer."""
        project = self.project(tmp_path, kind="fraction", fractions=(0.5, 0.25, 0.25))
        self.drawn(project)
        saved = next((project.folder / "splits").glob("*.json"))
        before = saved.read_bytes()
        other = SplitSettings(kind="fraction", fractions=(0.5, 0.25, 0.25), share=0.3)
        self.drawn(project.__class__(project.folder, project.file.model_copy(update={"split": other})))
        assert saved.read_bytes() == before

    def test_a_given_split_follows_the_lists(self, tmp_path):
        root = drawn.mini_domainnet(tmp_path / "data")
        from mmap_studio.data.survey import survey

        entry = TaskEntry(name="real", folder=str(root), layout="lists:splits_mini", part="real")
        project = projects.make(tmp_path / "p").with_tasks([entry])
        project = project.__class__(project.folder, project.file.model_copy(update={"split": SplitSettings()}))
        first = chosen_splits(project, [(entry, survey(root).domains[1])]).splits[0]
        assert (first.kind, first.seed, len(first.split.test)) == ("given", None, 6)
        path = root / "splits_mini/real_test.txt"
        path.write_text("\n".join(path.read_text().splitlines()[1:]))
        second = chosen_splits(project, [(entry, survey(root).domains[1])]).splits[0]
        assert len(second.split.test) == 5
        assert second.digest != first.digest
