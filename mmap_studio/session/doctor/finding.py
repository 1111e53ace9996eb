"""One result of the self-test."""

from dataclasses import asdict, dataclass
from typing import Literal

State = Literal["ok", "warning", "problem"]
"""problem: something that everybody needs does not work. warning: something does not work that some can do without."""


@dataclass(frozen=True)
class Finding:
    check: str
    """What was looked at, in one word."""
    state: State
    said: str
    """One sentence."""
    remedy: str = ""
    """What to do; empty where there is nothing to do."""

    def as_json(self) -> dict[str, str]:
        return asdict(self)
