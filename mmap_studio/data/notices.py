"""Sentences about an import: what was left out, and where the domains differ."""

from collections.abc import Iterable, Sequence

from mmap_studio.data.importing import Domain
from mmap_studio.data.names import clean_class_name
from mmap_studio.data.reports import Skipped, shown, some
from mmap_studio.formatting import counted


def skipped_notices(skipped: Iterable[Skipped]) -> list[str]:
    """One sentence for each reason, with the count and an example."""
    by_reason: dict[str, list[str]] = {}
    for one in skipped:
        by_reason.setdefault(one.reason, []).append(one.path)
    return [
        f"{counted(len(paths), 'entry')} left out, {reason}: {some(paths, 1)}." for reason, paths in by_reason.items()
    ]


def number_notices(domains: Sequence[Domain]) -> list[str]:
    """Classes that are called by numbers, which say nothing to CLIP."""
    numbered = [domain.name for domain in domains if all(name.isdecimal() for name in domain.classes)]
    if not numbered:
        return []
    return [
        f"The classes of {some(numbered)} have numbers for names; say what CLIP should read with --class NUMBER=NAME "
        "or in project.toml."
    ]


def class_notices(domains: Sequence[Domain]) -> list[str]:
    """Classes that only some domains have; names that read the same are the same class."""
    home: dict[str, list[str]] = {}
    for domain in domains:
        for name in dict.fromkeys(clean_class_name(raw).casefold() for raw in domain.classes):
            home.setdefault(name, []).append(domain.name)
    partial = {name: where for name, where in sorted(home.items()) if len(where) < len(domains)}
    if not partial:
        return []
    listed = "; ".join(f"{shown(name)} in {some(where, 3)}" for name, where in list(partial.items())[:5])
    more = f"; and {len(partial) - 5} more" if len(partial) > 5 else ""
    return [f"{counted(len(partial), 'class')} only in some domains: {listed}{more}."]
