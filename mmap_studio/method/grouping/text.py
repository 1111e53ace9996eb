r"""The written form of a grouping, as the command line takes it: ``art+clipart,product+real``.

``+`` joins tasks, ``,`` separates groups, white space around a name is ignored, and a backslash makes the character
after it part of the name: ``black\+white, real\, outdoors``. Only text here; what a grouping is, is in `grouping`.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from mmap_studio.errors import InputError
from mmap_studio.formatting import shown_value

_UNIT = re.compile(r"\\.|.|\\", re.DOTALL)  # an escaped character counts as one unit


def write_groups(groups: Iterable[Iterable[str]]) -> str:
    """The text that `read_groups` turns into these groups again."""
    return ",".join("+".join(_escape(name) for name in group) for group in groups)


def read_groups(text: str) -> list[list[str]]:
    """Names as they are written, group by group; no name is empty.

    Raises InputError for an empty name or a backslash with nothing behind it.
    """
    groups: list[list[str]] = [[]]
    name: list[str] = []
    for unit in [*_UNIT.findall(text), None]:  # None: the end
        if unit == "\\":
            raise InputError(
                f"A backslash must be followed by the character it protects. Got {shown_value(text)} instead."
            )
        if unit not in (None, ",", "+"):
            name.append(unit)
            continue
        groups[-1].append(_unescape(name, text))
        name = []
        if unit == ",":
            groups.append([])
    return groups


def match_task(written: str, tasks: Sequence[str]) -> str:
    """The task that `written` means: exactly, or up to case and Unicode form where only one task fits.

    Raises InputError for a name that fits no task, or several.
    """
    if written in tasks:
        return written
    fits = [task for task in tasks if _fold(task) == _fold(written)]
    if not fits:
        raise InputError(f"A task in the grouping must be one of {listed(tasks)}. Got {shown_value(written)} instead.")
    if len(fits) > 1:
        raise InputError(
            f"A task in the grouping must fit one name. Got {shown_value(written)} instead, fitting {listed(fits)}."
        )
    return fits[0]


def listed(names: Iterable[str]) -> str:
    """Names for an error sentence, each in quotes."""
    return ", ".join(repr(name) for name in names)


def _escape(name: str) -> str:
    name = re.sub(r"([\\+,])", r"\\\1", name)
    inner = name.strip()
    before, _, behind = name.partition(inner) if inner else (name, "", "")
    return "".join((*(f"\\{blank}" for blank in before), inner, *(f"\\{blank}" for blank in behind)))


def _unescape(units: list[str], text: str) -> str:
    while units and units[0].isspace():
        units = units[1:]
    while units and units[-1].isspace():
        units = units[:-1]
    if not units:
        raise InputError(
            f"Every group must name its tasks, as in art+clipart,product. Got {shown_value(text)} instead."
        )
    return "".join(unit[-1] for unit in units)


def _fold(name: str) -> str:
    # A folder's name arrives decomposed from some disks (e + accent) and composed from a keyboard.
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
