"""`compare`: the field's methods on a project's images, over amounts of images and seeds, and what to use."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mmap_studio.cli import options
from mmap_studio.cli.experiments.following import FinishedTrial, TrialLines, command, followed
from mmap_studio.cli.terminal.output import UsageError, say, table, tell, tell_json
from mmap_studio.cli.terminal.signals import STOPPER
from mmap_studio.errors import InputError
from mmap_studio.formatting import printable

if TYPE_CHECKING:
    from mmap_studio.method.budget import Budget
    from mmap_studio.session.compare.options import CompareOptions
    from mmap_studio.session.compare.queue import ComparisonReport
    from mmap_studio.session.compare.trial import Cell, Comparison
    from mmap_studio.session.project.project import Project

TRUSTED = 60.0
"""Seconds of the forecast that count as measured, so that the first, quick trials do not say how fast others are."""


def compare(
    project: options.ProjectName,
    methods: Annotated[
        str, typer.Option(metavar="NAME[,NAME]", help="Methods, usual or all; --list names them.")
    ] = "usual",
    shots: Annotated[
        str, typer.Option(metavar="1,4,10%,full", help="Training images a class and domain, shares of them, or full.")
    ] = "full",
    seeds: options.Seeds = "1,2,3",
    choice: Annotated[
        Literal["validation", "published"],
        typer.Option(help="How every method gets its hyper-parameters: by validation (or folds), or as published."),
    ] = "validation",
    against: Annotated[str, typer.Option(metavar="NAME", help="Method that differences are taken to.")] = "zero_shot",
    protocol: Annotated[
        Literal["shots", "base-to-new", "leave-one-domain-out"],
        typer.Option(help="What models are tested on: what they trained on, classes or domains that they did not."),
    ] = "shots",
    budget: Annotated[
        str,
        typer.Option(metavar="500steps|8000images", help="Steps of every training, or images of its largest task."),
    ] = "settings",
    measure: Annotated[
        Literal["accuracy", "balanced"],
        typer.Option(help="What methods are ranked by; balanced: accuracy with every class counting alike."),
    ] = "accuracy",
    without: Annotated[
        str, typer.Option(metavar="METHOD:AMOUNT:SEED[,...]", help="Trials that are not made, such as ridge:4:1.")
    ] = "",
    listed: Annotated[bool, typer.Option("--list", help="List the methods and what they train; run nothing.")] = False,
    kept: options.Kept = False,
    out: options.ReportFolder = None,
    device: options.Device = None,
    changes: options.Changes = None,
    preset: options.Preset = None,
    processes: options.Processes = None,
    cluster: options.Cluster = "",
    threads: options.Threads = None,
    gpu_share: options.GpuShare = None,
    json: options.Json = False,
) -> None:
    """Compare the field's methods on your images; say which to use."""
    from mmap_studio.cli.settings import changes_of, seeds_of, with_changes
    from mmap_studio.session.compare.options import BaselineError
    from mmap_studio.session.compare.protocols.protocol import PROTOCOLS
    from mmap_studio.session.project.project import Project

    where = options.run_on(processes, cluster, threads, gpu_share)
    opened = with_changes(Project.open(project), changes_of(changes, None, device), preset)
    asked = checked(methods, shots, seeds_of(seeds or "1"), choice == "validation", against, kept, without)
    asked = replace(
        asked,
        measure="balanced_accuracy" if measure == "balanced" else "accuracy",
        protocol=PROTOCOLS[protocol],
        budget=_budget(budget),
    )
    if listed:
        _list(opened, json)
        return
    from mmap_studio.session.cache.user_cache import user_cache
    from mmap_studio.session.compare.queue import compare as queue
    from mmap_studio.session.compare.report import FILES, write_report
    from mmap_studio.session.engines.choice import chosen_engine
    from mmap_studio.session.results.report_folder import check_report_folder
    from mmap_studio.session.run.run_jobs import reach

    if out is not None:
        check_report_folder(out, FILES)
    store = user_cache(say)
    with chosen_engine(where, opened.settings.device, *reach(opened, store)) as engine:
        try:
            comparison = followed(queue(opened, replace(asked, engine=engine), store), ComparisonLines())
        except BaselineError as error:
            raise UsageError(f"--against: {error}") from None
    comparison = replace(comparison, about={**comparison.about, "command": command()})
    folder = out or opened.folder / "comparisons" / asked.digest(opened.file.model_dump_json())
    write_report(comparison, folder, replace=True, within=None if out else opened.folder)
    _tell(comparison, folder, json)


def _tell(comparison: "Comparison", folder: Path, json: bool) -> None:
    """The table of every amount and the answer, or the document."""
    from json import loads

    from mmap_studio.session.compare.answer import answer
    from mmap_studio.session.compare.tables import by_amount, cells, comparison_json, head, resampled_amounts, rows

    samples = resampled_amounts(comparison)
    made, found = rows(comparison, samples), answer(comparison, samples)
    if json:
        tell_json(loads(comparison_json(comparison, made, found)) | {"paths": {"report": str(folder)}})
        return
    for amount, part in by_amount(made).items():
        tell(f"{amount.words[:1].upper()}{amount.words[1:]}")
        tell(table([list(head(comparison.protocol)), *(cells(row) for row in part)]))
        tell()
    tell(found.text)
    tell(f"Report: {printable(folder / 'report.html')}")


def checked(
    methods: str, shots: str, seeds: tuple[int, ...], choose: bool = True, against: str = "zero_shot",
    only_kept: bool = False, without: str = "",
) -> "CompareOptions":  # fmt: skip
    """What is asked for; UsageError for methods, amounts or trials that are none."""
    from mmap_studio.session.compare.options import CompareOptions, parse_amounts, parse_trials

    names = tuple(dict.fromkeys(name.strip() for name in methods.split(",") if name.strip()))
    try:
        asked = CompareOptions(names, parse_amounts(shots), seeds, choose, against, only_kept, STOPPER.watch)
    except InputError as error:
        raise UsageError(f"--shots: {error}") from None
    try:
        asked = replace(asked, without=parse_trials(without))
    except InputError as error:
        raise UsageError(f"--without: {error}") from None
    say("Loading PyTorch ...") if sys.stderr.isatty() else None
    from mmap_studio.session.compare.catalogue import chosen_entries

    try:
        chosen_entries(asked.all_methods)
        chosen_entries(sorted({method for method, _, _ in asked.without}) or asked.all_methods)
        chosen_entries([against] if against not in ("all", "usual") else ["one method"])
    except InputError as error:
        raise UsageError(str(error)) from None
    return asked


def _budget(text: str) -> "Budget":
    """UsageError for one that is none."""
    from mmap_studio.method.budget import Budget

    try:
        return Budget.parse(text)
    except InputError as error:
        raise UsageError(f"--budget: {error}") from None


class ComparisonLines(TrialLines["ComparisonReport"]):
    """Of a comparison, whose quick trials come first: what is left follows from the forecast of each."""

    def __init__(self) -> None:
        super().__init__()
        self._ahead: dict[Cell, float] = {}
        """Seconds that are expected of each trial that is not done; empty where one of them is not known."""
        self._expected = 0.0
        """Of those that were made since."""

    def noticed(self, report: "ComparisonReport", now: float) -> None:
        new = [one for one in report.ahead if not one.kept]
        if new and all(one.seconds is not None for one in new):
            self._ahead, self.began = {one.cell: one.seconds or 0.0 for one in new}, now
        if report.failed and report.place is not None:
            self._ahead.pop(report.place.cell, None)

    def finished(self, report: "ComparisonReport") -> FinishedTrial | None:
        trial = report.trial
        if trial is None:
            return None
        if report.place is not None:
            self._expected += self._ahead.pop(report.place.cell, 0.0)
        return FinishedTrial(trial.accuracy, trial.seconds, report.cached)

    def seconds_left(self, now: float) -> float | None:
        if not self._ahead:
            return super().seconds_left(now)
        pace = (now - self.began + TRUSTED) / (self._expected + TRUSTED)
        return pace * sum(self._ahead.values())


def _list(project: "Project", json: bool) -> None:
    """Name, title and trainable parameters of every method on the project's backbone and tasks."""
    from mmap_studio.session.cache.user_cache import user_cache
    from mmap_studio.session.compare.catalogue import catalogue, refused
    from mmap_studio.session.compare.parameter_counts import trainable_parameters

    found = trainable_parameters(project, user_cache(say))
    if lacking := catalogue().keys() - {name for name, *_ in found}:
        titles = ", ".join(entry.title for name, entry in catalogue().items() if name in lacking)
        say(f"Left out, since the backbone does not take their prompts: {titles}.")
    for problem in refused().values():
        say(problem)
    if json:
        keys = ("name", "title", "family", "trained_parameters", "source")
        tell_json({"format": 1, "methods": [dict(zip(keys, row, strict=True)) for row in found]})
        return
    rows, sources = [["method", "title", "family", "trained", "source"]], {name: row[-1] for name, *row in found}
    for name, title, family, count, source in found:
        trained_as = catalogue()[name].trained_as
        if trained_as != name and sources.get(trained_as):  # its source stands in a row of its own
            source = str(source).replace(str(sources[trained_as]), trained_as)
        rows.append([name, title, family.replace("_", "-"), f"{count:,}", source])
    tell(table(rows))
