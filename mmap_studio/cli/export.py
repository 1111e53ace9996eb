"""`export`: a run's prompt folder and its results as tables."""

from pathlib import Path
from typing import Annotated

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError, tell, tell_json
from mmap_studio.formatting import counted


def export(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or a project (its last finished run).")],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the prompt folder here.")] = None,
    csv: Annotated[Path | None, typer.Option(metavar="DIR", help="Write results.csv and affinity.csv here.")] = None,
    json: options.Json = False,
) -> None:
    """Copy a run's prompts, verified, and its results as CSV."""
    if out is None and csv is None:
        raise UsageError(
            "`export` must be told where to write: give --out DIR for the prompts, --csv DIR for the tables."
        )
    from mmap_studio.session.results.export_files import export_prompts, export_tables
    from mmap_studio.session.results.runs import find_run

    found = find_run(run)
    lines, document = [], {"format": 1, "run": str(found.path), "prompts": None, "tables": list[str]()}
    if out is not None:
        folder = export_prompts(found, out)
        size = sum(array.nbytes for adapter in folder.adapters.values() for array in adapter.arrays.values())
        document["prompts"] = str(out)
        lines.append(
            f"Prompts: {out} ({counted(len(folder.adapters), 'MmAP')}, {counted(size, 'byte')}; read back and verified)"
        )
        if not folder.meta.get("complete", True):
            lines.append("The training was stopped early: these are the prompts it had.")
    if csv is not None:
        tables = [str(path) for path in export_tables(found, csv)]
        document["tables"] = tables
        lines += [f"Table:   {path}" for path in tables]
    if json:
        tell_json(document)
    else:
        tell("\n".join(lines))
