"""Is the recommended method right on images that the recommendation has not seen? On the starter, by held-back halves.

    python -m tools.held_back            # minutes: methods on features; trials are in the cache
    python -m tools.held_back --kept     # of the trials that are done

Again and again the test images are divided, subject by subject within every class. The answer is made of one half
alone; on the other half the recommended method is compared with whatever is best there. That best one is chosen on the
very images it is measured on, so how far the recommended method is behind is stated too large rather than too small.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace

import numpy as np

from mmap_studio.session.compare.answer import MARGIN, answer_at
from mmap_studio.session.compare.options import CompareOptions, parse_amounts
from mmap_studio.session.compare.queue import compare
from mmap_studio.session.compare.statistics import TestImages, difference, sampled, tested_tasks
from mmap_studio.session.compare.trial import Amount, Comparison, Trial
from mmap_studio.session.project.project import Project
from mmap_studio.session.runtime.generator_result import Returning
from mmap_studio.storage.store import user_cache

METHODS = "ridge,text_head,clap,lp_plus_plus,task_residual,tip_adapter,tip_adapter_f"
AMOUNTS, SEEDS, DIVISIONS, SEED = "4,16,full", (1, 2, 3), 30, 7


@dataclass(frozen=True)
class Verdict:
    """One recommendation, and what the images say that were held back from it."""

    recommended: str
    reference: str
    best: str
    """On the images that were held back."""
    behind: float
    """Accuracy of the best less that of the recommended one there."""
    within_noise: bool
    """Whether that cannot be told from chance, or is no more than what the answer calls as good."""
    gain: float
    """Accuracy of the recommended one less that of the reference there; 0 where the reference is recommended."""


@dataclass(frozen=True)
class Shares:
    """Of all divisions at one amount."""

    amount: str
    divisions: int
    best: float
    """How often the recommended method was the best."""
    within_noise: float
    behind: float
    """Mean, in points."""
    recommends: float
    """How often something else than the reference was recommended."""
    above: float
    """How often that was above the reference on the images held back; NaN where it never was recommended."""
    gain: float
    """Mean, in points; NaN likewise."""


def verdicts(comparison: Comparison, amount: Amount, divisions: int = DIVISIONS, seed: int = SEED) -> Iterator[Verdict]:
    """One a division. The halves are the same for all trials that were tested on the same images."""
    at_amount = replace(
        comparison,
        amounts=(amount,),
        trials=tuple(one for one in comparison.trials if one.amount == amount),
    )
    for number in range(divisions):
        shown, held = (_half(at_amount, seed, number, side) for side in (True, False))
        found = answer_at(shown, amount, sampled(shown, amount))
        if found is not None:
            yield _verdict(held, amount, found.recommended, found.reference)


def _verdict(held: Comparison, amount: Amount, recommended: str, reference: str) -> Verdict:
    there = sampled(held, amount)
    levels = {name: float(there.overall(name)[0].mean()) for name in there.methods}
    best = max(levels, key=lambda name: (levels[name], name == recommended))
    good = best == recommended
    if not good:
        apart = difference(there, amount, recommended, best).mean
        good = apart.includes_zero or apart.mean >= -MARGIN
    gain = levels[recommended] - levels[reference]
    return Verdict(recommended, reference, best, levels[best] - levels[recommended], good, gain)


def _half(comparison: Comparison, seed: int, number: int, side: bool) -> Comparison:
    """The same trials on one half of their test images."""

    def halved(trial: Trial) -> Trial:
        tasks = tested_tasks(comparison, trial)
        images = TestImages.of(trial, tasks)
        chosen = images.halves(number + 1, images.generator(seed))[number] == side
        parts = {task: chosen[images.task_of == n] for n, task in enumerate(tasks)}
        per_task = {
            task: replace(
                trial.per_task[task],
                **{what: getattr(trial.per_task[task], what)[rows]
                   for what in ("labels", "predictions", "confidence", "subjects")},
            )
            for task, rows in parts.items()
        }  # fmt: skip
        return replace(trial, per_task=per_task)

    return replace(comparison, trials=tuple(map(halved, comparison.trials)))


def shares(found: list[Verdict], amount: Amount) -> Shares:
    """What the verdicts of an amount come to."""
    told = [one for one in found if one.recommended != one.reference]

    def mean(values: list[float]) -> float:
        return float(np.mean(values)) if values else float("nan")

    return Shares(
        amount.label,
        len(found),
        mean([float(one.recommended == one.best) for one in found]),
        mean([float(one.within_noise) for one in found]),
        100 * mean([one.behind for one in found]),
        len(told) / len(found),
        mean([float(one.gain > 0) for one in told]),
        100 * mean([one.gain for one in told]),
    )


def main() -> None:
    """Compare on the starter, then a JSON line an amount."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--shots", default=AMOUNTS)
    parser.add_argument("--seeds", default=",".join(map(str, SEEDS)))
    parser.add_argument("--divisions", type=int, default=DIVISIONS)
    parser.add_argument("--kept", action="store_true", help="train nothing: the trials that are done")
    asked = parser.parse_args()
    options = CompareOptions(
        tuple(asked.methods.split(",")), parse_amounts(asked.shots), tuple(map(int, asked.seeds.split(","))), False,
        only_kept=asked.kept,
    )  # fmt: skip
    walk = Returning(compare(Project.starter(), options, user_cache()))
    for report in walk:
        if report.trial is not None or report.notice:
            print(f"{report.done}/{report.total} {report.text}", file=sys.stderr)
    for amount in options.amounts:
        print(json.dumps(asdict(shares(list(verdicts(walk.value, amount, asked.divisions)), amount))), flush=True)


if __name__ == "__main__":
    main()
