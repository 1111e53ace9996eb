"""`export`: a run's prompt folder and its results as tables."""

from pathlib import Path
from typing import Annotated

import typer

from mmap_studio.cli import options
from mmap_studio.cli.terminal.output import UsageError, say, tell, tell_json
from mmap_studio.formatting import counted, printable, size


def export(
    run: Annotated[
        Path,
        typer.Argument(
            parser=options.path_of, metavar="RUN", help="A run folder, or a project (its last finished run)."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option(parser=options.path_of, metavar="DIR", help="Write the prompt folder here.")
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(parser=options.path_of, metavar="DIR", help="Write results.csv and affinity.csv here."),
    ] = None,
    method: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of a project: what this method of `compare` learned.")
    ] = None,
    shots: Annotated[
        str, typer.Option(metavar="4|10%|full", help="With --method: the training images a class, a share, or full.")
    ] = "full",
    seed: Annotated[int, typer.Option(min=0, help="With --method: the seed.")] = 1,
    json: options.Json = False,
) -> None:
    """Copy a run's prompts, verified, and its results as CSV.

    With --method, what a method of `compare` learned on a project's images.
    """
    if method is not None:
        _export_method(str(run), method, shots, seed, out, json)
        return
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
            f"Prompts: {printable(out)} ({counted(len(folder.adapters), 'MmAP')}, {counted(size, 'byte')}; "
            "read back and verified)"
        )
        if not folder.meta.get("complete", True):
            lines.append("The training was stopped early: these are the prompts it had.")
    if csv is not None:
        tables = [str(path) for path in export_tables(found, csv)]
        document["tables"] = tables
        lines += [f"Table:   {printable(path)}" for path in tables]
    if json:
        tell_json(document)
    else:
        tell("\n".join(lines))


def _export_method(project: str, method: str, shots: str, seed: int, out: Path | None, json: bool) -> None:
    """A method folder, or the prompt folder of MmAP; trains where nothing is kept."""
    if out is None:
        raise UsageError("`export --method` must be told where to write: give --out DIR.")
    from mmap_studio.cli.experiments.compare import ComparisonLines, checked
    from mmap_studio.cli.experiments.following import followed
    from mmap_studio.session.cache.user_cache import user_cache
    from mmap_studio.session.compare.export import export_method
    from mmap_studio.session.project.project import Project

    if method.strip() in ("all", "usual") or "," in method or "," in shots:
        raise UsageError("`export --method` takes one method and one amount of images; name one of each.")
    asked = checked(method, shots, (seed,))
    trial = followed(export_method(Project.open(project), asked, out, user_cache(say)), ComparisonLines())
    if json:
        accuracy = {name: one.evaluation.accuracy for name, one in trial.per_task.items()}
        tell_json({"format": 1, "method": trial.method, "folder": str(out), "trained_parameters": trial.parameters,
                   "accuracy": accuracy})  # fmt: skip
    else:
        tell(f"{trial.title}: {printable(out)} ({trial.parameters:,} trainable parameters, {size(trial.bytes)})")
