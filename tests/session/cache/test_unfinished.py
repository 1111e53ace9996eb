"""What is kept of a training that is not done: when, for how long, and what is made of files that are none."""

from dataclasses import replace

import numpy as np
import pytest

from mmap_studio.errors import Interrupted, StorageError
from mmap_studio.storage import atomic
from mmap_studio.storage.store import FolderStore, MemoryStore
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.bank import PromptKey
    from mmap_studio.method.snapshot import Snapshot
    from mmap_studio.method.training import TrainedGroup
    from mmap_studio.session.cache.cache import Cached
    from mmap_studio.session.cache.unfinished import (
        EVERY,
        KIND,
        VERSION,
        Unfinished,
        forget,
        snapshot_from_arrays,
        snapshot_to_arrays,
    )

DIGEST = "ab" * 32


class Clock:
    """Stands until it is set."""

    now = 0.0

    def __call__(self):
        return self.now


def snapshot(step=5):
    names, rng = ("art", "real"), np.random.default_rng(0)
    arrays = {name: rng.random((2, 2, 4), np.float32) for name in ("source_prompt", "text_factor", "image_factor")}
    adapters = {PromptKey("group", names): arrays}
    group = TrainedGroup(
        names, adapters, adapters, 1, ({"art": 0.5, "real": 0.25},), False, {}, {"art": 0.1, "real": 0}
    )
    losses = rng.random((step, 2))
    losses[1] = np.nan
    return Snapshot(
        names, step, 9, 0.5, 2, {"a.b": arrays["source_prompt"]},
        {"0/step": np.array(3, np.float32), "0/exp_avg": arrays["source_prompt"]},
        losses, np.full((1, 2, 2), np.nan), np.array([3]), group,
    )  # fmt: skip


def same(one, other):
    (arrays, meta), (others, about) = snapshot_to_arrays(one), snapshot_to_arrays(other)
    bits = [{name: (a.dtype.str, a.shape, a.tobytes()) for name, a in which.items()} for which in (arrays, others)]
    return bits[0] == bits[1] and meta == about


@pytest.fixture(params=["memory", "folder"])
def cached(request, tmp_path):
    return Cached(MemoryStore() if request.param == "memory" else FolderStore(tmp_path))


def at(cached, step, clock=None):
    """An `Unfinished` whose training has done so many steps."""
    made = Unfinished(cached, DIGEST, clock or Clock())
    made.bookmark.place(lambda: snapshot(step))
    return made


def kept(cached):
    return Unfinished(cached, DIGEST).bookmark.start


@pytest.mark.parametrize("group", [True, False])
def test_a_snapshot_comes_back_as_it_was(cached, group):
    one = (
        snapshot() if group else replace(snapshot(), group=None, measured=np.zeros((0, 2, 2)), measured_at=np.arange(0))
    )
    cached.put(KIND, DIGEST, *snapshot_to_arrays(one))
    assert same(kept(cached), one)


def test_it_is_written_every_so_often_and_at_a_new_step_alone(cached):
    clock = Clock()
    one = at(cached, 5, clock)
    assert one.keep() == ""
    assert kept(cached) is None
    clock.now += EVERY
    assert one.keep() == ""
    assert kept(cached).step == 5
    one.bookmark.place(lambda: snapshot(6))
    clock.now += EVERY / 2
    one.keep()
    assert kept(cached).step == 5
    clock.now += EVERY / 2
    one.keep()
    assert kept(cached).step == 6
    cached.store.remove(KIND, DIGEST)
    clock.now += EVERY
    one.keep()
    assert kept(cached) is None, "the same step again is nothing new"


@pytest.mark.parametrize("error", [GeneratorExit, KeyboardInterrupt, Interrupted, MemoryError, RuntimeError])
def test_a_stop_keeps_the_last_step(cached, error):
    with pytest.raises(error), at(cached, 7):
        raise error
    assert kept(cached).step == 7


def test_nothing_is_left_of_a_training_that_is_done(cached):
    cached.put(KIND, DIGEST, *snapshot_to_arrays(snapshot()))

    def stop_at_the_last_step():
        with at(cached, 7) as one:
            one.done()
            raise GeneratorExit

    with pytest.raises(GeneratorExit):
        stop_at_the_last_step()
    assert not cached.store.entries()
    forget(cached, DIGEST)


def test_a_stop_before_the_first_step_leaves_what_was_there(cached):
    cached.put(KIND, DIGEST, *snapshot_to_arrays(snapshot(4)))
    with pytest.raises(Interrupted), Unfinished(cached, DIGEST):
        raise Interrupted
    assert kept(cached).step == 4


def test_a_full_disk_is_told_once_and_the_training_goes_on(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise StorageError("The disk is full.")

    clock, cached = Clock(), Cached(FolderStore(tmp_path))
    one = at(cached, 5, clock)
    monkeypatch.setattr(atomic, "write_bytes", full)
    clock.now += EVERY
    assert one.keep().startswith("The disk is full. The training goes on;")
    clock.now += EVERY
    assert one.keep() == ""
    monkeypatch.undo()
    clock.now += EVERY
    assert one.keep() == ""
    assert kept(cached).step == 5, "there was room again"
    monkeypatch.setattr(atomic, "write_bytes", full)
    with pytest.raises(Interrupted), at(cached, 6):
        raise Interrupted


def test_a_disk_that_does_not_give_it_back_is_as_if_there_were_none(tmp_path):
    cached = Cached(FolderStore(tmp_path))
    (tmp_path / KIND / f"{DIGEST}.h5").mkdir(parents=True)
    assert kept(cached) is None


def test_one_of_another_version_is_left_alone_and_replaced(cached):
    arrays, meta = snapshot_to_arrays(snapshot())
    cached.put(KIND, DIGEST, arrays, meta | {"version": VERSION + 1, "step": "other"})
    assert kept(cached) is None
    assert cached.store.has(KIND, DIGEST)
    clock = Clock()
    one = at(cached, 5, clock)
    clock.now += EVERY
    one.keep()
    assert kept(cached).step == 5


def without(mapping, name):
    return {key: value for key, value in mapping.items() if key != name}


CRAFTED = {
    **{f"no {name}": (lambda a, m, name=name: (a, without(m, name))) for name in (
        "version", "members", "step", "steps", "scale", "parts", "module", "optimizer", "group")},
    **{f"no array {name}": (lambda a, m, name=name: (without(a, name), m)) for name in (
        "module_0", "optimizer_0", "losses", "history", "steps", "group_final_0_source_prompt")},
    "a step that is none": lambda a, m: (a, m | {"step": "5"}),
    "a step that is not whole": lambda a, m: (a, m | {"step": 5.0}),
    "no members": lambda a, m: (a, m | {"members": []}),
    "losses of another type": lambda a, m: (a | {"losses": a["losses"].astype(np.float32)}, m),
    "losses of another shape": lambda a, m: (a | {"losses": a["losses"].ravel()}, m),
    "steps of another type": lambda a, m: (a | {"steps": a["steps"].astype(np.int32)}, m),
    "measurements of other tasks": lambda a, m: (a | {"history": a["history"][:, :1]}, m),
    "a group that is none": lambda a, m: (a, m | {"group": {"members": ["art"]}}),
    "a meta that is none": lambda a, m: (a, [1, 2]),
    "nothing": lambda a, m: ({}, {}),
}  # fmt: skip


@pytest.mark.parametrize("craft", CRAFTED)
def test_what_is_no_snapshot_is_put_away(tmp_path, craft):
    told = []
    cached = Cached(FolderStore(tmp_path, told.append))
    cached.store.put(KIND, DIGEST, *CRAFTED[craft](*snapshot_to_arrays(snapshot())))
    assert kept(cached) is None
    assert not cached.store.has(KIND, DIGEST)
    assert len(told) == 1


@pytest.mark.parametrize("size", [0, 100, 511, 2000, -1])
def test_a_file_that_was_cut_off_is_put_away(tmp_path, size):
    told = []
    cached = Cached(FolderStore(tmp_path, told.append))
    cached.put(KIND, DIGEST, *snapshot_to_arrays(snapshot()))
    path = cached.store.path(KIND, DIGEST)
    path.write_bytes(path.read_bytes()[:size])
    assert kept(cached) is None
    assert told


def test_what_the_training_refuses_is_put_away(tmp_path):
    told = []
    cached = Cached(FolderStore(tmp_path, told.append))
    cached.put(KIND, DIGEST, *snapshot_to_arrays(snapshot()))
    one = Unfinished(cached, DIGEST)
    one.bookmark.refusal = "a step too many"
    one.keep()
    assert not cached.store.has(KIND, DIGEST)
    assert "a step too many" in told[0]


def test_it_is_pruned_and_verified_as_every_artifact(cached):
    cached.put(KIND, DIGEST, *snapshot_to_arrays(snapshot()))
    assert [(entry.kind, entry.digest) for entry in cached.store.entries()] == [(KIND, DIGEST)]
    assert cached.store.verify() == []
    assert [entry.kind for entry in cached.store.prune(everything=True)] == [KIND]
    assert kept(cached) is None


def test_meta_is_plain_and_the_parts_are_named(cached):
    arrays, meta = snapshot_to_arrays(snapshot())
    assert meta["version"] == VERSION
    assert same(snapshot_from_arrays(arrays, meta), snapshot())
