"""A comparison that somebody watches: what there is to compare, what is kept of it, and its trials, as events.

Generators for a background thread; torch is loaded inside. They use the queue by its one function, `compare`, and begin
it anew where the plan became another one: what is made is kept, so that this costs a look at the images.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmap_studio.formatting import printable
from mmap_studio.session.compare.live.events import (
    Compared,
    Exported,
    MethodFacts,
    MethodsListed,
    Surveyed,
    TrialLeftOut,
    TrialMade,
    TrialsAhead,
    TrialStepped,
)
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.protocols.protocol import PROTOCOLS
from mmap_studio.session.compare.remaining import Ahead
from mmap_studio.session.compare.trial import Amount, Cell, Comparison
from mmap_studio.session.events import Event, Notice
from mmap_studio.session.runtime.generator_result import Returning

if TYPE_CHECKING:  # torch takes seconds to import
    from mmap_studio.method.clip import FrozenClip
    from mmap_studio.session.compare.catalogue import MethodEntry
    from mmap_studio.session.compare.queue import ComparisonReport
    from mmap_studio.session.engines.engine import Engine
    from mmap_studio.session.project.project import Project
    from mmap_studio.storage.store import ArrayStore

MMAP = {
    "mmap_suggested": "Groups of tasks as the measured affinity suggests them, where there is evidence",
    "mmap_board": "Groups of tasks as they are on the project's board",
    "mmap_together": "One group of all tasks",
    "mmap_separate": "A group a task",
    "mmap_random": "Random groups of the sizes that the suggested ones have",
    "mmap_group": "One prompt for all tasks, and none of a task's own",
    "mmap_task": "A prompt a task, and none that several share",
}


def surveying(
    project: "Project", plan: ComparisonPlan, store: "ArrayStore", backbone: "Callable[[], FrozenClip]"
) -> Iterator[Event]:
    """`MethodsListed`, first without the backbone, and `Surveyed`. Trains nothing.

    backbone : opens it; called once the methods are told
    """
    from mmap_studio.session.compare.catalogue import catalogue, left_out_for, refused
    from mmap_studio.session.compare.parameter_counts import trainable_parameters
    from mmap_studio.session.compare.queue import compare

    entries, problems = catalogue(), tuple(refused().values())
    yield MethodsListed(tuple(facts_of(entry) for entry in entries.values()), problems)
    if not project.file.tasks:
        return
    clip = backbone()
    counts = {name: count for name, _, _, count, _ in trainable_parameters(project, store, clip)}
    problems = (*problems, *filter(None, [left_out_for(tuple(entries.values()), clip.capability, clip.name)]))
    yield MethodsListed(tuple(facts_of(entries[name], count) for name, count in counts.items()), problems)
    ahead: tuple[Ahead, ...] = ()
    wide = replace(plan, methods=("all",), first=(), without=())
    reports = compare(project, wide.options(clip=clip, only_kept=True), store)
    walk = Returning(reports)
    with closing(reports):
        for report in walk:
            ahead = report.ahead or ahead
            if report.notice and not report.ahead:
                yield Notice(report.text)
    yield Surveyed(plan, ahead, walk.value)


def comparing(
    project: "Project", plan: Callable[[], ComparisonPlan], store: "ArrayStore", clip: "FrozenClip",
    watch: Callable[[], None], engine: "Engine | None" = None,
) -> Iterator[Event]:  # fmt: skip
    """The trials of a plan, kept or made, and `Compared`.

    plan : the one of now; asked between two trainings, and followed where it is another one, after those in hand
    watch, engine : as in `CompareOptions`
    """
    from mmap_studio.session.compare.queue import compare

    failed: set[Cell] = set()
    while True:
        follows = _Follows(plan)
        options = follows.now.options(watch, clip, failed, engine=engine, more=follows)
        done = yield from _told(compare(project, options, store), failed)
        if follows():
            yield Compared(done)
            return


class _Follows:
    """Whether a plan still is the one of now; once it was not, what was left out for that has to be made up for."""

    def __init__(self, plan: Callable[[], ComparisonPlan]) -> None:
        self.now, self._plan, self._held = plan(), plan, True

    def __call__(self) -> bool:
        self._held = self._held and self._plan() == self.now
        return self._held


def _told(
    reports: "Generator[ComparisonReport, None, Comparison]", failed: set[Cell]
) -> Generator[Event, None, Comparison]:
    """The events of a queue; what it leaves out is put to `failed`."""
    walk = Returning(reports)
    with closing(reports):
        for report in walk:
            if report.failed and report.place is not None:
                failed.add(report.place.cell)
                yield TrialLeftOut(report.place.cell, report.text)
            elif report.trial is not None:
                yield TrialMade(report.trial, report.cached)
            elif report.ahead:
                yield TrialsAhead(report.ahead)
            elif report.notice:
                yield Notice(report.text)
            elif report.place is not None:
                yield TrialStepped(report.place.cell, report.step, report.steps)
    return walk.value


def exporting(
    project: "Project", plan: ComparisonPlan, cell: Cell, out: Path, store: "ArrayStore", clip: "FrozenClip",
    watch: Callable[[], None],
) -> Iterator[Event]:  # fmt: skip
    """Write what one trial of a plan learned to a folder, as `export_method`; `Exported` at the end."""
    from mmap_studio.session.compare.export import export_method

    method, amount, seed = cell
    alone = replace(plan, methods=(method,), amounts=(Amount.parse(amount),), seeds=(seed,), first=(), without=())
    reports = export_method(project, alone.options(watch, clip), out, store)
    with closing(reports):
        for report in reports:
            if report.notice and not report.ahead:
                yield Notice(report.text)
            elif report.place is not None and report.trial is None:
                yield TrialStepped(report.place.cell, report.step, report.steps)
    yield Exported(cell, out)


def facts_of(entry: "MethodEntry", parameters: int | None = None) -> MethodFacts:
    """What a window says of a method before anything is trained."""
    from mmap_studio.session.compare.catalogue import USUAL

    first = (type(entry.method).__doc__ or "").strip().split("\n")[0].rstrip(".")
    what = MMAP.get(entry.name, printable(first))
    answers = frozenset(name for name, protocol in PROTOCOLS.items() if entry.answers(protocol))
    return MethodFacts(
        entry.name, entry.title, entry.family, what, entry.source, entry.name in USUAL, parameters, answers
    )
