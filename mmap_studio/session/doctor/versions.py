"""Check of versions: Python, the studio, and every library it asks for, against its bounds and the known-bad ones."""

import platform
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from typing import TYPE_CHECKING

from mmap_studio.session.doctor.finding import Finding
from mmap_studio.session.doctor.known_bad import KNOWN_BAD, known_bad
from mmap_studio.version import __version__

if TYPE_CHECKING:
    from packaging.requirements import Requirement

PROGRAM = "mmap-studio"
_CHECK = "versions"


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

    yield from judged([Requirement(one) for one in asked], installed(), platform.python_version())


def installed() -> dict[str, str]:
    """Version by canonical name of every distribution that this Python finds; the first found counts, as on import."""
    from packaging.utils import canonicalize_name

    found: dict[str, str] = {}
    for one in metadata.distributions():
        name = one.metadata["Name"]
        if name:
            found.setdefault(canonicalize_name(name), one.version)
    return found


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


def _problem(said: str, one: "Requirement") -> Finding:
    return Finding(_CHECK, "problem", said, f'run: pip install "{one.name}{one.specifier}"')
