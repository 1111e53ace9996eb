"""Where the splits of tasks are saved: every task's under a name of its own."""

import hashlib
import json

import numpy as np
import pytest

from mmap_studio.data.domain_finder import DomainFinder
from mmap_studio.data.folders import survey_folders
from mmap_studio.data.images.starter import read_starter
from mmap_studio.data.split import UNVALIDATED
from mmap_studio.errors import CorruptError
from mmap_studio.resources import resource
from mmap_studio.session.dataset.saved_splits import chosen_splits, validated_from, validation_sentence
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import SplitSettings, TaskEntry
from tests import projects
from tests.data import drawn

PINNED = ["9e65eb299927", "4c1600f644c5", "2f1ab5d840ec"]
"""Digests that the version before subjects drew."""
ALIKE = [("A B", "a-b"), ("狗 1", "猫 1"), ("Art", "art")]


def two_tasks(tmp_path, names):
    """A project with two tasks of these names, of differing images."""
    entries = []
    for number, name in enumerate(names):
        root = tmp_path / f"data{number}"
        for label, kind in enumerate(("cat", "dog")):
            for image in range(8):
                made = drawn.image("sketch", label, 10 * number + image, 20)
                drawn.write(root / "one" / kind / f"{number}{image}.png", made)
        entries.append(TaskEntry(name=name, folder=str(root / "one")))
    project = projects.make(tmp_path / "p").with_tasks(entries)
    setting = SplitSettings(kind="shots", shots=2)
    return project.__class__(project.folder, project.file.model_copy(update={"split": setting})), entries


def chosen(project, entry):
    return chosen_splits(project, [(entry, survey_folders(project.folder_of(entry)).domains[0])]).splits[0]


@pytest.mark.parametrize("names", ALIKE)
def test_tasks_of_similar_names_keep_their_own_split(tmp_path, names):
    project, entries = two_tasks(tmp_path, names)
    first = [chosen(project, entry) for entry in entries]
    for entry in entries:
        drawn.write(project.folder_of(entry) / "cat" / "00000.png", drawn.image("photo", 0, 99, 20))
    again = [chosen(project, entry) for entry in entries]
    assert [one.digest for one in again] == [one.digest for one in first]
    assert len({path.name.lower() for path in (project.folder / "splits").glob("*.json")}) == 2


@pytest.mark.parametrize("files", [{"train": ["a"], "val": ["a"], "test": []}, {"train": [1], "val": [], "test": []}])
def test_a_saved_split_with_an_image_in_two_parts_is_refused(tmp_path, files):
    project, (entry, _) = two_tasks(tmp_path, ("A B", "a-b"))
    chosen(project, entry)
    path = next((project.folder / "splits").glob("*.json"))
    path.write_text(json.dumps(json.loads(path.read_text()) | {"files": files}))
    with pytest.raises(CorruptError, match="must hold a saved split"):
        chosen(project, entry)


def test_a_split_saved_under_the_earlier_name_is_kept_and_moved(tmp_path):
    project, (entry, other) = two_tasks(tmp_path, ("A B", "a-b"))
    first = chosen(project, entry)
    saved = next((project.folder / "splits").glob("*.json"))
    saved.rename(saved.with_name("a-b.json"))
    drawn.write(project.folder_of(entry) / "cat" / "00000.png", drawn.image("photo", 0, 99, 20))
    assert chosen(project, entry).digest == first.digest
    chosen(project, other)
    assert chosen(project, entry).digest == first.digest


@pytest.mark.parametrize("split", [SplitSettings(kind="shots", shots=2), SplitSettings(kind="share", share=0.4)])
def test_a_draw_from_lists_follows_them_and_moves_nothing_else(tmp_path, split):
    project, entry, lists = with_lists(tmp_path, split)
    first = names(project, entry)
    gone, stays = first["train"][0], set(first["train"][1:])
    lists["train"].remove(gone)
    lists["test"].append(gone)
    write_lists(tmp_path, lists)
    assert [("1 of test" in text, "of train" in text) for text in notices_of(project, entry)] == [(True, True)]
    drawn_again = names(project, entry)
    assert gone in drawn_again["test"]
    assert stays < set(drawn_again["train"])
    assert len(drawn_again["train"]) == len(first["train"])
    assert set(first["test"]) | {gone} == set(drawn_again["test"])
    assert not notices_of(project, entry)  # told once: it is saved
    assert names(project, entry) == drawn_again


def with_lists(tmp_path, split):
    lists = {"train": [], "test": []}
    for label, kind in enumerate(("cat", "dog")):
        for image in range(8):
            drawn.write(tmp_path / "set" / "one" / kind / f"{image}.png", drawn.image("sketch", label, image, 20))
            lists["train" if image < 6 else "test"].append(f"one/{kind}/{image}.png")
    write_lists(tmp_path, lists)
    entry = TaskEntry(name="one", folder=str(tmp_path / "set"), layout="lists", part="one")
    project = Project.new(tmp_path / "p", [entry], split=split)
    return project, entry, lists


def write_lists(tmp_path, lists):
    for part, paths in lists.items():
        lines = (f"{path} {int('dog' in path)}" for path in paths)
        (tmp_path / "set" / f"one_{part}.txt").write_text("\n".join(lines))


def drawn_of(project, entry):
    domain, _ = DomainFinder().find(project.folder_of(entry), entry.layout, entry.part)
    return domain, chosen_splits(project, [(entry, domain)]).splits[0].split


def names(project, entry):
    domain, split = drawn_of(project, entry)
    return {part: [domain.files.path(row) for row in split.part(part)] for part in ("train", "val", "test")}


def notices_of(project, entry):
    return [text for text in drawn_of(project, entry)[1].notices if "changed since" in text]


def test_a_merged_class_has_the_shots_of_one(tmp_path):
    project, (entry, _) = two_tasks(tmp_path, ("A", "B"))
    for label, kind in enumerate(("fox", "hen")):
        for image in range(8):
            drawn.write(project.folder_of(entry) / kind / f"{image}.png", drawn.image("sketch", label, image, 20))
    assert len(chosen(project, entry).split.train) == 4 * 2
    merged = entry.model_copy(update={"merged": {"beast": ("cat", "dog", "fox")}})
    split = chosen(project, merged).split
    assert (len(split.train), len(split.val), len(split.test)) == (2 * 2, 2 * 2, 32 - 8)
    assert chosen(project, merged).split == split
    assert len(chosen(project, entry).split.train) == 4 * 2


class TestSubjects:
    """Three domains of the same twenty things a class."""

    DOMAINS, EACH = ("flat", "bold", "fine"), 20

    def grown(self, tmp_path, name="{kind}-thing-{number:02d}x.png", **split):
        for at, domain in enumerate(self.DOMAINS):
            for label, kind in enumerate(("cat", "dog")):
                for number in range(self.EACH):
                    path = tmp_path / "set" / domain / kind / name.format(kind=kind, number=number)
                    drawn.write(path, drawn.image("sketch", label, 100 * at + number, 20))
        entries = [TaskEntry(name=one, folder=str(tmp_path / "set" / one)) for one in self.DOMAINS]
        return Project.new(tmp_path / "p", entries, split=SplitSettings(**{"kind": "fraction", **split}))

    def drawn(self, project, entries=None):
        found = [(e, survey_folders(project.folder_of(e)).domains[0]) for e in entries or project.file.tasks]
        return chosen_splits(project, found)

    def names(self, project):
        done = self.drawn(project)
        return [
            {part: {paths[row] for row in one.split.part(part)} for part in ("train", "val", "test")}
            for one, paths in ((one, list(survey_folders(project.folder_of(e)).domains[0].files.paths()))
                               for e, one in zip(project.file.tasks, done.splits, strict=True))
        ]  # fmt: skip

    def old(self, project):
        """As `new` made them before projects knew of subjects."""
        return project.with_split(project.file.split.model_copy(update={"identity": None}))

    @pytest.mark.parametrize(
        "split", [{}, {"kind": "shots", "shots": 4}, {"kind": "share", "share": 0.1, "rest": "test"}]
    )
    def test_a_new_project_has_a_subject_in_one_part_and_an_old_one_is_warned(self, tmp_path, split):
        project = self.grown(tmp_path, **split)
        done = self.drawn(project)
        assert (project.file.split.identity, sum(done.leaks), done.warning) == ("auto", 0, "")
        assert done.document == {"identity": "auto", "shared": 40, "equal_images": 0, "tested_in_training": 0}
        assert done.notices == (
            "Subjects: 40 subjects in several tasks (40 in 3): each subject is in one part everywhere.",
        )
        apart = self.drawn(self.old(project))
        assert sum(apart.leaks) > 5
        assert f"Test subjects are in training: {sum(apart.leaks)} of " in apart.warning
        assert "--identity auto" in apart.warning

    def test_what_a_project_of_before_draws_is_pinned(self, tmp_path):
        """A change here changes the splits of everybody's projects."""
        project = self.old(self.grown(tmp_path, fractions=(0.5, 0.2, 0.3)))
        assert [one.digest[:12] for one in self.drawn(project).splits] == PINNED

    def test_a_split_that_was_saved_before_is_kept(self, tmp_path):
        project = self.old(self.grown(tmp_path, fractions=(0.5, 0.2, 0.3)))
        entry = project.file.tasks[0]
        asked = [
            {"kind": "fraction", "fractions": [0.5, 0.2, 0.3], "shots": 16, "seed": 1},
            entry.folder,
            ["cat", "dog"],
        ]
        files = {
            "train": ["cat/cat-thing-07x.png", "dog/dog-thing-01x.png"],
            "val": [],
            "test": ["cat/cat-thing-02x.png"],
        }
        digest = hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
        (project.folder / "splits").mkdir()
        (project.folder / "splits" / "flat.json").write_text(
            json.dumps({"asked": digest, "digest": "", "files": files})
        )
        assert self.names(project)[0] == {part: set(names) for part, names in files.items()}

    def test_numbered_files_are_drawn_as_before(self, tmp_path):
        project = self.grown(tmp_path, name="{number:05d}.png")
        done = self.drawn(project)
        assert done.document["shared"] == 0
        assert [one.digest for one in done.splits] == [one.digest for one in self.drawn(self.old(project)).splits]

    def test_a_task_that_comes_later_follows_the_splits_that_are_saved(self, tmp_path):
        project = self.grown(tmp_path)
        first = self.drawn(project, project.file.tasks[:1]).splits[0]
        done = self.drawn(project)
        assert done.splits[0] == first
        assert {one.digest for one in done.splits} == {first.digest}

    def test_images_that_come_later_move_nothing(self, tmp_path):
        project = self.grown(tmp_path)
        first = [one.digest for one in self.drawn(project).splits]
        for domain in self.DOMAINS[:2]:
            drawn.write(tmp_path / "set" / domain / "cat" / "a-new-onex.png", drawn.image("photo", 0, 99, 20))
        assert [one.digest for one in self.drawn(project).splits] == first

    def test_a_split_for_one_run_leaves_the_own_one_alone_and_is_kept_too(self, tmp_path):
        project = self.grown(tmp_path)
        own = self.names(project)
        few = project.split_for_one_run(SplitSettings(kind="shots", shots=2, identity="auto"))
        first = self.names(few)
        assert [len(one["train"]) for one in first] == [4, 4, 4]
        drawn.write(tmp_path / "set/flat/cat/a-new-onex.png", drawn.image("photo", 0, 99, 20))
        assert self.names(few) == first
        assert self.names(project) == own
        assert project.split_for_one_run(project.file.split).own_split

    def test_equal_images_are_one_subject_whatever_their_names(self, tmp_path):
        project = self.grown(tmp_path, name="{number}.png", kind="shots", shots=3)
        found = [(e, survey_folders(project.folder_of(e)).domains[0]) for e in project.file.tasks]
        equal = [{row: bytes([row]) for row in range(2 * self.EACH)} for _ in found]  # as if all three were copies
        done = chosen_splits(project, found, equal)
        assert (sum(done.leaks), done.document["equal_images"]) == (0, 120)
        assert len({one.digest for one in done.splits}) == 1
        assert sum(chosen_splits(self.old(project), found, equal).leaks) > 5

    def test_parts_that_are_given_are_kept_and_warned_of(self, tmp_path):
        project = self.grown(tmp_path)
        for domain, part in (("flat", "train"), ("bold", "test")):
            for number in range(self.EACH):
                of = part if number % 2 else {"train": "test", "test": "train"}[part]
                for kind in ("cat", "dog"):
                    name = f"{kind}-thing-{number:02d}x.png"
                    target = tmp_path / "set" / domain / of / kind / name
                    target.parent.mkdir(parents=True, exist_ok=True)
                    (tmp_path / "set" / domain / kind / name).rename(target)
            for kind in ("cat", "dog"):
                (tmp_path / "set" / domain / kind).rmdir()
        project = project.with_split(SplitSettings(identity="auto")).with_tasks(project.file.tasks[:2])
        done = self.drawn(project)
        assert done.leaks == (20, 20)
        assert "(flat 20, bold 20)" in done.warning
        assert "draw others by subject with --fractions, --shots or --share" in done.warning
        few = self.drawn(project.split_for_one_run(SplitSettings(kind="fraction", identity="auto")))
        assert sum(few.leaks) == 0


class TestStarter:
    def drawn(self, **split):
        project = Project.starter().with_split(SplitSettings(**split))
        domains = [task.domain for task in read_starter(resource("starter"))]
        return domains, chosen_splits(project, list(zip(project.file.tasks, domains, strict=True)))

    def test_its_own_split_is_as_it_gives_it(self):
        domains, done = self.drawn()
        for domain, one in zip(domains, done.splits, strict=True):
            assert (one.kind, one.seed) == ("given", None)
            for part in ("train", "val", "test"):
                assert [domain.given_splits[row] for row in one.split.part(part)] == [part] * len(one.split.part(part))
        assert (sum(done.leaks), done.document["shared"]) == (0, len(domains[0].files))

    @pytest.mark.parametrize("identity", [None, "auto"])
    def test_shots_and_shares_are_drawn_from_its_training_part(self, identity):
        for split, most in (({"kind": "shots", "shots": 4}, 4), ({"kind": "share", "share": 0.1}, 9)):
            domains, done = self.drawn(**split, identity=identity)
            domain, one = domains[0], done.splits[0].split
            assert {domain.given_splits[row] for row in one.train} == {"train"}
            assert {domain.given_splits[row] for row in one.test} == {"test"}
            assert len(one.test) == domain.given_splits.count("test")
            assert np.bincount(domain.labels[list(one.train)]).min() >= 1
            assert np.bincount(domain.labels[list(one.train)]).max() <= most
            assert (len({drawn.digest for drawn in done.splits}), sum(done.leaks)) == (1, 0)

    def test_fractions_draw_every_pictogram_anew_and_into_one_part(self):
        domains, done = self.drawn(kind="fraction", fractions=(0.5, 0.25, 0.25))
        one = done.splits[0].split
        assert abs(len(one.train) / len(domains[0].files) - 0.5) < 0.03
        assert {domains[0].given_splits[row] for row in one.test} == {"train", "val", "test"}
        assert (len({drawn.digest for drawn in done.splits}), sum(done.leaks)) == (1, 0)

    def test_what_is_asked_to_be_drawn_style_by_style_is_and_is_warned_of(self):
        _, done = self.drawn(kind="fraction", identity="none")
        assert len({drawn.digest for drawn in done.splits}) == 6
        assert sum(done.leaks) / sum(len(one.split.test) for one in done.splits) > 0.9
        assert "--identity auto" in done.warning

    def test_nothing_of_it_is_saved(self, tmp_path, monkeypatch):
        monkeypatch.setenv("MMAP_STUDIO_HOME", str(tmp_path))
        self.drawn(kind="shots")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("split", "least"),
    [
        ({"kind": "fraction"}, 4),  # 60/20/20: of 3 images 2 train and 1 tests
        ({"kind": "auto", "fractions": (0.5, 0.25, 0.25)}, 3),
        ({"kind": "fraction", "fractions": (0.98, 0.01, 0.01)}, 67),
        ({"kind": "fraction", "fractions": (0.8, 0.0, 0.2)}, None),
        ({"kind": "shots", "shots": 16}, 18),
        ({"kind": "shots", "shots": 9000}, 9002),
        ({"kind": "share"}, 3),
        ({"kind": "share", "rest": "test"}, None),
    ],
)
def test_from_how_many_images_on_a_class_is_validated_is_said(split, least):
    settings = SplitSettings(**split)
    assert validated_from(settings) == least
    said = validation_sentence(settings)
    assert said.startswith("No class has" if least is None else f"A class of fewer than {least:,} images has no")
    assert UNVALIDATED in said
    assert validation_sentence(SplitSettings(kind="given")) == ""
