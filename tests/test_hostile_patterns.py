"""Every regular expression of the package on texts that take a careless one for ever: none may take more than linear.

All patterns that modules hold, and those that are written into a call of `re`, are tried by the methods that they are
used with, on long runs of what is in them. What a text takes is compared with a pattern that is known to be linear.
"""

import ast
import importlib
import pkgutil
import random
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import mmap_studio

try:
    from re import _constants as sre  # Python 3.11 on
    from re import _parser as sre_parse
except ImportError:
    import sre_constants as sre
    import sre_parse

SIZES = (16, 24, 200, 2_000, 20_000)
"""Characters, few ones first: what grows faster would take days on many."""
LIMIT = 60
"""How often a text may take what the linear pattern takes on as many characters; quadratic ones take 500 times as
long, and more."""
FLOOR_S = 1e-3
"""Seconds below which nothing is compared."""
LINEAR = re.compile(r"(?:\w[-_. ]?)*")
SEARCHES = {"search", "sub", "subn", "split", "findall", "finditer"}
METHODS = {*SEARCHES, "match", "fullmatch"}
ALPHABET = 7
"""Characters of a pattern that are combined."""
OWN = {"ui.dialogs.guide"}
"""Modules whose patterns read nothing but the package's own files."""


def modules() -> Iterator[ModuleType]:
    for one in pkgutil.walk_packages(mmap_studio.__path__, "mmap_studio."):
        if not one.name.endswith("__main__"):
            yield importlib.import_module(one.name)


def held(values: dict[str, Any], depth: int = 2) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The patterns among values, in containers and classes too, by the name that they are reached by."""
    for name, value in values.items():
        if isinstance(value, re.Pattern):
            yield name, value
        elif depth and isinstance(value, dict):
            yield from ((name, one) for _, one in held({str(key): each for key, each in value.items()}, depth - 1))
        elif depth and isinstance(value, list | tuple | set | frozenset):
            yield from ((name, one) for _, one in held({str(n): each for n, each in enumerate(value)}, depth - 1))
        elif depth and isinstance(value, type) and value.__module__.startswith("mmap_studio"):
            yield from ((name, one) for _, one in held(dict(vars(value)), depth - 1))


def written(module: ModuleType, tree: ast.Module) -> Iterator[tuple[str, re.Pattern[Any]]]:
    """The patterns in calls of `re` that follow from the module's names alone, and the method of the call."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=how), args=[first, *_]) if how in METHODS:
                try:
                    pattern = eval(compile(ast.Expression(first), "<pattern>", "eval"), vars(module))
                except (NameError, TypeError):
                    continue  # made of what the function is given
                yield how, re.compile(pattern, re.IGNORECASE if "IGNORECASE" in ast.unparse(node) else 0)


def used(tree: ast.Module) -> dict[str, set[str]]:
    """Name -> methods that are called of it; all, where it is handed on."""
    found = defaultdict(set)
    called = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in METHODS:
            found[node.value.id].add(node.attr)
            called.add(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node not in called:
            found[node.id] |= {"search", "fullmatch"}
    return found


def patterns() -> dict[tuple[str, int, str], set[str]]:
    """Pattern and flags, and where it is -> methods."""
    found: dict[tuple[str, int, str], set[str]] = defaultdict(set)
    for module in modules():
        where = module.__name__.removeprefix("mmap_studio.")
        path = Path(module.__file__ or "")
        if where in OWN:
            continue
        tree = ast.parse(path.read_text())
        uses = used(tree)
        for name, one in held(dict(vars(module))):
            if isinstance(one.pattern, str) and name in uses:  # where it was imported from it is found, too
                found[one.pattern, one.flags, f"{where}.{name}"] |= uses[name]
        for method, one in written(module, tree):
            if isinstance(one.pattern, str):
                found[one.pattern, one.flags, where].add(method)
    return found


def sample(parsed: Any, pick: random.Random) -> Iterator[str]:
    """One text that a pattern could match, a piece at a time."""
    for op, argument in parsed:
        if op in (sre.LITERAL, sre.NOT_LITERAL):
            yield chr(argument) if op is sre.LITERAL else "~"
        elif op is sre.ANY:
            yield "a"
        elif op is sre.IN:
            yield member(argument, pick)
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT) or op is getattr(sre, "POSSESSIVE_REPEAT", None):
            least, _, inner = argument
            yield "".join("".join(sample(inner, pick)) for _ in range(max(1, min(least, 40))))
        elif op is sre.SUBPATTERN:
            yield from sample(argument[-1], pick)
        elif op is sre.BRANCH:
            yield from sample(pick.choice(argument[1]), pick)
        elif op in (sre.ASSERT,):
            yield from sample(argument[1], pick)


def member(members: Any, pick: random.Random) -> str:
    """A character that a class of characters has."""
    ordinary = "a0-_. /,;:A!~\"'\t"
    if members[0][0] is sre.NEGATE:
        return next((c for c in ordinary if not any(has(one, c) for one in members[1:])), "\u00e9")
    op, argument = pick.choice(members)
    if op is sre.RANGE:
        return chr(argument[0])
    if op is sre.CATEGORY:
        return next(c for c in ordinary if has((op, argument), c))
    return chr(argument)


def has(one: tuple[Any, Any], character: str) -> bool:
    op, argument = one
    if op is sre.LITERAL:
        return ord(character) == argument
    if op is sre.RANGE:
        return bool(argument[0] <= ord(character) <= argument[1])
    kind = str(argument).rpartition("_CATEGORY_")[2] or str(argument)
    kind = kind.removeprefix("CATEGORY_")
    plain = {"DIGIT": str.isdecimal, "SPACE": str.isspace, "WORD": lambda c: c.isalnum() or c == "_"}
    return not plain[kind[4:]](character) if kind.startswith("NOT_") else bool(plain[kind](character))


def hostile(pattern: str, flags: int, size: int) -> Iterator[str]:
    """Runs of what is in a pattern, alone, two by two and behind its beginnings, with an end that fits and one that
    does not."""
    parsed, pick = sre_parse.parse(pattern, flags), random.Random(0)
    samples = ["".join(sample(parsed, pick)) for _ in range(4)]
    pieces = list(dict.fromkeys(piece for _ in range(4) for piece in sample(parsed, pick) if piece))
    single = list(dict.fromkeys("".join(pieces + samples)))
    letters = list(dict.fromkeys([*single[:: max(1, len(single) // (ALPHABET - 2))][: ALPHABET - 2], "a", " "]))
    units = [*letters, *("".join(two) for two in permutations(letters, 2)), *pieces[:6], *samples]
    runs = [unit * (size // len(unit)) for unit in dict.fromkeys(filter(None, units))]
    halves = [one * (size // 2) + other * (size // 2) for one, other in permutations(letters[:4], 2)]
    behind = ["".join(pieces[:end]) + last * size for end in range(1, min(len(pieces), 6)) for last in letters[:4]]
    for run in (*runs, *halves, *behind):
        yield run
        yield run + "\n\0"


def takes(pattern: re.Pattern[str], method: str, text: str) -> float:
    """Seconds of this thread."""
    call = {"sub": lambda: pattern.sub("", text), "fullmatch": lambda: pattern.fullmatch(text)}[method]
    began = time.thread_time()
    call()
    return time.thread_time() - began


def slow(pattern: re.Pattern[str], methods: set[str]) -> str:
    """What takes more than linear time; empty where nothing does."""
    ways = (["sub"] if methods & SEARCHES else []) + (["fullmatch"] if methods - SEARCHES else [])
    for size in SIZES:
        usual = max(FLOOR_S, LIMIT * min(takes(LINEAR, "fullmatch", "a" * size) for _ in range(3)))
        for text in hostile(pattern.pattern, pattern.flags, size):
            for way in ways:
                if takes(pattern, way, text) > usual and min(takes(pattern, way, text) for _ in range(2)) > usual:
                    return f"{way} of {text[:40]!r}..., {size:,} characters"
    return ""


@pytest.mark.parametrize(
    ("pattern", "method"),
    [(r"\d+$", "search"), (r"(a+)+", "fullmatch"), (r"(.+?)\.\.(.+?)x", "fullmatch"), (r"[^/]*\.zip(?=/)", "search"),
     (r"_?\s*x", "sub"), (r"(a|ab)*c", "search")],
)  # fmt: skip
def test_what_is_quadratic_or_worse_is_found(pattern, method):
    assert slow(re.compile(pattern), {method})


@pytest.mark.parametrize("pattern", [r"\d+", r"[^/]*\.zip", r"(?P<a>.+)_(?P<b>\d+)", r"(?:a[-_]?)*", r".+\.txt"])
def test_what_is_linear_passes(pattern):
    assert not slow(re.compile(pattern), {"fullmatch"})


@pytest.mark.timeout(600)
def test_no_pattern_of_the_package_takes_more_than_linear_time():
    found = patterns()
    assert len(found) > 100
    told = {where: text for (pattern, flags, where), methods in found.items()
            if (text := slow(re.compile(pattern, flags), methods))}  # fmt: skip
    assert told == {}
