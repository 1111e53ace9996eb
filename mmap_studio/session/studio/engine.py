"""What the window's job does: open a project with everything that is known of it, or run it.

Opening walks the same pipeline as a run, over a store that computes nothing: images are decoded, scores and
affinity come back from the cache, and the walk ends where something would have to be trained.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.backbones.public_names import public_name
from mmap_studio.session.backbones.resolve import locate
from mmap_studio.session.compare.live.plan import ComparisonPlan
from mmap_studio.session.compare.trial import Cell
from mmap_studio.session.engines.choice import HERE, RunOn
from mmap_studio.session.estimates.facts import facts_of, texts_of
from mmap_studio.session.events import AffinityMeasured, Event, Progress, SplitChosen, Steps, TasksReady
from mmap_studio.session.explore.selection import ImageRef
from mmap_studio.session.gallery.finding import Found
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import TaskEntry
from mmap_studio.session.results.interrupted import interrupted_run
from mmap_studio.session.results.past_curves import past_curves
from mmap_studio.session.results.results import recorded_results
from mmap_studio.session.runtime.gc_paused import uncollected
from mmap_studio.session.runtime.generator_result import Returning
from mmap_studio.session.runtime.job import Stop, Work
from mmap_studio.session.studio.events import Loaded, Loading, PartlyDone, Recorded, TextsCounted
from mmap_studio.session.sweep.events import SweepFound, SweepReport
from mmap_studio.session.sweep.options import SweepOptions
from mmap_studio.storage import atomic
from mmap_studio.storage.temporaries import temporary

if TYPE_CHECKING:  # torch takes seconds to import; it comes in the thread
    from mmap_studio.method.clip import FrozenClip
    from mmap_studio.method.evaluation import Evaluation
    from mmap_studio.method.task import TaskSpec
    from mmap_studio.method.training import TrainedGroup
    from mmap_studio.session.run.run_options import RunOptions
    from mmap_studio.storage.prompt_folder import PromptFolder
    from mmap_studio.storage.store import FolderStore

NICE = 5
"""How far processes that train give way to the window on the same cores."""
BEHIND_DROP = 0.15
"""Seconds after a change of the board in which its look into the cache leaves the processor to the window."""


class StudioEngine:
    """The store and the backbone of a window, loaded once and kept."""

    def __init__(self) -> None:
        self.run_on = HERE
        """Where trials and runs that begin from now on are made."""
        self._clip: FrozenClip | None = None
        self._key: tuple[object, ...] = ()
        """What it was made of."""

    def store(self) -> "FolderStore":
        from mmap_studio.storage.store import user_cache

        return user_cache()

    def opening(self, project: Project) -> Work:
        """Results of earlier runs and curves of the newest, tasks with images, and what the cache knows of them."""

        def work(stop: Stop) -> Iterator[Event]:
            results, problems = recorded_results(project)
            interrupted = interrupted_run(project)
            yield Recorded(
                tuple(results), tuple(problems), interrupted
            )  # first: told even where a run cuts the opening short
            yield from past_curves(project)
            clip = yield from self._backbone(project)
            from mmap_studio.session.run.run_options import RunOptions

            splits: dict[str, str] = {}
            measured = False
            known = self._known(project, RunOptions(only_affinity=True, watch=stop, clip=clip))
            for event in _with_texts(clip, known):
                yield event
                measured = measured or isinstance(event, AffinityMeasured)
                if isinstance(event, TasksReady):
                    splits = {task.name: splits.get(task.name, "") for task in event.tasks}
                elif isinstance(event, SplitChosen):
                    splits[event.task] = event.digest
            if not measured:
                from mmap_studio.session.results.past_affinity import past_affinity

                yield from past_affinity(project, clip.digest, splits)

        return work

    def recalling(self, project: Project, tasks: "Sequence[TaskSpec]", grouping: Grouping, draw: bool = True) -> Work:
        """What the cache knows of a grouping; with `draw` the map of it as well, once the board has drawn itself."""

        def work(stop: Stop) -> Iterator[Event]:
            stop.rest(BEHIND_DROP if draw else 0)
            clip = yield from self._backbone(project)
            from mmap_studio.session.cache.cache import Cached
            from mmap_studio.session.run.cached_groups import cached_groups, shares_done
            from mmap_studio.session.run.context import RunContext

            clip.watch = stop
            context = RunContext.of(Cached(self.store()), clip, tasks, project.settings)
            if draw:
                yield PartlyDone(*shares_done(context, grouping))
            yield from cached_groups(context, grouping, draw)

        return work

    def running(
        self,
        project: Project,
        groups: str,
        controls: tuple[str, ...] = (),
        only_affinity: bool = False,
        edited: Callable[[], Grouping | None] | None = None,
        resume: bool = False,
    ) -> Work:
        """A run; `edited` and `resume` as in `RunOptions`. `edited` is called in the job's thread."""
        where = self.run_on

        def work(stop: Stop) -> Iterator[Event]:
            clip = yield from self._backbone(project)
            from mmap_studio.session.run import pipeline
            from mmap_studio.session.run.run_options import RunOptions

            options = RunOptions(groups, controls, None, resume, only_affinity, edited, watch=stop, clip=clip)
            run = pipeline.run if where == HERE else partial(self._run_elsewhere, where)
            yield from _with_texts(clip, run(project, options, self.store()))

        return work

    def _run_elsewhere(
        self, where: RunOn, project: Project, options: "RunOptions", store: "FolderStore"
    ) -> Generator[Event]:
        """The events of a run that another process makes; the images are read here, as the window shows them."""
        from mmap_studio.session.engines.choice import chosen_engine
        from mmap_studio.session.run import pipeline
        from mmap_studio.session.run.run_jobs import EditedGroups, RunJobAsked, reach, runs_by

        with closing(pipeline.run_without_record(project, options, store)) as read:
            for event in read:
                if isinstance(event, Progress | TasksReady):
                    yield event
                if isinstance(event, TasksReady):
                    break
        told, watch = None, options.watch or (lambda: None)
        tasks = tuple(entry.name for entry in project.file.tasks)
        with ExitStack() as stack:
            engine = stack.enter_context(chosen_engine(where, project.settings.device, *reach(project, store), NICE))
            assert engine is not None
            edited, ask = None, options.edited
            if ask is not None:
                path = stack.enter_context(temporary(project.folder / "groups"))
                stack.callback(atomic.remove, path, project.folder)
                edited = EditedGroups(str(path), tasks)
            asked = RunJobAsked("Run", project, replace(options, edited=edited))
            for _, event in stack.enter_context(closing(runs_by(engine, [asked], store, watch))):
                if edited is not None and ask is not None and ask() != told:
                    told = ask()
                    edited.keep(told)
                yield event

    def trying(self, project: Project, task: "TaskSpec", group: "TrainedGroup | None", files: Sequence[Path]) -> Work:
        """What CLIP alone, and with the prompts of a trained group, says of these files."""

        def work(stop: Stop) -> Iterator[Event]:
            clip = yield from self._backbone(project)
            from mmap_studio.session.run.try_images import try_images

            clip.watch = stop
            yield from try_images(clip, task, group, project.settings, files)

        return work

    def surveying(self, project: Project, plan: ComparisonPlan) -> Work:
        """What can be compared, and what is kept of it."""

        def work(stop: Stop) -> Iterator[Event]:
            yield Loading("Looking up what is kept")
            from mmap_studio.session.compare.live.trials import surveying

            yield from surveying(project, plan, self.store(), lambda: self._loaded(project) or _opened(project))

        return work

    def comparing(self, project: Project, plan: Callable[[], ComparisonPlan]) -> Work:
        """The trials of a plan, on a backbone of its own: the window's looks up the cache meanwhile."""
        where = self.run_on

        def work(stop: Stop) -> Iterator[Event]:
            yield Loading(loading_text(project))
            clip = _opened(project)
            from mmap_studio.session.compare.live.trials import comparing
            from mmap_studio.session.engines.choice import chosen_engine
            from mmap_studio.session.run.run_jobs import reach

            store = self.store()
            yield Loading("Reading the images" if where == HERE else f"Starting {where.words}")
            with chosen_engine(where, project.settings.device, *reach(project, store), NICE) as engine:
                yield from comparing(project, plan, store, clip, stop, engine)

        return work

    def sweeping(self, project: Project, options: SweepOptions) -> Work:
        """The trials of a sweep, on a backbone of its own: the window's looks up the cache meanwhile."""

        def work(stop: Stop) -> Iterator[Event]:
            yield SweepReport(0, 0, loading_text(project), notice=True)
            clip = _opened(project)
            from mmap_studio.session.sweep.search import sweep

            reports = sweep(project, replace(options, watch=stop, clip=clip), self.store())
            walk = Returning(reports)
            with closing(reports):
                yield from walk
            yield SweepFound(walk.value)

        return work

    def exporting(self, project: Project, plan: ComparisonPlan, cell: Cell, out: Path) -> Work:
        """What a trial of a comparison learned, as a folder to take away."""

        def work(stop: Stop) -> Iterator[Event]:
            yield Loading(loading_text(project))
            clip = _opened(project)
            from mmap_studio.session.compare.live.trials import exporting

            yield from exporting(project, plan, cell, out, self.store(), clip, stop)

        return work

    def prompts(
        self,
        project: Project,
        tasks: "Sequence[TaskSpec]",
        groups: "Sequence[TrainedGroup]",
        scores: "Mapping[str, Mapping[str, Evaluation]]",
    ) -> "PromptFolder":
        """The prompt folder of trained groups, with what was scored by method and task."""
        if self._clip is None:
            raise InputError("Prompts can be written once the backbone is loaded; wait for the status bar.")
        from mmap_studio.session.run.context import sized_for
        from mmap_studio.session.run.prompt_export import prompt_folder_of

        settings = sized_for(self._clip, project.settings, tasks)
        return prompt_folder_of(self._clip, tasks, groups, settings, scores, project.name)

    def finding(self, project: Project, tasks: "Sequence[TaskSpec]", what: str | ImageRef) -> Callable[[], Found]:
        """What looks for images that have features, for another thread than the job's, which may train meanwhile."""
        clip = self._loaded(project)
        if clip is None:
            raise InputError("Images can be searched once the backbone is loaded; wait for the status bar.")

        def work() -> Found:
            from mmap_studio.method.task import SPLITS
            from mmap_studio.session.cache.cache import Cached
            from mmap_studio.session.gallery.finding import search_like, search_text

            cached = Cached(self.store())
            if isinstance(what, str):
                return search_text(clip, cached, tasks, SPLITS, what)
            return search_like(clip, cached, tasks, SPLITS, what)

        return work

    def token_counts(self, names: list[str]) -> list[int]:
        """CLIP tokens of each name, without start and end; empty until the backbone is there."""
        return [len(self._clip.token_ids(name)) for name in names] if self._clip is not None else []

    def classes_in_data(self, project: Project, entry: TaskEntry) -> tuple[str, ...]:
        """The classes of a task that could not be read: the names may be why."""
        from mmap_studio.session.dataset.tasks import classes_in_data

        return classes_in_data(project, entry)

    def name_problems(self, task: str, names: list[str], template: str, prompt_tokens: int) -> list[str] | None:
        """Why the text tower cannot read these names or tell them apart; None until the backbone is there."""
        if self._clip is None:
            return None
        from mmap_studio.data.names import class_name_problems
        from mmap_studio.session.dataset.tasks import name_room

        room = name_room(self._clip, template, prompt_tokens)
        return list(class_name_problems(task, names, self._clip.token_ids, room))

    def _backbone(self, project: Project) -> "Steps[FrozenClip]":
        key = _key_of(project)
        if self._clip is None or key != self._key:
            yield Loading("Loading PyTorch and open_clip")
            import mmap_studio.session.backbones.loading  # noqa: F401  seconds, before the next word

            yield Loading(loading_text(project))
            self._clip, self._key = _opened(project), key
        yield Loaded(facts_of(self._clip))
        return self._clip

    def _loaded(self, project: Project) -> "FrozenClip | None":
        """The project's backbone, where it is loaded."""
        return self._clip if self._key == _key_of(project) else None

    def _known(self, project: Project, options: "RunOptions") -> Generator[Event]:
        """The events of a run as far as the cache has them; nothing is written into a run folder."""
        from mmap_studio.session.cache.readonly import NotThere, ReadOnlyStore
        from mmap_studio.session.run import pipeline

        try:
            yield from pipeline.run_without_record(project, options, ReadOnlyStore(self.store()))
        except NotThere:
            return


def loading_text(project: Project) -> str:
    """What is said while its backbone is loaded: by its name, without folders."""
    return f"Loading the backbone {public_name(project.file.backbone)}"


def _with_texts(clip: "FrozenClip", events: Generator[Event]) -> Iterator[Event]:
    """The events of a generator, and after the tasks how long their class texts are."""
    with closing(events):  # a run that is stopped says at once how it ended
        for event in events:
            yield event
            if isinstance(event, TasksReady):
                yield TextsCounted(texts_of(clip, event.tasks))


def _key_of(project: Project) -> tuple[object, ...]:
    """What the project's backbone is made of, with its file as it is now."""
    source = locate(project.file.backbone, project.folder)
    return source, _stamp(source.weights), project.settings.device, project.settings.precision


def _opened(project: Project) -> "FrozenClip":
    with uncollected():
        from mmap_studio.session.backbones.loading import open_backbone

        return open_backbone(
            project.file.backbone, project.settings.device, project.settings.precision, near=project.folder
        )


def _stamp(weights: Path | None) -> tuple[int, int] | None:
    """Of the file as it is now; whether it is there is said when it is read."""
    if weights is None or not weights.is_file():
        return None
    about = weights.stat()
    return about.st_mtime_ns, about.st_size
