"""What a run says of prompts against zero-shot: before the first step, a group, and the whole."""

from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.config import settings_from
from mmap_studio.formatting import percent
from mmap_studio.session.methods import below_zero_shot
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.bank import PromptKey
    from mmap_studio.method.prompt_shape import ARRAY_NAMES, GATE
    from mmap_studio.method.training import TrainedGroup
    from mmap_studio.session.cache.cache import Cached, group_from_arrays, group_to_arrays
    from mmap_studio.session.cache.digests import group_digest
    from mmap_studio.session.run import stages
    from mmap_studio.session.run.context import RunContext
    from mmap_studio.storage.store import MemoryStore


SIZES = {"prompt.tokens": 2, "prompt.source_rows": 2, "prompt.source_columns": 8, "prompt.depth": 2}
GATED = settings_from({}, SIZES)
RANDOM = settings_from({"preset": "light"}, SIZES)


def group(trained, zero_shot, gated=True):
    shapes = dict.fromkeys(ARRAY_NAMES, (2, 1, 1)) | ({GATE: (2,)} if gated else {})
    adapters = {PromptKey("group", ("a", "b")): {name: np.ones(size, np.float32) for name, size in shapes.items()}}
    known = {"a": zero_shot, "b": zero_shot}
    return TrainedGroup(("a", "b"), adapters, adapters, 1, ({"a": trained, "b": trained},), True, {}, known)


def test_a_group_below_zero_shot_stays_there_and_says_so():
    (notice,) = stages.against_zero_shot(group(0.4, 0.5), GATED)
    assert notice.level == "warning"
    assert notice.text == (
        f"a, b: zero-shot is better on validation ({percent(0.5)} against {percent(0.4)}), so these prompts stay at "
        "zero-shot."
    )


def test_prompts_that_cannot_be_zero_shot_say_what_could():
    (notice,) = stages.against_zero_shot(group(0.4, 0.5, gated=False), RANDOM)
    assert notice.text.endswith("prompt.start=zero_shot would keep the better.")


@pytest.mark.parametrize("one", [(0.5, 0.5), (0.6, 0.5)])
def test_a_group_that_reaches_zero_shot_says_nothing(one):
    assert list(stages.against_zero_shot(group(*one), GATED)) == []


def test_without_validation_nothing_is_compared():
    bare = replace(group(0.0, 0.0), zero_shot={}, validation=({},))
    assert not bare.worse("final")
    assert list(stages.against_zero_shot(bare, GATED)) == []


def test_a_group_comes_back_from_the_cache_with_its_gate_and_zero_shot():
    made = group(0.4, 0.5)
    back = group_from_arrays(*group_to_arrays(made), members=["a", "b"])
    assert back.zero_shot == made.zero_shot
    assert back.worse("final")
    (arrays,) = back.final.values()
    assert set(arrays) == {*ARRAY_NAMES, GATE}


def test_the_start_at_random_says_what_it_costs(monkeypatch):
    context = RunContext.of(Cached(MemoryStore()), tiny.clip(), [tiny.task("a"), tiny.task("b", 1)], RANDOM)
    monkeypatch.setattr(stages, "validate", lambda clip, tasks, bank: {"a": 0.3 if bank else 0.45})
    (notice,) = stages.start_warning(context, ("a", "b"))
    assert percent(0.3) in notice.text
    assert percent(0.45) in notice.text
    monkeypatch.setattr(stages, "validate", lambda clip, tasks, bank: {"a": 0.45})
    assert list(stages.start_warning(context, ("a", "b"))) == []


def test_the_start_at_zero_shot_needs_no_look(monkeypatch):
    monkeypatch.setattr(stages, "validate", None)
    context = RunContext.of(Cached(MemoryStore()), tiny.clip(), [tiny.task("a")], GATED)
    assert list(stages.start_warning(context, ("a",))) == []


def test_the_last_sentence_of_a_run_below_zero_shot():
    assert below_zero_shot(0.5, 0.5) == ""
    assert below_zero_shot(0.256, 0.263).endswith(f"below zero-shot: {percent(0.256)} against {percent(0.263)}.")


def test_what_was_trained_before_there_was_another_start_keeps_its_name(monkeypatch):
    from mmap_studio.session.cache import digests

    known = []
    monkeypatch.setattr(digests, "digest_of", lambda **values: known.append(values) or "d")
    for settings in (RANDOM, GATED):
        group_digest(tiny.clip(), [tiny.task("a")], settings)
    old, new = known
    assert not {"start", "join"} & set(old["prompt"])
    assert "min_steps" not in old["train"]
    assert (new["prompt"]["start"], new["prompt"]["join"]) == ("zero_shot", "add")


def test_sizes_left_open_become_numbers_with_the_tasks():
    few = [tiny.task("a", n=8)]
    many = [tiny.task("a", n=64)]
    made = [RunContext.of(Cached(MemoryStore()), tiny.clip(), tasks, settings_from({})).settings.prompt
            for tasks in (few, many)]  # fmt: skip
    assert [one.parts for one in made] == ["group", "both"]
    assert all(one.tokens == 4 for one in made)
