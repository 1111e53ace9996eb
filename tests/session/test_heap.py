"""Memory of large tensors goes back to the system when they are freed."""

import subprocess
import sys

import pytest

from mmap_studio.session import backbone

PROGRAM = """
import torch
from benchmarks.measuring import resident
from mmap_studio.session.heap import give_back_large
give_back_large()
torch.ones(4 * 2**20)  # by itself glibc would now take anything smaller from one heap
many = [torch.ones(2**20) for _ in range(64)]  # 4 MB each
full = resident("VmRSS")
del many[:-1]  # what stays at the end would hold all before it
print(full - resident("VmRSS"))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc")
def test_what_is_freed_between_what_stays_goes_back():
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert int(done.stdout) > 55 * 4 * 2**20


@pytest.mark.parametrize(("least", "asked"), [(backbone.LARGE, 0), (1, 1)])
def test_only_large_models_ask_for_it(monkeypatch, least, asked):
    calls = []
    monkeypatch.setattr(backbone, "give_back_large", lambda: calls.append(1))
    monkeypatch.setattr(backbone, "LARGE", least)
    backbone.open_backbone("starter", "cpu")
    assert len(calls) == asked
