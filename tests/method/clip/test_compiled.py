"""Compiled steps: the same gradient up to rounding, plain ones where compiling fails, and nothing left behind."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmap_studio.config import PromptSettings, TrainSettings
from mmap_studio.errors import Interrupted
from mmap_studio.method.grouping.grouping import Grouping
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    import torch

    from mmap_studio.method.clip import compiled as compiling
    from mmap_studio.method.clip.blocks import EAGER
    from mmap_studio.method.training import Joint, new_bank, train


ROOT = Path(__file__).parents[3]
PROMPT = PromptSettings(tokens=2, source_rows=2, source_columns=8, depth=2)
TASKS = (tiny.task("art", 0), tiny.task("real", 2))
# dynamo looks at `.grad` of what is no leaf, and keeps the warning from all but those who made it an error
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")]
PROGRAM = """
import json, os, sys
import torch
from tests import tiny
clip = tiny.clip()
images = torch.randn(3, 3, tiny.SIZE, tiny.SIZE)
found = []
for compiled in (False, True):
    prompts = torch.ones(1, 1, 2, tiny.IMAGE_WIDTH, requires_grad=True)
    if compiled:
        with clip.compiled():
            features = clip.encode_image(images, prompts)
    else:
        features = clip.encode_image(images, prompts)
    features[:, 0].sum().backward()
    found.append((features.detach(), prompts.grad))
far = max(float((a - b).abs().max() / a.abs().max()) for a, b in zip(*found))
children = open(f"/proc/self/task/{os.getpid()}/children").read().split() if sys.platform == "linux" else []
print(json.dumps([far, clip.compiler.failure, len(children)]))
"""


def joint(clip, compiled):
    settings = TrainSettings(batch_size=4, compiled=compiled)
    return Joint(clip, TASKS, new_bank(clip, Grouping.together(["art", "real"]), PROMPT, seed=3), settings, seed=3)


def in_a_process(tmp_path, **environment):
    about = os.environ | {"PYTHONPATH": str(ROOT), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)} | environment
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, cwd=ROOT, env=about)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_without_a_compiler_steps_are_plain_and_it_is_said_why(tmp_path):
    far, why, children = in_a_process(tmp_path, CXX="/nonexistent")
    assert far < 1e-5
    assert why
    assert children == 0


@pytest.mark.skipif(not Path("/usr/bin/g++").exists(), reason="needs a C++ compiler")
def test_compiled_blocks_have_the_same_gradient_and_leave_no_process(tmp_path):
    far, why, children = in_a_process(tmp_path)
    assert why == ""
    assert 0 < far < 1e-4  # exactly 0 would be eager
    assert children == 0


@pytest.fixture
def failing(monkeypatch):
    """A compiler that cannot: the errors that were raised."""
    calls = []

    def compile_fx(graph, inputs, **named):
        calls.append(graph)
        raise NotImplementedError("no such operation\nand more")

    import torch._inductor.compile_fx as module

    monkeypatch.setattr(module, "compile_fx", compile_fx)
    return calls


def test_a_compiler_that_raises_is_not_asked_again(failing):
    clip = tiny.clip()
    plain, compiled = joint(clip, False), joint(clip, True)
    batches = plain.batches.draw()
    for one in (plain, compiled, compiled):
        one.bank.zero_grad()
        one.backward(batches)
    assert len(failing) == 1
    assert "no such operation" in compiled.uncompiled
    assert "\n" not in compiled.uncompiled
    for a, b in zip(plain.bank.parameters(), compiled.bank.parameters(), strict=True):
        assert torch.equal(a.grad, b.grad)


def test_a_training_goes_on_and_tells_it_in_its_reports(failing):
    settings = TrainSettings(batch_size=8, epochs=1, compiled=True)
    reports = list(train(tiny.clip(), TASKS, Grouping.together(["art", "real"]), PROMPT, settings, seed=1))
    assert reports[-1].group.complete
    assert all("no such operation" in report.uncompiled for report in reports)


def test_what_is_recomputed_is_not_compiled(failing):
    settings = TrainSettings(batch_size=8, epochs=1, compiled=True, recompute=True)
    reports = list(train(tiny.clip(), TASKS, Grouping.together(["art", "real"]), PROMPT, settings, seed=1))
    assert failing == []
    assert all(report.uncompiled.startswith("train.recompute is on") for report in reports)


def test_only_steps_are_compiled(failing, monkeypatch):
    clip = tiny.clip()
    seen = []
    inner = clip.encode_text
    monkeypatch.setattr(clip, "encode_text", lambda *given: seen.append(clip.compiling) or inner(*given))
    one = joint(clip, True)
    batches = one.batches.draw()
    one.backward(batches)
    one.trial_losses(batches)([dict(one.bank.named_parameters())], [(0, 0)])
    assert seen == [True, False]


def test_a_stop_passes_through_and_is_no_failure(failing, monkeypatch):
    clip = tiny.clip()
    one = joint(clip, True)

    def stop():
        raise Interrupted

    batches = one.batches.draw()
    monkeypatch.setattr(clip, "watch", stop)
    with pytest.raises(Interrupted):
        one.backward(batches)
    assert "Interrupted" not in clip.compiler.failure
    assert not clip.compiling


def test_memory_that_does_not_suffice_is_no_failure_of_the_compiler(monkeypatch):
    compiler = compiling.Compiler()

    def full(*given):
        raise torch.OutOfMemoryError("CUDA out of memory")

    piece = compiler._falling_back(full, EAGER.project)
    with pytest.raises(torch.OutOfMemoryError):
        piece()
    assert compiler.failure == ""


@pytest.mark.parametrize("raised", ["by torch", "by Python", "wrapped"])
def test_memory_that_does_not_suffice_while_compiling_is_none_either(monkeypatch, raised):
    import torch._inductor.compile_fx as module

    def compile_fx(graph, inputs, **named):
        if raised == "by Python":
            raise MemoryError
        try:
            raise torch.OutOfMemoryError("CUDA out of memory")
        except torch.OutOfMemoryError as error:
            if raised == "by torch":
                raise
            raise NotImplementedError("while lowering") from error

    monkeypatch.setattr(module, "compile_fx", compile_fx)
    clip = tiny.clip()
    plain, compiled = joint(clip, False), joint(clip, True)
    batches = plain.batches.draw()
    for one in (plain, compiled):
        one.backward(batches)
    assert compiled.uncompiled == ""
    for a, b in zip(plain.bank.parameters(), compiled.bank.parameters(), strict=True):
        assert torch.equal(a.grad, b.grad)


def test_backbones_that_came_before_use_up_nothing(failing):
    """PyTorch compiles a function eight times at most, whoever asks."""
    for n in range(1, 11):
        clip = tiny.clip()
        one = joint(clip, True)
        one.backward(one.batches.draw())
        assert len(failing) == n
        assert one.uncompiled


def test_the_compiler_is_not_imported_before_it_is_asked_for():
    program = "import sys, tests.tiny; tests.tiny.clip(); print('torch._inductor.compile_fx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "False"
