"""The memory of a step, foretold, against what torch keeps for the way back."""

import pytest
import torch

from mmap_studio.config import settings_from
from mmap_studio.method.grouping import Grouping
from mmap_studio.method.training import Joint, new_bank
from mmap_studio.session.footprint import ClassTexts, ClipShape, footprint, kept, size
from mmap_studio.session.work import shape_of, texts_of
from tests import tiny

SHAPE = ClipShape(150_000_000, 224, 197, 768, 512, 12, 12)
TEXTS = (ClassTexts(65, 5, 5),) * 4


def really_kept(joint: Joint) -> int:
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


@pytest.mark.parametrize("quick", [False, True])
@pytest.mark.parametrize(("layers", "batch", "tokens"), [(3, 16, 2), (6, 4, 4)])
def test_what_a_step_keeps_is_foretold_within_a_fifth(quick, layers, batch, tokens):
    changes = {"vision": {"image_size": 64, "layers": layers, "width": 64}, "text": {"layers": layers, "width": 32}}
    clip = tiny.clip(quick_gelu=quick, **changes)
    tasks = []
    for seed, name in enumerate(("art", "ink", "real")):
        sets = {part: tiny.pictures(16, 4, seed, size=64) for part in ("train", "val", "test")}
        tasks.append(tiny.TaskSpec(name, tiny.WORDS, **sets))
    settings = settings_from({}, {
        "prompt.tokens": tokens, "prompt.source_rows": tokens, "prompt.source_columns": 8, "train.batch_size": batch,
    })  # fmt: skip
    bank = new_bank(clip, Grouping.together([task.name for task in tasks]), settings.prompt, 1)
    shape, texts = shape_of(clip), texts_of(clip, tasks)
    foretold = 4 * sum(kept(shape, 3 * batch, texts, 2 * tokens))
    assert really_kept(Joint(clip, tasks, bank, settings.train, 1)) == pytest.approx(foretold, rel=0.2)


def test_micro_batches_need_less_and_larger_groups_more():
    whole, parts = (settings_from({}, {"train.batch_size": 16, "train.accumulate": n}) for n in (1, 4))
    assert footprint(parts, SHAPE, TEXTS, 4, False).step < 0.4 * footprint(whole, SHAPE, TEXTS, 4, False).step
    assert footprint(whole, SHAPE, TEXTS, 2, False).step < footprint(whole, SHAPE, TEXTS, 4, False).step
    assert footprint(whole, SHAPE, TEXTS, 4, False).weights == 600_000_000


def test_measuring_the_affinity_takes_all_tasks_whatever_the_micro_batches():
    settings = settings_from({}, {"train.accumulate": 16})
    assert footprint(settings, SHAPE, TEXTS, 1, True).step > 4 * footprint(settings, SHAPE, TEXTS, 1, False).step


@pytest.mark.parametrize(("count", "text"), [(0, "0 MB"), (949e6, "949 MB"), (1.94e9, "1.9 GB"), (2e10, "20.0 GB")])
def test_sizes_as_people_read_them(count, text):
    assert size(count) == text
