"""What a container lets this process have of the memory."""

import pytest

from mmap_studio.session.runtime.cgroups import free_memory
from mmap_studio.session.runtime.heap import spare

STAT = "anon 5\ninactive_file 200\nactive_file 7\ntotal_inactive_file 300\n"


@pytest.mark.parametrize(
    ("membership", "files", "free"),
    [
        ("0::/", {"memory.max": "1000", "memory.current": "400"}, 600),
        ("0::/", {"memory.max": "1000", "memory.current": "400", "memory.stat": STAT}, 800),
        ("0::/", {"memory.max": "max", "memory.current": "400"}, None),
        ("0::/", {"memory.max": "1000", "memory.current": "1400"}, 0),
        ("0::/a/b", {"a/memory.max": "900", "a/memory.current": "0", "a/b/memory.max": "500",
                     "a/b/memory.current": "100"}, 400),
        ("4:memory:/x", {"memory/x/memory.limit_in_bytes": "1000", "memory/x/memory.usage_in_bytes": "900",
                         "memory/x/memory.stat": STAT}, 400),
        ("4:cpu:/x", {"memory/x/memory.limit_in_bytes": "1000", "memory/x/memory.usage_in_bytes": "900"}, None),
        ("", {"memory.max": "1000", "memory.current": "400"}, None),
    ],
)  # fmt: skip
def test_the_tightest_group_says_what_is_free(tmp_path, membership, files, free):
    assert free_memory(*written(tmp_path, membership, files)) == free


def test_memory_is_short_where_the_container_is_small_and_the_machine_is_not(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr("mmap_studio.session.runtime.heap._of_glibc", lambda name: lambda *given: asked.append(given))
    monkeypatch.delenv("MALLOC_MMAP_THRESHOLD_", raising=False)
    machine = tmp_path / "meminfo"
    machine.write_text("MemTotal: 9000 kB\nMemAvailable: 8000 kB\n")
    small = written(tmp_path, "0::/", {"memory.max": "1000000", "memory.current": "400000"})
    assert spare(400_000, machine, *small)
    assert len(asked) == 1
    assert not spare(400_000, machine, tmp_path / "none", tmp_path / "none")
    assert len(asked) == 1


def written(root, membership, files):
    for name, text in files.items():
        (root / "groups" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "groups" / name).write_text(f"{text}\n")
    (root / "membership").write_text(membership)
    return root / "groups", root / "membership"
