"""Artifacts that are sound HDF5 with a right checksum, and hold something else: set aside, and made again."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmap_studio.data.file_table import FileTable, ImageFile
from mmap_studio.storage.store import FolderStore, MemoryStore
from tests.lazy import imported_later
from tests.storage.hostile import mutated

with imported_later():
    from mmap_studio.session.cache import cache
    from mmap_studio.session.dataset.pixel_index import PixelIndex

pytestmark = pytest.mark.slow
DIGEST = "0" * 16
FILES = FileTable.of([ImageFile("a/1.png", 0, 10, 5, "train"), ImageFile("b/2.png", 1, 20, 6, None)])
MMAP = {"source_prompt": (3, 4, 2), "text_factor": (3, 1, 8), "image_factor": (3, 1, 8)}
GROUP = (
    {f"{which}_0_{name}": np.ones(shape, np.float32) for which in ("final", "best") for name, shape in MMAP.items()}
    | {"losses_0": np.ones((2, 5), np.float32)},
    {"members": ["a", "b"], "adapters": [["group", "a", "b"]], "best_epoch": 1, "validation": [{"a": 0.5}],
     "complete": True},
)  # fmt: skip
SCORES = ({"numbers": np.ones(3), "per_class": np.ones(2), "confusion": np.ones((2, 2), np.int64),
           "predictions": np.array([0, 1, 1]), "confidence": np.ones(3, np.float32)}, {})  # fmt: skip
AFFINITY = ({"steps": np.array([3, 6]), "history": np.ones((2, 2, 2)), "losses_0": np.ones((2, 4), np.float32),
             "losses_1": np.ones((2, 4), np.float32)}, {"tasks": ["a", "b"]})  # fmt: skip
INDEX = (FILES.as_arrays() | {"contents": np.ones((2, 32), np.uint8), "pixels": np.ones((2, 32), np.uint8),
                              "shard": np.array([0, -2], np.int32), "row": np.zeros(2, np.int32)},
         {"fingerprint": "f", "shards": ["0" * 16], "bad": {"1": "it is empty"}})  # fmt: skip
KINDS = {"group": GROUP, "scores": SCORES, "affinity": AFFINITY, "index": INDEX, "array": ({"values": np.ones((2, 3), np.float32)}, {})}  # fmt: skip  # noqa: E501


def parsed(kind, arrays, meta):
    """As the stages of a run read it."""
    match kind:
        case "group":
            return cache.group_from_arrays(arrays, meta, ["b", "a"])
        case "scores":
            return cache.scores_from_arrays(arrays, 2, 3)
        case "affinity":
            return cache.affinity_from_arrays(arrays, meta, ["a", "b"]), cache.losses_from_arrays(arrays, ["a", "b"])
        case "index":
            index = PixelIndex.from_arrays(arrays, meta)
            assert list(index.files.paths())
            return index
    return cache.checked_array(arrays, "values", "f4", (2, 3))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_stored_comes_back(kind):
    cached = cache.Cached(MemoryStore())
    cached.put("prompts", DIGEST, *KINDS[kind])
    assert cached.read("prompts", DIGEST, lambda arrays, meta: parsed(kind, arrays, meta)) is not None
    assert (cached.hits, cached.misses) == (1, 0)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=80, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
@given(data=st.data())
def test_what_is_something_else_is_a_miss(kind, data):
    arrays, meta = KINDS[kind]
    name = data.draw(st.sampled_from(sorted(arrays)))
    how = data.draw(st.sampled_from(["gone", "dtype", "shape", "rows", "values", "meta"]))
    arrays, old = dict(arrays), arrays[name]
    if how == "gone":
        del arrays[name]
    elif how == "dtype":
        arrays[name] = old.astype(data.draw(st.sampled_from([np.float64, np.int64, np.uint8, np.bool_, np.float16])))
    elif how == "shape":
        arrays[name] = data.draw(st.sampled_from([old[None], old.reshape(-1), np.zeros((), old.dtype), old[:0]]))
    elif how == "rows":
        arrays[name] = np.concatenate([old, old])
    elif how == "values":
        arrays[name] = np.full_like(old, data.draw(st.sampled_from([-1, 100, 127])) if old.dtype != np.uint8 else 255)
    else:
        meta = data.draw(mutated(meta))
    cached = cache.Cached(MemoryStore())
    try:
        cached.put("prompts", DIGEST, arrays, meta)
    except (ValueError, TypeError, UnicodeEncodeError):  # JSON cannot hold it
        return
    if not isinstance(meta, dict):
        return
    found = cached.read("prompts", DIGEST, lambda arrays, meta: parsed(kind, arrays, meta))
    if found is None:
        assert (cached.hits, cached.misses) == (0, 1)
        assert not cached.store.has("prompts", DIGEST)


def test_it_is_set_aside_with_a_sentence(tmp_path):
    said = []
    store = FolderStore(tmp_path, said.append)
    cached = cache.Cached(store)
    cached.put("scores", DIGEST, {"numbers": np.ones(3)}, {})
    assert cached.read("scores", DIGEST, lambda arrays, _: cache.scores_from_arrays(arrays, 2, 3)) is None
    assert not store.has("scores", DIGEST)
    assert "must hold what was stored under its name. Found 'per_class'. It was moved to" in said[0]
