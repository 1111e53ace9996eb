"""All methods that can be compared: those of the field, MmAP in its forms, and those that other packages add."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from mmap_studio.errors import InputError
from mmap_studio.formatting import printable
from mmap_studio.method.capability import Capability
from mmap_studio.method.rivals.features.catalogue import METHODS as FEATURES
from mmap_studio.method.rivals.method import SCOPES, Method, Scope, goes_beyond
from mmap_studio.method.rivals.prompts.catalogue import METHODS as PROMPTS
from mmap_studio.method.rivals.weights.catalogue import METHODS as WEIGHTS
from mmap_studio.session.compare.protocols.protocol import Protocol

GROUP = "mmap_studio.methods"
"""Entry points by which other packages add methods: each names a `Method`, or what makes one when called."""
USUAL = (
    "zero_shot", "zero_shot_ensemble", "text_head", "clap", "tip_adapter_f", "coop", "maple", "clip_lora",
    "mmap_suggested", "mmap_together",
)  # fmt: skip
"""What is compared when nothing is named."""
_SCOPE_TITLES = {"per_task": "per task", "pooled": "pooled"}


@dataclass(frozen=True)
class MethodEntry:
    """A method in one scope, or MmAP in one form."""

    name: str
    """As it is asked for: the method's name, with the scope behind a colon where it is not the usual one."""
    title: str
    family: Literal["zero_shot", "features", "prompts", "weights", "mmap"]
    source: str
    method: Method | None = None
    """None for MmAP."""
    scope: Scope = "pooled"
    groups: str = ""
    """Of MmAP, as `RunOptions.groups`; "random" for random groups of the sizes that the suggested ones have, "board"
    for those on the project's board."""
    parts: str = ""
    """Of MmAP, as `PromptSettings.parts`; empty: the project's."""
    package: str = ""
    """Name and version of the other package that it is of."""

    def lacks(self, backbone: Capability) -> bool:
        """Whether it trains prompts that the backbone does not take."""
        if self.method is None:
            return backbone.prompts == "none"
        return not all(getattr(backbone, tower) for tower in getattr(self.method, "towers", ()))

    def answers(self, protocol: Protocol) -> bool:
        """Whether its models say something of what the protocol asks about and they were not trained on.

        MmAP's prompts go with any class; another domain gets the prompt of a group alone.
        """
        if protocol.asks == "domains" and self.method is None:
            return self.parts == "group"
        if protocol.asks == "domains" and self.scope == "per_task":
            return False
        return not protocol.asks or self.method is None or protocol.asks in goes_beyond(self.method)

    @property
    def solved(self) -> bool:
        """Whether no budget applies: nothing is trained, or to its end."""
        return bool(getattr(self.method, "solved", False))

    @property
    def needs_affinity(self) -> bool:
        """Whether a method of the field uses the affinity that MmAP measures."""
        return bool(getattr(self.method, "needs_affinity", False))

    @property
    def trained_as(self) -> str:
        """Name of the method whose training this one uses: WiSE-FT's is that of full fine-tuning."""
        return str(getattr(self.method, "trained_as", self.method.name)) if self.method else self.name


_PAPER = "Xin et al. 2024, arXiv 2312.08636"
MMAP = (
    MethodEntry(
        "mmap_suggested", "MmAP, suggested groups", "mmap", f"{_PAPER}; groups where evidence is", groups="auto"
    ),
    MethodEntry("mmap_board", "MmAP, the board's groups", "mmap", f"{_PAPER}; groups made by hand", groups="board"),
    MethodEntry("mmap_together", "MmAP, all together", "mmap", _PAPER, groups="together"),
    MethodEntry("mmap_separate", "MmAP, all separate", "mmap", _PAPER, groups="separate"),
    MethodEntry(
        "mmap_random", "MmAP, random groups", "mmap", f"{_PAPER}; sizes of the suggested groups", groups="random"
    ),
    MethodEntry(
        "mmap_group", "MmAP, one prompt for all", "mmap", f"{_PAPER}, group part", groups="together", parts="group"
    ),
    MethodEntry("mmap_task", "MmAP, a prompt a task", "mmap", f"{_PAPER}, task part", groups="separate", parts="task"),
)


def catalogue() -> dict[str, MethodEntry]:
    """Every entry by name, in the order of tables."""
    return _read()[0]


def refused() -> dict[str, str]:
    """Why methods of other packages are not in the catalogue, by the names of their entry points."""
    return _read()[1]


@cache
def _read() -> tuple[dict[str, MethodEntry], dict[str, str]]:
    """One broken package takes nothing from the others."""
    methods: tuple[Method, ...] = (*FEATURES, *PROMPTS, *WEIGHTS)
    found = {entry.name: entry for method in methods for entry in entries_of(method)}
    mmap, problems = {entry.name: entry for entry in MMAP}, {}
    for point in entry_points(group=GROUP):
        try:
            method, package = _from_outside(point)
            made = {entry.name: entry for entry in entries_of(method, package)}
            if doubled := sorted(made.keys() & (found.keys() | mmap.keys())):
                raise InputError(
                    f"The method {point.name!r} of another package must have a name of its own. Found {doubled[0]!r} "
                    "twice; rename or uninstall it."
                )
            found |= made
        except InputError as error:
            problems[point.name] = str(error)
    return found | mmap, problems


def entries_of(method: Method, package: str = "") -> list[MethodEntry]:
    """A method in each of its scopes, the usual one first."""
    family: Any = "zero_shot" if method.name in ("zero_shot", "zero_shot_ensemble") else method.family
    usual = method.scopes[0]
    return [
        MethodEntry(
            method.name if scope == usual else f"{method.name}:{scope}", _title(method, scope), family, method.source,
            method, scope, package=package,
        )
        for scope in method.scopes
    ]  # fmt: skip


def chosen_entries(names: Sequence[str]) -> tuple[MethodEntry, ...]:
    """The named entries in the catalogue's order, each once; "all" and "usual" are names too.

    InputError for one that is not known.
    """
    known, wanted = catalogue(), set()
    for name in names:
        if name not in known and name in refused():
            raise InputError(refused()[name])
        if name not in known and name not in ("all", "usual"):
            raise InputError(
                f"A method must be one of {', '.join(known)}, usual or all. Got {printable(name)[:80]!r} instead."
            )
        wanted |= set(known) if name == "all" else set(USUAL) if name == "usual" else {name}
    return tuple(entry for name, entry in known.items() if name in wanted)


def left_out_for(entries: Sequence[MethodEntry], backbone: Capability, name: str) -> str:
    """One sentence about the methods that a backbone of this name cannot take; empty where it takes all."""
    lacking = [entry.title for entry in entries if entry.lacks(backbone)]
    if not lacking:
        return ""
    return f"{backbone.sentence(name).rstrip('.')}; so these are left out: {', '.join(lacking)}."


NO_ANSWER = {
    "classes": "These have no answer for classes that were not trained and are left out",
    "domains": (
        "These have no answer for a domain that was not trained, having models or prompts of a task, and are left out"
    ),
}


def unanswered(entries: Sequence[MethodEntry], protocol: Protocol) -> str:
    """One sentence about the methods that a protocol leaves out, and which go instead; empty where it takes all."""
    without = [entry for entry in entries if not entry.answers(protocol)]
    if not without:
        return ""
    taken = {entry.name for entry in entries if entry.answers(protocol)}
    others = [
        one.name for one in catalogue().values()
        if one.answers(protocol) and one.method and one.name not in taken
        and any(one.method is entry.method for entry in without)
    ]  # fmt: skip
    instead = f"; {', '.join(others)} can be asked for instead" if others else ""
    return f"{NO_ANSWER[protocol.asks]}: {', '.join(entry.title for entry in without)}{instead}."


def trained_method(entry: MethodEntry) -> Method | None:
    """The method whose training an entry uses."""
    return next(
        (one.method for one in catalogue().values() if one.method and one.method.name == entry.trained_as), None
    )


def zero_shot_method() -> Method:
    """Plain CLIP with the task's template."""
    found = catalogue()["zero_shot"].method
    assert found is not None
    return found


def _title(method: Method, scope: Scope) -> str:
    return f"{method.title}, {_SCOPE_TITLES[scope]}" if len(method.scopes) > 1 else method.title


def _from_outside(point: EntryPoint) -> tuple[Method, str]:
    """The method of another package, and which package that is; InputError where it gives none."""
    try:
        loaded = point.load()
        method = loaded() if callable(loaded) else loaded
        sound = isinstance(method, Method) and _is_sound(method)
    except Exception as error:  # whatever another package does
        raise InputError(
            f"The method {point.name!r} of another package cannot be loaded ({type(error).__name__}: "
            f"{printable(str(error))[:200]}); mend or uninstall it."
        ) from error
    if not sound:
        raise InputError(
            f"The method {point.name!r} of another package must have all that "
            "`mmap_studio.method.rivals.method.Method` says, and has not; mend or uninstall it."
        )
    return method, f"{point.dist.name} {point.dist.version}" if point.dist else point.value


def _is_sound(method: Method) -> bool:
    """Whether names, scopes, family and candidates are of their kind."""
    scopes = bool(method.scopes) and set(method.scopes) <= set(SCOPES)
    named = re.fullmatch("[a-z][a-z0-9_]{0,60}", str(method.name)) and method.name not in ("all", "usual")
    return bool(named) and scopes and method.family in ("features", "prompts", "weights") and bool(method.candidates)
