"""The whole way once a seed: every run has a folder of its own, and one table says means and spreads."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmap_studio.cli.follow_run import walk
from mmap_studio.cli.results import text
from mmap_studio.cli.terminal.output import UsageError, say, tell, tell_json
from mmap_studio.errors import InputError
from mmap_studio.session.project.project import Project
from mmap_studio.session.results import runs
from mmap_studio.session.run.seeds import parse_seeds

if TYPE_CHECKING:
    from mmap_studio.session.results.table import Outcome


def seeds_of(given: str) -> tuple[int, ...]:
    """As `series.parse_seeds`; UsageError."""
    try:
        return parse_seeds(given)
    except InputError as error:
        raise UsageError(f"--seeds: {error}") from None


def run_seeds(project: Project, seeds: tuple[int, ...], json: bool, asked: dict[str, Any]) -> None:
    """Walk once a seed; prompts that go out go into a folder a seed. What is in the cache is not computed again."""
    out, resume = asked.pop("out"), asked.pop("resume")
    outs = [out / f"seed-{seed}" if isinstance(out, Path) else None for seed in seeds]
    for wanted in filter(None, outs):
        runs.check_out(wanted)
    begun = runs.seed_of(runs.unfinished_run(project)) if resume else None
    documents = []
    for number, (seed, place) in enumerate(zip(seeds, outs, strict=True), start=1):
        say(f"Seed {seed}, {number} of {len(seeds)}")
        own = project.with_settings(project.settings.model_copy(update={"seed": seed}))
        documents.append(walk(own, out=place, resume=seed == begun, **asked).document)
    if json:
        tell_json({"format": 1, "seeds": list(seeds), "runs": documents})
    else:
        tell(table(project, documents))


def table(project: Project, documents: list[dict[str, Any]]) -> str:
    """Methods by tasks over these runs, and where they are."""
    from mmap_studio.session.results.table import table as rows_of

    tasks = [task.name for task in project.file.tasks]
    lines = [f"Seed {doc['settings']['seed']}: {doc['paths'].get('run', '-')}" for doc in documents]
    spread = ["Mean ± standard deviation (n - 1) over the seeds, in percent; changes in points against zero-shot."]
    return "\n".join([text(rows_of(_outcomes(documents), tasks), tasks), *spread[: len(documents) > 1], "", *lines])


def _outcomes(documents: list[dict[str, Any]]) -> "list[Outcome]":
    """A method is one row, whatever groups it found with which seed."""
    from mmap_studio.session.results.outcomes import method_outcomes
    from mmap_studio.session.results.results import results_of_document

    found = method_outcomes(one for doc in documents for one in results_of_document(doc, str(doc["settings"]["seed"])))
    how = "given" if all(doc["grouping"]["how"] == "given" for doc in documents) else "suggested"
    return [replace(one, title=f"MmAP, {how} groups") if one.kind == "run" else one for one in found]
