"""Threads and precision by the processor there is."""

import pytest

from mmap_studio.session.estimates import facts
from mmap_studio.session.runtime import cores, job
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.session.backbones import loading
    from mmap_studio.session.backbones.loading import LARGE, choose_precision


@pytest.fixture
def threads(monkeypatch):
    """What was set; this test's process keeps its own."""
    found = []
    monkeypatch.setattr(torch, "set_num_threads", found.append)
    monkeypatch.setattr(job.sys, "setswitchinterval", lambda seconds: None)
    return found


@pytest.mark.parametrize(("physical", "asked", "used"), [(8, 8, 7), (8, 16, 7), (8, 2, 2), (2, 2, 1), (1, 1, 1)])
def test_work_beside_a_window_leaves_it_a_core_and_takes_no_more_than_was_asked_for(
    threads, monkeypatch, physical, asked, used
):
    monkeypatch.setattr(cores, "cores", lambda: physical)
    monkeypatch.setattr(torch, "get_num_threads", lambda: asked)
    job.leave_a_core()
    assert threads == [used]


@pytest.mark.parametrize(("siblings", "count"), [("0-1 0-1 2-3 2-3", 2), ("0 1 2 3", 4), ("", 4)])
def test_two_threads_of_a_core_are_one_core(tmp_path, monkeypatch, siblings, count):
    monkeypatch.setattr(cores.os, "sched_getaffinity", lambda process: {0, 1, 2, 3}, raising=False)
    for number, text in enumerate(siblings.split()):
        place = tmp_path / f"cpu{number}" / "topology"
        place.mkdir(parents=True)
        (place / "thread_siblings_list").write_text(text)
    assert cores.cores(tmp_path, tmp_path, tmp_path / "none") == count


@pytest.mark.parametrize(
    ("membership", "files", "count"),
    [
        ("0::/", {"cpu.max": "200000 100000"}, 2),
        ("0::/", {"cpu.max": "max 100000"}, 8),
        ("0::/", {"cpu.max": "150000 100000"}, 2),
        ("0::/", {"cpu.max": "10000 100000"}, 1),
        ("0::/", {"cpu.max": "900000 100000"}, 8),
        ("0::/a/b", {"a/cpu.max": "300000 100000", "a/b/cpu.max": "max 100000"}, 3),
        ("0::/a/b", {"a/cpu.max": "300000 100000", "a/b/cpu.max": "100000 50000"}, 2),
        ("0::/of/the/host", {"cpu.max": "400000 100000"}, 4),
        ("0::/", {"unified/cpu.max": "100000 100000"}, 1),
        ("5:cpu,io:/x", {"cpu,io/x/cpu.cfs_quota_us": "250000", "cpu,io/x/cpu.cfs_period_us": "50000"}, 5),
        ("5:cpu:/\n0::/", {"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"}, 3),
        ("5:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ("5:memory:/", {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "100000"}, 8),
        ("0::/", {"cpu.max": "0 0"}, 8),
        ("0::/", {"cpu.max": ""}, 8),
        ("", {"cpu.max": "100000 100000"}, 8),
    ],
)  # fmt: skip
def test_the_share_of_a_container_is_counted(tmp_path, monkeypatch, membership, files, count):
    monkeypatch.setattr(cores.os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    for name, text in files.items():
        (tmp_path / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "groups" / name).write_text(f"{text}\n")
    (tmp_path / "membership").write_text(membership)
    assert cores.cores(tmp_path, tmp_path / "groups", tmp_path / "membership") == count


@pytest.mark.parametrize(
    ("flags", "there"), [("fma avx2", False), ("fma avx512_bf16 avx2", True), ("amx_bf16", True), ("", False)]
)
def test_bfloat16_hardware_is_read_from_the_features_of_the_cpu(flags, there):
    assert cores.computes_bfloat16(f"flags\t\t: {flags}\n") is there


@pytest.mark.parametrize(
    ("asked", "device", "parameters", "hardware", "used"),
    [
        ("auto", "cuda", 1, False, "bfloat16"),
        ("auto", "cpu", "LARGE", True, "bfloat16"),
        ("auto", "cpu", "LARGE", False, "float32"),
        ("auto", "cpu", "less", True, "float32"),
        ("auto", "mps", "LARGE", True, "float32"),
        ("float32", "cuda", "LARGE", True, "float32"),
        ("bfloat16", "cpu", 1, False, "bfloat16"),
    ],
)
def test_auto_is_bfloat16_where_the_hardware_gains_by_it(monkeypatch, asked, device, parameters, hardware, used):
    monkeypatch.setattr(loading, "computes_bfloat16", lambda: hardware)
    number = {"LARGE": LARGE, "less": LARGE - 1}.get(parameters, parameters)
    assert choose_precision(asked, device, number) == used


@pytest.mark.parametrize(("used", "said"), [(1, "CPU, 1 thread"), (3, "CPU, 3 threads")])
def test_a_backbone_on_a_cpu_says_how_many_threads_compute_with_it(monkeypatch, used, said):
    monkeypatch.setattr(torch, "get_num_threads", lambda: used)
    monkeypatch.setattr(facts, "cpu_speed", lambda threads: 1e9 * threads)
    assert facts.facts_of(tiny.clip()).place == said
