"""The whole way, once: project -> tasks -> zero-shot -> affinity -> grouping -> training -> evaluation -> prompts.

`run` is a generator of immutable events. Pausing is not asking for the next one; stopping is closing it, or letting
`options.watch` raise `Interrupted`, which is heard within one block of either tower. Whatever ends it, what is
finished is in the cache, and a run folder says how it ended. The command line walks this in the foreground, the job
in its thread.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mmap_studio.errors import InputError, Interrupted
from mmap_studio.formatting import counted, percent, short_count
from mmap_studio.method.affinity import AffinityEstimate
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import Evaluation
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.score import score_grouping
from mmap_studio.method.grouping.search import best_grouping
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import TrainedGroup, new_bank
from mmap_studio.session.backbones.loading import open_backbone
from mmap_studio.session.board.worth import usable_affinity
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.dataset.tasks import read_tasks
from mmap_studio.session.estimates.facts import facts_of
from mmap_studio.session.estimates.trained_share import problem
from mmap_studio.session.events import (
    BackboneReady,
    Event,
    GroupingChosen,
    GroupReady,
    GroupScored,
    Notice,
    Phase,
    Progress,
    RunEnded,
    Scores,
    SplitChosen,
    Steps,
    TasksReady,
)
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.clock import Clock
from mmap_studio.session.run.controls import Context, check_controls, run_control
from mmap_studio.session.run.prompt_export import prompt_folder_of
from mmap_studio.session.run.run_document import backbone_document, run_document
from mmap_studio.session.run.run_recorder import RunRecorder
from mmap_studio.session.run.scoring import RUN, score_group, score_zero_shot
from mmap_studio.session.run.stages import bank_of, in_order, measured_affinity, trained_groups
from mmap_studio.storage.prompt_folder import PromptFolder, save_prompts
from mmap_studio.storage.store import ArrayStore


@dataclass(frozen=True)
class RunOptions:
    """What one run should do, beside the project's settings."""

    groups: str = "auto"
    """auto, together, separate, a number of groups, or the groups spelt out: "art+clipart,product+real"."""
    controls: tuple[str, ...] = ()
    """Names of `session.controls.CONTROLS`, or "all"."""
    out: Path | None = None
    """Where the prompt folder goes; the run folder has one in any case."""
    resume: bool = False
    """Go on in the folder of the last run that did not finish."""
    only_affinity: bool = False
    """Stop after the grouping is suggested."""
    watch: Callable[[], None] | None = None
    """Called before every block of either tower; may raise `Interrupted`."""
    clip: FrozenClip | None = field(default=None, compare=False)
    """A backbone that is loaded already."""


def run(project: Project, options: RunOptions, store: ArrayStore) -> Generator[Event]:
    """Every event of one run; the last is `RunEnded` unless the run was stopped or failed."""
    check_controls(options.controls)
    recorder = RunRecorder(project, options.resume)
    way = _Way(project, options, Cached(store), Clock(), recorder)
    try:
        for event in way.events():
            recorder.hear(event)
            yield event
        document = way.document()
        recorder.finish(document)
        yield RunEnded(document, recorder.path, way.prompts, way.trained_nothing)
    except (Interrupted, GeneratorExit, KeyboardInterrupt):
        way.keep_unfinished()
        recorder.end("cancelled", "stopped by the user")
        raise
    except BaseException as error:
        recorder.end("failed", str(error))
        raise


def run_without_record(project: Project, options: RunOptions, store: ArrayStore) -> Iterator[Event]:
    """The same way without a run folder and without prompts written: what a window shows of a project it opens."""
    yield from _Way(project, options, Cached(store), Clock(), None).events()


class _Way:
    """One walk; each method is a phase."""

    def __init__(
        self, project: Project, options: RunOptions, cached: Cached, clock: Clock, recorder: RunRecorder | None
    ) -> None:
        self.project, self.options, self.cached, self.clock, self.recorder = project, options, cached, clock, recorder
        self.settings = project.settings
        self.scores: list[Scores] = []
        self.splits: tuple[SplitChosen, ...] = ()
        self.groups: list[TrainedGroup] = []
        self.partial: TrainedGroup | None = None
        self.estimate: AffinityEstimate | None = None
        self.chosen: GroupingChosen | None = None
        self.prompts: Path | None = None
        self.trained = 0
        self.clip: FrozenClip
        self.tasks: tuple[TaskSpec, ...] = ()

    def events(self) -> Iterator[Event]:
        """All phases in their order."""
        yield from self._phase("backbone", self._backbone())
        yield from self._phase("tasks", self._tasks())
        yield from self._phase("zero_shot", self._zero_shot())
        if self._needs_affinity:
            yield from self._phase("affinity", self._affinity())
        yield from self._phase("grouping", self._grouping())
        if self.options.only_affinity:
            return
        yield from self._phase("training", self._training())
        yield from self._phase("evaluation", self._evaluation())
        if self.options.controls:
            yield from self._phase("controls", self._controls())
        if self.recorder is not None:
            yield from self._phase("export", self._export(self.recorder))

    def _phase(self, phase: Phase, steps: Steps) -> Iterator[Event]:
        """A phase between its start and its end; its end says whether the cache had all of it."""
        yield self.clock.start(phase)
        hits, misses = self.cached.hits, self.cached.misses
        note = yield from steps
        cached = self.cached.hits > hits and self.cached.misses == misses
        yield self.clock.end(phase, cached=cached, note=note or "")

    def _backbone(self) -> Steps:
        name, near = self.project.file.backbone, self.project.folder
        self.clip = self.options.clip or open_backbone(name, self.settings.device, self.settings.precision, near)
        if self.options.watch is not None:
            self.clip.watch = self.options.watch
        names = [entry.name for entry in self.project.file.tasks]
        if wrong := problem(self.settings.prompt, facts_of(self.clip)):
            raise InputError(wrong)
        bank = new_bank(self.clip, Grouping.together(names), self.settings.prompt, self.settings.seed)
        yield BackboneReady(
            self.clip.name, self.clip.digest, self.clip.parameters_count, str(self.clip.device), bank.parameters_count
        )
        return f"{self.clip.name}, {short_count(self.clip.parameters_count)} parameters on {self.clip.device}"

    def _tasks(self) -> Steps:
        self.tasks, self.splits = yield from read_tasks(self.project, self.clip, self.cached, self.settings.prompt.seen)
        yield TasksReady(self.tasks)
        images = sum(len(task.split(part)) for task in self.tasks for part in ("train", "val", "test"))
        return f"{counted(len(self.tasks), 'task')}, {counted(images, 'image')}"

    def _zero_shot(self) -> Steps:
        for event in score_zero_shot(self.cached, self.clip, self.tasks):
            if isinstance(event, Scores):
                self.scores.append(event)
            yield event
        return f"mean test accuracy {percent(self.scores[0].mean)}"

    @property
    def _needs_affinity(self) -> bool:
        groups = self.options.groups
        return len(self.tasks) > 1 and (self.options.only_affinity or groups == "auto" or groups.isdigit())

    def _affinity(self) -> Steps:
        self.estimate = yield from measured_affinity(self.cached, self.clip, self.tasks, self.settings)
        return counted(int(self.estimate.count.max()), "measurement")

    def _grouping(self) -> Steps:
        matrix = None
        if self.estimate is not None:
            matrix, notice = usable_affinity(self.estimate, self.settings.grouping.normalised)
            if notice:
                yield Notice(notice, "warning")
        self.chosen = self._choose(matrix)
        yield self.chosen
        return f"{self.chosen.grouping.text()} ({self.chosen.how})"

    def _choose(self, matrix: np.ndarray | None) -> GroupingChosen:
        """The suggestion where affinity was measured, and the user's own grouping where there is one."""
        names = [task.name for task in self.tasks]
        own, asked = self.settings.grouping, self.options.groups
        suggested = None
        if matrix is not None:
            count = int(asked) if asked.isdigit() else own.groups
            suggested = best_grouping(matrix, names, count, own.singleton_score)
        if suggested is not None and (asked == "auto" or asked.isdigit()):
            return GroupingChosen(in_order(suggested.grouping, self.tasks), suggested.score, suggested.how, suggested)
        if asked == "separate":
            grouping = Grouping.separate(names)
        elif asked in ("together", "auto") or asked.isdigit():
            grouping = Grouping.together(names)
        else:
            grouping = in_order(Grouping.parse(asked, names), self.tasks)
        score = None if matrix is None else score_grouping(matrix, names, grouping, own.singleton_score)
        return GroupingChosen(grouping, score, "given", suggested)

    def _training(self) -> Steps:
        assert self.chosen is not None
        for event in trained_groups(
            self.cached, self.clip, self.tasks, self.chosen.grouping, self.settings, keep_partial=self._keep
        ):
            if isinstance(event, GroupReady):
                self.groups.append(event.group)
                self.partial, self.trained = None, self.trained + (not event.cached)
            yield event
        if not self.trained:
            return "nothing to train, all groups are cached"
        return f"{counted(self.trained, 'group')} trained"

    def _keep(self, group: TrainedGroup) -> None:
        self.partial = group

    def _evaluation(self) -> Steps:
        per_task: dict[str, Evaluation] = {}
        parameters = 0
        for group in self.groups:
            bank = bank_of(self.clip, group, self.settings)
            parameters += bank.parameters_count
            found = score_group(self.cached, self.clip, self.tasks, bank, group, self.settings)
            per_task |= found
            yield GroupScored(group.members, found)
            yield Progress("evaluation", len(per_task), len(self.tasks), "tasks", group.members[-1])
        yield self._run_scores(per_task, parameters)
        return f"mean test accuracy {percent(self.scores[-1].mean)}"

    def _run_scores(self, per_task: dict[str, Evaluation], parameters: int) -> Scores:
        ordered = {task.name: per_task[task.name] for task in self.tasks if task.name in per_task}
        grouping = self.chosen.grouping if self.chosen else None
        self.scores.append(Scores(RUN, ordered, parameters, grouping=grouping))
        return self.scores[-1]

    def _controls(self) -> Steps:
        assert self.chosen is not None
        context = Context(self.cached, self.clip, self.tasks, self.settings, self.chosen.grouping)
        for name in check_controls(self.options.controls):
            for event in run_control(name, context):
                if isinstance(event, Scores):
                    self.scores.append(event)
                yield event
        return ", ".join(check_controls(self.options.controls))

    def _export(self, recorder: RunRecorder) -> Steps:
        folder = self._folder()
        self.prompts = recorder.keep_prompts(folder)
        if self.options.out is not None:
            save_prompts(self.options.out, folder, replace=True)
            self.prompts = self.options.out
        yield Progress("export", 1, 1, "folders")
        return str(self.prompts)

    def _folder(self) -> PromptFolder:
        scores = {one.method: one for one in self.scores}
        groups = [*self.groups, *([self.partial] if self.partial else [])]
        return prompt_folder_of(self.clip, self.tasks, groups, self.settings, scores, self.project.name)

    def keep_unfinished(self) -> None:
        """Prompts of a run that was stopped: finished groups, and the last epoch of the one in work."""
        if self.recorder is not None and self.prompts is None and (self.groups or self.partial):
            self.recorder.keep_prompts(self._folder())

    @property
    def trained_nothing(self) -> bool:
        """Nothing had to be computed that takes long: every group came from the cache."""
        return bool(self.groups) and self.trained == 0

    def document(self) -> dict[str, Any]:
        """What `--json` prints."""
        paths = {"run": self.recorder.path if self.recorder else None, "prompts": self.prompts}
        return run_document(
            project=self.project.name,
            backbone=backbone_document(self.clip),
            settings=self.settings.model_dump(mode="json"),
            splits=self.splits,
            scores=self.scores,
            affinity=self.estimate,
            grouping=self.chosen,
            timings=self.clock.seconds,
            paths={name: str(path) for name, path in paths.items() if path is not None},
            cached=self.trained_nothing,
        )
