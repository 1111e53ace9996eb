"""What came of one kind of torture, and how a failed check is counted."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Outcome:
    trials: int = 0
    """That were really made."""
    lost: int = 0
    """Trials after which something that was acknowledged was gone."""
    torn: int = 0
    """Trials after which something was neither the old nor the new state, or was half there."""
    crashes: int = 0
    """Processes that ended by a signal or an error nobody foresaw, where one that can be expected to live was asked."""
    notes: list[str] = field(default_factory=list)
    """A sentence for each of the first failures, and figures beside the counts."""

    def __iadd__(self, other: "Outcome") -> "Outcome":
        self.trials, self.lost, self.torn = self.trials + other.trials, self.lost + other.lost, self.torn + other.torn
        self.crashes += other.crashes
        self.notes += other.notes
        return self

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"notes": [one[:300] for one in self.notes[:10]]}


def counted(check: Callable[[], int]) -> Outcome:
    """The trials of a check that raises AssertionError at the first one that fails."""
    try:
        return Outcome(check())
    except AssertionError as error:
        said = str(error).splitlines()[0] if str(error) else "a check failed"
        gone = any(word in said for word in ("gone", "nobody was told", "not all was done", "could be lost"))
        died = "was not reached" in said or "failed by itself" in said or "must not raise" in said
        return Outcome(1, lost=int(gone), crashes=int(died), torn=int(not gone and not died), notes=[said])
