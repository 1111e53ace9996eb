"""The memory of a step, foretold, against what torch keeps for the way back."""

from dataclasses import replace
from functools import partial

import pytest

from mmap_studio.config import settings_from
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.backbones.open_clip_configs import configs
from mmap_studio.session.estimates.facts import shape_of, texts_of
from mmap_studio.session.estimates.memory import PIECE, SCORED, ClassTexts, ClipShape, footprint, kept, text_pass
from tests import tiny
from tests.architectures import timm_changes
from tests.lazy import imported_later

with imported_later():
    import timm
    import torch

    from mmap_studio.method.clip import FrozenClip, blocks
    from mmap_studio.method.evaluation import BATCH_SIZE
    from mmap_studio.method.training import Joint, new_bank


BOTH_WAYS = {"no_causal_mask": True, "pool_type": "last"}
SHAPE = ClipShape(150_000_000, 224, 197, 768, 512, 12, 12)
TEXTS = (ClassTexts(65, 5, 5),) * 4


def really_kept(joint: "Joint") -> int:
    """Bytes of all distinct storages that autograd keeps through one step, the model's own left out."""
    own = {p.untyped_storage().data_ptr() for p in joint.clip.model.parameters()}
    storages: dict[int, torch.UntypedStorage] = {}

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            storages[storage.data_ptr()] = storage  # held, so that no other takes its place
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        joint.backward(joint.batches.draw())
    return sum(storage.nbytes() for storage in storages.values())


def step_of(clip, batch, tokens, **training):
    """Three tasks that train together, and the settings they do it with."""
    tasks = []
    for seed, name in enumerate(("art", "ink", "real")):
        sets = {part: tiny.image_set(16, 4, seed, size=64) for part in ("train", "val", "test")}
        tasks.append(tiny.TaskSpec(name, tiny.WORDS, **sets))
    prompt = {"tokens": tokens, "source_rows": tokens, "source_columns": 8}
    settings = settings_from({"preset": "light", "prompt": prompt, "train": {"batch_size": batch} | training})
    bank = new_bank(clip, Grouping.together([task.name for task in tasks]), settings.prompt, 1)
    return Joint(clip, tasks, bank, settings.train, 1), settings


def clip_of(layers, width=64, **changes):
    vision = {"image_size": 64, "layers": layers, "width": width}
    return tiny.clip(vision=vision, text={"layers": layers, "width": width // 2}, **changes)


@pytest.mark.parametrize(
    ("layers", "batch", "tokens", "changes", "training", "precision"),
    [
        (3, 16, 2, {}, {}, "float32"),
        (6, 4, 4, {}, {}, "float32"),
        (3, 16, 2, {"quick_gelu": True}, {}, "float32"),
        (6, 16, 2, {}, {"recompute": True}, "float32"),
        (4, 16, 2, {}, {}, "bfloat16"),
        (3, 4, 2, {"custom_text": True, "text": BOTH_WAYS}, {}, "float32"),
    ],
    ids=["wide batch", "deep", "quick", "recompute", "bfloat16", "both ways"],
)
def test_what_a_step_keeps_is_foretold_within_a_fifth(layers, batch, tokens, changes, training, precision):
    text = changes.pop("text", None)
    clip = clip_of(layers, **changes) if text is None else tiny.clip(
        vision={"image_size": 64, "layers": layers, "width": 64}, text=text | {"layers": layers, "width": 32}, **changes
    )  # fmt: skip
    clip.precision = precision
    joint, settings = step_of(clip, batch, tokens, **training)
    shape, texts = shape_of(clip), texts_of(clip, joint.tasks)
    read = text_pass(shape, texts, settings.prompt.inserted)
    foretold = sum(kept(shape, 3 * batch, read, settings.prompt.inserted, settings.train.recompute))
    assert really_kept(joint) == pytest.approx(foretold, rel=0.2)


def test_micro_batches_and_recomputing_need_less_and_larger_groups_more():
    whole, parts, again = (
        settings_from({"preset": "light", "train": {"batch_size": 16} | more})
        for more in ({}, {"accumulate": 4}, {"recompute": True})
    )
    one = footprint(whole, SHAPE, [TEXTS])
    assert footprint(parts, SHAPE, [TEXTS]).step < 0.4 * one.step
    assert footprint(again, SHAPE, [TEXTS]).step < 0.4 * one.step
    assert footprint(whole, SHAPE, [TEXTS[:2]]).step < one.step
    assert one.weights == 600_000_000


def test_the_group_with_the_longest_class_lists_counts_wherever_it_stands():
    settings, long = settings_from({"preset": "light", "train": {"batch_size": 1}}), (ClassTexts(1000, 5, 9),) * 2
    short, alone, both = (footprint(settings, SHAPE, groups).step for groups in ([TEXTS], [long], [TEXTS, long]))
    assert both == alone > 2 * short


def test_a_prompt_that_a_group_shares_reads_equal_lists_once():
    own, shared = (
        footprint(
            settings_from({"preset": "light", "train": {"batch_size": 1}, "prompt": {"parts": parts}}), SHAPE, [TEXTS]
        ).step
        for parts in ("task", "group")
    )
    assert shared < 0.7 * own
    other = (*TEXTS[:3], ClassTexts(65, 5, 6))
    assert text_pass(SHAPE, TEXTS, 8, 1).rows == 65 == text_pass(SHAPE, other, 8, 1).rows // 2


def test_measuring_the_affinity_takes_all_tasks_whatever_the_micro_batches():
    settings = settings_from({"preset": "light"}, {"train.accumulate": 16})
    assert footprint(settings, SHAPE, [TEXTS[:1]], TEXTS).step > 4 * footprint(settings, SHAPE, [TEXTS[:1]]).step


def test_bfloat16_takes_less():
    settings = settings_from({"preset": "light", "train": {"batch_size": 64}})
    whole, half = (footprint(settings, replace(SHAPE, device="cuda", half=h), [TEXTS]).step for h in (False, True))
    assert whole > 1.4 * half


def test_what_is_known_of_the_engine_is_so():
    assert (PIECE, SCORED) == (blocks.PIECE, BATCH_SIZE)


TIMM = {"ViT-B-16-SigLIP2": {}, "ViT-SO400M-14-SigLIP": {}, "MobileCLIP2-L-14": {}, "EVA01-g-14": {}, "EVA02-B-16": {},
        "EVA02-E-14": {}, "PE-Core-B-16": {"ref_feat_shape": (4, 4)}, "PE-Core-bigG-14-448": {"ref_feat_shape": (4, 4)},
        "ViTamin-S": {}, "vit_medium_patch16_gap_256": {}}  # fmt: skip


@pytest.mark.parametrize("name", TIMM)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_what_a_step_keeps_with_a_tower_of_timm_is_foretold_within_a_fifth(name, precision, monkeypatch):
    own = timm_changes("vitamin_small_224", 64, 64) if name == "ViTamin-S" else {"patch_size": 16}
    sizes = own | {"img_size": 64, "embed_dim": 64, "depth": 6, "num_heads": 4} | TIMM[name]
    monkeypatch.setattr("open_clip.timm_model.timm.create_model", partial(timm.create_model, **sizes))
    vision = configs()[name]["vision_cfg"] | {"image_size": 64}
    embed = 64 if vision["timm_proj"] == "none" else tiny.EMBED
    config = tiny.config(custom_text=True, text={"layers": 3}) | {"vision_cfg": vision, "embed_dim": embed}
    clip = FrozenClip.build(config, name="tiny", precision=precision)
    joint, settings = step_of(clip, 16, 2)
    shape, texts = shape_of(clip), texts_of(clip, joint.tasks)
    read = text_pass(shape, texts, settings.prompt.inserted)
    foretold = sum(kept(shape, 3 * 16, read, settings.prompt.inserted))
    assert really_kept(joint) == pytest.approx(foretold, rel=0.2)


def test_a_tower_that_takes_no_prompts_keeps_nothing():
    vision = {"image_size": 64, "layers": [1, 1, 1, 1], "width": 8, "patch_size": None}
    clip = FrozenClip.build(tiny.config(vision=vision), name="tiny")
    joint, settings = step_of(clip, 16, 2)
    shape, texts = shape_of(clip), texts_of(clip, joint.tasks)
    image, text = kept(shape, 3 * 16, text_pass(shape, texts, settings.prompt.inserted), settings.prompt.inserted)
    assert image == 0
    assert really_kept(joint) == pytest.approx(text, rel=0.2)
    assert shape.whole_image > 0
    assert shape.whole_peak > 0
