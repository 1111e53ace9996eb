"""Documents that somebody changed: values of other kinds anywhere in them, and what JSON and TOML can hold at worst."""

from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

ODD: list[Any] = [
    None, True, False, 0, -1, 1, 10**18, 10**400, -(2**63), 0.5, -0.0, 1e308, "", "x", "x" * 20_000, "a\nb\x1b[2J",
    "\u202e", "../../x", "/etc/passwd", "<img src=x>", [], {}, [[]], [{}], {"a": 1}, {"": None}, ["x"] * 1000, [None],
    {"__proto__": {}}, "\ud800",
]  # fmt: skip
"""Values that no reader expects where they come to stand."""


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside."""
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from places(inner, (*path, key))


def changed(value: Any, path: tuple[Any, ...], change: Any) -> Any:
    """A copy with `change` of what stands at `path`."""
    if not path:
        return change(value)
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], change)
    return copy


@st.composite
def mutated(draw: st.DrawFn, value: Any, odd: list[Any] = ODD) -> Any:
    """A document with one to three places changed: another value, a key less or more, or what it had twice."""
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(places(value))))
        other = draw(st.sampled_from(odd))
        kind = draw(st.sampled_from(["replace", "remove", "add", "double", "wrap"]))

        def change(old: Any, other: Any = other, kind: str = kind) -> Any:
            if kind == "remove" and isinstance(old, dict) and old:
                return {key: inner for key, inner in old.items() if key != next(iter(old))}
            if kind == "remove" and isinstance(old, list):
                return old[1:]
            if kind == "add" and isinstance(old, dict):
                return {**old, "new key": other}
            if kind == "add" and isinstance(old, list):
                return [*old, other]
            if kind == "double" and isinstance(old, str | list):
                return old + old
            return [old] if kind == "wrap" else other

        value = changed(value, path, change)
    return value
