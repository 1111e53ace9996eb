"""Compiled steps in a run: what they are called in the cache, and what is said where they cannot be compiled."""

from dataclasses import replace

from mmap_studio.config import settings_from
from tests import tiny
from tests.lazy import imported_later

with imported_later():
    from mmap_studio.method.training import StepReport
    from mmap_studio.session.cache.digests import affinity_digest, group_digest
    from mmap_studio.session.run.stages import step_warnings


PLAIN, COMPILED = settings_from({"preset": "light"}), settings_from({"preset": "light"}, {"train.compiled": True})


def test_what_was_trained_by_compiled_steps_has_a_name_of_its_own():
    clip, tasks = tiny.clip(), [tiny.task("a"), tiny.task("b", 1)]
    for digest in (group_digest, affinity_digest):
        assert digest(clip, tasks, PLAIN) != digest(clip, tasks, COMPILED)


def test_what_was_trained_before_steps_could_be_compiled_is_found_still(monkeypatch):
    from mmap_studio.session.cache import digests

    known = []
    monkeypatch.setattr(digests, "digest_of", lambda **values: known.append(values["train"]) or "d")
    for settings in (PLAIN, COMPILED):
        group_digest(tiny.clip(), [tiny.task("a")], settings)
    assert ["compiled" in train for train in known] == [False, True]


def test_a_failure_to_compile_is_said_once():
    step = StepReport(("a",), 1, 4, 1, {"a": 0.5}, 0.1)
    failed = replace(step, uncompiled="InductorError: no compiler")
    (notice,) = step_warnings(failed, None, COMPILED)
    assert notice.level == "warning"
    assert notice.text.startswith("Steps could not be compiled (InductorError: no compiler); they are computed plainly")
    assert list(step_warnings(replace(failed, step=2), failed, COMPILED)) == []
    assert list(step_warnings(step, None, COMPILED)) == []
