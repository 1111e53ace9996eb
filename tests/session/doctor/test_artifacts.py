"""A cache that somebody else filled: damaged files, links, pipes, foreign HDF5."""

import os

import numpy as np
import pytest

from mmap_studio.session.doctor.artifacts import VERIFY, artifacts
from mmap_studio.session.doctor.report import CHECKS, examine
from mmap_studio.storage.store import FolderStore


@pytest.fixture
def store(tmp_path):
    here = FolderStore(tmp_path / "cache")
    for number in range(4):
        here.put("prompts", f"{number:08x}", {"a": np.ones(10)}, {})
    return here


def states(store, which=VERIFY, **more):
    return [(one.state, one.said) for one in artifacts(which, store.root, **more)]


def test_a_sound_cache_is_one_finding(store):
    ((state, said),) = states(store)
    assert state == "ok"
    assert said.startswith("4 artifacts of the cache (")


def test_an_empty_one_too(tmp_path):
    assert states(FolderStore(tmp_path / "none"))[0][0] == "ok"


def test_a_hostile_cache_is_told_file_by_file_and_nothing_is_followed(store, tmp_path):
    secret = tmp_path / "secret.h5"
    secret.write_bytes(store.path("prompts", f"{0:08x}").read_bytes())
    names = [store.path("prompts", f"{number:08x}") for number in range(4)]
    names[0].unlink()
    names[0].symlink_to(secret)
    names[1].write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(1000))
    names[2].unlink()
    os.mkfifo(names[2])
    (store.root / "elsewhere").symlink_to(tmp_path)
    told = states(store)
    assert [state for state, _ in told] == ["problem", "warning", "warning", "ok"]
    assert "3 artifacts" in told[0][1]
    assert "00000000 (a link)" in told[0][1]
    assert "00000001 (damaged, set aside)" in told[0][1]
    assert "2 links" in told[1][1]
    assert "2 damaged files" in told[2][1]
    assert secret.exists()
    assert names[0].is_symlink()
    assert str(tmp_path) not in str(told)


def test_without_verify_it_reads_the_newest_for_a_second(store):
    ticks = iter(range(100))
    *_, (state, said) = states(store, "", clock=lambda: float(next(ticks)) / 2)
    assert state == "ok"
    assert said.startswith("2 of 4 artifacts")


def test_the_check_runs_in_a_process_of_its_own(store, monkeypatch):
    store.path("prompts", f"{1:08x}").write_bytes(b"damaged")
    monkeypatch.setenv("MMAP_STUDIO_CACHE", str(store.root))
    (check,) = [one for one in CHECKS if one.name == "cache"]
    assert check.seconds
    assert [one.state for one in examine([check], verify=True)] == ["problem", "warning", "ok"]
