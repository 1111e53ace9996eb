"""Zips that are parts of one download: `Office-20240501T101010Z-001.zip` and `-002.zip`, as Google Drive makes them.

Each is a whole zip with some of the files. Without the time in the name they count as parts of one only where all have
the same single folder in them: `site-001.zip` and `site-002.zip` may be two domains.
"""

import re
from collections.abc import Mapping, Sequence

_NAME = re.compile(r"(?P<name>.+?)(?P<time>-\d{8}T\d{6}Z(?:-\d+)?)?-(?P<number>\d{3})\.zip", re.IGNORECASE)


def halves(names: Sequence[str]) -> dict[str, list[str]]:
    """The first of the zips that may be parts of one download -> all of them in their order.

    names : of files in one folder
    """
    found: dict[tuple[str, str], dict[int, str]] = {}
    for name in sorted(names):
        if one := _NAME.fullmatch(name):
            found.setdefault((one["name"], one["time"] or ""), {})[int(one["number"])] = name
    groups = [[parts[number] for number in sorted(parts)] for parts in found.values()]
    return {group[0]: group for group in groups if len(group) > 1}


def whole_name(name: str) -> str:
    """What parts of one download are called together: `Office`; the same name for any other file."""
    found = _NAME.fullmatch(name)
    return found["name"] if found else name


def are_one(members: Mapping[str, Sequence[str]]) -> bool:
    """Whether zips are parts of one download by what is in them.

    members : name -> paths of the files inside
    """
    seen: set[str] = set()
    for paths in members.values():
        if not seen.isdisjoint(paths):
            return False
        seen.update(paths)
    if all((found := _NAME.fullmatch(name)) and found["time"] for name in members):
        return True
    tops = {path.partition("/")[0] if "/" in path else "" for path in seen}
    return len(tops) == 1 and tops != {""} and all(members.values())


def missing(names: Sequence[str]) -> list[str]:
    """The parts that are not there, by the numbers of those that are: all below the last."""
    numbers = {int(name[-7:-4]): name for name in names}
    first = names[0]
    return [f"{first[:-7]}{number:03}{first[-4:]}" for number in range(1, max(numbers)) if number not in numbers]
