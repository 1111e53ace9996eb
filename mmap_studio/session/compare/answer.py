"""The answer of a comparison: which method to use with how many images, by how much it is better, and how sure that is.

Who takes the best of many methods and states its lead on the same images states too much: some of the lead is luck,
and the luckiest was taken. So the lead is cross-fitted: the test images are halved a hundred times, subject by subject
within every class; each time a method is chosen by its accuracy on one half with all seeds but one, and its lead is
measured on the other half with the seed that was left out. The mean of these is stated, with the interval of what was
chosen. It errs downwards, if at all, since half the images choose less well than all of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from mmap_studio.formatting import counted, fixed, number, points, printable
from mmap_studio.session.compare.statistics import (
    LEVEL,
    SEED,
    ZERO_SHOT,
    Difference,
    Estimate,
    Sampled,
    TestImages,
    balanced_differences,
    difference,
    estimate,
    reweighted,
    sampled,
    trials_at,
)
from mmap_studio.session.compare.trial import Amount, Comparison, Trial

MARGIN = 0.005
"""Half a point: a method that is lower by no more is as good, whatever the interval says."""
SPLITS = 100
"""Halvings of the test images."""
FULL_FINE_TUNING = ("finetune", "finetune_joint", "full_finetune", "full_finetuning", "full_fine_tuning")
"""Names of the methods that train all of CLIP, without their scope."""


@dataclass(frozen=True)
class Lead:
    """A cross-fitted lead of whatever is best over another method."""

    over: str
    size: Estimate
    chosen: Mapping[str, float]
    """How often each method was the best of one half, in [0, 1]."""


@dataclass(frozen=True)
class AsGood:
    """The cheapest method that is as good as the recommended one."""

    method: str
    apart: Estimate
    """Its accuracy less that of the recommended method."""
    parameters: int
    fewer: float
    """How many times fewer parameters it trains; infinite where it trains none."""


@dataclass(frozen=True)
class AmountAnswer:
    """What to use with so many training images."""

    amount: Amount
    recommended: str
    """Zero-shot where nothing is better beyond chance."""
    best: str
    """The highest mean accuracy of all, by chance or not."""
    reference: str
    """Zero-shot, or where there is none the comparison's baseline."""
    lead: Lead
    """Over the reference."""
    as_good: AsGood | None
    full: Lead | None
    """Over the better of the methods that train all of CLIP."""
    groups: Difference | None
    """MmAP in the suggested groups less MmAP together."""
    mmap: Lead | None
    """Of the best over MmAP, in suggested groups where there are such."""
    seeds: tuple[int, ...]
    hidden: tuple[Difference, ...] = ()
    """Balanced accuracy less the reference's, of the methods that are better by it beyond chance after Holm and by
    accuracy are not; the largest first. Where the test has more images of some classes than the training, accuracy
    rewards a preference for these."""
    text: str = ""

    @property
    def beats_reference(self) -> bool:
        return self.recommended != self.reference


@dataclass(frozen=True)
class Answer:
    """One answer an amount, and one over all of them."""

    amounts: tuple[AmountAnswer, ...]
    text: str
    """Plain text without markup, one paragraph."""
    missing: int = 0
    """Trials that were asked for and are not there."""
    titles: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> dict[str, Any]:
        """JSON-able, apart from NaN and infinity; shares, not percent."""
        each = [
            {**asdict(one), "amount": one.amount.label, "groups": _document(one.groups),
             "hidden": [_document(other) for other in one.hidden]}
            for one in self.amounts
        ]  # fmt: skip
        return {"text": self.text, "missing": self.missing, "margin": MARGIN, "amounts": each}


def _document(groups: Difference | None) -> dict[str, Any] | None:
    return (
        None if groups is None else {"method": groups.method, "baseline": groups.baseline, "size": asdict(groups.mean)}
    )


# -- the whole -----------------------------------------------------------------------------------------------------


def answer(comparison: Comparison, samples: Mapping[Amount, Sampled] | None = None) -> Answer:
    """The answer as far as the trials that are there give one.

    samples : resampled accuracies by amount, where they are known
    """
    amounts = [one for one in comparison.amounts if any(comparison.of(method, one) for method in comparison.methods)]
    found = {amount: (samples or {}).get(amount) or sampled(comparison, amount) for amount in amounts}
    each = tuple(one for amount in amounts if (one := answer_at(comparison, amount, found[amount])) is not None)
    missing = sum(
        seed not in trials_at(comparison, method, amount)
        for method in comparison.methods
        for amount in comparison.amounts
        for seed in comparison.seeds
    )
    return Answer(each, _overall(comparison, each, missing), missing, comparison.titles)


def answer_at(comparison: Comparison, amount: Amount, found: Sampled) -> AmountAnswer | None:
    """The answer at one amount; None where there is nothing to compare."""
    reference = ZERO_SHOT if ZERO_SHOT in found.methods else comparison.baseline
    if reference not in found.methods:
        return None
    candidates = by_cost(found, [one for one in found.methods if found.seeds(one, reference)])
    if candidates == [reference]:
        return None
    choice = _Choice(comparison, amount, found, candidates)
    best = choice.best()
    lead = choice.lead(reference)
    beats = lead.size.low > 0 and best != reference
    recommended = best if beats else reference
    fulls = [one for one in candidates if is_full_fine_tuning(one)]
    full = max(fulls, key=lambda one: choice.accuracy[one], default=None)
    mmap = role(comparison, candidates, "suggested") or next(
        (one for one in candidates if _family(comparison, one) == "mmap"), None
    )
    suggested, together = (role(comparison, candidates, word) for word in ("suggested", "together"))
    groups = None
    if suggested and together and found.seeds(suggested, together):
        groups = difference(found, amount, suggested, together)
    made = AmountAnswer(
        amount, recommended, best, reference, lead,
        as_good=_as_good(found, amount, recommended, reference, candidates) if beats else None,
        full=choice.lead(full) if full else None,
        groups=groups,
        mmap=choice.lead(mmap) if mmap else None,
        seeds=found.seeds(best, reference),
        hidden=_hidden(comparison, amount, found, reference),
    )  # fmt: skip
    return replace(made, text=_sentence(comparison, found, made))


def _hidden(comparison: Comparison, amount: Amount, found: Sampled, reference: str) -> tuple[Difference, ...]:
    """As `AmountAnswer.hidden`."""
    if comparison.measure != "accuracy":
        return ()
    against = comparison if comparison.baseline == reference else replace(comparison, baseline=reference)
    better = [
        one for one in balanced_differences(against, amount).values()
        if one.mean.mean > 0 and one.adjusted < 1 - LEVEL
        and difference(found, amount, one.method, reference).mean.low <= 0
    ]  # fmt: skip
    return tuple(sorted(better, key=lambda one: -one.mean.mean))


def by_cost(found: Sampled, methods: Iterable[str]) -> list[str]:
    """Methods from the one that trains, then stores, then computes least."""

    def cost(method: str) -> tuple[float, float, float]:
        trials = [trial for (name, _), trial in found.trials.items() if name == method]
        return tuple(float(np.mean([getattr(one, what) for one in trials]))
                     for what in ("parameters", "bytes", "seconds"))  # type: ignore[return-value]  # fmt: skip

    return sorted(methods, key=cost)


def is_full_fine_tuning(method: str) -> bool:
    return method.partition(":")[0] in FULL_FINE_TUNING


def role(comparison: Comparison, methods: Iterable[str], word: str) -> str | None:
    """The method of MmAP whose name has the word: its way of making groups."""
    return next((one for one in methods if _family(comparison, one) == "mmap" and word in one), None)


def _family(comparison: Comparison, method: str) -> str:
    return next((one.family for one in comparison.trials if one.method == method), "")


# -- choosing on one half, measuring on the other ------------------------------------------------------------------


class _Choice:
    """Accuracies of the candidates on both halves of many halvings."""

    def __init__(self, comparison: Comparison, amount: Amount, found: Sampled, candidates: Sequence[str]) -> None:
        def half(images: TestImages) -> np.ndarray:
            return images.halves(SPLITS, images.generator(SEED)).astype(np.float32)

        sides = [reweighted(comparison, amount, side) for side in (half, lambda images: 1 - half(images))]
        self.found, self.candidates = found, list(candidates)
        self.seeds = sorted({seed for one in candidates for seed in found.seeds(one)})
        self.accuracy = {one: float(found.overall(one)[0].mean()) for one in candidates}
        self.here, self.there = (self._table(side) for side in sides)  # (M, S, splits), NaN where a seed is missing
        self.left_out = np.arange(SPLITS) % len(self.seeds)
        self.taken = self._taken()

    def _table(self, side: Sampled) -> np.ndarray:
        table = np.full((len(self.candidates), len(self.seeds), SPLITS), np.nan)
        for m, method in enumerate(self.candidates):
            for s, seed in enumerate(self.seeds):
                if (method, seed) in side.resampled:
                    table[m, s] = side.protocol.overall(side.resampled[method, seed], side.tasks, 0, np.nanmean)
        return table

    def _taken(self) -> np.ndarray:
        """Candidate that each split chooses on one half, int64 (splits,): of equal ones the cheapest."""
        chosen = np.zeros(SPLITS, np.int64)
        for split, out in enumerate(self.left_out):
            others = np.delete(self.here[:, :, split], out, axis=1) if len(self.seeds) > 1 else self.here[:, :, split]
            alone = np.isnan(others).all(1)
            others = np.where(alone[:, None], self.here[:, :, split].max(1, keepdims=True, initial=-np.inf,
                              where=~np.isnan(self.here[:, :, split])), others)  # fmt: skip
            chosen[split] = int(np.nanmean(others, axis=1).argmax())
        return chosen

    def best(self) -> str:
        """The highest mean accuracy; of equal ones the cheapest."""
        return max(self.candidates, key=lambda one: self.accuracy[one])

    def lead(self, over: str) -> Lead:
        """Of what is chosen over one method, on the other half and the seed that was left out."""
        at = self.candidates.index(over)
        sizes = np.zeros(SPLITS)
        for split, (out, taken) in enumerate(zip(self.left_out, self.taken, strict=True)):
            apart = self.there[taken, :, split] - self.there[at, :, split]
            sizes[split] = apart[out] if np.isfinite(apart[out]) else _mean(apart)
        share = np.bincount(self.taken, minlength=len(self.candidates)) / SPLITS
        chosen = {one: float(share[n]) for n, one in enumerate(self.candidates) if share[n]}
        half = self._half_width(over, chosen)
        mean = float(np.nanmean(sizes))
        return Lead(over, Estimate(mean, mean - half, mean + half), chosen)

    def _half_width(self, over: str, chosen: Mapping[str, float]) -> float:
        """Of the differences to the other method, averaged over what was chosen as often as it was.

        That is never less than the half width of the averaged methods, and leaves room for what choosing adds.
        """
        total, known = 0.0, 0.0
        for method, share in chosen.items():
            if method != over and self.found.seeds(method, over):
                size = estimate(*self.found.overall(method, over))
                total, known = total + share * (size.high - size.mean), known + share
        return total / known if known else 0.0


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _as_good(found: Sampled, amount: Amount, recommended: str, reference: str, ranked: Sequence[str]) -> AsGood | None:
    """The cheapest that is better than the reference and as good as the recommended one; None if that is it."""
    trained = _trial(found, recommended).parameters
    for method in ranked:
        if method in (recommended, reference) or not found.seeds(method, recommended):
            continue
        fewer = _trial(found, method).parameters
        if fewer >= trained:
            return None
        apart = difference(found, amount, method, recommended).mean
        over = difference(found, amount, method, reference).mean
        if (apart.includes_zero or apart.mean >= -MARGIN) and over.low > 0:
            return AsGood(method, apart, fewer, trained / fewer if fewer else float("inf"))
    return None


def _trial(found: Sampled, method: str) -> Trial:
    return found.trials[method, found.seeds(method)[0]]


# -- in words ------------------------------------------------------------------------------------------------------


def _sentence(comparison: Comparison, found: Sampled, one: AmountAnswer) -> str:
    say = _Names(comparison)
    reference, best = say(one.reference), say(one.best)
    lead, seeds = one.lead.size, len(one.seeds)
    if one.beats_reference:
        parts = [f"With {one.amount.words} use {best}: {_above(lead, reference, full=True)}"]
        parts += _cheaper(one, say)
    elif one.best == one.reference:
        parts = [f"With {one.amount.words} nothing that was compared is better than {reference}: keep {reference}"]
    else:
        parts = [
            f"With {one.amount.words} nothing beats {reference} beyond chance: keep {reference}. What half of the test "
            f"images choose, mostly {best}, is {points(100 * lead.mean)} points from {reference} on the other half "
            f"({_range(lead, full=True)})"
        ]
    parts += _full(one, say)
    parts += _mmap(one, found, say)
    parts += _groups(one, found)
    parts += _alike(comparison, one, say)
    text = "; ".join(parts) + "."
    return text + (" One seed: the intervals know of the test images only." if seeds == 1 else "")


class _Names:
    """What sentences call a method."""

    def __init__(self, comparison: Comparison) -> None:
        self.titles = comparison.titles

    def __call__(self, method: str) -> str:
        return "zero-shot" if method == ZERO_SHOT else printable(self.titles.get(method, method))


def _range(size: Estimate, full: bool = False) -> str:
    return f"{'95 % interval ' if full else ''}{fixed(100 * size.low)} to {fixed(100 * size.high)}"


def _above(size: Estimate, other: str, full: bool = False) -> str:
    """``3.1 points above zero-shot (1.9 to 4.4)``; what cannot be told from chance says so."""
    if size.includes_zero:
        return f"not to be told from {other} ({points(100 * size.mean)} points, {_range(size, full)})"
    low, high = sorted((abs(size.low), abs(size.high)))
    shown = Estimate(abs(size.mean), low, high)
    return f"{fixed(100 * shown.mean)} points {'above' if size.mean > 0 else 'below'} {other} ({_range(shown, full)})"


def _cheaper(one: AmountAnswer, say: _Names) -> list[str]:
    cheap = one.as_good
    if cheap is None:
        return []
    fewer = "trains nothing" if not cheap.parameters else f"trains {_times(cheap.fewer)} times fewer parameters"
    apart = f"{points(100 * cheap.apart.mean)}, {_range(cheap.apart)}"
    good = "is as good within the error" if cheap.apart.includes_zero else f"is within {100 * MARGIN:g} points"
    return [f"{say(cheap.method)} {good} ({apart}) and {fewer}"]


def _times(ratio: float) -> str:
    return number(ratio, 2)


def _full(one: AmountAnswer, say: _Names) -> list[str]:
    if one.full is None or one.best == one.reference:
        return []
    if one.best == one.full.over:
        return ["full fine-tuning is the best"] if not one.beats_reference else ["that is full fine-tuning"]
    return [f"{say(one.best)} is {_above(one.full.size, say(one.full.over))}"]


def _mmap(one: AmountAnswer, found: Sampled, say: _Names) -> list[str]:
    """Where MmAP stands, if it is not what is recommended."""
    if one.mmap is None or one.best == one.mmap.over:
        return []
    name, parts = say(one.mmap.over), []
    behind = one.mmap.size
    if one.beats_reference or behind.low > 0:
        turned = Estimate(-behind.mean, -behind.high, -behind.low)
        parts.append(f"{name} is {_above(turned, say(one.best))}")
    over = difference(found, one.amount, one.mmap.over, one.reference).mean if one.reference != one.mmap.over else None
    if over is not None and over.high < 0:
        parts.append(f"{name} is {_above(over, say(one.reference))}")
    return parts


def _groups(one: AmountAnswer, found: Sampled) -> list[str]:
    """What the suggested groups add."""
    if one.groups is None:
        return []
    suggestions = {found.trials[one.groups.method, seed].grouping for seed in one.groups.seeds}
    if suggestions and all(text and "," not in text for text in suggestions):
        return ["MmAP's suggestion is to train together, so that there are no groups to add anything"]
    size = one.groups.mean
    if size.includes_zero:
        return [f"MmAP's groups add nothing that can be told from chance ({points(100 * size.mean)}, {_range(size)})"]
    verb = "add" if size.mean > 0 else "cost"
    low, high = sorted((abs(size.low), abs(size.high)))
    return [f"MmAP's groups {verb} {fixed(100 * abs(size.mean))} points ({fixed(100 * low)} to {fixed(100 * high)})"]


def _alike(comparison: Comparison, one: AmountAnswer, say: _Names) -> list[str]:
    """What balanced accuracy shows and accuracy does not: of the best such method, and of MmAP."""
    if not one.hidden:
        return []
    prompted = next((o for o in one.hidden[1:] if _family(comparison, o.method) == "mmap"), None)
    each = [f"{say(o.method)} is {_above(o.mean, say(one.reference))}" for o in (one.hidden[0], prompted) if o]
    return [f"with every class counting alike (balanced accuracy), {' and '.join(each)}, which accuracy does not show"]


def _overall(comparison: Comparison, each: Sequence[AmountAnswer], missing: int) -> str:
    """Over all amounts, in one paragraph."""
    say = _Names(comparison)
    if not each:
        return "Too few trials for an answer." if comparison.trials else "There is nothing to compare yet."
    reference = say(each[0].reference)
    wins = [one for one in each if one.beats_reference]
    if not wins:
        text = f"Keep {reference}: at no number of images that was compared is anything better beyond chance."
    elif len({one.recommended for one in wins}) == 1:
        leads = _listed([f"{fixed(100 * one.lead.size.mean)} points with {one.amount.words}" for one in wins])
        text = f"Use {say(wins[0].recommended)}: above {reference} by {leads}, on images that did not choose it."
    else:
        uses: dict[str, list[str]] = {}
        for one in wins:
            uses.setdefault(one.recommended, []).append(one.amount.words)
        text = "Use " + _listed([f"{say(method)} with {_listed(words)}" for method, words in uses.items()]) + "."
    lost = [one.amount.words for one in each if not one.beats_reference]
    if wins and lost:
        text += f" With {_listed(lost)} nothing beats {reference} beyond chance."
    cheap = [one for one in wins if one.as_good]
    for method in dict.fromkeys(one.as_good.method for one in cheap if one.as_good):
        words = [one.amount.words for one in cheap if one.as_good and one.as_good.method == method]
        text += f" Cheaper and as good with {_listed(words)}: {say(method)}."
    grouped = [one for one in each if one.groups is not None]
    if grouped:
        adding = [one.amount.words for one in grouped if one.groups and one.groups.mean.low > 0]
        where = f"help with {_listed(adding)}" if adding else "add nothing that can be told from chance"
        text += f" MmAP's groups {where}."
    if comparison.protocol.asks:
        text += f" {comparison.protocol.what}"
    if missing:
        text += f" {counted(missing, 'trial that is asked for is', 'trials that are asked for are')} not there yet."
    return text


def _listed(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
