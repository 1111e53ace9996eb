"""Written forms of tables and matrices: CSV, TSV and JSON, and LaTeX (booktabs) and Markdown of the results table."""

import csv
import io
import json
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from mmap_studio.formatting import fixed, printable
from mmap_studio.formatting import latex as latex_text
from mmap_studio.formatting import markdown as markdown_text
from mmap_studio.session.results.table import METRICS, Figure, Metric, TableRow

Cell = str | int | float | None
FORMULA = re.compile(r"(^|;)(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a spreadsheet's cell begins with =, +, - or @, of whatever width, it is computed; an apostrophe makes it text.

In half of Europe a semicolon begins a cell, whatever quotes are around it.
"""


def table_text(header: Sequence[str], rows: Sequence[Sequence[Cell]], delimiter: str = ",") -> str:
    """CSV (or TSV): numbers with all their digits and a decimal point, an empty field for what is not known."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow([_plain(name) for name in header])
    writer.writerows([["" if _unknown(cell) else _plain(cell) for cell in row] for row in rows])
    return out.getvalue()


def _plain(cell: Cell) -> Cell:
    """A text that no spreadsheet takes for a formula, and no terminal for a command."""
    if not isinstance(cell, str):
        return cell
    return FORMULA.sub(r"\1'", printable(cell))


def table_json(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """One object a row; null for what is not known."""
    records = [{name: None if _unknown(cell) else cell for name, cell in zip(header, row, strict=True)} for row in rows]
    return _json(records)


def matrix_text(rows: Sequence[str], columns: Sequence[str], matrix: np.ndarray, corner: str) -> str:
    """CSV of a matrix with its names; `corner` says what the rows and columns are."""
    body = [[name, *line] for name, line in zip(rows, np.asarray(matrix).tolist(), strict=True)]
    return table_text([corner, *columns], body)


def matrix_json(rows: Sequence[str], columns: Sequence[str], matrix: np.ndarray) -> str:
    """``{"rows": [...], "columns": [...], "values": [[...]]}``; null for NaN."""
    values = [[None if _unknown(cell) else cell for cell in line] for line in np.asarray(matrix).tolist()]
    return _json({"rows": list(rows), "columns": list(columns), "values": values})


def flat(rows: Sequence[TableRow], tasks: Sequence[str]) -> tuple[list[str], list[list[Cell]]]:
    """Header and rows for export: value, spread and difference of every task, percent."""
    columns = [*tasks, "mean"]
    figures = [f"{c}{kind}" for c in columns for kind in ("", " spread", " difference")]
    header = ["method", *figures, "trained", "runs", "seeds", "settings", "when"]
    body: list[list[Cell]] = [
        [row.title, *(v for f in row.figures for v in (f.mean, f.spread, f.delta)), row.parameters, row.runs,
         row.about.seeds, row.about.settings, row.about.when]
        for row in rows
    ]  # fmt: skip
    return header, body


def latex(rows: Sequence[TableRow], tasks: Sequence[str], metric: Metric = "accuracy") -> str:
    """A `tabular` for the package booktabs: methods by tasks, their mean, the trainable parameters. Best in bold."""
    head = [latex_text(word) for word in ("Method", *tasks, "Mean", "Trainable parameters")]
    body = [
        [latex_text(row.title), *(_cell(f, r"\textbf{", "}", r"\,$\pm$\,", "--") for f in row.figures),
         f"{row.parameters:,}"]
        for row in rows
    ]  # fmt: skip
    lines = [" & ".join(cells) + r" \\" for cells in (head, *body)]
    lines = [r"\begin{tabular}{l" + "r" * (len(head) - 1) + "}", r"\toprule", lines[0], r"\midrule", *lines[1:],
             r"\bottomrule", r"\end{tabular}"]  # fmt: skip
    return "\n".join([f"% {_caption(rows, metric)}", *lines]) + "\n"


def markdown(rows: Sequence[TableRow], tasks: Sequence[str], metric: Metric = "accuracy") -> str:
    """The same as a pipe table."""
    head = [markdown_text(word) for word in ("Method", *tasks, "Mean", "Trainable parameters")]
    body = [
        [markdown_text(row.title), *(_cell(f, "**", "**", " ± ", "–") for f in row.figures), f"{row.parameters:,}"]
        for row in rows
    ]
    rule = ["---", *["---:"] * (len(head) - 1)]
    lines = ["| " + " | ".join(cells) + " |" for cells in (head, rule, *body)]
    return "\n".join([*lines, "", _caption(rows, metric)]) + "\n"


def _cell(figure: Figure, strong: str, plain: str, plus: str, missing: str) -> str:
    value, spread = fixed(figure.mean, missing=missing), fixed(figure.spread, missing="")
    value = f"{strong}{value}{plain}" if figure.best else value
    return f"{value}{plus}{spread}" if spread else value


def _caption(rows: Sequence[TableRow], metric: Metric) -> str:
    runs = "; mean and standard deviation (n - 1) over the runs" if any(row.runs > 1 for row in rows) else ""
    return f"{METRICS[metric].replace(', %', ' in percent')}, test images{runs}. Bold: best of its column."


def _unknown(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, float) and not math.isfinite(cell))


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
