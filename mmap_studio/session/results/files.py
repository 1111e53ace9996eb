"""Tables and matrices as CSV, TSV and JSON; figures, which the window renders to bytes, onto the disk."""

import csv
import io
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.storage import atomic

FIGURES = (".png", ".svg", ".pdf", ".csv", ".tsv", ".json", ".tex", ".md")

Cell = str | int | float | None


def save(path: Path | str, content: bytes | str) -> Path:
    """Put a rendered figure or a table under `path`, whole or not at all; the suffix says what it is."""
    path = Path(path)
    if path.suffix.lower() not in FIGURES:
        known = ", ".join(FIGURES)
        raise InputError(f"The name of an exported file must end in one of {known}. Got {path.name!r} instead.")
    atomic.write_bytes(path, content.encode() if isinstance(content, str) else content)
    return path


def table_text(header: Sequence[str], rows: Sequence[Sequence[Cell]], delimiter: str = ",") -> str:
    """CSV (or TSV): numbers with all their digits and a decimal point, an empty field for what is not known."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([["" if _unknown(cell) else cell for cell in row] for row in rows])
    return out.getvalue()


def table_json(header: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """One object a row; null for what is not known."""
    records = [{name: None if _unknown(cell) else cell for name, cell in zip(header, row, strict=True)} for row in rows]
    return _json(records)


def matrix_text(
    rows: Sequence[str], columns: Sequence[str], matrix: np.ndarray, corner: str = "", delimiter: str = ","
) -> str:
    """CSV (or TSV) of a matrix with its names; `corner` says what the rows and columns are."""
    body = [[name, *line] for name, line in zip(rows, np.asarray(matrix).tolist(), strict=True)]
    return table_text([corner, *columns], body, delimiter)


def matrix_json(rows: Sequence[str], columns: Sequence[str], matrix: np.ndarray) -> str:
    """``{"rows": [...], "columns": [...], "values": [[...]]}``; null for NaN."""
    values = [[None if _unknown(cell) else cell for cell in line] for line in np.asarray(matrix).tolist()]
    return _json({"rows": list(rows), "columns": list(columns), "values": values})


def _unknown(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, float) and not math.isfinite(cell))


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
