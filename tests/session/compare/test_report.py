"""The page is whole in itself: well-formed, without scripts, references or paths, whatever names are in it."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from mmap_studio.errors import StorageError
from tests.lazy import imported_later
from tests.session.compare.made_up import drawn

with imported_later():
    from mmap_studio.session.compare import report

HOSTILE = "_<script>$x$ \\frac & \x1b[2J"


@pytest.fixture(scope="module")
def files():
    made = drawn({"zero_shot": 0.6, "a": 0.75, "mmap:suggested": 0.7}, per_class=5, tasks=(HOSTILE, "clipart"))
    trials = tuple(replace(one, title=HOSTILE) if one.method == "a" else one for one in made.trials)
    about = {"command": "mmap-studio compare starter", "data": "/home/somebody/pictures/cats"}
    pairs = tuple((HOSTILE, "clipart", n / 10, n / 100) for n in range(5))
    groups = (("a,b", 0.6, False), ("a+b", 0.7, True))
    made = replace(made, trials=trials, project=HOSTILE, about=about, affinity_gains=pairs, partitions=groups)
    return report.report_files(made)


def test_the_page_refers_to_nothing_outside_and_runs_nothing(files):
    text = files["report.html"].decode()
    root = ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>"))
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    for node in root.iter():
        assert node.tag not in ("script", "link", "img", "iframe", "object", "embed", "base", "form")
        for key, value in node.attrib.items():
            assert not key.lower().startswith("on")
            assert "//" not in value, (node.tag, key, value)
            assert key not in ("src", "srcset", "action")
            assert key != "href" or value[1:] in ids
            assert all(part in ids for part in re.findall(r"url\(#([^)]+)\)", value))
    assert not re.search(r"url\((?!#)|@import", text)
    assert "default-src 'none'" in text
    assert sum(node.tag == "svg" for node in root.iter()) >= 6


def test_no_path_of_this_computer_and_no_control_sign(files):
    for name, data in files.items():
        assert b"somebody" not in data, name
        assert b"\x1b" not in data, name


def test_a_report_takes_the_place_of_a_report_and_of_nothing_else(files, tmp_path, monkeypatch):
    monkeypatch.setattr(report, "report_files", lambda made: files)
    page = report.write_report(None, tmp_path / "out")
    assert sorted(one.name for one in page.parent.iterdir()) == sorted(report.FILES)
    with pytest.raises(StorageError, match="files there"):
        report.write_report(None, tmp_path / "out")
    report.write_report(None, tmp_path / "out", replace=True)
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(StorageError, match=r"Found mine\.txt"):
        report.write_report(None, tmp_path / "out", replace=True)
