"""1,000 damaged files, each found by its checksum; caches rebuild, the others say which."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from mmap_studio.errors import CorruptError
from mmap_studio.storage import atomic, json_text, prompt_folder, runs, store
from tests.storage import scenarios as s
from tests.storage.checks import mutated

pytestmark = pytest.mark.slow

CACHE, PROMPTS, RUN = 400, 300, 300
"""Mutants of each artifact; 1,000 in all."""


def check_cache_corruption(root: Path, count: int) -> int:
    """Detected, reported, set aside, rebuilt; the neighbour intact."""
    told: list[str] = []
    cache = store.FolderStore(root / "cache", told.append)
    for digest in (s.OLD, s.OTHER):
        cache.put("prompts", digest, s.arrays(1), {"value": 1.0})
    path, rng = cache.path("prompts", s.OLD), random.Random(0)
    sound = path.read_bytes()
    for trial in range(count):
        damaged = mutated(sound, rng)
        path.write_bytes(damaged)
        assert cache.get("prompts", s.OLD) is None, f"mutant {trial} was taken for sound"
        assert not path.exists()
        assert len(told) == trial + 1
        assert str(path) in told[-1]
        aside = path.parent / atomic.QUARANTINE / f"{path.name}.1"
        assert aside.read_bytes() == damaged
        atomic.remove(aside)
        cache.put("prompts", s.OLD, s.arrays(1), {"value": 1.0})
        assert path.read_bytes() == sound
    assert s.artifact_value(cache.get("prompts", s.OTHER)) == 1.0
    return count


def check_prompt_corruption(root: Path, count: int) -> int:
    """Loading refuses and names the file; the card may be edited, which `verify_prompts` still tells."""
    folder, rng = root / "prompts", random.Random(1)
    prompt_folder.save_prompts(folder, s.prompt_folder(1))

    def detect(path: Path, trial: int) -> None:
        problems = prompt_folder.verify_prompts(folder)
        assert len(problems) == 1, f"mutant {trial} of {path.name} gives {problems}"
        assert str(path) in problems[0]
        if path.name == prompt_folder.CARD:
            prompt_folder.load_prompts(folder)
        else:
            with pytest.raises(CorruptError, match=path.name):
                prompt_folder.load_prompts(folder)

    return damage_each(folder, rng, count, detect, lambda: s.folder_value(folder) == 1.0)


def check_run_corruption(root: Path, count: int) -> int:
    """`verify` names the file; a record that is damaged itself shows as the run's state."""
    rng = random.Random(2)
    with_all_files = list(s.change_run(root))
    assert with_all_files
    run = runs.list_runs(root / "runs")[-1]

    def detect(path: Path, trial: int) -> None:
        problems = run.verify()
        assert len(problems) == 1, f"mutant {trial} of {path.name} gives {problems}"
        assert str(path) in problems[0]
        assert (run.state == "damaged") == (path.name == runs.RECORD)

    return damage_each(run.path, rng, count, detect, lambda: run.verify() == [] and run.state == "finished")


def check_seal(folder: Path) -> int:
    """Every single byte of a sealed record counts, blanks included."""
    text = json_text.sealed({"state": "finished", "files": {"a": {"bytes": 1}}, "name": "é"}).encode()
    assert json_text.unsealed(text.decode(), folder)["state"] == "finished"
    for place in range(len(text)):
        for flip in (1, 32):
            damaged = bytearray(text)
            damaged[place] ^= flip
            try:
                json_text.unsealed(damaged.decode(errors="replace"), folder)
            except CorruptError:
                continue
            raise AssertionError(f"byte {place} does not count")
    return 2 * len(text)


def damage_each(
    folder: Path, rng: random.Random, count: int, detect: Callable[[Path, int], None], is_sound: Callable[[], bool]
) -> int:
    """Damage one file after another, look, and put it back."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    for trial in range(count):
        path = paths[trial % len(paths)]
        sound = path.read_bytes()
        path.write_bytes(mutated(sound, rng))
        detect(path, trial)
        path.write_bytes(sound)
    assert is_sound()
    return count


def test_damaged_cache_files_are_found_and_rebuilt(quick_folder: Path) -> None:
    assert check_cache_corruption(quick_folder, CACHE) == CACHE


def test_damaged_prompt_folders_are_refused_by_file(quick_folder: Path) -> None:
    assert check_prompt_corruption(quick_folder, PROMPTS) == PROMPTS


def test_damaged_runs_are_told_by_file(quick_folder: Path) -> None:
    assert check_run_corruption(quick_folder, RUN) == RUN


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "prompts"
    prompt_folder.save_prompts(folder, s.prompt_folder(1))
    (folder / prompt_folder.CLASSES).unlink()
    with pytest.raises(OSError, match=r"classes\.json could not be read"):
        prompt_folder.load_prompts(folder)
    assert len(prompt_folder.verify_prompts(folder)) == 1


def test_every_byte_of_a_sealed_record_counts(tmp_path: Path) -> None:
    assert check_seal(tmp_path) > 100
