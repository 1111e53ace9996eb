"""`--seeds`: a run for each seed, every run in a folder of its own, and one table of means and spreads."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mmap_studio.cli.foreground import run_by, run_in_foreground
from mmap_studio.cli.results import text
from mmap_studio.cli.terminal.output import say, tell, tell_json
from mmap_studio.formatting import printable
from mmap_studio.session.project.project import Project
from mmap_studio.session.results.runs import seed_of, unfinished_run

if TYPE_CHECKING:
    from mmap_studio.session.engines.engine import Engine
    from mmap_studio.session.results.table import Outcome
    from mmap_studio.session.run.run_options import RunOptions


def of_seed(options: "RunOptions", seed: int) -> "RunOptions":
    """The options of one of several runs: its prompts go into a folder of their own below `options.out`."""
    return replace(options, out=options.out / f"seed-{seed}" if options.out else None)


def run_seeds(
    project: Project, seeds: tuple[int, ...], json: bool, options: "RunOptions", engine: "Engine | None" = None
) -> None:
    """Run once a seed, each as `of_seed` has it.

    engine : makes the runs, several at once; None for one after the other, here
    """
    unfinished = seed_of(unfinished_run(project)) if options.resume else None
    runs = []
    for seed in seeds:
        own = project.with_settings(project.settings.model_copy(update={"seed": seed}))
        runs.append((f"Seed {seed}", own, replace(of_seed(options, seed), resume=seed == unfinished)))
    documents = []
    if engine is not None:
        documents = [ended.document for ended in run_by(engine, runs)]
    else:
        for number, (title, own, asked) in enumerate(runs, start=1):
            say(f"{title}, {number} of {len(seeds)}")
            documents.append(run_in_foreground(own, asked).document)
    if json:
        tell_json({"format": 1, "seeds": list(seeds), "runs": documents})
    else:
        tell(table(project, documents))


def table(project: Project, documents: list[dict[str, Any]]) -> str:
    """Methods by tasks over these runs, and where they are."""
    from mmap_studio.session.results.table import table as rows_of

    tasks = [task.name for task in project.file.tasks]
    lines = [f"Seed {doc['settings']['seed']}: {printable(doc['paths'].get('run', '-'))}" for doc in documents]
    spread = [
        "Mean ± standard deviation (n - 1) over the seeds, in percent; changes in percentage points against zero-shot."
    ]
    found = _outcomes(documents)
    shown = text(rows_of(found, tasks), tasks, rows_of(found, tasks, "macro_f1"))
    return "\n".join([shown, *spread[: len(documents) > 1], "", *lines])


def _outcomes(documents: list[dict[str, Any]]) -> "list[Outcome]":
    from mmap_studio.session.results.outcomes import method_outcomes
    from mmap_studio.session.results.results import results_of_document

    found = method_outcomes(one for doc in documents for one in results_of_document(doc, str(doc["settings"]["seed"])))
    how = "given" if all(doc["grouping"]["how"] == "given" for doc in documents) else "suggested"
    return [replace(one, title=f"MmAP, {how} groups") if one.kind == "run" else one for one in found]
