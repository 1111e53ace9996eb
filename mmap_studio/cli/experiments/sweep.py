"""`sweep`: settings chosen by accuracy on validation, with Optuna proposing them."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmap_studio.cli import options
from mmap_studio.cli.experiments.following import FinishedTrial, TrialLines, followed
from mmap_studio.cli.terminal.output import UsageError, say, table, tell, tell_json
from mmap_studio.cli.terminal.signals import STOPPER
from mmap_studio.errors import InputError
from mmap_studio.formatting import printable

if TYPE_CHECKING:
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.sweep.events import SweepReport
    from mmap_studio.session.sweep.options import SweepOptions
    from mmap_studio.session.sweep.trial import Sweep


def sweep(
    project: options.ProjectName,
    over: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=RANGE[,KEY=RANGE]",
            help="Settings to vary, also shots and groups: 1e-3..1e-1:log, 1..9 or 2|4|8; may be repeated. "
            "Without it: the learning rate, ten times up and down.",
        ),
    ] = None,
    trials: Annotated[
        int, typer.Option(metavar="N", help="Trials, beside the one with the settings as they are.")
    ] = 20,
    seeds: Annotated[
        str, typer.Option(metavar="1,2,3", help="Each trial is trained with each; the mean is compared.")
    ] = "1",
    groups: options.Groups = "together",
    test: Annotated[
        bool, typer.Option("--test", help="At the end score the best settings, and no others, on the test images.")
    ] = False,
    kept: options.Kept = False,
    out: options.ReportFolder = None,
    device: options.Device = None,
    changes: options.Changes = None,
    preset: options.Preset = None,
    json: options.Json = False,
) -> None:
    """Search for better settings by accuracy on validation images."""
    from mmap_studio.cli.settings import changes_of, seeds_of, with_changes
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.sweep.options import SweepOptions

    opened = with_changes(Project.open(project), changes_of(changes, None, device), preset)
    asked = SweepOptions(",".join(over or ()), trials, seeds_of(seeds), groups, kept, test, STOPPER.watch)
    _check(opened, asked)
    from mmap_studio.session.cache.user_cache import user_cache
    from mmap_studio.session.results.report_folder import check_report_folder
    from mmap_studio.session.sweep.report import FILES, write_report
    from mmap_studio.session.sweep.search import sweep as search

    if out is not None:
        check_report_folder(out, FILES)
    found = followed(search(opened, asked, user_cache(say)), SweepLines())
    words = [word for change in changes or () for word in ("--set", change)]
    found = replace(found, words=(*(("--preset", preset) if preset else ()), *words))
    _tell(found, opened, write_report(found, opened, out), json)


def _check(project: "Project", asked: "SweepOptions") -> None:
    """UsageError for what cannot be meant, before anything heavy is loaded."""
    from mmap_studio.session.run.run_options import RunOptions
    from mmap_studio.session.sweep.space import parse_space, usual_space

    names = [entry.name for entry in project.file.tasks]
    try:
        asked.check()
        RunOptions(asked.groups).check(names, project.settings.grouping.groups)
        parse_space(asked.over or usual_space(project.settings), project.settings, names)
    except InputError as error:
        raise UsageError(str(error)) from None


def _tell(found: "Sweep", project: "Project", folder: Path, json: bool) -> None:
    """The table, the answer and how its settings are used; or the document."""
    from mmap_studio.session.sweep.report import answer, document, head, rows, unlike, use

    if json:
        tell_json(document(found, project) | {"paths": {"report": str(folder)}})
        return
    if found.trials:
        tell(table([head(found), *rows(found)]))
        tell()
    tell(answer(found, "-"))
    if command_ := use(found, project):
        tell(f"To use these settings: {command_}")
    if sentence := unlike(found):
        tell(sentence)
    tell(f"Report: {printable(folder)}")


class SweepLines(TrialLines["SweepReport"]):
    """Of a sweep."""

    def finished(self, report: "SweepReport") -> FinishedTrial | None:
        trial = report.trial
        if trial is None:
            return None
        early = ", ended early" if trial.state == "pruned" else ""
        return FinishedTrial(trial.mean, trial.seconds, report.kept, early)
