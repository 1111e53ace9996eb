"""A whole run: backbone -> tasks -> zero-shot -> affinity -> grouping -> training -> evaluation -> prompt folder.

`run` is a generator of immutable events. Pausing is not asking for the next one; stopping is closing it, or letting
`options.watch` raise `Interrupted`, which is heard within one block of either tower. Whatever ends it, what is
finished is in the cache, and the run folder says how it ended. The command line consumes it in the foreground, the
window in the thread of its job.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import numpy as np

from mmap_studio.errors import InputError, Interrupted
from mmap_studio.formatting import counted, percent, short_count
from mmap_studio.method.affinity.lookahead import AffinityEstimate
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import Evaluation
from mmap_studio.method.grouping.evidence import suggested_grouping
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.grouping.score import score_grouping
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import TrainedGroup
from mmap_studio.session.backbones.loading import open_backbone
from mmap_studio.session.board.worth import usable_affinity, usable_measurements
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.dataset.saved_splits import DrawnSplits
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
    Stepped,
    Steps,
    TasksReady,
    TrainingResumed,
)
from mmap_studio.session.imbalance import never_found, never_found_notice
from mmap_studio.session.methods import RUN, below_zero_shot, check_controls
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.clock import Clock
from mmap_studio.session.run.context import RunContext
from mmap_studio.session.run.controls import run_control
from mmap_studio.session.run.prompt_export import prompt_folder_of
from mmap_studio.session.run.run_document import run_document
from mmap_studio.session.run.run_options import RunOptions
from mmap_studio.session.run.run_recorder import RunRecorder
from mmap_studio.session.run.scoring import score_group, score_zero_shot, trainable_parameters
from mmap_studio.session.run.stages import measured_affinity, trained_groups
from mmap_studio.session.runtime.device_loss import device_loss_said
from mmap_studio.session.tensorboard_log import FOLDER, TensorBoardLog, check_tensorboard
from mmap_studio.storage.prompt_folder import PromptFolder, save_prompts
from mmap_studio.storage.store import ArrayStore


def run(project: Project, options: RunOptions, store: ArrayStore) -> Generator[Event]:
    """Every event of one run; the last is `RunEnded` unless the run was stopped or failed.

    At the first `next`, before anything is written or loaded, it raises InputError where `options` names no control or
    no grouping of the project's tasks, and StorageError where the prompt folder cannot be put at `options.out`.
    """
    options.check([entry.name for entry in project.file.tasks], project.settings.grouping.groups)
    if options.tensorboard or project.settings.tensorboard:
        check_tensorboard()
    recorder = RunRecorder(project, options)
    pipeline = _Pipeline(project, options, Cached(store), recorder)
    try:
        with device_loss_said("run"):
            yield from _recorded(pipeline, recorder)
        document = pipeline.document(recorder.path)
        recorder.finish(document)
        yield RunEnded(document, recorder.path, pipeline.prompts, pipeline.trained_nothing)
    except (Interrupted, GeneratorExit, KeyboardInterrupt):
        pipeline.keep_unfinished()
        recorder.end("cancelled", "stopped by the user")
        raise
    except BaseException as error:
        recorder.end("failed", str(error))
        raise


def _recorded(pipeline: "_Pipeline", recorder: RunRecorder) -> Generator[Event]:
    """All events, once they are in the record; TensorBoard's logs are whole when this ends, however it does."""
    with ExitStack() as stack:
        logs = [stack.enter_context(closing(log)) for log in _logs(pipeline, recorder)]
        for event in pipeline.events():
            recorder.hear(event)
            yield event
            for notice in [notice for log in logs for notice in log.tell(event)]:
                recorder.hear(notice)
                yield notice


def _logs(pipeline: "_Pipeline", recorder: RunRecorder) -> Iterator[TensorBoardLog]:
    """The TensorBoard logs that the settings and the options ask for."""
    settings, folder = pipeline.settings, pipeline.options.tensorboard
    if settings.tensorboard:
        yield TensorBoardLog(recorder.path / FOLDER, settings, recorder.run.within)
    if folder is not None:
        yield TensorBoardLog(folder / recorder.path.name, settings)


def run_without_record(project: Project, options: RunOptions, store: ArrayStore) -> Generator[Event]:
    """The events of a run that writes neither a run folder nor prompts: what a window shows of a project it opens."""
    yield from _Pipeline(project, options, Cached(store), None).events()


class _Pipeline:
    """The phases of one run in their order, one method each, and what they have found so far."""

    clip: FrozenClip
    context: RunContext
    chosen: GroupingChosen
    drawn: DrawnSplits

    def __init__(self, project: Project, options: RunOptions, cached: Cached, recorder: RunRecorder | None) -> None:
        self.project, self.options, self.cached, self.recorder = project, options, cached, recorder
        self.settings = project.settings
        self.clock = Clock()
        self.splits: tuple[SplitChosen, ...] = ()
        self.scores: list[Scores] = []
        self.estimate: AffinityEstimate | None = None
        self.groups: list[TrainedGroup] = []
        self.partial: TrainedGroup | None = None
        """Of a group whose training is not complete, the prompts after its last epoch."""
        self.scored: dict[tuple[str, ...], dict[str, Evaluation]] = {}
        """Test scores of the groups that were trained in this run, as each had finished."""
        self.newly_trained = 0
        self.never_found: dict[str, list[str]] = {}
        """Of every task with some: classes of which no test image was found."""
        """Groups that were not cached."""
        self.prompts: Path | None = None

    def events(self) -> Iterator[Event]:
        """All phases in their order."""
        yield from self._phase("backbone", self._backbone())
        yield from self._phase("tasks", self._tasks())
        if not self.options.untested:
            yield from self._phase("zero_shot", self._zero_shot())
        if self.options.measures_affinity and len(self.context.tasks) > 1:
            yield from self._phase("affinity", self._affinity())
        yield from self._phase("grouping", self._grouping())
        if self.options.only_affinity:
            return
        yield from self._phase("training", self._training())
        if self.options.untested:
            return
        yield from self._phase("evaluation", self._evaluation())
        if self.options.controls:
            yield from self._phase("controls", self._controls())
        if self.recorder is not None:
            yield from self._phase("export", self._export(self.recorder))

    def _phase(self, phase: Phase, steps: Steps[str]) -> Iterator[Event]:
        """The steps of a phase, which return its note, between its start and its end.

        The end says whether all of it came from the cache.
        """
        yield self.clock.start(phase)
        hits, misses = self.cached.hits, self.cached.misses
        note = yield from steps
        cached = self.cached.hits > hits and self.cached.misses == misses
        yield self.clock.end(phase, cached=cached, note=note)

    def _backbone(self) -> Steps[str]:
        name, near = self.project.file.backbone, self.project.folder
        clip = self.options.clip or open_backbone(name, self.settings.device, self.settings.precision, near)
        self.clip = clip
        if self.options.watch is not None:
            clip.watch = self.options.watch
        if wrong := problem(self.settings.prompt, facts_of(clip)):
            raise InputError(wrong)
        yield BackboneReady(clip.name, clip.digest, clip.parameters_count, str(clip.device))
        if said := clip.capability.sentence(clip.name):
            yield Notice(f"{said} Those alone are trained.")
        return f"{clip.name}, {short_count(clip.parameters_count)} parameters on {clip.device}"

    def _tasks(self) -> Steps[str]:
        prompt_tokens = self.settings.prompt.inserted
        tasks = self.options.tasks
        tested: tuple[np.ndarray, ...] = ()
        if not tasks:
            tasks, self.splits, self.drawn = yield from read_tasks(self.project, self.clip, self.cached, prompt_tokens)
            tested = self.drawn.tested
        self.context = RunContext.of(self.cached, self.clip, tasks, self.settings)
        yield TasksReady(tasks, tested)
        images = sum(len(task.split(part)) for task in tasks for part in ("train", "val", "test"))
        return f"{counted(len(tasks), 'task')}, {counted(images, 'image')}"

    def _zero_shot(self) -> Steps[str]:
        self.scores += yield from score_zero_shot(self.context)
        return f"mean test accuracy {percent(self.scores[0].mean)}"

    def _affinity(self) -> Steps[str]:
        self.estimate = yield from measured_affinity(self.context)
        return counted(int(self.estimate.count.max()), "measurement")

    def _grouping(self) -> Steps[str]:
        matrix = None
        if self.estimate is not None:
            matrix, notice = usable_affinity(self.estimate, self.settings.grouping.normalised)
            if notice:
                yield Notice(notice, "warning")
        self.chosen = self._chosen_grouping(matrix)
        if self.chosen.suggested is not None and self.chosen.suggested.evidence is not None:
            yield Notice(self.chosen.suggested.evidence.sentence)
        if self.chosen.how == "given" and self.options.suggests_groups and matrix is not None:
            yield Notice(
                "The groups were edited while the affinity was measured: this run trains them as they are now."
            )
        yield self.chosen
        return f"{self.chosen.grouping.text()} ({self.chosen.how})"

    def _chosen_grouping(self, matrix: np.ndarray | None) -> GroupingChosen:
        """The suggestion where it was asked for, the affinity measured and no group edited; else the user's own."""
        names, own, options = self.context.names, self.settings.grouping, self.options
        suggested = None
        edited = options.edited() if options.edited is not None and options.suggests_groups else None
        if matrix is not None:
            count = int(options.groups) if options.groups.isdecimal() else own.groups
            measured = usable_measurements(self.estimate, own.normalised) if self.estimate else None
            suggested = suggested_grouping(matrix, measured, names, count, own.singleton_score)
            if options.suggests_groups and edited is None:
                grouping = self.context.ordered(suggested.grouping)
                return GroupingChosen(grouping, suggested.score, suggested.how, suggested)
        given = self.context.ordered(edited or options.given_grouping(names) or Grouping.together(names))
        score = None if matrix is None else score_grouping(matrix, names, given, own.singleton_score)
        return GroupingChosen(given, score, "given", suggested)

    def _training(self) -> Steps[str]:
        for event in trained_groups(self.context, self.chosen.grouping):
            if isinstance(event, Stepped) and event.report.group is not None:
                self.partial = event.report.group
            elif isinstance(event, TrainingResumed):
                self.partial = event.group
            elif isinstance(event, GroupReady):
                self.groups.append(event.group)
                self.partial, self.newly_trained = None, self.newly_trained + (not event.cached)
            yield event
            told = isinstance(event, GroupReady) and not (event.cached or self.options.untested)
            if isinstance(event, GroupReady) and told:  # now: the others may take hours
                found = self.scored[event.group.members] = score_group(self.context, event.group)
                yield GroupScored(event.group.members, found)
        if self.trained_nothing:
            return "nothing to train, all groups are cached"
        return f"{counted(self.newly_trained, 'group')} trained"

    def _evaluation(self) -> Steps[str]:
        per_task: dict[str, Evaluation] = {}
        for group in self.groups:
            told = self.scored.get(group.members)
            found = told if told is not None else score_group(self.context, group)
            per_task |= found
            if told is None:
                yield GroupScored(group.members, found)
            yield Progress("evaluation", len(per_task), len(self.context.tasks), "tasks", group.members[-1])
        ordered = {name: per_task[name] for name in self.context.names}
        scores = Scores(RUN, ordered, trainable_parameters(self.groups), grouping=self.chosen.grouping)
        self.scores.append(scores)
        yield scores
        if below := below_zero_shot(scores.mean, self.scores[0].mean):
            yield Notice(below, "warning")
        self.never_found = _never_found(self.context.tasks, ordered)
        for name, classes in self.never_found.items():
            one = ordered[name]
            yield Notice(never_found_notice(name, classes, one.accuracy, one.macro_f1), "warning")
        return f"mean test accuracy {percent(scores.mean)}, macro-F1 {percent(scores.mean_macro_f1)}"

    def _controls(self) -> Steps[str]:
        names = check_controls(self.options.controls)
        for name in names:
            self.scores.append((yield from run_control(name, self.context, self.chosen.grouping)))
        return ", ".join(names)

    def _export(self, recorder: RunRecorder) -> Steps[str]:
        folder = self._prompt_folder()
        self.prompts = recorder.keep_prompts(folder)
        if self.options.out is not None:
            save_prompts(self.options.out, folder, replace=True)
            self.prompts = self.options.out
        yield Progress("export", 1, 1, "folders")
        return str(self.prompts)

    def _prompt_folder(self) -> PromptFolder:
        scores = {one.method: one.per_task for one in self.scores}
        groups = [*self.groups, *([self.partial] if self.partial else [])]
        return prompt_folder_of(self.clip, self.context.tasks, groups, self.context.settings, scores, self.project.name)

    def keep_unfinished(self) -> None:
        """Write the prompts of a run that was stopped: finished groups, and the last epoch of the one in training."""
        if self.recorder is not None and self.prompts is None and (self.groups or self.partial):
            self.recorder.keep_prompts(self._prompt_folder())

    @property
    def trained_nothing(self) -> bool:
        return bool(self.groups) and not self.newly_trained

    def document(self, folder: Path) -> dict[str, Any]:
        """What `--json` prints; `folder` is the run's."""
        return run_document(
            project=self.project.name,
            clip=self.clip,
            settings=self.settings,
            splits=self.splits,
            subjects=self.drawn.document,
            scores=self.scores,
            affinity=self.estimate,
            grouping=self.chosen,
            timings=self.clock.seconds,
            paths={"run": str(folder)} | ({"prompts": str(self.prompts)} if self.prompts else {}),
            trained_nothing=self.trained_nothing,
            at_zero_shot=[one.members for one in self.groups if one.worse(self.settings.train.keep)],
            sizes=self.context.settings.prompt,
            never_found=self.never_found,
        )


def _never_found(tasks: Sequence[TaskSpec], scores: Mapping[str, Evaluation]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for task in tasks:
        one = scores[task.name]
        images, right = one.confusion.sum(1).tolist(), one.confusion.diagonal().tolist()
        classes = never_found(task.class_names, images, right, one.accuracy, one.macro_f1)
        found |= {task.name: classes} if classes else {}
    return found
