"""Memory of large tensors goes back to the system when they are freed, where it is short; else after the work."""

import subprocess
import sys

import pytest

from mmap_studio.config import settings_from
from mmap_studio.session.events import Notice
from mmap_studio.session.runtime import job
from mmap_studio.session.runtime.heap import spare
from mmap_studio.session.runtime.job import BackgroundJob, State
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.session.cache.cache import Cached
    from mmap_studio.session.run import stages
    from mmap_studio.session.run.context import RunContext
    from mmap_studio.storage.store import MemoryStore

pytestmark = pytest.mark.slow


PROGRAM = """
import sys
from pathlib import Path
import torch
from benchmarks.figures import resident
from mmap_studio.session.runtime.heap import give_back, spare
Path(sys.argv[1]).write_text("MemTotal: 9 kB\\nMemAvailable: 1000 kB\\n")
if sys.argv[2] == "spare":
    assert spare(900_000, Path(sys.argv[1]))
torch.ones(4 * 2**20)  # by itself glibc would now take anything smaller from one heap
many = [torch.ones(2**20) for _ in range(64)]  # 4 MB each
full = resident("VmRSS")
del many[:-1]  # what stays at the end would hold all before it
if sys.argv[2] == "give_back":
    give_back()
print(full - resident("VmRSS"))
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="glibc")


@linux
@pytest.mark.parametrize(("what", "freed"), [("spare", True), ("give_back", True), ("neither", False)])
def test_what_is_freed_between_what_stays_goes_back(tmp_path, what, freed):
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "meminfo"), what]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert (int(done.stdout) > 55 * 4 * 2**20) is freed


@pytest.mark.parametrize(
    ("free", "needed"), [("MemAvailable: 1000 kB", 500_000), ("MemTotal: 1 kB", 2**40), (None, 2**40)]
)
def test_nothing_is_changed_where_memory_suffices_or_is_not_known(tmp_path, free, needed):
    if free is not None:
        (tmp_path / "meminfo").write_text(f"{free}\n")
    assert not spare(needed, tmp_path / "meminfo", tmp_path / "none", tmp_path / "none")


def test_it_is_asked_before_a_training_with_the_memory_of_its_step(monkeypatch):
    needed = []
    monkeypatch.setattr(stages, "spare", needed.append)
    context = RunContext(Cached(MemoryStore()), tiny.clip(), [tiny.task("a")], settings_from({"preset": "light"}))
    notice = stages.forecast_notice("Training", context, [("a",)])
    assert len(needed) == 1
    assert needed[0] > 0
    assert "of memory" in notice.text


def test_every_work_gives_back_what_it_held(monkeypatch):
    calls = []
    monkeypatch.setattr(job, "give_back", lambda: calls.append(one.state))
    one = BackgroundJob(on_thread=lambda: None)
    one.start(lambda stop: iter([Notice("said")]))
    assert one.join(10)
    assert calls == [State.RUNNING]
