"""A data set of the hub by name, against a server that behaves like it, and badly."""

import hashlib

import pytest

from mmap_studio.errors import BackboneError, InputError, Interrupted
from mmap_studio.session.download.transfer import Downloaded
from mmap_studio.session.hub_data_sets.address import address_of
from mmap_studio.session.hub_data_sets.data_set import fetch, local, look_up
from mmap_studio.session.ingest.report import import_report
from tests.session.hub_data_sets.data_hub import COMMIT, FILES, QUICK
from tests.session.ingest.published import columns, domains, shard, zipped

pytestmark = pytest.mark.slow
PETS = address_of("hf:owner/pets")
NEWER = "d0d0" + 36 * "0"
NAMES = b"cat\ndog\n"


def images(**more):
    return {**domains("Art", "Clip"), "README.md": b"x", "loader.py": b"x", **more}


def fetched(address=PETS, **how):
    *progress, last = fetch(look_up(address), retry=QUICK, **how)
    assert isinstance(last, Downloaded)
    return last.path, progress


def gets(server):
    return [path.removeprefix(FILES) for method, path, _ in server.do.requests if path.startswith(FILES)]


def test_what_an_import_reads_comes_and_is_there_without_a_network(serve, monkeypatch):
    files = images(**{"classnames.txt": NAMES, ".gitattributes": b"x"})
    server = serve(files)
    found = look_up(PETS)
    assert (found.licence, found.commit, found.others) == ("cc-by-4.0", COMMIT, 2)
    assert found.size == sum(len(data) for path, data in files.items() if path.endswith((".png", ".txt")))
    assert "9 files" in found.sentence
    assert "licence: cc-by-4.0" in found.sentence
    assert local(PETS) is None
    path, progress = fetched()
    assert path.name == "pets"
    assert {one.relative_to(path).as_posix() for one in path.rglob("*") if not one.name.startswith(".")
            and one.is_file()} == {name for name in files if name.endswith((".png", ".txt"))}  # fmt: skip
    assert all((path / name).read_bytes() == files[name] for name in files if name.endswith(".png"))
    received = [event.received for event in progress if event.size]
    assert received == sorted(received)
    assert {event.size for event in progress} <= {0, found.size}
    report = import_report([str(path)])
    assert [task.name for task in report.tasks] == ["Art", "Clip"]
    server.do.requests.clear()
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert local(PETS) == path
    assert server.do.requests == []
    with pytest.raises(BackboneError, match="HF_HUB_OFFLINE must be unset"):
        look_up(address_of("hf:owner/other"))


def test_tables_are_taken_before_images_and_shards_before_pictures(serve, tmp_path):
    pytest.importorskip("pyarrow", reason="the extra `parquet` is not installed")
    columns(tmp_path / "t.parquet", image=[{"bytes": one, "path": None} for one in domains("x").values()],
            label=([0, 1] * 2, ("cat", "dog")), domain=["a", "a", "b", "b"])  # fmt: skip
    table = {"data/train-00000-of-00001.parquet": (tmp_path / "t.parquet").read_bytes()}
    shards = {f"train/{k}.tar": shard([0, 1], 2 * k) for k in range(2)} | {"classnames.txt": NAMES}
    serve(table | shards | domains("sample"))
    assert [one.path for one in look_up(PETS).files] == ["classnames.txt", *table]
    path, _ = fetched()
    report = import_report([str(path)])
    assert report.readings[0].layout == "parquet"
    assert [(task.name, task.class_texts) for task in report.tasks] == [("a", ("cat", "dog")), ("b", ("cat", "dog"))]


def test_shards_with_their_names(serve):
    serve({f"train/{k}.tar": shard([0, 1], 2 * k) for k in range(2)} | {"classnames.txt": NAMES, "img.png": b"x"})
    report = import_report([str(fetched()[0])])
    assert [(task.name, task.class_texts, task.images) for task in report.tasks] == [("pets", ("cat", "dog"), 4)]


def test_a_folder_and_a_revision_of_it(serve):
    server = serve({"a/x.zip": zipped(domains("Art")), "b/y.zip": zipped(domains("Clip"))})
    address = address_of("hf:owner/pets/b@v1.0")
    path, _ = fetched(address)
    assert path == address.folder(COMMIT) / "b"
    assert address.folder(COMMIT).name == "pets"
    assert gets(server) == ["b/y.zip"]
    assert "/revision/v1.0" in server.do.requests[0][1]
    assert [task.name for task in import_report([str(path)]).tasks] == ["y"]
    assert local(address) == path
    assert local(PETS) is None


@pytest.mark.parametrize("fault", [{"drop_after": 200}, {"stall_after": 200}, {"status": 503}])
def test_it_goes_on_where_it_ended(serve, fault):
    files = {"x.zip": zipped(domains("Art", "Clip"))}
    server = serve(files, times=2, **fault)
    path, _ = fetched()
    assert (path / "x.zip").read_bytes() == files["x.zip"]
    asked = [headers.get("range", "") for method, one, headers in server.do.requests if one.startswith(FILES)]
    assert len(asked) == 3
    if "status" not in fault:
        assert asked[-1] > "bytes=0-"


@pytest.mark.parametrize("name", ["Art/cat/0.png", "classnames.txt"])
def test_other_bytes_than_were_announced_are_not_taken(serve, name):
    files = images(**{"classnames.txt": NAMES})
    serve(files, wrong=lambda data: b"!" + data[1:] if data == files[name] else data)
    said = rf"could not be downloaded from .*: '{name}': .* it was deleted; try again"
    with pytest.raises(InputError, match=said):
        fetched()
    assert not (PETS.folder(COMMIT) / name).exists()
    assert local(PETS) is None


def test_what_an_older_version_had_is_not_imported_and_stays_for_the_project_that_reads_it(serve):
    serve(domains("Art", "Old"))
    before, _ = fetched()
    (before / "Art/cat/0.png").unlink()
    server = serve(domains("Art", "New"), commit=NEWER)
    assert local(PETS) is None
    path, _ = fetched()
    assert [task.name for task in import_report([str(path)]).tasks] == ["Art", "New"]
    assert local(PETS) == path
    assert (before / "Old/cat/0.png").is_file()
    assert [one.partition(f"/{NEWER}/")[1] for method, one, _ in server.do.requests if "/resolve/" in one] == 8 * [
        f"/{NEWER}/"]  # fmt: skip


def test_what_came_of_a_download_that_was_stopped_is_not_imported_with_a_newer_version(serve):
    server = serve(domains("Art", "Old", n=5), pace=0.05)

    def stop():
        if len(gets(server)) > 15:
            raise Interrupted("enough")

    with pytest.raises(Interrupted):
        list(fetch(look_up(PETS), stop, QUICK))
    serve(domains("New", "Newer"), commit=NEWER)
    assert [task.name for task in import_report([str(fetched()[0])]).tasks] == ["New", "Newer"]


def test_a_folder_of_a_data_set_and_all_of_it_do_not_mix(serve):
    serve({"a/x.zip": zipped(domains("Art")), "b/y.txt": b"cat\n", **domains("b/Clip", "b/Photo")})
    part, _ = fetched(address_of("hf:owner/pets/b"))
    assert [task.name for task in import_report([str(part)]).tasks] == ["Clip", "Photo"]
    path, _ = fetched()
    assert sorted(one.name for one in path.rglob("*") if one.is_file() and one.name[0] != ".") == ["x.zip", "y.txt"]
    assert local(address_of("hf:owner/pets/b")) == part


@pytest.mark.parametrize("commit", ["../../evil", "", "main", COMMIT + "0"])
def test_a_commit_that_is_none_names_no_folder(serve, commit, tmp_path):
    serve(domains("Art"), commit=commit)
    with pytest.raises(InputError, match=r"hf:owner/pets must have a commit of 40 or 64 hex digits.* says '.*'; try"):
        look_up(PETS)


def test_a_file_that_was_damaged_is_fetched_anew(serve):
    files = domains("Art")
    serve(files)
    old = PETS.folder(COMMIT) / "Art/cat/0.png"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"?" * len(files["Art/cat/0.png"]))
    path, _ = fetched()
    assert (path / "Art/cat/0.png").read_bytes() == files["Art/cat/0.png"]


def test_files_that_are_gone_are_fetched_again(serve):
    server = serve(domains("Art"))
    path, _ = fetched()
    (path / "Art/cat/0.png").unlink()
    assert local(PETS) is None
    server.do.requests.clear()
    fetched()
    assert gets(server) == ["Art/cat/0.png"]
    (PETS.record).write_text("{")
    assert local(PETS) is None


def test_paths_that_lead_elsewhere_are_not_written(serve, tmp_path):
    names = ("../../evil.png", "/evil.png", "a/../../../evil.png", "C:/evil.png", "a\\..\\evil.png", ".hidden/evil.png",
             "a//evil.png", "evil\0.png", "a/./evil.png", "")  # fmt: skip
    large = {"sha256": hashlib.sha256(b"x").hexdigest(), "size": 1, "pointerSize": 1}
    odd = [{"rfilename": name, "size": 1, "blobId": "0" * 40, "lfs": large} for name in names]
    odd += [{"rfilename": "sized.png", "size": None}, {"rfilename": "digest.png", "size": 4, "blobId": "zz"}]
    serve(domains("Art"), odd)
    assert {one.path for one in look_up(PETS).files} == set(domains("Art"))
    fetched()
    assert not list(tmp_path.rglob("*evil*"))


def test_a_link_in_the_way_is_not_followed(serve, tmp_path):
    serve(domains("Art"))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "kept" / "owner").mkdir(parents=True)
    (tmp_path / "kept" / "owner" / "pets").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="link"):
        fetched()
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (
            {"head_status": 404},
            "must be a data set that .* has, but asking for it failed: it has no such file .404.; check",
        ),
        (
            {"head_status": 401},
            "it refused .401.: the licence must be accepted on its page, or a token set in HF_TOKEN",
        ),
        ({"head_status": 500}, "it has a fault .500."),
    ],
)
def test_a_hub_that_does_not_tell(serve, how, said):
    serve(domains("Art"), **how)
    with pytest.raises(InputError, match=said):
        look_up(PETS)


def test_a_data_set_without_images_is_refused(serve):
    serve({"a.py": b"x", "b.py": b"x", "list.txt": b"x"})
    with pytest.raises(InputError, match=r"must hold Parquet tables.*found 3 files, most of them .py;"):
        look_up(PETS)


def test_a_disk_that_is_too_small_is_told_before(serve, monkeypatch):
    server = serve(domains("Art"))
    found = look_up(PETS)
    monkeypatch.setattr("mmap_studio.session.hub_data_sets.data_set._free", lambda folder: 10)
    with pytest.raises(InputError, match=r"must have .* of room in .*, but 10 B are free; free some, or name another"):
        list(fetch(found))
    assert gets(server) == []


def test_it_can_be_stopped_and_goes_on(serve):
    server = serve(domains("Art", "Clip", n=10), pace=0.05)
    calls = []

    def stop():
        calls.append(1)
        if len(calls) == 5:
            raise Interrupted("enough")

    with pytest.raises(Interrupted):
        list(fetch(look_up(PETS), stop, QUICK))
    assert 0 < len(list(PETS.folder(COMMIT).rglob("*.png"))) < 40
    assert local(PETS) is None
    server.do.pace = 0
    assert fetched()[0] == PETS.folder(COMMIT)


@pytest.mark.parametrize("text", ["hf:", "hf:owner", "hf:../x", "hf:owner/..", "hf:owner/pets/../x", "hf:o/p@../x",
                                  "hf:o/p@", "hf:-o/p", "hf:o/p//x", "hf:o p/q", "hf:o/p/a\0"])  # fmt: skip
def test_what_is_no_address(text):
    if text == "hf:o/p@":
        assert address_of(text) == address_of("hf:o/p")
        return
    with pytest.raises(InputError, match=r"must be hf:OWNER/NAME, with /FOLDER or @REVISION .* Got '.*' instead."):
        address_of(text)


def test_addresses_say_where_they_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("MMAP_STUDIO_DATA", str(tmp_path))
    address = address_of("hf:flwrlabs/office-home/data/x@refs/convert/parquet")
    assert (address.repository, address.inside, address.revision) == (
        "flwrlabs/office-home", "data/x", "refs/convert/parquet")  # fmt: skip
    assert address_of(str(address)) == address
    assert address.data(COMMIT).is_relative_to(tmp_path / "flwrlabs" / "office-home")
    assert address.data(COMMIT).parts[-3:] == ("office-home", "data", "x")
    assert PETS.data(COMMIT) == tmp_path / "owner" / "pets" / COMMIT / "pets"


def test_no_two_addresses_share_a_folder_or_a_record(monkeypatch, tmp_path):
    monkeypatch.setenv("MMAP_STUDIO_DATA", str(tmp_path))
    texts = ["", "@a/b", "@a-b", "@A-b", "/a/b", "/a-b", "/A-b", "/a", "/a@b", "/a/b@a"]
    made = [address_of(f"hf:owner/pets{text}") for text in texts]
    assert len({str(one.record).casefold() for one in made}) == len(made)
    insides = {one.inside for one in made}
    folders = {str(one.folder(commit)).casefold() for one in made for commit in (COMMIT, NEWER)}
    assert len(folders) == 2 * len(insides)
