"""The self-test as a whole: every check, in order; one that fails itself is a finding like any other."""

import importlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from mmap_studio.session.doctor.artifacts import VERIFY
from mmap_studio.session.doctor.child_checks import Apart
from mmap_studio.session.doctor.finding import Finding
from mmap_studio.version import __version__


@dataclass(frozen=True)
class Check:
    name: str
    function: str
    """``module:function`` of what gives its findings."""
    seconds: float = 0.0
    """How long it may take in a process of its own; 0 for a check that can neither crash nor hang."""


_ROOM = "mmap_studio.session.doctor"
CHECKS = (
    Check("versions", f"{_ROOM}.versions:versions"),
    Check("libraries", f"{_ROOM}.libraries:libraries", 180),
    Check("gpu", f"{_ROOM}.libraries:pytorch", 180),
    Check("folders", f"{_ROOM}.folders:folders", 30),
    Check("cache", f"{_ROOM}.artifacts:artifacts", 60),
    Check("machine", f"{_ROOM}.machine:machine"),
    Check("backbones", f"{_ROOM}.weights:weights", 60),
)
ALL_OF_A_CACHE = 24 * 3600.0
"""Seconds that reading a whole cache may take."""


def examine(checks: Sequence[Check] = CHECKS, verify: bool = False) -> Iterator[Finding]:
    """The findings of all checks, without anything that says whose computer it is; never raises.

    verify : read every artifact of the cache, however long it takes
    """
    started = {check.name: _start(check, verify) for check in checks if check.seconds}
    clean = _safely(_scrubber) or str  # while they work
    for check in checks:
        found = started.get(check.name)
        findings = found if isinstance(found, Finding) else _here(check) if found is None else found.findings()
        for one in [findings] if isinstance(findings, Finding) else _guarded(check, findings):
            yield replace(one, said=clean(one.said), remedy=clean(one.remedy))


def _start(check: Check, verify: bool) -> Apart | Finding:
    everything = verify and check.name == "cache"
    try:
        seconds = ALL_OF_A_CACHE if everything else check.seconds
        return Apart.started(check.name, check.function, seconds, VERIFY if everything else "")
    except OSError as error:  # no more processes
        return _failed(check, error)


def _here(check: Check) -> Iterator[Finding]:
    module, _, function = check.function.partition(":")
    yield from getattr(importlib.import_module(module), function)()


def _guarded(check: Check, findings: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except Exception as error:
        yield _failed(check, error)


def _failed(check: Check, error: Exception) -> Finding:
    said = (str(error).strip().splitlines() or [""])[0]
    return Finding(check.name, "problem", f"This check failed itself ({type(error).__name__}: {said}).",
                   "report it with this text")  # fmt: skip


def _scrubber() -> Callable[[str], str]:
    from mmap_studio.session.doctor.anonymised import scrubber

    return scrubber()


def _safely(make: Callable[[], Callable[[str], str]]) -> Callable[[str], str] | None:
    with suppress(Exception):
        return make()
    return None


def document(findings: Sequence[Finding]) -> dict[str, Any]:
    """The findings as `mmap-studio doctor --json` prints them."""
    counts = {f"{state}s": sum(one.state == state for one in findings) for state in ("problem", "warning")}
    return {"format": 1, "version": __version__, **counts, "findings": [one.as_json() for one in findings]}
