"""A run in the foreground: its events are shown, and when it is stopped it says what was kept."""

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import singledispatchmethod

import typer

from mmap_studio.cli.terminal.output import say
from mmap_studio.cli.terminal.progress import Lines, view
from mmap_studio.cli.terminal.signals import STOPPER
from mmap_studio.errors import Interrupted
from mmap_studio.formatting import counted, shell_line
from mmap_studio.session.engines.engine import Engine
from mmap_studio.session.estimates.progress import RunProgress
from mmap_studio.session.events import Event, GroupingChosen, GroupReady, PhaseEnded, RunEnded, Stepped, TrainingResumed
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.run_jobs import RunJobAsked, runs_by
from mmap_studio.session.run.run_options import RunOptions
from mmap_studio.session.runtime.generator_result import Returning


def run_in_foreground(project: Project, options: RunOptions) -> RunEnded:
    """Run and show the events; return the last. A stopped run says what was kept and ends the command."""
    shown = view(RunProgress(project.settings, options.controls, options.measures_affinity, not options.only_affinity))
    with shown:
        shown.line("Loading PyTorch ...") if sys.stderr.isatty() else None
        from mmap_studio.session.cache.user_cache import user_cache
        from mmap_studio.session.run import pipeline

        kept = Kept(project)
        events = pipeline.run(project, replace(options, watch=STOPPER.watch), user_cache(shown.line))
        with STOPPER.careful(kept.sentence):
            try:
                with closing(events):
                    for event in events:
                        kept.hear(event)
                        shown.hear(event)
                        STOPPER.watch()
            except (KeyboardInterrupt, Interrupted):
                shown.__exit__()
                say(kept.sentence())
                raise typer.Exit(STOPPER.code) from None
    assert isinstance(event, RunEnded)
    return event


def run_by(engine: Engine, runs: Sequence[tuple[str, Project, RunOptions]]) -> list[RunEnded]:
    """Have an engine make the runs, each with a title; return the last event of each.

    Lines of several runs have their title before them. A stop says how many were finished and ends the command.
    """
    asked = [RunJobAsked(*one) for one in runs]
    several, done = len(asked) > 1, 0
    from mmap_studio.session.cache.user_cache import user_cache

    def kept() -> str:
        what = f"{done} of {len(asked)} runs" if several else "what was finished is in the cache"
        return f"Stopped. Kept: {what}. To continue: {resume_command()}"

    views = {one.title: Titled(f"{one.title}: ") if several else Lines() for one in asked}
    events = runs_by(engine, asked, user_cache(say), STOPPER.watch)
    walk = Returning(events)
    with STOPPER.careful(kept):
        try:
            for one, event in walk:
                done += isinstance(event, RunEnded)
                views[one.title].hear(event)
                STOPPER.watch()
            return [walk.value[one.title] for one in asked]
        except (KeyboardInterrupt, Interrupted):
            events.close()
            engine.close()
            say(kept())
            raise typer.Exit(STOPPER.code) from None


class Titled(Lines):
    """Lines that say what they are about."""

    def __init__(self, title: str) -> None:
        self._title = title

    def line(self, text: str) -> None:
        super().line(f"{self._title}{text}")


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

    @hear.register
    def _(self, event: TrainingResumed) -> None:
        self._trained = self._trained or (event.phase == "training" and event.group is not None)

    def sentence(self) -> str:
        """What was kept, and the command that continues."""
        found = ["the affinity"] if self._affinity else []
        if self._groups:
            found.append(f"{self._done} of {counted(self._groups, 'group')}")
        kept = f"Kept: {' and '.join(found)}." if found else "What was finished is in the cache."
        prompts = self._prompts() if self._done or self._trained else ""
        return f"Stopped. {kept}{prompts} To continue: {resume_command()}"

    def _prompts(self) -> str:
        """Where the prompts so far are; empty if none were written."""
        from mmap_studio.session.results.runs import newest_run

        run = newest_run(self._project)
        folder = run.path / "prompts" if run is not None else None
        return f" The prompts so far are in {folder}." if folder is not None and folder.is_dir() else ""


def resume_command() -> str:
    """The command as it was given, with `--resume`."""
    given = [one for one in sys.argv[1:] if one != "--resume"]
    return shell_line(["mmap-studio", *given, "--resume"])
