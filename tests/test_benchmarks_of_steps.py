"""The benchmarks of a training step: both sides of a ratio take the same step. No time is asserted."""

from functools import partial

import pytest

from benchmarks import estimate, memory
from benchmarks.backbones import SIGLIP
from mmap_studio.config import settings_from
from mmap_studio.session.backbones.open_clip_configs import configs
from tests import tiny
from tests.architectures import reduced, timm_changes
from tests.lazy import imported_later

with imported_later():
    import timm
    import torch

    from benchmarks import compiled, full_step, maple, scenes, stop, train_step
    from benchmarks.scenes import office_home_tasks, one_group
    from mmap_studio.method.clip import compiled as compiling

pytestmark = pytest.mark.slow


def small_step(precision="float32", **training):
    """`office_home_step` on a tiny CLIP."""
    values = {"tokens": 4, "source_rows": 2, "source_columns": 8, "depth": 2}
    settings = settings_from({"preset": "light", "prompt": values, "train": {"batch_size": 4} | training})
    joint = one_group(tiny.clip(), (tiny.task("a"), tiny.task("b", seed=1)), settings)
    return joint, joint.batches.draw()


@pytest.mark.parametrize("accumulate", [1, 2])
@pytest.mark.parametrize("other", ["plain_step", "reading_texts_again"])
def test_the_other_way_takes_the_same_step(accumulate, other):
    """Both sides of `train_step` and `memory` must give the same gradient, or the ratio compares nothing."""
    joint, batches = small_step(accumulate=accumulate)
    gradients = []
    for step in (lambda: joint.backward(batches), lambda: getattr(scenes, other)(joint, batches)):
        joint.bank.zero_grad(set_to_none=True)
        step()
        gradients.append(torch.cat([p.grad.flatten() for p in joint.bank.parameters()]))
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-6)


def test_both_ways_take_the_same_step_through_siglip(monkeypatch):
    config = configs()[SIGLIP]
    monkeypatch.setattr(scenes, "configs", lambda: {SIGLIP: reduced(config)})
    changes = timm_changes(config["vision_cfg"]["timm_model_name"])
    monkeypatch.setattr("open_clip.timm_model.timm.create_model", partial(timm.create_model, **changes))
    values = {"tokens": 4, "source_rows": 2, "source_columns": 8, "depth": 2}
    settings = settings_from({"preset": "light", "prompt": values, "train": {"batch_size": 2}})
    joint, batches = scenes.office_home_step(classes=3, base=settings, backbone=SIGLIP)
    assert (joint.clip.causal, joint.clip.context_length) == (False, 64)
    gradients = []
    for step in (lambda: joint.backward(batches), lambda: scenes.plain_step(joint, batches)):
        joint.bank.zero_grad(set_to_none=True)
        step()
        gradients.append(torch.cat([p.grad.flatten() for p in joint.bank.parameters()]))
    assert gradients[1].abs().max() > 0
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-6)


def test_a_step_in_bfloat16_is_measured_where_the_cpu_has_it_and_explained_where_not(monkeypatch):
    monkeypatch.setattr(train_step, "office_home_step", small_step)
    for there in (True, False):
        monkeypatch.setattr(train_step, "computes_bfloat16", lambda: there)  # noqa: B023
        full, half, parts = train_step.train_step(True)
        assert (full.n, half.n, parts.n) == (1, int(there), 1)
        assert (half.value is not None) is there


def test_the_full_step_has_a_figure_for_every_size_precision_and_way(monkeypatch):
    monkeypatch.setattr(full_step, "office_home_step", lambda precision, classes, **_: small_step(precision))
    monkeypatch.setattr(full_step, "computes_bfloat16", lambda: False)
    found = {figure.figure: figure for figure in full_step.full_step(True)}
    assert len(found) == 10
    assert found["full_step_speedup_10"].n == found["full_step_speedup_siglip2_10"].n == 1
    for classes in full_step.CLASSES:
        for way in ("", "_maple"):
            assert found[f"full_step_speedup{way}_{classes}"].n == 1
            assert found[f"full_step_speedup{way}_{classes}_bfloat16"].value is None
    assert len(office_home_tasks(16, 126)[0].class_names) == len(set(office_home_tasks(16, 126)[0].class_names)) == 126


@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf")
def test_a_compiled_step_is_measured_where_it_can_be_and_explained_where_not(monkeypatch):
    monkeypatch.setattr(compiled, "office_home_step", small_step)
    monkeypatch.setattr(compiling.Compiler, "_backend", lambda self, graph, inputs: graph.forward)
    assert [figure.n for figure in compiled.compiled(True)] == [1, 2]
    monkeypatch.setattr(compiling.Compiler, "_backend", broken)
    (figure,) = compiled.compiled(True)
    assert figure.value is None
    assert "no compiler" in figure.against


def broken(self, graph, inputs):
    self._failed(RuntimeError("no compiler"))
    return graph.forward


def test_maples_step_trains_its_tokens_and_its_layers_and_replaces_two_words():
    joint, batches = small_step()
    one = maple.Maple(joint.clip.text_width, joint.clip.image_width, depth=2)
    maple.step(one, joint, batches)
    assert all(parameter.grad.abs().max() > 0 for parameter in one.parameters())
    tokens = joint.clip.tokenize(["a photo of a fox."])
    left = maple.without_first_words(tokens)
    assert left[0, 1:6].tolist() == tokens[0, 3:8].tolist()
    assert left.shape == tokens.shape
    full = maple.Maple(512, 768)
    assert sum(parameter.numel() for parameter in full.parameters()) == 3_555_072  # as MaPLe's on ViT-B/16


def test_memory_is_ours_over_the_plain_ways(monkeypatch):
    monkeypatch.setattr(memory, "_grown_elsewhere", {"plain": 200.0, "1": 300.0, "4": 50.0}.__getitem__)
    assert [figure.value for figure in memory.memory(True)] == [1.5, 0.25]


def one_of(train):
    return {"accumulate": train.accumulate, "recompute": train.recompute}


def test_an_estimate_is_foretold_over_measured_for_every_way_to_take_a_step(monkeypatch):
    monkeypatch.setattr(scenes, "office_home_step", lambda base, **_: small_step(**one_of(base.train)))
    monkeypatch.setattr(estimate, "_elsewhere", estimate._foretold_over_measured)
    kept = {"VmRSS": 1_000_000, "VmHWM": 2_000_000}  # the tests before may have had more than a small step's peak
    monkeypatch.setattr(estimate, "resident", kept.__getitem__)
    found = {figure.figure: figure.value for figure in estimate.estimate(True)}
    assert len(found) == 10
    assert all(value > 0 for value in found.values())


def test_the_longest_wait_for_a_stop_is_told_for_every_phase(monkeypatch):
    monkeypatch.setattr(stop, "office_home_step", small_step)
    found = {figure.figure: figure for figure in stop.stop(False)}
    assert [name.removeprefix("stop_longest_wait_") for name in found] == [
        "step_s", "zero_shot_s", "evaluation_s", "affinity_s",
    ]  # fmt: skip
    assert all(one.value == one.max and one.n > tiny.LAYERS for one in found.values())
    monkeypatch.setattr(stop, "LOOKS", 3)
    assert [figure.n for figure in stop.stop(True)][1:] == [3, 3, 3]
