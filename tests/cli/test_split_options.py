"""A split by options: of a new project, and of one run of any project."""

import json
import shlex

import pytest

from mmap_studio.cli.split_options import split_of, with_split
from mmap_studio.cli.terminal.output import UsageError
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import SplitSettings
from mmap_studio.session.studio.command_line import run_command
from tests.cli.conftest import QUICK, settings
from tests.data import drawn

NOTHING = (None,) * 6


def of(*given, own=None, kind=None):
    """Shots, share, fractions, rest, seed and identity; None for those that are left out."""
    return split_of(kind, *given, *NOTHING[len(given) :], own)


def parallel(root, each=10):
    """Two domains of the same things, and a class of one image."""
    for at, domain in enumerate(("flat", "bold")):
        for label, kind in enumerate(("cat", "dog")):
            for number in range(each):
                path = root / domain / kind / f"{kind}-on-{'abcdefghij'[number] * 3}.png"
                drawn.write(path, drawn.noise(at, label, number))
        drawn.write(root / domain / "emu" / f"{domain}-thing.png", drawn.noise(at))
    return root


def test_a_new_project_knows_subjects_and_says_what_it_found(mmap, tmp_path):
    data = parallel(tmp_path / "data")
    made = mmap("new", tmp_path / "p", "--data", data, "--yes")
    assert made.exit_code == 0, made.output
    assert (
        "Note: Subjects: 20 subjects in several tasks (20 in 2): each subject is in one part everywhere." in made.stdout
    )
    assert "Note: Task 'flat': 1 class has no test image: 'emu'." in made.stdout
    assert Project.open(tmp_path / "p").file.split == SplitSettings(identity="auto")
    made = mmap(
        "new", tmp_path / "q", "--data", data, "--identity", "none", "--share", "20%", "--rest", "test", "--json"
    )
    document = json.loads(made.stdout)
    assert document["subjects"] == {"identity": "none", "shared": 0, "equal_images": 0, "moved": 0}
    assert [task["splits"] for task in document["tasks"]] == [{"train": 5, "val": 0, "test": 16}] * 2


def test_lists_that_train_on_none_of_a_class_name_it(mmap, tmp_path):
    """As VMTL's of a few per cent may."""
    root = parallel(tmp_path / "data")
    for domain in ("flat", "bold"):
        paths = sorted(path.relative_to(root).as_posix() for path in (root / domain).rglob("*.png"))
        lines = [f"{path} {('cat', 'dog', 'emu').index(path.split('/')[1])}" for path in paths]
        (root / f"{domain}_train.txt").write_text("\n".join(line for line in lines if "-aaa" in line or "emu" in line))
        (root / f"{domain}_test.txt").write_text("\n".join(line for line in lines if "-bbb" in line))
    (root / "bold_train.txt").write_text("bold/cat/cat-on-aaa.png 0\nbold/emu/bold-thing.png 2")
    made = mmap("new", tmp_path / "p", "--data", root, "--yes")
    assert "Note: Task 'bold': 1 class has no training image: 'dog'." in made.stdout


@pytest.mark.slow
def test_a_run_splits_otherwise_and_leaves_the_project_as_it_was(place, mmap, tmp_path):
    data = parallel(tmp_path / "data")
    mmap("new", tmp_path / "p", "--data", data, "--backbone", place / "tiny.json", *settings(*QUICK, "train.epochs=1"))
    before = (tmp_path / "p" / "project.toml").read_bytes()
    own = json.loads(mmap("affinity", tmp_path / "p", "--json").stdout)
    result = mmap("run", tmp_path / "p", "--shots", 2, "--split-seed", 3, "--groups", "together", "--json")
    assert result.exit_code == 0, result.output
    few = json.loads(result.stdout)
    assert {(one["kind"], one["seed"], one["images"]["train"]) for one in few["splits"].values()} == {("shots", 3, 5)}
    assert few["subjects"] == {"identity": "auto", "shared": 20, "equal_images": 0, "tested_in_training": 0}
    assert (tmp_path / "p" / "project.toml").read_bytes() == before
    assert json.loads(mmap("affinity", tmp_path / "p", "--json").stdout)["splits"] == own["splits"]
    text = (tmp_path / "p" / "project.toml").read_text()
    (tmp_path / "p" / "project.toml").write_text(text.replace('identity = "auto"\n', ""))  # as made before
    leaking = mmap("affinity", tmp_path / "p")
    assert "Warning: Test subjects are in training:" in leaking.stderr
    log = max((tmp_path / "p" / "runs").iterdir()) / "log.txt"
    assert "warning: Test subjects are in training:" in log.read_text()


class TestOptions:
    def test_what_is_not_said_is_as_the_project_has_it(self):
        own = SplitSettings(kind="share", share=0.2, rest="test", seed=5, identity="stem")
        assert of(own=own, kind="share") == own
        assert of(None, "5%", own=own) == own.model_copy(update={"share": 0.05})
        assert of(4, own=own) == own.model_copy(update={"kind": "shots", "shots": 4})
        assert of(None, None, None, "val", own=own, kind="share").rest == "val"
        assert of(own=SplitSettings(), kind="auto").identity == "auto"

    def test_the_rest_is_of_a_share(self):
        with pytest.raises(UsageError, match="--rest says what becomes of the rest of a share"):
            of(4, None, None, "test")

    def test_a_project_of_which_nothing_is_said_stays_as_it_is(self):
        starter = Project.starter()
        assert with_split(starter, *NOTHING) is starter
        few = with_split(starter, 4, *NOTHING[1:])
        assert (few.file.split.kind, few.own_split) == ("shots", False)

    @pytest.mark.parametrize("given", [(None, None, None, None, 2), (None, None, None, None, None, "stem")])
    def test_how_to_draw_a_split_that_is_given_is_refused(self, given):
        with pytest.raises(UsageError, match="is given by its data"):
            with_split(Project.starter(), *given, *NOTHING[len(given) :])

    @pytest.mark.parametrize(
        "split",
        [{"kind": "shots", "shots": 4}, {"kind": "share", "share": 0.05, "rest": "test"},
         {"kind": "fraction", "fractions": (0.5, 0.25, 0.25), "seed": 3, "identity": "none"}, {}],
        ids=str,
    )  # fmt: skip
    def test_the_command_of_the_starter_says_its_split(self, split):
        project = Project.starter().with_split(SplitSettings(**split))
        words = shlex.split(run_command(project, "together"))
        given = dict(zip(words[3::2], words[4::2], strict=True))
        names = ("--shots", "--share", "--fractions", "--rest", "--split-seed", "--identity")
        values = [given.get(name) for name in names]
        shots, seed = (values[place] and int(values[place]) for place in (0, 4))
        asked = with_split(Project.starter(), shots, values[1], values[2], values[3], seed, values[5])
        wanted = SplitSettings(**({"identity": "auto"} | split)) if split else SplitSettings()
        assert asked.file.split == wanted
