"""Walk the pipeline in the foreground: show its events, and when it is stopped say what was kept."""

import shlex
import sys
from contextlib import closing
from functools import singledispatchmethod
from typing import Any

import typer

from mmap_studio.cli.terminal.output import UsageError, say
from mmap_studio.cli.terminal.progress import view
from mmap_studio.cli.terminal.signals import STOPPER
from mmap_studio.errors import InputError, Interrupted
from mmap_studio.session.estimates.progress import RunProgress
from mmap_studio.session.events import Event, GroupingChosen, GroupReady, PhaseEnded, RunEnded, Stepped
from mmap_studio.session.project.project import Project


def walk(project: Project, **options: Any) -> RunEnded:
    """The last event of a run; a stopped one says what was kept and ends the command."""
    shown = view(_plan(project, options))
    with shown:
        shown.line("Loading PyTorch ...") if sys.stderr.isatty() else None
        from mmap_studio.session.results import runs
        from mmap_studio.session.run import pipeline

        _check(options, pipeline)
        kept = Kept(project)
        run = pipeline.RunOptions(watch=_watch, **options)
        events = pipeline.run(project, run, runs.store(shown.line))
        with STOPPER.careful(kept.sentence):
            try:
                with closing(events):
                    for event in events:
                        kept.hear(event)
                        shown.hear(event)
                        _watch()
            except (KeyboardInterrupt, Interrupted):
                shown.__exit__()
                say(kept.sentence())
                raise typer.Exit(STOPPER.code) from None
    assert isinstance(event, RunEnded)
    return event


def _plan(project: Project, options: dict[str, Any]) -> RunProgress:
    """The phases that this run will have."""
    groups, only = str(options.get("groups", "auto")), bool(options.get("only_affinity"))
    return RunProgress(
        project.settings, options.get("controls", ()), only or groups == "auto" or groups.isdigit(), not only
    )


def _check(options: dict[str, Any], pipeline: Any) -> None:
    """Names of controls, before a run folder is made."""
    try:
        pipeline.check_controls(options.get("controls", ()))
    except InputError as error:
        raise UsageError(str(error)) from None


def _watch() -> None:
    if STOPPER.check():
        raise Interrupted("Stopped by the user; what is finished was kept.")


class Kept:
    """What of a run would survive if it were stopped now."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._affinity = False
        self._groups = self._done = 0
        self._trained = False

    @singledispatchmethod
    def hear(self, event: Event) -> None:
        """Remember what is finished; the handlers below are chosen by the event's type."""

    @hear.register
    def _(self, event: PhaseEnded) -> None:
        self._affinity = self._affinity or event.phase == "affinity"

    @hear.register
    def _(self, event: GroupingChosen) -> None:
        self._groups = len(event.grouping.groups)

    @hear.register
    def _(self, event: GroupReady) -> None:
        self._done += self._done < self._groups

    @hear.register
    def _(self, event: Stepped) -> None:
        if event.phase == "training":
            self._trained = self._trained or event.report.group is not None

    def sentence(self) -> str:
        """What was kept, and the command that goes on."""
        found = ["the affinity"] if self._affinity else []
        if self._groups:
            found.append(f"{self._done} of {self._groups} groups")
        kept = f"Kept: {' and '.join(found)}." if found else "What was finished is in the cache."
        prompts = self._prompts() if self._done or self._trained else ""
        return f"Stopped. {kept}{prompts} To go on: {resume_command()}"

    def _prompts(self) -> str:
        """Where the run has put the prompts it had; nothing if it did not get to it."""
        from mmap_studio.session.results.runs import newest_run

        run = newest_run(self._project)
        folder = run.path / "prompts" if run is not None else None
        return f" The prompts so far are in {folder}." if folder is not None and folder.is_dir() else ""


def resume_command() -> str:
    """The command as it was given, with `--resume`."""
    given = [one for one in sys.argv[1:] if one != "--resume"]
    return shlex.join(["mmap-studio", *given, "--resume"])
