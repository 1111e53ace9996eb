"""What the trials of a comparison say so far: its rows and its answer. Seconds of work for many of them."""

import re
from dataclasses import dataclass

from mmap_studio.formatting import counted, fixed, percent, points
from mmap_studio.session.compare import tables
from mmap_studio.session.compare.answer import AmountAnswer, Answer, answer
from mmap_studio.session.compare.live.groupings import Affinity, with_groupings
from mmap_studio.session.compare.trial import Comparison, Trial

NOTHING = "There is nothing to compare yet."


@dataclass(frozen=True)
class Findings:
    """A comparison and what follows from it."""

    comparison: Comparison
    rows: tuple[tables.Row, ...]
    answer: Answer

    @property
    def headline(self) -> str:
        """The answer in one sentence."""
        return _sentences(self.answer.text)[0]

    @property
    def more(self) -> str:
        """What else the answer says."""
        return " ".join(_sentences(self.answer.text)[1:])

    @property
    def last(self) -> AmountAnswer | None:
        """At the largest amount that has an answer."""
        return self.answer.amounts[-1] if self.answer.amounts else None

    @property
    def certainty(self) -> str:
        """How sure the headline is, at the largest amount that has an answer."""
        one = self.last
        if one is None:
            return "One trained method and zero-shot are needed for a first answer."
        lead, share = one.lead.size, one.lead.chosen.get(one.best, 0.0)
        reference = self.comparison.titles.get(one.reference, one.reference)
        seeds = counted(len(one.seeds), "seed")
        text = (
            f"With {one.amount.words}: {points(100 * lead.mean)} points over {reference}, 95 % interval "
            f"{fixed(100 * lead.low)} to {fixed(100 * lead.high)}, {seeds}"
        )
        title = self.comparison.titles.get(one.best, one.best)
        return f"{text}; {title} is the best on {percent(share, 0)} of the halves of the test images."

    def recommended(self) -> Trial | None:
        """A trial of what the answer says to use: of the lowest seed, at the largest amount; None for none."""
        found = self.last
        if found is None or not found.beats_reference:
            return None
        return next(iter(self.comparison.of(found.recommended, found.amount)), None)


def evidence(comparison: Comparison, affinity: Affinity | None = None) -> Findings:
    """Rows and answer of the trials that are there.

    affinity : as `with_groupings`
    """
    whole = with_groupings(comparison, affinity)
    samples = tables.resampled_amounts(whole)
    return Findings(whole, tuple(tables.rows(whole, samples)), answer(whole, samples))


def _sentences(text: str) -> list[str]:
    return re.split(r"(?<=[.!?])\s+(?=[A-Z0-9])", text.strip()) or [NOTHING]
