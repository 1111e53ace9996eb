"""Check of versions: Python, the studio, and every library it asks for, against its bounds and the known-bad ones."""

import platform
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import metadata
from itertools import takewhile
from typing import TYPE_CHECKING

from mmap_studio.session.doctor.finding import Finding
from mmap_studio.session.doctor.known_bad import KNOWN_BAD, known_bad
from mmap_studio.version import __version__

if TYPE_CHECKING:
    from packaging.requirements import Requirement

PROGRAM = "mmap-studio"
_CHECK = "versions"
TOGETHER = "torch and torchvision must come together from one index: README, Without a GPU"


def versions() -> Iterator[Finding]:
    """Findings on what is installed here."""
    yield Finding("python", "ok", f"Python {platform.python_version()} on {platform.platform()}.")
    try:
        asked = metadata.requires(PROGRAM) or []
    except metadata.PackageNotFoundError:
        asked = []
        yield Finding(
            _CHECK, "warning", "The studio is not installed as a package: the bounds of its libraries are not known.",
            "run: pip install -e . in its folder",
        )  # fmt: skip
    from packaging.requirements import Requirement

    found = installed()
    yield from judged([Requirement(one) for one in asked], found, platform.python_version())
    yield from unmet(("torchvision", "open-clip-torch", "huggingface-hub"), found)


def installed() -> dict[str, str]:
    """Version by canonical name of every distribution that this Python finds; the first found counts, as on import."""
    from packaging.utils import canonicalize_name

    found: dict[str, str] = {}
    for one in metadata.distributions():
        about = _head(one)
        if about.get("Name"):
            found.setdefault(canonicalize_name(about["Name"]), about.get("Version", ""))
    return found


def _head(one: metadata.Distribution) -> dict[str, str]:
    """The fields of one line of a distribution's metadata; the whole is parsed ten times as slowly."""
    text = one.read_text("METADATA") or one.read_text("PKG-INFO") or one.read_text("") or ""
    lines = takewhile(bool, text.splitlines())
    return {name: value.strip() for name, colon, value in (line.partition(":") for line in lines) if colon}


def judged(asked: Iterable["Requirement"], found: Mapping[str, str], python: str) -> Iterator[Finding]:
    """Findings on the installed versions `found`: what is missing, out of bounds, or known to be bad on this Python."""
    from packaging.utils import canonicalize_name

    needed = {canonicalize_name(one.name): one for one in asked if one.marker is None or one.marker.evaluate()}
    told = []
    for name, one in needed.items():
        if name not in found:
            yield _problem(f"{one.name} must be installed, but is not.", one)
            continue
        told.append(f"{one.name} {found[name]}")
        bad = known_bad(name, found[name], python)
        if bad is not None:
            yield _problem(f"{one.name} {found[name]} must not be used on Python {python}: {bad.why}.", one)
        elif not one.specifier.contains(found[name], prereleases=True):
            yield _problem(f"{one.name} must be {one.specifier}. Found {found[name]} instead.", one)
    for name in sorted({canonicalize_name(one.package) for one in KNOWN_BAD} - set(needed)):
        bad = known_bad(name, found[name], python) if name in found else None
        if bad is not None:
            yield Finding(
                _CHECK, "problem", f"{bad.package} {found[name]} must not be used on Python {python}: {bad.why}.",
                f'run: pip install --upgrade "{bad.package}"',
            )  # fmt: skip
    yield Finding(_CHECK, "ok", f"{', '.join([f'mmap-studio {__version__}', *told])}.")


def unmet(
    names: Iterable[str], found: Mapping[str, str],
    requires: Callable[[str], Iterable[str] | None] = metadata.requires,
) -> Iterator[Finding]:  # fmt: skip
    """Findings on what these libraries, and those that they need in turn, ask of each other: missing, or another
    version. They are not imported for it, which takes seconds."""
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    waiting, seen = [canonicalize_name(one) for one in names], set[str]()
    while waiting:
        name = waiting.pop(0)
        if name in seen or name not in found:
            continue
        seen.add(name)
        for one in map(Requirement, requires(name) or ()):
            if one.marker is not None and not one.marker.evaluate({"extra": ""}):
                continue
            needed = canonicalize_name(one.name)
            waiting.append(needed)
            if needed not in found:
                yield _problem(f"{name} needs {one.name}, which is not installed.", one)
            elif not one.specifier.contains(found[needed], prereleases=True):
                said = f"{name} needs {one.name}{one.specifier}. Found {found[needed]} instead."
                together = {name, needed} == {"torch", "torchvision"}
                yield Finding(
                    _CHECK, "problem" if together else "warning", said,
                    TOGETHER if together else f'run: pip install "{one.name}{one.specifier}"',
                )  # fmt: skip


def _problem(said: str, one: "Requirement") -> Finding:
    return Finding(_CHECK, "problem", said, f'run: pip install "{one.name}{one.specifier}"')
