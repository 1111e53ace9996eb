"""The tables of a comparison, a row for every method and amount: CSV, JSON, LaTeX (booktabs) and Markdown."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from mmap_studio.formatting import counted, duration, fixed, latex, markdown, points, short_count, size
from mmap_studio.session.compare.answer import Answer
from mmap_studio.session.compare.protocols.protocol import Protocol
from mmap_studio.session.compare.statistics import (
    Difference,
    Estimate,
    Sampled,
    accuracies,
    balanced_differences,
    differences,
    sampled,
    trials_at,
)
from mmap_studio.session.compare.trial import Amount, Comparison, Trial
from mmap_studio.session.results.formats import Cell, table_text
from mmap_studio.storage.json_text import json_text

FORMAT, VERSION = "mmap-studio-comparison", 1
"""Of comparison.json; a later version only adds keys."""


@dataclass(frozen=True)
class Row:
    """One method at one amount: means over its seeds."""

    method: str
    title: str
    family: str
    amount: Amount
    seeds: tuple[int, ...]
    accuracy: Estimate
    """The one figure that the comparison ranks by, a share: its measure, mean over the tasks as its protocol says."""
    per_task: Mapping[str, float]
    """The same of everything that is tested."""
    by_half: Mapping[str, float]
    """Means over the tasks of base and of new classes, where these are tested each by itself."""
    worst: float
    """The lowest of all that is tested, mean over seeds."""
    balanced_accuracy: float
    """Of the means over classes the one figure of the protocol, a share."""
    balanced_difference: Estimate | None
    """Of balanced accuracy to the baseline; not adjusted."""
    macro_f1: float
    """Likewise."""
    ece: float
    """Mean over the tasks, a share."""
    parameters: float
    bytes: float
    seconds: float
    steps: float
    images_seen: float
    difference: Difference | None
    """To the baseline; None of the baseline itself, and of a method without a seed in common with it."""
    at_zero_shot: tuple[str, ...]
    """Tasks that zero-shot is used for with any seed."""
    best: bool
    """The highest accuracy of its amount, at the digit that is shown."""


def resampled_amounts(comparison: Comparison) -> dict[Amount, Sampled]:
    """Resampled accuracies at every amount that has a trial: what rows and the answer are made of."""
    known = sorted({one.amount for one in comparison.trials if one.family != "zero_shot"} & {*comparison.amounts})
    known = known or sorted({one.amount for one in comparison.trials} & {*comparison.amounts})
    return {amount: sampled(comparison, amount) for amount in known}


def rows(comparison: Comparison, samples: Mapping[Amount, Sampled] | None = None) -> list[Row]:
    """Amount by amount, the methods in the order asked for."""
    made: list[Row] = []
    for amount, found in (resampled_amounts(comparison) if samples is None else samples).items():
        apart, levels = differences(comparison, amount, found), accuracies(found)
        even = balanced_differences(comparison, amount)
        top = max(round(100 * one.mean, 1) for one in levels.values())
        for method in found.methods:
            trials = list(trials_at(comparison, method, amount).values())
            best = len(levels) > 1 and round(100 * levels[method].mean, 1) == top
            gap = even[method].mean if method in even else None
            made.append(_row(comparison, method, amount, trials, found, levels[method], apart.get(method), gap, best))
    return made


def _row(comparison: Comparison, method: str, amount: Amount, trials: Sequence[Trial], found: Sampled,
         accuracy: Estimate, apart: Difference | None, even: Estimate | None, best: bool) -> Row:  # fmt: skip
    def mean(of: Callable[[Trial], float]) -> float:
        return float(np.mean([of(one) for one in trials]))

    def over_tasks(what: str) -> float:
        def whole(one: Trial) -> float:
            each = np.array([getattr(one.per_task[task].evaluation, what) for task in found.tasks])
            return float(each.mean() if what == "ece" else comparison.protocol.overall(each, found.tasks))

        return mean(whole)

    def of(one: Trial, task: str) -> float:
        share: float = getattr(one.per_task[task].evaluation, comparison.measure)
        return share

    per_task = {t: mean(lambda one, t=t: of(one, t)) for t in found.tasks}  # type: ignore[misc]
    return Row(
        method, comparison.titles[method], trials[0].family, amount, found.seeds(method), accuracy, per_task,
        by_half=comparison.protocol.by_half(per_task),
        worst=mean(lambda one: min(of(one, t) for t in found.tasks)),
        balanced_accuracy=over_tasks("balanced_accuracy"), balanced_difference=even,
        macro_f1=over_tasks("macro_f1"), ece=over_tasks("ece"),
        parameters=mean(lambda one: one.parameters), bytes=mean(lambda one: one.bytes),
        seconds=mean(lambda one: one.seconds), steps=mean(lambda one: one.steps),
        images_seen=mean(lambda one: one.images_seen), difference=apart,
        at_zero_shot=tuple(sorted({task for one in trials for task in one.at_zero_shot})), best=best,
    )  # fmt: skip


# -- CSV and JSON --------------------------------------------------------------------------------------------------


def summary_csv(made: Sequence[Row], delimiter: str = ",") -> str:
    """A line a row; percent and points, all digits. As CSV, or with another delimiter."""
    tasks = list(dict.fromkeys(task for row in made for task in row.per_task))
    halves = list(dict.fromkeys(half for row in made for half in row.by_half))
    header = ["method", "title", "family", "amount", "seeds", "accuracy", "low", "high",
              *(f"accuracy of {half} classes" for half in halves),
              *(f"accuracy of {task}" for task in tasks), "worst task", "macro F1", "ECE", "trained parameters",
              "stored bytes", "seconds", "steps", "images seen", "difference", "difference low", "difference high",
              "p", "p after Holm", "tasks at zero-shot", "balanced accuracy", "balanced difference",
              "balanced difference low", "balanced difference high"]  # fmt: skip
    lines: list[list[Cell]] = []
    for row in made:
        apart, even = row.difference, row.balanced_difference
        shares = (row.accuracy.mean, row.accuracy.low, row.accuracy.high, *(row.by_half[half] for half in halves),
                  *(row.per_task.get(t, float("nan")) for t in tasks), row.worst, row.macro_f1, row.ece)  # fmt: skip
        gap = (apart.mean.mean, apart.mean.low, apart.mean.high) if apart else ()
        lines.append(
            [row.method, row.title, row.family, row.amount.label, " ".join(map(str, row.seeds)),
             *(100 * one for one in shares), row.parameters, row.bytes, row.seconds, row.steps, row.images_seen,
             *([100 * one for one in gap] if gap else [None, None, None]), apart.mean.p if apart else None,
             apart.adjusted if apart else None, " ".join(row.at_zero_shot), 100 * row.balanced_accuracy,
             *([100 * one for one in (even.mean, even.low, even.high)] if even else [None, None, None])]
        )  # fmt: skip
    return table_text(header, lines, delimiter)


def trials_csv(comparison: Comparison) -> str:
    """A line a trial and task; percent, all digits."""
    header = ["method", "title", "family", "amount", "seed", "task", "test images", "accuracy", "macro F1", "ECE",
              "trained parameters", "stored bytes", "seconds", "steps", "images seen", "at zero-shot", "grouping",
              "hyper-parameters"]  # fmt: skip
    lines: list[list[Cell]] = [
        [one.method, comparison.titles[one.method], one.family, one.amount.label, one.seed, task, len(scores.labels),
         *(100 * getattr(scores.evaluation, what) for what in ("accuracy", "macro_f1", "ece")), one.parameters,
         one.bytes, one.seconds, one.steps, one.images_seen, "yes" if task in one.at_zero_shot else "no", one.grouping,
         "; ".join(f"{name} {value:g}" for name, value in one.values.items())]
        for one in comparison.trials for task, scores in one.per_task.items()
    ]  # fmt: skip
    return table_text(header, lines)


def comparison_json(comparison: Comparison, made: Sequence[Row], found: Answer) -> str:
    """The document: what was asked, every row and trial, the answer. Shares in [0, 1]; null for what is not known."""
    document = {
        "format": FORMAT,
        "version": VERSION,
        "project": comparison.project,
        "tasks": comparison.tasks,
        "methods": [{"name": name, "title": comparison.titles.get(name, name)} for name in comparison.methods],
        "amounts": [one.label for one in comparison.amounts],
        "seeds": comparison.seeds,
        "baseline": comparison.baseline,
        "measure": comparison.measure,
        "protocol": comparison.protocol.name,
        "budget": comparison.budget.label,
        "about": comparison.about,
        "answer": found.document,
        "rows": [_row_document(row) for row in made],
        "trials": [_trial_document(one) for one in comparison.trials],
        "affinity_gains": comparison.affinity_gains,
        "partitions": comparison.partitions,
    }
    return json_text(_finite(document))


def _row_document(row: Row) -> dict[str, Any]:
    return {**asdict(row), "amount": row.amount.label,
            "difference": row.difference and {**asdict(row.difference), "amount": row.amount.label}}  # fmt: skip


def _trial_document(one: Trial) -> dict[str, Any]:
    scores = {
        task: {"test_images": len(s.labels)}
        | {
            what: getattr(s.evaluation, what)
            for what in ("accuracy", "balanced_accuracy", "macro_f1", "ece", "per_class")
        }
        for task, s in one.per_task.items()
    }
    kept = ("method", "title", "family", "seed", "parameters", "bytes", "steps", "images_seen", "seconds", "values",
            "at_zero_shot", "grouping", "curve", "losses", "validation")  # fmt: skip
    return {**{name: getattr(one, name) for name in kept}, "amount": one.amount.label, "per_task": scores}


def _finite(value: Any) -> Any:
    """The same with None for NaN and infinity, which JSON does not have."""
    if isinstance(value, Mapping):
        return {str(key): _finite(one) for key, one in value.items()}
    if isinstance(value, np.ndarray):
        return _finite(value.tolist())
    if isinstance(value, list | tuple):
        return [_finite(one) for one in value]
    if isinstance(value, float | np.floating):
        return float(value) if np.isfinite(value) else None
    return value


# -- for readers ---------------------------------------------------------------------------------------------------

HEAD = ("Method", "Accuracy, %", "Difference", "p (Holm)", "Worst", "Balanced", "Macro-F1", "ECE", "Trained",
        "Stored", "Time", "Steps", "Images seen")  # fmt: skip


def head(protocol: Protocol) -> tuple[str, ...]:
    """The heads of a protocol's table: `HEAD`, and one for every half of the classes behind the accuracy."""
    halves = tuple(half.capitalize() for half in protocol.halves)
    return (HEAD[0], "H. mean, %" if halves else HEAD[1], *halves, *HEAD[2:])


def cells(row: Row, plus: str = " ± ") -> list[str]:
    """What a reader sees of a row, without markup, in the order of `head`."""
    half = fixed(100 * (row.accuracy.high - row.accuracy.mean))
    apart = row.difference
    gap = p = ""
    if apart is not None:
        low, high = fixed(100 * apart.mean.low), fixed(100 * apart.mean.high)
        gap = f"{points(100 * apart.mean.mean)} ({low} to {high})"
        p = "< 0.001" if apart.adjusted < 0.001 else fixed(apart.adjusted, 3)
    even, beyond = row.balanced_difference, ""
    if even is not None:
        beyond = f" ({points(100 * even.mean)}{'' if even.includes_zero else '*'})"
    halves = [fixed(100 * one) for one in row.by_half.values()]
    return [row.title, f"{fixed(100 * row.accuracy.mean)}{plus}{half}", *halves, gap, p, fixed(100 * row.worst),
            f"{fixed(100 * row.balanced_accuracy)}{beyond}", fixed(100 * row.macro_f1), fixed(100 * row.ece),
            f"{row.parameters:,.0f}", size(row.bytes), duration(row.seconds), f"{row.steps:,.0f}",
            short_count(row.images_seen)]  # fmt: skip


def by_amount(made: Sequence[Row]) -> dict[Amount, list[Row]]:
    """The rows of each amount."""
    found: dict[Amount, list[Row]] = {}
    for row in made:
        found.setdefault(row.amount, []).append(row)
    return found


def caption(comparison: Comparison, made: Sequence[Row]) -> str:
    """What the numbers of the table are."""
    seeds = sorted({len(row.seeds) for row in made})
    counts = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}" if seeds else "no"
    base = comparison.titles.get(comparison.baseline, comparison.baseline)
    kind = "Top-1" if comparison.measure == "accuracy" else "Balanced"
    protocol = comparison.protocol
    over = f"mean over {counted(len(comparison.tasks), 'task')} and"
    if protocol.halves:
        each = counted(len(comparison.tasks) // len(protocol.halves), "task")
        over = f"{protocol.figure}, each a mean over {each}, mean over"
    rules = [protocol.what if protocol.asks else "", comparison.budget.words]
    rule = "".join(f" {one}" for one in rules if one)
    return (
        f"{kind} accuracy on the test images, {over} {counts} "
        f"seed{'s' * (seeds != [1])}, with half its 95 % interval; difference to {base} in points with its interval; p "
        "after Holm over the methods of an amount; worst task; balanced accuracy, where every class counts alike, with "
        "its difference (a star: its 95 % interval leaves out 0); macro-F1 and calibration error in percent; trained "
        "parameters and stored bytes of all tasks together; time without what was in the cache, such as a group that "
        f"another form of MmAP trained. Bold: highest accuracy.{rule}"
    )


def latex_table(comparison: Comparison, made: Sequence[Row]) -> str:
    """A `tabular` for the package booktabs, amount by amount."""
    top = head(comparison.protocol)
    lines = [r"\begin{tabular}{l" + "r" * (len(top) - 1) + "}", r"\toprule", _latex_line(top)]
    for amount, part in by_amount(made).items():
        lines += [r"\midrule", rf"\multicolumn{{{len(top)}}}{{l}}{{{latex(_capital(amount.words))}}} \\"]
        for row in part:
            shown = [latex(cell).replace("±", r"$\pm$").replace("−", "$-$") for cell in cells(row)]
            shown[1] = rf"\textbf{{{shown[1]}}}" if row.best else shown[1]
            lines.append(" & ".join(shown) + r" \\")
    return "\n".join([f"% {latex(caption(comparison, made))}", *lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _latex_line(head: Sequence[str]) -> str:
    return " & ".join(latex(word) for word in head) + r" \\"


def markdown_table(comparison: Comparison, made: Sequence[Row]) -> str:
    """A pipe table an amount."""
    text = []
    for amount, part in by_amount(made).items():
        top = head(comparison.protocol)
        lines = [top, ("---", *["---:"] * (len(top) - 1))]
        for row in part:
            shown = [markdown(cell) for cell in cells(row)]
            shown[1] = f"**{shown[1]}**" if row.best else shown[1]
            lines.append(tuple(shown))
        text += [f"### {_capital(amount.words)}", "", *("| " + " | ".join(line) + " |" for line in lines), ""]
    return "\n".join([*text, caption(comparison, made)]) + "\n"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
