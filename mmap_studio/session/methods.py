"""The methods that a run scores: their names in documents and on the command line, and their titles. Loads no torch.

`CONTROLS` is the one table of controls: the command line, the dialog, the forecast and the tests read it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mmap_studio.errors import InputError
from mmap_studio.formatting import percent

ZERO_SHOT, ENSEMBLE, RUN = "zero_shot", "zero_shot_ensemble", "run"


@dataclass(frozen=True, slots=True)
class ControlEntry:
    """A control as users meet it; what runs it is in `session.run.controls.RUNNERS`, under the same name."""

    title: str
    """As tables call it."""
    asks: str
    """The question that it answers, for the dialog."""
    trains: Literal["head", "prompts", "weights"]
    """A classifier on frozen features, MmAP in other groups, or all weights of CLIP. Its cost follows from this."""


CONTROLS = {
    "linear_probe": ControlEntry(
        "Linear probe", "How far frozen image features get: logistic regression, one per task", "head"
    ),
    "together": ControlEntry("All together", "Whether grouping helps: one group of all tasks", "prompts"),
    "separate": ControlEntry("All separate", "Whether tasks help each other at all: every task on its own", "prompts"),
    "random": ControlEntry(
        "Random groups", "Whether the choice of groups matters: random groups of the same sizes", "prompts"
    ),
    "finetune": ControlEntry(
        "Full fine-tuning, per task",
        "What prompts give up: all weights of CLIP are trained, one copy per task",
        "weights",
    ),
    "finetune_joint": ControlEntry("Full fine-tuning, joint", "The same with one copy for all tasks", "weights"),
}
"""Name -> control, in the order in which "all" runs them."""
_TITLES = {ZERO_SHOT: "Zero-shot", ENSEMBLE: "Zero-shot, ensemble", RUN: "These groups"}


def method_title(method: str) -> str:
    """What tables call a method."""
    if method in CONTROLS:
        return CONTROLS[method].title
    return _TITLES.get(method, method.replace("_", " ").capitalize())


def check_controls(names: Sequence[str]) -> tuple[str, ...]:
    """Each name once, "all" spelt out; InputError for a name that is no control."""
    if "all" in names:
        return tuple(CONTROLS)
    for name in names:
        if name not in CONTROLS:
            raise InputError(f"A control must be one of {', '.join(CONTROLS)} or all. Got {name!r} instead.")
    return tuple(dict.fromkeys(names))


def below_zero_shot(run: float, zero_shot: float) -> str:
    """The sentence that ends a run below zero-shot; empty otherwise."""
    if not run < zero_shot:
        return ""
    return f"On the test images these prompts are below zero-shot: {percent(run)} against {percent(zero_shot)}."
