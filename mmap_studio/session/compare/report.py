"""The report of a comparison: one page that opens without a network and prints well, and the tables as files."""

from collections.abc import Iterator, Mapping
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

from mmap_studio.formatting import counted, fixed, printable
from mmap_studio.resources import resource_text
from mmap_studio.session.compare import plots, tables
from mmap_studio.session.compare.answer import SPLITS, Answer, answer
from mmap_studio.session.compare.statistics import RESAMPLES
from mmap_studio.session.compare.svg import inline_svg
from mmap_studio.session.compare.trial import Comparison
from mmap_studio.session.results.report_folder import without_folders, write_report_folder

TEMPLATE = "report/report.html"
FILES = ("report.html", "comparison.csv", "trials.csv", "comparison.json", "table.tex", "table.md")
"""All that a report's folder holds."""


def write_report(comparison: Comparison, folder: Path | str, replace: bool = False, within: Path | None = None) -> Path:
    """Write report.html, comparison.csv, trials.csv, comparison.json, table.tex and table.md, all or none.

    A folder with other files in it is refused, also with `replace`, which only takes the place of an earlier report.
    StorageError names the cause. Returns the page.
    """
    folder = Path(folder)
    write_report_folder(folder, report_files(comparison), replace, within)
    return folder / FILES[0]


def report_files(comparison: Comparison) -> dict[str, bytes]:
    """The files of a report by name."""
    comparison = without_paths(comparison)
    samples = tables.resampled_amounts(comparison)
    rows, found = tables.rows(comparison, samples), answer(comparison, samples)
    texts = (
        page(comparison, rows, found),
        tables.summary_csv(rows),
        tables.trials_csv(comparison),
        tables.comparison_json(comparison, rows, found),
        tables.latex_table(comparison, rows),
        tables.markdown_table(comparison, rows),
    )
    return {name: text.encode() for name, text in zip(FILES, texts, strict=True)}


def without_paths(comparison: Comparison) -> Comparison:
    """The same, with only the last part of every absolute path in what it says about itself: reports are handed on."""
    return changed(comparison, about=_without_paths(comparison.about))


def _without_paths(value: Any) -> Any:
    if isinstance(value, str):
        return without_folders(value)
    if isinstance(value, Mapping):
        return {_without_paths(str(key)): _without_paths(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_paths(one) for one in value]
    return value


def page(comparison: Comparison, rows: list[tables.Row], found: Answer) -> str:
    """The HTML page: no script, no reference to anything outside itself, every name escaped."""
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    best = {one.amount: one.best for one in found.amounts}
    figures = [
        {"title": one.title, "svg": Markup(inline_svg(one.figure, one.name, one.title))}
        for one in plots.plots(comparison, rows, best)
    ]
    tasks = list(dict.fromkeys(task for row in rows for task in row.per_task))
    amounts = [
        {"words": amount.words[:1].upper() + amount.words[1:], "rows": [_row(row, tasks) for row in part]}
        for amount, part in tables.by_amount(rows).items()
    ]
    kept = sorted({f"{row.title} on {task} ({row.amount.words})" for row in rows for task in row.at_zero_shot})
    explained = tables.caption(comparison, rows) if rows else ""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=False)
    text = environment.from_string(resource_text(TEMPLATE)).render(
        project=printable(comparison.project), summary=_summary(comparison), answer=found, how=_how(),
        head=tables.head(comparison.protocol), amounts=amounts, caption=explained,
        zero_shot_kept=printable("; ".join(kept)), tasks=[printable(task) for task in tasks], plots=figures,
        methods=list(_methods(comparison)), command=printable(comparison.about.get("command", "")),
        about=[(printable(name), printable(value)) for name, value in _flat(comparison.about)],
        light=plots.LIGHT.series, dark=plots.DARK.series,
    )  # fmt: skip
    return text + "\n"


def _row(row: tables.Row, tasks: list[str]) -> dict[str, Any]:
    tests = row.difference.mcnemar if row.difference else ()
    return {
        "cells": [printable(cell) for cell in tables.cells(row)],
        "best": row.best,
        "per_task": [fixed(100 * row.per_task[task]) if task in row.per_task else "–" for task in tasks],
        "mcnemar": ", ".join("< 0.001" if p < 0.001 else fixed(p, 3) for p in tests),
    }


def _summary(comparison: Comparison) -> str:
    methods = len({one.method for one in comparison.trials})
    images = sum(len(scores.labels) for scores in comparison.trials[0].per_task.values()) if comparison.trials else 0
    protocol = comparison.protocol
    tasks = len(comparison.tasks) // max(1, len(protocol.halves))
    parts = [protocol.title, counted(methods, "method"), counted(tasks, "task"), counted(images, "test image"),
             counted(len(comparison.trials), "trial"), counted(len(comparison.seeds), "seed")]  # fmt: skip
    return ", ".join(parts)


def _how() -> str:
    return (
        f"Intervals are of 95 %: test images resampled {RESAMPLES:,} times within class and task, images of one "
        "subject together and alike for all seeds, and the spread of the seeds with Student's factor. The lead of the "
        f"best method is cross-fitted: {SPLITS} times it is chosen on one half of the test images and measured on the "
        "other, with a seed that it was not chosen by, so that the luck of the best of many is not counted."
    )


def _methods(comparison: Comparison) -> Iterator[dict[str, str]]:
    """What each method is: its source as `about["sources"]` tells it, and the values it was trained with."""
    sources = comparison.about.get("sources", {})
    for name in dict.fromkeys(one.method for one in comparison.trials):
        trials = [one for one in comparison.trials if one.method == name]
        values = sorted({", ".join(f"{key} {value:g}" for key, value in one.values.items()) for one in trials} - {""})
        said = sources.get(name, sources.get(name.partition(":")[0], "")) if isinstance(sources, Mapping) else ""
        yield {"name": printable(name), "title": printable(comparison.titles[name]),
               "family": trials[0].family.replace("_", "-"), "source": printable(said),
               "values": printable("; ".join(values))}  # fmt: skip


SHOWN_ELSEWHERE = ("command", "sources", "class_names")


def _flat(about: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Names and values of nested settings, one line each."""
    for key, value in about.items():
        name = f"{before}{key}"
        if not before and key in SHOWN_ELSEWHERE:
            continue
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{name}, ")
        elif isinstance(value, list | tuple):
            yield name, ", ".join(map(str, value))
        else:
            yield name, str(value)
