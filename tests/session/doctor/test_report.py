"""The report as a whole: a check that fails, crashes or hangs is a finding, and no name or folder gets into it."""

import json
import os
import sys
import time

import pytest

from mmap_studio.session.doctor import anonymised
from mmap_studio.session.doctor.child_checks import doing
from mmap_studio.session.doctor.finding import Finding
from mmap_studio.session.doctor.report import Check, document, examine

HERE = "tests.session.doctor.test_report"


def fails():
    yield Finding("a", "ok", "Before.")
    raise RuntimeError("no luck\nat all")


def crashes():
    yield Finding("b", "ok", "Before.")
    doing("dereferencing nothing")
    os.abort()


def hangs():
    doing("waiting")
    time.sleep(600)
    yield Finding("c", "ok", "never")


def prints():
    print("noise")
    os.write(1, b"noise\n")
    yield Finding("d", "ok", "Sound.")


def told(*checks):
    return [(one.check, one.state, one.said) for one in examine(checks)]


def test_a_check_that_raises_is_a_finding_and_the_others_follow():
    assert told(Check("a", f"{HERE}:fails"), Check("d", f"{HERE}:prints")) == [
        ("a", "ok", "Before."),
        ("a", "problem", "This check failed itself (RuntimeError: no luck)."),
        ("d", "ok", "Sound."),
    ]


def test_a_check_that_is_not_there_is_a_finding():
    ((_, state, said),) = told(Check("x", f"{HERE}:nonsense"))
    assert state == "problem"
    assert "AttributeError" in said


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_check_that_crashes_or_hangs_in_its_process_says_where():
    found = told(Check("b", f"{HERE}:crashes", 60), Check("c", f"{HERE}:hangs", 3), Check("d", f"{HERE}:prints", 60))
    assert found == [
        ("b", "ok", "Before."),
        ("b", "problem", "This check was ended by SIGABRT while dereferencing nothing."),
        ("c", "problem", "This check took more than 3 s while waiting."),
        ("d", "ok", "Sound."),
    ]


def test_no_more_processes_is_a_finding(monkeypatch):
    def refuse(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("subprocess.Popen", refuse)
    ((_, state, said),) = told(Check("d", f"{HERE}:prints", 60))
    assert state == "problem"
    assert "Resource temporarily unavailable" in said


def leaks():
    home, cache = os.environ["HOME"], os.environ["MMAP_STUDIO_CACHE"]
    yield Finding("e", "ok", f"{home}/x of janedoe at {cache}/prompts and /srv/janes/secret.h5.", f"see {home}")


def test_findings_are_scrubbed(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "janedoe"))
    monkeypatch.setenv("USER", "janedoe")
    monkeypatch.setenv("MMAP_STUDIO_CACHE", str(tmp_path / "janedoe" / "cache"))
    (one,) = examine([Check("e", f"{HERE}:leaks")])
    assert one.said == "~/x of <name> at <cache>/prompts and <...>/secret.h5."
    assert one.remedy == "see ~"


def test_a_scrubber_that_cannot_be_made_ends_nothing(monkeypatch):
    def refuse():
        raise OSError("no home")

    monkeypatch.setattr(anonymised, "scrubber", refuse)
    assert told(Check("d", f"{HERE}:prints")) == [("d", "ok", "Sound.")]


def test_the_document_counts():
    found = [Finding("a", "ok", "x"), Finding("a", "warning", "x"), Finding("b", "problem", "x", "y")]
    written = json.loads(json.dumps(document(found)))
    assert (written["format"], written["problems"], written["warnings"]) == (1, 1, 1)
    assert written["findings"][2] == {"check": "b", "state": "problem", "said": "x", "remedy": "y"}
