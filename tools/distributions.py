"""What the studio needs, and what that needs in turn, as it is installed for this Python."""

import tomllib
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
NAME = "mmap-studio"


def requirements(extras: Iterable[str] = ()) -> list[Requirement]:
    """What pyproject.toml asks for: always, and with these extras, those they stand for included."""
    found = [Requirement(one) for one in PROJECT["dependencies"]]
    for extra in extras:
        for one in map(Requirement, PROJECT["optional-dependencies"][extra]):
            found += requirements(one.extras)[len(PROJECT["dependencies"]) :] if one.name == NAME else [one]
    return found


def closure(wanted: Iterable[Requirement]) -> dict[str, list[str]]:
    """Canonical name of everything that is needed -> the names that it needs itself; what is not installed has none."""
    found: dict[str, list[str]] = {}
    waiting, seen = [one for one in wanted if applies(one)], set[tuple[str, frozenset[str]]]()
    while waiting:
        one = waiting.pop()
        name = canonicalize_name(one.name)
        if (name, frozenset(one.extras)) in seen:
            continue
        seen.add((name, frozenset(one.extras)))
        needed = list(needs(name, one.extras))
        found[name] = sorted({*found.get(name, []), *(canonicalize_name(inner.name) for inner in needed)})
        waiting += needed
    return dict(sorted(found.items()))


def needs(name: str, extras: Iterable[str]) -> Iterator[Requirement]:
    """What an installed distribution asks for on this system."""
    try:
        listed = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return
    for one in map(Requirement, listed):
        if any(applies(one, extra) for extra in ("", *extras)):
            yield one


def applies(one: Requirement, extra: str = "") -> bool:
    return one.marker is None or one.marker.evaluate({"extra": extra})


def version(name: str) -> str | None:
    """Of the installed distribution; None where there is none. Without what says for which processor it was built."""
    try:
        return metadata.version(name).partition("+")[0]
    except metadata.PackageNotFoundError:
        return None
