"""`results`: the results of all runs of a project in one table, for a user, a paper or a program."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError, points, say, table, tell, tell_json
from mmap_studio.formatting import counted, fixed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmap_studio.session.results.table import Figure, Outcome, TableRow

Form = Literal["text", "markdown", "latex", "csv"]
Measure = Literal["accuracy", "macro_f1", "ece"]


def results(
    project: options.ProjectName,
    metric: Annotated[Measure, typer.Option(help="Metric of the cells, in percent.")] = "accuracy",
    against: Annotated[
        str, typer.Option(metavar="METHOD", help="Row that changes refer to: zero_shot, linear_probe, together ...")
    ] = "zero_shot",
    form: Annotated[Form, typer.Option("--as", help="Format of the table.")] = "text",
    json: options.Json = False,
) -> None:
    """Results of all finished runs, mean and spread over seeds."""
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.results import table as results_table
    from mmap_studio.session.results.formats import flat, latex, markdown, table_text
    from mmap_studio.session.results.outcomes import recorded_outcomes
    from mmap_studio.session.results.results import newest_evidence

    opened = Project.open(project)
    tasks = [task.name for task in opened.file.tasks]
    found, problems = recorded_outcomes(opened)
    for problem in problems:
        say(problem)
    rows = results_table.table(found, tasks, metric, _baseline(found, against))
    evidence = newest_evidence(opened)
    if json:
        tell_json(
            {
                "format": 1,
                "metric": metric,
                "tasks": tasks,
                "rows": [_document(row, tasks) for row in rows],
                "evidence": evidence,
            }
        )
    elif not rows:
        say(f"Project {project} has no finished run yet; use `mmap-studio run {project}`.")
    elif form == "csv":
        tell(table_text(*flat(rows, tasks)).removesuffix("\n"))
    elif form == "text":
        tell(text(rows, tasks, _macro_f1(found, tasks) if metric == "accuracy" else None))
        if evidence:
            tell(f"\nOf the newest run that suggested groups: {evidence['sentence']}")
    else:
        written = {"markdown": markdown, "latex": latex}[form]
        tell(written(rows, tasks, metric).removesuffix("\n"))


def text(rows: "Sequence[TableRow]", tasks: "Sequence[str]", macro_f1: "Sequence[TableRow] | None" = None) -> str:
    """Lines for a terminal: mean and spread in percent, the difference of the means in points.

    macro_f1 : the same rows of macro-F1, whose means stand beside those of accuracy
    """
    told = any(row.about.settings for row in rows)
    f1 = ["macro-F1"] if macro_f1 else []
    lines = [["method", "parameters", "seeds", "mean", "change", *f1, *tasks, *(["settings"] if told else [])]]
    for row, other in zip(rows, macro_f1 or rows, strict=True):
        *cells, mean = row.figures
        lines.append([
            row.title, f"{row.parameters:,}", row.about.seeds or "-", _cell(mean), points(mean.delta),
            *([_cell(other.figures[-1])] if macro_f1 else []), *map(_cell, cells),
            *([row.about.settings] if told else []),
        ])  # fmt: skip
    return table(lines)


def _macro_f1(found: "Sequence[Outcome]", tasks: "Sequence[str]") -> "Sequence[TableRow]":
    from mmap_studio.session.results import table as results_table

    return results_table.table(found, tasks, "macro_f1")


def _baseline(found: "Sequence[Outcome]", against: str) -> str:
    """The row to compare with; UsageError where the name says none or several."""
    kinds = {one.method: one.kind for one in found}
    if not kinds or against in ("zero_shot", "zero_shot_ensemble"):
        return against
    keys = [key for key, kind in kinds.items() if kind == against]
    if len(keys) != 1:
        known = ", ".join(dict.fromkeys(kinds.values()))
        what = f"Got {against!r}, which names {counted(len(keys), 'row')}." if keys else f"Got {against!r} instead."
        raise UsageError(f"--against must name one row of the table, a method of {known}. {what}")
    return keys[0]


def _cell(one: "Figure") -> str:
    spread = fixed(one.spread, missing="")
    return f"{fixed(one.mean, missing='-')}{spread and f' ± {spread}'}"


def _document(row: "TableRow", tasks: "Sequence[str]") -> dict[str, Any]:
    *cells, mean = [
        {"mean": _known(one.mean), "spread": _known(one.spread), "difference": _known(one.delta), "runs": one.runs}
        for one in row.figures
    ]
    about = row.about
    return {
        "title": row.title, "method": about.kind, "trained_parameters": row.parameters, "runs": row.runs,
        "seeds": about.seeds, "settings": about.settings, "ended": about.when, "baseline": row.baseline, "mean": mean,
        "per_task": dict(zip(tasks, cells, strict=True)),
    }  # fmt: skip


def _known(value: float) -> float | None:
    return None if value != value else value
