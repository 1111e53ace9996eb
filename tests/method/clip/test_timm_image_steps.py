"""A training step through timm's towers: the same in micro-batches, recomputed and compiled."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmap_studio.config import PromptSettings, TrainSettings
from mmap_studio.method.grouping.grouping import Grouping
from tests import tiny
from tests.lazy import imported_later, load
from tests.method.clip import test_timm_image as timm_image
from tests.method.clip.test_timm_image import FAMILIES, SIZE

with imported_later():
    import torch

    from mmap_studio.method.clip import compiled
    from mmap_studio.method.training import Joint, new_bank

# dynamo looks at `.grad` of what is no leaf, and keeps the warning from all but those who made it an error
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")]

ROOT = Path(__file__).parents[3]
PROMPT = PromptSettings(tokens=2, source_rows=2, source_columns=8, depth=2)
COMPILED = {
    "ViT-B-16-SigLIP2": ("random", "zero_shot"),  # norms before the layers
    "EVA02-B-16": ("random", "zero_shot"),  # rotary positions, queries apart
    "EVA02-E-14": ("random",),  # norms after the layers
    "PE-Core-B-16": ("random",),  # rotary positions, one product of queries, keys and values
}
"""Architectures, one of each kind of block, and how prompts start: as tokens, or attended to through a gate."""


def small_clip(name):
    load(timm_image)
    load(tiny)
    return timm_image.small_clip(name)


def tasks():
    """Two, of images as large as the small towers read."""
    parts = ("train", "val", "test")
    return [
        tiny.TaskSpec(name, tiny.WORDS[:3], **{part: tiny.image_set(9, 3, seed, size=SIZE) for part in parts})
        for seed, name in enumerate(("art", "real"))
    ]


def joint(clip, start, **training):
    """Of prompts whose zeros have become something: at zero-shot only those have a gradient."""
    settings = TrainSettings(batch_size=6, **training)
    bank = new_bank(clip, Grouping.together(["art", "real"]), PROMPT.model_copy(update={"start": start}), 3)
    generator = torch.Generator().manual_seed(4)
    with torch.no_grad():
        for value in bank.parameters():
            if not value.any():
                value.copy_(0.3 + 0.1 * torch.randn(value.shape, generator=generator))
    return Joint(clip, tasks(), bank, settings, seed=3)


def step(clip, start, **training):
    """Losses and gradients of one step, and why it was not compiled."""
    one = joint(clip, start, **training)
    losses = one.backward(one.batches.draw())
    clip.recompute = False
    return losses, [parameter.grad for parameter in one.bank.parameters()], one.uncompiled


def difference(found, expected):
    """The largest of losses and gradients, by the largest number of each."""
    losses, gradients, _ = found
    others, expected_gradients, _ = expected
    pairs = [(losses, others), *zip(gradients, expected_gradients, strict=True)]
    assert all(other.abs().max() > 0 for _, other in pairs)
    return max(float((one - other).abs().max() / other.abs().max()) for one, other in pairs)


@pytest.fixture(scope="module", params=FAMILIES)
def clip(request):
    return small_clip(request.param)


@pytest.mark.parametrize("start", ["random", "zero_shot"])
def test_micro_batches_and_recomputing_change_nothing(clip, start):
    whole = step(clip, start)
    for accumulate in (1, 2, 4):
        kept = step(clip, start, accumulate=accumulate)
        assert difference(kept, whole) < 5e-5  # a gate that two tasks share has a gradient of a tenth of each
        assert difference(step(clip, start, accumulate=accumulate, recompute=True), kept) == 0


@pytest.mark.parametrize(("name", "start"), [(name, start) for name in COMPILED for start in COMPILED[name]])
def test_what_the_compiler_is_given_is_the_same_step(name, start, monkeypatch):
    """All of compiling but for the programs that inductor writes, which take a minute each kind of block."""
    graphs = []

    def inner(graph, inputs, **named):
        graphs.append(graph)
        return compiled._as_it_stands(graph)

    monkeypatch.setattr("torch._inductor.compile_fx.compile_fx_inner", inner)
    clip = small_clip(name)
    eager = step(clip, start)
    for accumulate in (1, 2):
        found = step(clip, start, compiled=True, accumulate=accumulate)
        assert found[2] == ""
        assert difference(found, eager) < 5e-5
    assert len(graphs) >= 8  # two halves of a block, for images and texts, there and back


def compare_compiled(name):
    """The image tower by inductor's programs: how far features and the prompts' gradient are, whole and in halves."""
    clip = small_clip(name)
    load(sys.modules[__name__])
    images = torch.randn(4, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(1))

    def encoded(parts):
        prompts = 0.3 * torch.randn(1, 1, 2, clip.image_width, generator=torch.Generator().manual_seed(2))
        prompts.requires_grad_()
        features = [clip.encode_image(part, prompts) for part in images.chunk(parts)]
        for one in features:
            one[:, :3].sum().backward()
        return torch.cat(features).detach(), prompts.grad

    eager, found = encoded(1), []
    with clip.compiled():
        for parts in (1, 2):
            pairs = zip(encoded(parts), eager, strict=True)
            found.append(max(float((one - other).abs().max() / other.abs().max()) for one, other in pairs))
    print(json.dumps([*found, clip.compiler.failure]))


@pytest.mark.timeout(1800)
@pytest.mark.skipif(not Path("/usr/bin/g++").exists(), reason="needs a C++ compiler")
@pytest.mark.parametrize("name", COMPILED)
def test_compiled_blocks_have_the_same_gradient_in_micro_batches_too(name, tmp_path):
    program = f"from tests.method.clip.test_timm_image_steps import compare_compiled; compare_compiled({name!r})"
    about = os.environ | {"PYTHONPATH": str(ROOT), "TORCHINDUCTOR_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-W", "ignore", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=about, check=False)
    assert done.returncode == 0, done.stderr
    whole, parts, why = json.loads(done.stdout.splitlines()[-1])
    assert why == ""
    assert 0 < whole < 1e-4  # exactly 0 would be eager
    assert 0 < parts < 1e-4
