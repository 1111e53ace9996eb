"""`new` on published trees, lists, tables and archives, and a run of what it made, with no hand work."""

import json
import tomllib
import zipfile

import pytest
import typer

from tests.cli.conftest import QUICK, settings
from tests.data import drawn
from tests.session.hub_data_sets.data_hub import COMMIT, serving
from tests.session.ingest.published import domains

SHORT = settings(*QUICK, "train.epochs=1", "train.batch_size=4")


@pytest.fixture(scope="module")
def pacs(place):
    return drawn.pacs(place / "pacs_data", 3, 2, classes=drawn.PACS_CLASSES[:3])


@pytest.fixture
def serve(tmp_path, monkeypatch):
    """Start a hub that has a data set."""
    yield from serving(tmp_path, monkeypatch)


def project_file(folder):
    return tomllib.loads((folder / "project.toml").read_text())


def test_pacs_as_published_opens_and_runs_to_its_end(place, pacs, mmap):
    made = mmap("new", place / "pacs", "--data", pacs, "--backbone", place / "tiny.json", *SHORT, "--json",
                "--template", "sketch=a sketch of a {}.", "--ensemble", "sketch=a drawing of a {}.")  # fmt: skip
    assert made.exit_code == 0, made.output
    document = json.loads(made.stdout)
    assert document["layout"]["name"] == "lists:."
    assert document["layout"]["others"] == ["domains"]
    assert [task["splits"] for task in document["tasks"]] == [{"train": 9, "val": 0, "test": 6}] * 4
    assert len(document["skipped"]) == 1
    entries = {entry["name"]: entry for entry in project_file(place / "pacs")["tasks"]}
    assert entries["sketch"]["template"] == "a sketch of a {}."
    assert "template" not in entries["photo"]
    run = mmap("run", place / "pacs", "--json", "--groups", "together")
    assert run.exit_code == 0, run.output
    result = json.loads(run.stdout)
    assert set(result["run"]["per_task"]) == set(drawn.PACS_DOMAINS)
    assert {one["kind"] for one in result["splits"].values()} == {"given"}
    assert all(one["images"] == {"train": 9, "val": 0, "test": 6} for one in result["splits"].values())
    again = json.loads(mmap("run", place / "pacs", "--json", "--groups", "together").stdout)
    assert again["trained_nothing"]
    assert again["splits"] == result["splits"]
    assert mmap("inspect", place / "pacs").exit_code == 0


@pytest.mark.parametrize(
    ("options", "kind"),
    [(("--layout", "domains"), None), (("--layout", "lists"), "lists:."), (("--yes", "--share", "50%"), "lists:.")],
)
def test_a_layout_can_be_asked_for(place, pacs, mmap, tmp_path, options, kind):
    result = mmap("new", tmp_path / "p", "--data", pacs, *options)
    assert result.exit_code == 0, result.output
    assert f"Layout: {kind or 'domains'}, that is" in result.stdout
    assert project_file(tmp_path / "p")["tasks"][0]["layout"] == (kind or "domains")


def test_a_zip_and_a_table(place, pacs, mmap, tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for path in pacs.rglob("*.jpg"):
            archive.write(path, path.relative_to(pacs))
    made = mmap("new", tmp_path / "z", "--data", tmp_path / "all.zip", "--json")
    assert [task["images"] for task in json.loads(made.stdout)["tasks"]] == [15] * 4
    assert project_file(tmp_path / "z")["tasks"][1]["part"] == "cartoon"
    rows = [f"photo/{name}/pic_00{n}.jpg,{name},train" for name in drawn.PACS_CLASSES[:3] for n in (1, 2)]
    (pacs / "some.csv").write_text("\n".join(["path,class,split", *rows]))
    made = mmap("new", tmp_path / "c", "--data", pacs / "some.csv", "--json")
    (pacs / "some.csv").unlink()
    (task,) = json.loads(made.stdout)["tasks"]
    assert (task["name"], task["splits"]) == ("some", {"train": 3, "val": 0, "test": 3})


def test_training_images_alone_are_divided_and_are_no_given_split(place, pacs, mmap, tmp_path):
    for path in (pacs / "photo").rglob("*.jpg"):
        copy = tmp_path / "photo" / "train" / path.relative_to(pacs / "photo")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    made = mmap("new", tmp_path / "p", "--data", tmp_path / "photo", "--json")
    (task,) = json.loads(made.stdout)["tasks"]
    assert task["splits"] == {"train": 9, "val": 3, "test": 3}  # 60/20/20 of 15
    refused = mmap("new", tmp_path / "q", "--data", tmp_path / "photo", "--split", "given")
    assert refused.exit_code == 1
    assert "'photo': a given split needs images in train and in test (or val); found train; use" in refused.stderr
    assert not (tmp_path / "q").exists()


def test_a_given_split_needs_one_and_lists_that_say_it_are_named(place, pacs, mmap, tmp_path):
    for path in (path for path in pacs.rglob("*") if path.is_file()):
        for copy in (tmp_path / "set", *([tmp_path / "set" / "other"] if path.suffix == ".txt" else [])):
            (copy / path.relative_to(pacs)).parent.mkdir(parents=True, exist_ok=True)
            (copy / path.relative_to(pacs)).write_bytes(path.read_bytes())
    lists = "read it as 'lists:.', 'lists:other', or choose another split (fractions, shots, share)."
    ways = {"domains": "choose another split (fractions, shots, share).", "auto": lists}
    for layout, do in ways.items():
        refused = mmap("new", tmp_path / "q", "--data", tmp_path / "set", "--split", "given", "--layout", layout)
        assert (refused.exit_code, refused.stderr.count("\n")) == (1, 1)
        assert f"but domain 'art_painting' was read without; {do}" in refused.stderr
        assert not (tmp_path / "q").exists()


def test_classes_merged_renamed_and_left_out(place, pacs, mmap, tmp_path):
    made = mmap("new", tmp_path / "p", "--data", pacs, "--merge", "animal=dog+giraffe", "--class", "elephant=tusker")
    assert made.exit_code == 0, made.output
    entry = project_file(tmp_path / "p")["tasks"][0]
    assert (entry["merged"], entry["class_names"]) == ({"animal": ["dog", "giraffe"]}, {"elephant": "tusker"})
    assert "Classes dog, giraffe are one: animal\nClass elephant is read as: tusker\n" in made.stdout
    left = mmap("new", tmp_path / "q", "--data", pacs, "--class", "dog=hound", "--leave-out", "giraffe", "--json")
    task = json.loads(left.stdout)["tasks"][0]
    assert (task["classes"], task["read_as"]) == (2, {"dog": "hound"})


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        ("--layout folders", 1, "A layout must be auto, domains,"),
        ("--layout manifest", 1, "cannot be read as layout 'manifest'"),
        ("--leave-out cat", 1, "'cat' is in no task; there are 'dog', 'elephant', 'giraffe'"),
        ("--leave-out dog --leave-out giraffe", 1, "at least 2 classes, but merging and leaving out"),
        ("--leave-out dog --class dog=hound", 1, "'dog' is asked for in two of these ways"),
        ("--merge dog", 2, "--merge must be TEXT=CLASS+CLASS"),
        ("--class dog=", 2, "--class must be CLASS=TEXT"),
        (
            "--class dog=Giraffe",
            1,
            "'dog', 'giraffe' are read as 'giraffe'; name one otherwise with --class",
        ),
        ("--template nothing", 1, "must contain {} once"),
        ("--template skech={}", 1, "A template can be given for the tasks"),
        ("--ensemble skech={}", 1, "A template can be given for the tasks"),
        ("--ensemble photo={}{}", 1, "must contain {} once"),
        ("--share 0", 2, "--share must be a share between 0 and 1"),
        ("--share 150%", 2, "--share must be"),
        ("--share 10% --shots 4", 2, "contradict"),
    ],
)
def test_refusals_are_one_sentence_and_nothing_is_made(place, pacs, mmap, tmp_path, options, code, text):
    result = mmap("new", tmp_path / "p", "--data", pacs, *options.split())
    assert (result.exit_code, result.stdout) == (code, "")
    assert text in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "p").exists()


@pytest.mark.parametrize("answer", [True, False])
def test_on_a_terminal_it_shows_what_it_recognised_and_asks(place, pacs, mmap, tmp_path, monkeypatch, answer):
    asked = []
    monkeypatch.setattr("mmap_studio.cli.new.is_terminal", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda text, **options: asked.append(text) or answer)
    result = mmap("new", tmp_path / "p", "--data", pacs)
    assert asked == ["Is this right?"]
    assert "Layout: lists:., that is list files" in result.stderr
    assert "It could be read as domains too" in result.stderr
    assert (tmp_path / "p").exists() is answer
    assert result.exit_code == (0 if answer else 1)
    if not answer:
        assert "Nothing was made; say what the layout is with --layout, such as domains," in result.stderr


def test_a_class_name_that_is_too_long_is_refused_before_anything_is_made(place, mmap, tmp_path):
    for name in ("fox", "a very " * 30 + "long name", "a b " * 60):
        (tmp_path / "data" / name.strip()).mkdir(parents=True)
        (tmp_path / "data" / name.strip() / "0.png").write_bytes(b"x")
        (tmp_path / "data" / name.strip() / "1.png").write_bytes(b"y")
    made = ("new", tmp_path / "p", "--data", tmp_path / "data", "--backbone", place / "tiny.json")
    refused = mmap(*made)
    assert refused.exit_code == 1
    assert "tokens, but template and prompts leave room for" in refused.stderr
    assert "1 other class name has to be put right, too." in refused.stderr
    assert not (tmp_path / "p").exists()
    long, another = ("a very " * 30 + "long name").strip(), ("a b " * 60).strip()
    renamed = mmap(*made, "--class", f"{long}=cat", "--class", f"{another}=dog")
    assert renamed.exit_code == 0, renamed.output


def test_the_document_counts_what_was_skipped_and_lists_the_first(place, mmap, tmp_path):
    for name in ("fox", "cat"):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(150):
            (tmp_path / "data" / name / f"{number}.png").write_bytes(b"x")
            (tmp_path / "data" / name / f"{number}.xyz").write_bytes(b"x")
    document = json.loads(mmap("new", tmp_path / "p", "--data", tmp_path / "data", "--json").stdout)
    assert document["skipped_count"] == 300
    assert len(document["skipped"]) == 100
    assert sum(document["skipped_reasons"].values()) == 300


def test_classes_of_very_unequal_sizes_are_told(place, mmap, tmp_path):
    for name, count in (("cat", 200), ("lynx", 5)):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(count):
            (tmp_path / "data" / name / f"{number}.png").write_bytes(f"{name}{number}".encode())
    told = mmap("new", tmp_path / "p", "--data", tmp_path / "data")
    assert "class 'cat' has 120 training images and 'lynx' 3; accuracy says little" in told.stdout


def test_classes_that_read_alike_or_as_nothing_are_refused_with_the_options_that_part_them(mmap, tmp_path):
    for name in ("sun_glasses", "Sun-Glasses", "_"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "0.png").write_bytes(name.encode())
        (tmp_path / "data" / name / "1.png").write_bytes(name.encode() * 2)
    made = ("new", tmp_path / "p", "--data", tmp_path / "data")
    refused = mmap(*made)
    assert refused.exit_code == 1
    assert not (tmp_path / "p").exists()
    merge = "sun glasses=Sun-Glasses+sun_glasses"
    first, other = "--class sun_glasses=NAME", "1 other class name has to be put right, too."
    assert refused.stderr == (
        "Task 'data': every class must read differently, but 'Sun-Glasses', 'sun_glasses' are read as 'sun glasses'; "
        f"name one otherwise with {first}, or make them one with --merge '{merge}'. {other}\n"
    )
    assert "'_' reads as nothing; name it with --class _=NAME" in mmap(*made, "--merge", merge).stderr
    assert mmap(*made, "--merge", merge, "--class", "_=underscore").exit_code == 0


def test_names_of_classes_may_have_the_signs_of_options(mmap, tmp_path):
    for name in ("a=b", "a", "C++", "C+"):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "0.png").write_bytes(name.encode())
    options = ("--class", "a=b=equals", "--merge", "x=y=C+++a", "--class", "C+=see=plus")
    made = mmap("new", tmp_path / "p", "--data", tmp_path / "data", *options)
    assert made.exit_code == 0, made.output
    (entry,) = project_file(tmp_path / "p")["tasks"]
    assert entry["class_names"] == {"a=b": "equals", "C+": "see=plus"}
    assert entry["merged"] == {"x=y": ["C++", "a"]}


def test_the_report_says_what_was_understood(mmap, tmp_path):
    counts = {"Art": {"cat": 5, "dog": 10}, "Clip": {"cat": 5, "dog": 5}}
    for domain, classes in counts.items():
        for name, count in classes.items():
            (tmp_path / "data" / domain / name).mkdir(parents=True)
            for number in range(count):
                (tmp_path / "data" / domain / name / f"{number}.png").write_bytes(f"{domain}{name}{number}".encode())
    for number in range(4):
        (tmp_path / "data" / "Art" / f"{number}.xyz").write_text("x")
    made = ("new", tmp_path / "p", "--data", tmp_path / "data", "--fractions", "0.6,0.2,0.2", "--identity", "none")
    said = mmap(*made).stdout
    assert (
        "images a class  train  val  test\nArt               3-6  1-2   1-2\nClip                3    1     1\n" in said
    )
    assert "Classes of Art, Clip: cat, dog\n" in said
    assert "Skipped 4, not an image file (.xyz): 'Art/0.xyz', 'Art/1.xyz', 'Art/2.xyz' and 1 more." in said
    document = json.loads(mmap(*made[:1], tmp_path / "q", *made[2:], "--json").stdout)
    assert [task["class_names"] for task in document["tasks"]] == [["cat", "dog"]] * 2
    assert document["tasks"][0]["per_class"] == {
        "train": {"fewest": 3, "most": 6}, "val": {"fewest": 1, "most": 2}, "test": {"fewest": 1, "most": 2}
    }  # fmt: skip


def test_a_column_of_classes_that_no_name_gives_away(mmap, tmp_path):
    rows = (f"{number}.png,{'cat' if number % 2 else 'dog'},{number}" for number in range(6))
    (tmp_path / "data").mkdir()
    for number in range(6):
        (tmp_path / "data" / f"{number}.png").write_bytes(str(number).encode())
    (tmp_path / "data" / "t.csv").write_text("\n".join(["path, creature,seen", *rows]))
    made = ("new", tmp_path / "p", "--data", tmp_path / "data")
    refused = mmap(*made)
    assert "'path', ' creature', 'seen'; rename the one it is, or name it with --label-column" in refused.stderr
    assert (
        "'t.csv' has 'path', 'creature', 'seen'; name one that is there." in mmap(*made, "--label-column", "x").stderr
    )
    of_trees = mmap(*made, "--label-column", "creature", "--layout", "domains")
    assert "can be named for tables, but layout 'domains' is none" in of_trees.stderr
    said = json.loads(mmap(*made, "--label-column", "creature", "--json").stdout)
    assert said["tasks"][0]["class_names"] == ["cat", "dog"]
    assert project_file(tmp_path / "p")["tasks"][0]["layout"] == "manifest:t.csv#creature"


def test_a_data_set_of_the_hub_is_shown_with_its_licence_and_fetched_once(mmap, tmp_path, serve, monkeypatch):
    files = domains("Art", "Clip")
    server = serve(files, licence="cc-by-nc-4.0")
    made = ("--data", "hf:owner/pets", "--json")
    first = mmap("new", tmp_path / "p", *made)
    assert first.exit_code == 0, first.output
    assert "hf:owner/pets: 8 files, " in first.stderr
    assert "licence: cc-by-nc-4.0; from 127.0.0.1:" in first.stderr
    assert [task["name"] for task in json.loads(first.stdout)["tasks"]] == ["Art", "Clip"]
    assert project_file(tmp_path / "p")["tasks"][0]["folder"] == f"../kept/owner/pets/{COMMIT}/pets/Art"
    server.do.requests.clear()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert mmap("new", tmp_path / "q", *made).exit_code == 0
    assert server.do.requests == []
    refused = mmap("new", tmp_path / "r", "--data", "hf:owner")
    assert "must be hf:OWNER/NAME" in refused.stderr
    assert refused.exit_code == 1


def test_on_a_terminal_a_data_set_of_the_hub_is_asked_for(mmap, tmp_path, serve, monkeypatch):
    serve(domains("Art", "Clip"))
    monkeypatch.setattr("mmap_studio.cli.new.is_terminal", lambda: True)
    asked = []
    monkeypatch.setattr(typer, "confirm", lambda text, **how: asked.append(text))
    refused = mmap("new", tmp_path / "p", "--data", "hf:owner/pets")
    assert (refused.exit_code, asked) == (1, ["Download it?"])
    assert "Nothing was downloaded and nothing made" in refused.stderr
    assert not list((tmp_path / "kept").rglob("*.png"))
