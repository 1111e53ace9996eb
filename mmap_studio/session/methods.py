"""The methods that a run scores: their names in documents and on the command line, and their titles. Loads no torch."""

from collections.abc import Sequence

from mmap_studio.errors import InputError
from mmap_studio.formatting import percent

ZERO_SHOT, ENSEMBLE, RUN = "zero_shot", "zero_shot_ensemble", "run"
CONTROLS = {
    "linear_probe": "Linear probe",
    "together": "All together",
    "separate": "All separate",
    "random": "Random groups",
    "finetune": "Full fine-tuning, per task",
    "finetune_joint": "Full fine-tuning, joint",
}
"""The controls and their titles, in the order in which "all" runs them."""
_TITLES = {ZERO_SHOT: "Zero-shot", ENSEMBLE: "Zero-shot, ensemble", RUN: "These groups"} | CONTROLS


def method_title(method: str) -> str:
    """What tables call a method."""
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
