"""What a sweep varies: settings by their dotted names, each with a range or a list of values. Loads no torch.

Written as ``train.learning_rate=1e-3..1e-1:log,prompt.tokens=2|4|8``; a comma that no ``KEY=`` follows belongs to the
value, as in ``groups=art+ink,photo|together``. Beside settings there are `SHOTS`, the training
images of a class that are used at most, and `GROUPS`, how tasks are grouped.
"""

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from types import UnionType
from typing import Any, Literal, get_args, get_origin

from mmap_studio.config import Settings, all_settings, settings_from, unknown_setting
from mmap_studio.errors import InputError
from mmap_studio.formatting import counted, shown_value
from mmap_studio.session.run.run_options import RunOptions

Value = int | float | str | bool | None
SHOTS, GROUPS, FULL = "shots", "groups", "full"
FIGURES = 3
"""Significant digits of a number that is drawn from a range: what a table shows is what was trained with."""
MOST = 100
"""Values in a list, and settings in a sweep, at most."""
LARGEST_SHOTS = 10_000
_SECTIONS = ("prompt.", "train.", "affinity.", "grouping.")
_NOT_SWEPT = {
    "seed": "every trial is made with the seeds of --seeds",
    "preset": "it is the starting point of the others; give one with --preset",
    "train.keep": "the best epoch is never worse on validation, which is what trials are chosen by",
    **dict.fromkeys(("device", "precision", "tensorboard"), "it is no part of the method"),
    **dict.fromkeys(("train.accumulate", "train.recompute", "train.compiled"), "it changes memory and time alone"),
}
"""Why a setting is left as it is."""
_BETWEEN = re.compile(r",(?=\s*[\w.]+\s*=)")
"""Before the next setting; other commas are of a grouping such as ``art+ink,photo``."""
_LOG = ":log"
"""Behind a range."""


@dataclass(frozen=True)
class Parameter:
    """One setting that is varied."""

    name: str
    """Dotted, or `SHOTS` or `GROUPS`."""
    values: tuple[Value, ...] = ()
    """The values to choose from; none for a range."""
    low: float = 0
    high: float = 0
    log: bool = False
    """Whether a range is searched on a logarithmic scale."""
    whole: bool = False
    """Whether only whole numbers are in a range."""

    @property
    def text(self) -> str:
        """As `parse_space` reads it."""
        if self.values:
            return f"{self.name}={'|'.join(map(written, self.values))}"
        return f"{self.name}={written(self.low)}..{written(self.high)}{':log' * self.log}"

    @property
    def count(self) -> int | None:
        """How many values there are; None where there is no end of them."""
        if self.values:
            return len(self.values)
        return int(self.high - self.low) + 1 if self.whole else None

    @property
    def listed(self) -> Sequence[Value]:
        """All values, of a list or of a range of whole numbers."""
        return self.values or range(int(self.low), int(self.high) + 1)

    def rounded(self, value: Any) -> Value:
        """A number drawn from a range of real numbers with `FIGURES` digits, still inside it."""
        if self.values or self.whole:
            return value  # type: ignore[no-any-return]
        return min(max(float(f"{value:.{FIGURES}g}"), self.low), self.high)


@dataclass(frozen=True)
class Space:
    """Everything that is varied, and what follows from it."""

    parameters: tuple[Parameter, ...]
    follows: tuple[tuple[str, Value], ...] = ()
    """Settings that are the same in all trials though the project has them otherwise, since else they would not fit."""

    @property
    def text(self) -> str:
        """As `parse_space` reads it."""
        return ",".join(one.text for one in self.parameters)

    @property
    def count(self) -> int | None:
        """Combinations; None where there is no end of them."""
        counts = [one.count for one in self.parameters]
        return None if None in counts else math.prod(count or 0 for count in counts)

    def combinations(self) -> Iterator[dict[str, Value]]:
        """All of them, where they have an end."""
        names = [one.name for one in self.parameters]
        for values in product(*(one.listed for one in self.parameters)):
            yield dict(zip(names, values, strict=True))

    def rounded(self, drawn: Mapping[str, Any]) -> dict[str, Value]:
        """What was drawn for every parameter, as it is tried."""
        return {one.name: one.rounded(drawn[one.name]) for one in self.parameters}

    def settings(self, base: Settings, changes: Mapping[str, Value]) -> Settings:
        """The settings of a trial; InputError where values do not go together."""
        own = {name: value for name, value in changes.items() if name not in (SHOTS, GROUPS)}
        return changed(base, dict(self.follows) | own) if own else base

    def alone(self, base: Settings, name: str, value: Value) -> Settings:
        """The settings with one value: whether it fits at all is seen by it."""
        return self.settings(loosened(base, [one.name for one in self.parameters]), {name: value})

    def changed_settings(self, changes: Mapping[str, Value]) -> dict[str, Value]:
        """The settings that a trial has otherwise than the project, by name, those that follow too."""
        own = {name: value for name, value in changes.items() if name not in (SHOTS, GROUPS)}
        return dict(self.follows) | own if own else {}


def written(value: Value) -> str:
    """A value as the command line reads it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    short = f"{value:g}" if isinstance(value, float) else str(value)
    return short if not isinstance(value, float) or float(short) == value else repr(value)


def parse_space(text: str, base: Settings, tasks: Sequence[str]) -> Space:
    """What a sweep of a project with these settings and tasks varies; InputError for what cannot be varied so."""
    words = [word for part in _BETWEEN.split(text) if (word := part.strip(", "))]
    if not words or len(words) > MOST:
        raise InputError(f"A sweep must vary from 1 to {MOST} settings, such as {EXAMPLE}. Got {len(words)} instead.")
    found: dict[str, Parameter] = {}
    for word in words:
        one = _parameter(word, base, tasks)
        if one.name in found:
            raise InputError(f"Setting {one.name!r} is to be swept twice; give it once.")
        found[one.name] = one
    follows = dict(_rows_that_fit(found, base))
    for one in found.values():
        _check_values(one, loosened(changed(base, follows), found), tasks)
    return Space(tuple(found.values()), tuple(follows.items()))


EXAMPLE = "train.learning_rate=1e-3..1e-1:log or prompt.tokens=2|4|8"


def usual_space(base: Settings) -> str:
    """What is varied where nothing else is asked for: the learning rate, ten times up and down."""
    rate = base.train.learning_rate
    return f"train.learning_rate={rate / 10:.{FIGURES}g}..{min(10.0, 10 * rate):.{FIGURES}g}:log"


def changed(base: Settings, changes: Mapping[str, Value]) -> Settings:
    """Settings with others by their dotted names; InputError as `settings_from`."""
    return settings_from(base.model_dump(), changes) if changes else base


def loosened(base: Settings, swept: Collection[str]) -> Settings:
    """Settings to which one value after the other can be put: of two that must fit each other the other is open."""
    both = {"prompt.tokens", "prompt.source_rows"}
    return changed(base, dict.fromkeys(both, 0)) if both <= set(swept) else base


def _parameter(word: str, base: Settings, tasks: Sequence[str]) -> Parameter:
    name, equals, said = (part.strip() for part in word.partition("="))
    if not equals or not said:
        raise InputError(f"What a sweep varies must be given as {EXAMPLE}. Got {word!r} instead.")
    kinds = _kinds_of(name)
    ends, log = _ends(said), said.endswith(_LOG)
    if ends is None:
        values = tuple(dict.fromkeys(_value(name, one.strip(), base) for one in said.split("|")))
        if not 2 <= len(values) <= MOST:
            wanted = f"from 2 to {MOST} different values, or a range such as 1..9"
            raise InputError(f"Setting {name!r} must be swept over {wanted}. Got {shown_value(said)} instead.")
        return Parameter(name, values)
    if not kinds & {int, float}:
        raise InputError(f"Setting {name!r} has no range; list its values, such as {name}={_example_of(name)}.")
    whole = float not in kinds
    try:
        low, high = (int(end) if whole else float(end) for end in ends)
    except ValueError:
        kind = "whole numbers" if whole else "numbers"
        raise InputError(f"The range of {name!r} must be between {kind}. Got {shown_value(said)} instead.") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high) or (log and low <= 0):
        wanted = "from a number above 0 to a larger one" if log else "from a number to a larger one"
        raise InputError(f"The range of {name!r} must go {wanted}. Got {shown_value(said)} instead.")
    return Parameter(name, (), low, high, log, whole)


def _ends(said: str) -> tuple[str, str] | None:
    """What a range such as ``1..9`` or ``1e-3..1e-1:log`` lies between; None for anything else."""
    text = said.removesuffix(_LOG)
    first, dots, high = text[1:].partition("..")
    return (text[0] + first, high) if dots and high and not set(text) & set("|:") else None


def _kinds_of(name: str) -> set[Any]:
    """The types that a setting takes; InputError for one that is not swept."""
    if name in (SHOTS, GROUPS):
        return {int, str}
    fields = dict(all_settings())
    if name not in fields:
        raise InputError(unknown_setting(name, (SHOTS, GROUPS)))
    why = _NOT_SWEPT.get(name, "" if name.startswith(_SECTIONS) else "it is no part of how MmAP is trained")
    if why:
        raise InputError(f"Setting {name!r} cannot be swept: {why}.")
    kind = fields[name].annotation
    return set(get_args(kind)) if get_origin(kind) in (UnionType, Literal) else {kind}


def _example_of(name: str) -> str:
    """Two values of a setting that has a few."""
    kind = dict(all_settings())[name].annotation
    return "true|false" if kind is bool else "|".join(map(str, get_args(kind)[:2]))


def _value(name: str, text: str, base: Settings) -> Value:
    """One value of a list, as its setting takes it; InputError as `settings_from`."""
    if name in (SHOTS, GROUPS):
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text
    value: Value = {"none": None, "true": True, "false": False}.get(text, text)
    base = loosened(base, ["prompt.tokens", "prompt.source_rows"])  # whether these fit each other is seen to below
    section, _, key = name.partition(".")
    taken: Value = getattr(getattr(changed(base, {name: value}), section), key)
    return taken


def _rows_that_fit(found: Mapping[str, Parameter], base: Settings) -> Iterator[tuple[str, Value]]:
    """Source rows must divide the prompt tokens: where those of the project do not, they follow from the tokens."""
    tokens, rows = found.get("prompt.tokens"), base.prompt.source_rows
    if tokens is None or "prompt.source_rows" in found or not rows:
        return
    if any(int(value or 0) % rows for value in tokens.listed):
        yield "prompt.source_rows", 0


def _check_values(one: Parameter, base: Settings, tasks: Sequence[str]) -> None:
    """InputError for a value that the setting does not take, or that is not meant for these tasks."""
    ends = one.values or (one.low, one.high)
    if one.name == SHOTS:
        for value in ends:
            if value != FULL and not (isinstance(value, int) and 1 <= value <= LARGEST_SHOTS):
                wanted = f"training images a class from 1 to {LARGEST_SHOTS:,}, or {FULL}"
                raise InputError(f"{SHOTS!r} must be {wanted}. Got {shown_value(value)} instead.")
    elif one.name == GROUPS:
        for value in ends:
            RunOptions(str(value)).check(tasks, base.grouping.groups)
    else:
        count = one.count
        for value in one.listed if count is not None and count <= MOST else ends:
            changed(base, {one.name: value})


def in_words(changes: Mapping[str, Value]) -> str:
    """``train.learning_rate=0.02, prompt.tokens=4``."""
    return ", ".join(f"{name}={written(value)}" for name, value in changes.items()) or "as they are"


def fewer_than(space: Space, trials: int) -> str:
    """What is said where there are no more combinations than trials; empty where there are."""
    if space.count is None or space.count > trials:
        return ""
    return f"All of the {counted(space.count, 'combination')} are tried, each once."
