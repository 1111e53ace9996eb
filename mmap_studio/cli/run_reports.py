"""Reports of a finished run: tables made from its document, the same one that `--json` prints."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mmap_studio.cli.terminal.output import percent, points, table
from mmap_studio.formatting import counted, fixed, number, printable
from mmap_studio.session.imbalance import never_found_notice
from mmap_studio.session.methods import CONTROLS, below_zero_shot, method_title

if TYPE_CHECKING:
    from mmap_studio.session.events import RunEnded

Report = Callable[["RunEnded"], str]
Document = dict[str, Any]


def results(ended: "RunEnded") -> str:
    """Tasks by zero-shot, prompts and controls; then what was trained and where it is."""
    doc = ended.document
    if doc["controls"]:
        return comparison(ended)
    before, after = doc["zero_shot"], doc["run"]
    group_of = {name: str(n) for n, group in enumerate(doc["grouping"]["groups"], start=1) for name in group}
    rows = [["task", "zero-shot", "prompts", "change", "macro-F1", "group"]]
    f1 = {name: one["macro_f1"] for name, one in doc["metrics"]["run"].items()}
    for name, accuracy in after["per_task"].items():
        zero = before["per_task"].get(name)
        cells = percent(zero), percent(accuracy), _change(zero, accuracy), percent(f1.get(name))
        rows.append([name, *cells, group_of.get(name, "-")])
    change = _change(before["mean"], after["mean"])
    rows.append(["mean", percent(before["mean"]), percent(after["mean"]), change, percent(_mean(f1)), ""])
    return "\n".join([table(rows), "", *_ending(ended)])


def comparison(ended: "RunEnded") -> str:
    """Methods by tasks: zero-shot in percent, every other method as its difference to zero-shot in points."""
    doc = ended.document
    zero = doc["zero_shot"]
    names = list(zero["per_task"])
    rows = [["method", "parameters", "mean", "change", "macro-F1", *names]]
    f1 = {
        method: percent(_mean({task: one["macro_f1"] for task, one in found.items()}))
        for method, found in doc["metrics"].items()
    }
    accuracies = (percent(zero["per_task"][name]) for name in names)
    rows.append(["Zero-shot", "0", percent(zero["mean"]), "", f1["zero_shot"], *accuracies])
    for method, title, scores in _methods(doc):
        deltas = [_change(zero["per_task"][name], scores["per_task"].get(name)) for name in names]
        change = _change(zero["mean"], scores["mean"])
        parameters, mean = f"{scores['trained_parameters']:,}", percent(scores["mean"])
        rows.append([title, parameters, mean, change, f1.get(method, "-"), *deltas])
    legend = (
        "Parameters are the trainable ones, mean and tasks are test accuracy, macro-F1 is a mean over the tasks; "
        "changes are percentage points of accuracy against zero-shot."
    )
    return "\n".join([table(rows), legend, "", *_ending(ended)])


def affinity(ended: "RunEnded") -> str:
    """The matrix with standard errors, and the groups it suggests."""
    doc = ended.document
    found, grouping = doc["affinity"], doc["grouping"]
    if found is None:
        return "There is only one task, so there is no affinity to measure."
    count = max(cell for row in found["n"] for cell in row)
    by_training = doc["settings"]["affinity"].get("by") == "training"
    after = "training together with the row's, against alone" if by_training else "a look-ahead step on the row's task"
    lines = [
        f"Affinity in %, mean ± standard error of {counted(count, 'measurement')}: the relative drop of the",
        f"column task's loss after {after} (rows: source, columns: recipient).",
        "",
        _matrix(found["tasks"], found["matrix"], found["standard_error"], 100),
        "",
        "Normalised, that is divided by the affinity of the column's task to itself:",
        "",
        _matrix(found["tasks"], found["normalised"], found["normalised_standard_error"], 1),
        "",
    ]
    return "\n".join([*lines, *_grouping(grouping), f"Run: {printable(doc['paths'].get('run', '-'))}"])


def _mean(values: Document) -> float | None:
    known = [value for value in values.values() if value is not None]
    return sum(known) / len(known) if known else None


def _methods(doc: Document) -> list[tuple[str, str, Document]]:
    """Name, title and scores."""
    how = "suggested" if doc["grouping"]["how"] != "given" else "given"
    own = doc["run"] | {"trained_parameters": doc["trained_parameters"]}
    ensemble = doc["zero_shot_ensemble"] | {"trained_parameters": 0}
    methods = [("zero_shot_ensemble", "Zero-shot, ensemble", ensemble), ("run", f"MmAP, {how} groups", own)]
    return methods + [(name, _control_title(name), scores) for name, scores in doc["controls"].items()]


def _control_title(name: str) -> str:
    """Groupings are of MmAP, which stands in front."""
    title = method_title(name)
    return f"MmAP, {title[0].lower()}{title[1:]}" if name in CONTROLS and CONTROLS[name].trains == "prompts" else title


def _matrix(names: list[str], mean: list[list[Any]], error: list[list[Any]], scale: float) -> str:
    rows = [["", *names]]
    for name, means, errors in zip(names, mean, error, strict=True):
        rows.append([name, *(_cell(m, e, scale) for m, e in zip(means, errors, strict=True))])
    return table(rows)


def _cell(mean: float | None, error: float | None, scale: float) -> str:
    if mean is None:
        return "-"
    spread = "" if error is None else f" ± {scale * error:.3f}"
    return f"{fixed(scale * mean, 3, minus='-')}{spread}"


def _change(before: float | None, after: float | None) -> str:
    return "-" if before is None or after is None else points(100 * (after - before))


def _grouping(grouping: Document) -> list[str]:
    how = grouping["how"]
    score = "" if grouping["score"] is None else f", score {number(grouping['score'], minus='-')}"
    line = f"Groups ({'as given' if how == 'given' else f'suggested, {how}'}{score}): {grouping['text']}"
    evidence = grouping["evidence"] if how != "given" else None
    return [line, *([evidence["sentence"]] if evidence else [])]


def _ending(ended: "RunEnded") -> list[str]:
    doc = ended.document
    lines = _grouping(doc["grouping"])
    share = f"{percent(doc['trained_share'], 3)} of the backbone's"
    lines.append(f"Trainable parameters: {doc['trained_parameters']:,}, {share}.")
    if ended.trained_nothing:
        lines.append("Nothing had to be trained: all groups came from the cache.")
    lines.append(f"Prompts: {printable(doc['paths'].get('prompts', '-'))}")
    lines.append(f"Run:     {printable(doc['paths'].get('run', '-'))}")
    lines += [f"Kept at zero-shot, which is better on validation: {', '.join(names)}." for names in doc["at_zero_shot"]]
    for name, classes in doc["never_found"].items():
        one = doc["metrics"]["run"][name]
        lines.append(never_found_notice(name, classes, one["accuracy"], one["macro_f1"]))
    below = below_zero_shot(doc["run"]["mean"] or 0.0, doc["zero_shot"]["mean"] or 0.0)
    return [*lines, below] if below else lines
