"""Zips that are parts of one download are read as one; those that only look like it are not."""

import stat
import zipfile

import pytest

from mmap_studio.data.archives.split_zips import are_one, halves, missing, whole_name
from mmap_studio.data.domain_finder import DomainFinder
from mmap_studio.data.images.sources import sources
from mmap_studio.data.listing import LEAVES, Walk, every_image
from mmap_studio.errors import DataError
from mmap_studio.session.ingest.report import import_report
from tests.session.ingest.published import domains, write, zipped

TIME = "-20240501T101010Z"
CLASSES = ("cat", "dog", "emu")


def cut(files, at):
    names = list(files)
    return {name: files[name] for name in names[:at]}, {name: files[name] for name in names[at:]}


def test_parts_go_by_time_and_number_and_the_rest_by_itself():
    drive = [f"Office{TIME}-002.zip", f"Office{TIME}-001.zip", f"Office{TIME}-1-003.ZIP", "a-001.zip", "b.zip"]
    assert halves(drive) == {f"Office{TIME}-001.zip": [f"Office{TIME}-001.zip", f"Office{TIME}-002.zip"]}
    assert halves(["a-003.zip", "a-001.zip", "b-002.zip"]) == {"a-001.zip": ["a-001.zip", "a-003.zip"]}
    assert whole_name(f"My Office{TIME}-1-001.zip") == "My Office"
    assert missing(["a-002.zip", "a-005.zip"]) == ["a-001.zip", "a-003.zip", "a-004.zip"]


@pytest.mark.parametrize(
    ("members", "one"),
    [
        ({"a-001.zip": ["top/x/1"], "a-002.zip": ["top/x/2"]}, True),
        ({"a-001.zip": ["top/x/1"], "a-002.zip": ["top/x/1"]}, False),
        ({"a-001.zip": ["cat/1"], "a-002.zip": ["cat/2", "dog/1"]}, False),
        ({"a-001.zip": ["a-001/cat/1"], "a-002.zip": ["a-002/cat/1"]}, False),
        ({"a-001.zip": ["1"], "a-002.zip": ["2"]}, False),
        ({"a-001.zip": ["top/1"], "a-002.zip": []}, False),
        ({f"a{TIME}-001.zip": ["cat/1"], f"a{TIME}-002.zip": ["cat/2", "dog/1"]}, True),
        ({f"a{TIME}-001.zip": ["cat/1"], f"a{TIME}-002.zip": ["cat/1"]}, False),
    ],
)
def test_what_is_in_them_says_whether_they_are_one(members, one):
    assert are_one(members) is one


@pytest.mark.parametrize(
    ("above", "names", "said"),
    [
        ("Office/", (f"Office{TIME}-001.zip", f"Office{TIME}-002.zip"), "are read as parts of one."),
        ("", (f"Office{TIME}-001.zip", f"Office{TIME}-002.zip"), "are read as parts of one."),
        ("Office/", ("o-001.zip", "o-003.zip"), "; 'o-002.zip' is not there, nor the images in it."),
    ],
)
def test_domains_and_classes_that_are_cut_in_two_are_whole(above, names, said, tmp_path):
    files = domains(f"{above}Art", f"{above}Clip", classes=CLASSES, n=3)
    report = import_report(
        [str(write(tmp_path / "d", {name: zipped(part) for name, part in zip(names, cut(files, 13), strict=True)}))]
    )
    assert [(task.name, task.domain.classes, task.images) for task in report.tasks] == [
        ("Art", CLASSES, 9), ("Clip", CLASSES, 9)]  # fmt: skip
    assert any(f"2 archives ('{names[0]}', '{names[1]}') are read" in text and said in text for text in report.notices)
    for task in report.tasks:
        again, _ = DomainFinder().find(tmp_path / "d", task.entry.layout, task.entry.part)
        assert again.fingerprint == task.domain.fingerprint
        given = {name.rpartition(f"{task.name}/")[2]: data for name, data in files.items() if f"{task.name}/" in name}
        read = {task.domain.files.path(row).rpartition(f"{task.name}/")[2]: data
                for row, data in sources(task.domain, range(9))}  # fmt: skip
        assert read == given


def member(name, kind):
    """A member that says it is of a kind."""
    made = zipfile.ZipInfo(name)
    made.external_attr = (kind | 0o777) << 16
    return made


HOSTILE = {
    "o/Art/cat/link.png": stat.S_IFLNK, "o/Clip": stat.S_IFLNK, "o/Art/cat/device.png": stat.S_IFCHR,
    "o/Art/cat/pipe.png": stat.S_IFIFO, "/o/Art/cat/a.png": 0, "o/../../o/Art/cat/a.png": 0,
    "o\\Art\\..\\..\\..\\a.png": 0, "C:\\o\\a.png": 0, f"o/{'d/' * 5000}a.png": 0,
}  # fmt: skip
"""Path in the second part -> kind; none is an image of the data set."""


@pytest.mark.parametrize("name", [f"Office{TIME}-00{{}}.zip", "o-00{}.zip"])
def test_nothing_hostile_in_a_part_is_read_or_written_and_the_rest_stays(tmp_path, name):
    first, second = cut(domains("o/Art", "o/Clip", n=2), 4)
    write(tmp_path / "d", {name.format(1): zipped(first), name.format(2): zipped(second)})
    with zipfile.ZipFile(tmp_path / "d" / name.format(2), "a") as archive:
        for path, kind in HOSTILE.items():
            archive.writestr(member(path, kind), b"/etc/passwd")
        archive.writestr("o/Art/cat/bomb.png", bytes(40 << 20), zipfile.ZIP_DEFLATED)
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr(next(iter(second)), b"another")
    report = import_report([str(tmp_path / "d")])
    assert [(task.name, task.images) for task in report.tasks] == [("Art", 4), ("Clip", 4)]
    for task in report.tasks:
        read = dict(sources(task.domain, range(4)))
        assert {task.domain.files.path(row).partition("/")[2]: data for row, data in read.items()}.items() <= (
            first | second
        ).items()
    assert {one.name for one in tmp_path.rglob("*")} == {"d", name.format(1), name.format(2)}


def parts(folder, paths):
    """A whole domain in the first part, and what it says otherwise in the second."""
    second = dict.fromkeys(paths, b"x")
    return write(folder, {f"O{TIME}-001.zip": zipped(domains("o/Art")), f"O{TIME}-002.zip": zipped(second)})


def test_a_part_with_folders_that_are_files_of_the_other_takes_nothing_from_it(tmp_path):
    (task,) = import_report([str(parts(tmp_path / "d", ["o/Art/cat/0.png/x/a.png", "o/Art/dog.png"]))]).tasks
    assert task.images == 4


@pytest.mark.parametrize(
    ("path", "said"),
    [("p/Clip/cat/a.png", "holds no images where they are looked for"), ("cat/a.png", "must hold at least 2 classes")],
)
def test_parts_with_several_folders_on_top_end_in_a_sentence(tmp_path, path, said):
    """Those with domains in them were looked into again and again."""
    with pytest.raises(DataError, match=said):
        import_report([str(parts(tmp_path / "d", [path]))])


def test_domains_that_are_numbered_stay_apart(tmp_path):
    files = domains("x", classes=CLASSES[:2], n=4)
    inside = {name.removeprefix("x/"): data for name, data in files.items()}
    parts = {
        name: zipped(dict(list(inside.items())[start::2])) for start, name in enumerate(("s-001.zip", "s-002.zip"))
    }
    report = import_report([str(write(tmp_path / "d", parts))])
    assert [(task.name, task.images) for task in report.tasks] == [("s-001", 4), ("s-002", 4)]


def test_a_part_that_is_named_alone_says_what_lies_beside_it(tmp_path):
    first, second = cut(domains("o/Art", "o/Clip"), 6)
    write(tmp_path / "d", {"o-001.zip": zipped(first), "o-002.zip": zipped(second)})
    report = import_report([str(tmp_path / "d" / "o-001.zip")])
    assert "'o-002.zip' beside it may be another part of the same download; name the folder to" in report.notices[0]


def test_a_damaged_part_is_told(tmp_path):
    first, second = cut(domains("o/Art", "o/Clip"), 4)
    write(tmp_path / "d", {"o-001.zip": zipped(first), "o-002.zip": zipped(second)[:-60]})
    with pytest.raises(ValueError, match=r"o-002.zip' must be a whole zip"):
        import_report([str(tmp_path / "d")])


@pytest.mark.parametrize("linked", [0, 1])
@pytest.mark.parametrize("name", [f"Office{TIME}-00{{}}.zip", "o-00{}.zip"])
def test_a_part_that_is_a_link_out_of_the_folder_is_read_only_where_links_are_followed(tmp_path, name, linked):
    parts = [zipped(part) for part in cut(domains("o/Art", "o/Clip", n=2), 3)]
    folder = write(tmp_path / "d", {name.format(2 - linked): parts[1 - linked]})
    outside = write(tmp_path / "private", {"mine.zip": parts[linked]}) / "mine.zip"
    link = folder / name.format(1 + linked)
    link.symlink_to(outside)
    walk = Walk(folder, archives=True)
    inside = [image.path for image in every_image(walk.read())]
    assert inside
    assert all(path.startswith(name.format(2 - linked)) for path in inside)
    assert [(one.path, one.reason) for one in walk.skipped] == [(link.name, LEAVES)]
    assert walk.joined == []
    outside.write_bytes(b"not opened")
    assert [image.path for image in every_image(Walk(folder, archives=True).read())] == inside
    outside.write_bytes(parts[linked])
    followed = Walk(folder, archives=True, follow=True)
    assert len(list(every_image(followed.read()))) == 8
    assert followed.joined == [[name.format(1), name.format(2)]]
