"""`sweep`: settings chosen by accuracy on validation, with Optuna proposing them."""

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mmap_studio.cli import options
from mmap_studio.cli.experiments.compare import command, followed, watch
from mmap_studio.cli.terminal.output import UsageError, percent, say, table, tell, tell_json
from mmap_studio.errors import InputError
from mmap_studio.formatting import time_left

if TYPE_CHECKING:
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.sweep.options import SweepOptions
    from mmap_studio.session.sweep.search import SweepReport
    from mmap_studio.session.sweep.trial import Sweep

EVERY = 20.0
"""Seconds between two lines about a trial that is not done."""


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
    kept: Annotated[bool, typer.Option("--kept", help="Train nothing; report the trials that are done.")] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the report goes; else into the project.")
    ] = None,
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
    asked = SweepOptions(",".join(over or ()), trials, seeds_of(seeds), groups, kept, test, watch)
    _check(opened, asked)
    from mmap_studio.session.cache.user_cache import user_cache
    from mmap_studio.session.sweep.report import write_report
    from mmap_studio.session.sweep.search import sweep as search

    found = followed(search(opened, asked, user_cache(say)), _Lines())
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
    tell(f"Report: {folder}")


class _Lines:
    """What is said of the reports: each sentence, each finished trial, and now and then how far a long one is."""

    def __init__(self) -> None:
        self.began = self.said = time.monotonic()
        self.done = self.total = self.kept_before = 0

    def hear(self, report: "SweepReport") -> None:
        """Say what is worth a line."""
        self.done, self.total, now = report.done, report.total, time.monotonic()
        if report.notice:
            say(report.text)
        elif report.trial is not None:
            self.kept_before += report.kept
            how = "kept" if report.kept else time_left(report.trial.seconds)
            early = ", ended early" if report.trial.state == "pruned" else ""
            reached = f"{percent(report.trial.mean)} ({how}{early})"
            say(f"{report.done}/{report.total}  {report.text}: {reached}{self._left(now)}")
            self.said = now
        elif now - self.said > EVERY:
            say(f"{report.done}/{report.total}  {report.text}: step {report.step} of {report.steps}")
            self.said = now

    def _left(self, now: float) -> str:
        """How long the rest takes if it goes on as it went; empty before anything was trained."""
        new, left = self.done - self.kept_before, self.total - self.done
        return f"; {time_left((now - self.began) / new * left)} left at this pace" if new and left else ""

    def kept(self) -> str:
        """What a stop leaves."""
        return f"Stopped. Kept: {self.done} of {self.total} trials. To continue: {command()}"
