"""Memory, encoding and variables."""

import sys

import pytest

from mmap_studio.session.doctor import machine

GB = 10**9


@pytest.mark.parametrize(
    ("free", "limit", "state"),
    [(16 * GB, None, "ok"), (16 * GB, GB, "warning"), (GB, 8 * GB, "warning"), (GB // 2, None, "problem")],
)
def test_the_least_of_machine_and_control_group_counts(tmp_path, monkeypatch, free, limit, state):
    about = tmp_path / "meminfo"
    about.write_text(f"MemTotal: {32 * GB // 1024} kB\nMemAvailable: {free // 1024} kB\n")
    monkeypatch.setattr(machine, "free_memory", lambda: limit)
    found = machine.memory(about)
    assert found.state == state
    assert ("control group" in found.said) == (limit is not None and limit < free)
    assert bool(found.remedy) == (state != "ok")


def test_a_system_that_does_not_say_is_no_fault(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "free_memory", lambda: None)
    assert machine.memory(tmp_path / "none").state == "ok"


def test_another_encoding_is_a_warning(monkeypatch):
    assert [one.state for one in machine.encoding()] == ["ok"]
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    (found,) = machine.encoding()
    assert (found.state, "UTF-8" in found.remedy) == ("warning", True)


def test_only_listed_variables_are_told_and_no_secret():
    given = {
        "HF_TOKEN": "hf_secret",
        "AWS_KEY": "x",
        "DISPLAY": "box:10",
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "2\n\x1b",
    }
    found = machine.variables(given)
    assert found.said == r"HF_TOKEN=(set), DISPLAY=(set), OMP_NUM_THREADS=2\n\x1b, LANG=C.UTF-8."
    assert machine.variables({}).state == "ok"
    assert machine.variables({"TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "1"}).state == "warning"


def test_the_machine_is_told():
    assert {one.check for one in machine.machine()} == {"processor", "memory", "encoding", "variables"}
