"""What the prompts of recorded runs say of the project's test images, from the cache; trains nothing. Loads torch."""

from collections.abc import Generator, Mapping
from contextlib import closing
from datetime import UTC, datetime

import numpy as np

from mmap_studio.errors import InputError
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.evaluation import Evaluation
from mmap_studio.method.task import TaskSpec
from mmap_studio.session.backbones.loading import open_backbone
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.cache.readonly import NotThere, ReadOnlyStore
from mmap_studio.session.events import Event, GroupScored, Scores, SplitChosen, TasksReady
from mmap_studio.session.methods import RUN, ZERO_SHOT
from mmap_studio.session.project.project import Project
from mmap_studio.session.results.recorded import read_results
from mmap_studio.session.results.results import results_of_document, split_key
from mmap_studio.session.run.cached_groups import cached_groups
from mmap_studio.session.run.context import RunContext
from mmap_studio.session.run.pipeline import run_without_record
from mmap_studio.session.run.run_options import RunOptions
from mmap_studio.storage.runs import RunFolder
from mmap_studio.storage.store import ArrayStore


class RecordedPredictions:
    """The project's tasks as they are read now, and `of` a run what it predicted for their test images."""

    def __init__(self, project: Project, store: ArrayStore) -> None:
        """Reads the tasks, and of zero-shot what the cache has. Errors as a run."""
        self._store = store
        where, settings = project.folder, project.settings
        self._clip: FrozenClip = open_backbone(project.file.backbone, settings.device, settings.precision, near=where)
        self.tasks: tuple[TaskSpec, ...] = ()
        self.zero_shot: Mapping[str, Evaluation] = {}
        splits: dict[str, str] = {}
        for event in self._known(project):
            if isinstance(event, TasksReady):
                self.tasks = event.tasks
            elif isinstance(event, SplitChosen):
                splits[event.task] = event.digest
            elif isinstance(event, Scores) and event.method == ZERO_SHOT:
                self.zero_shot = event.per_task
                break
        self._split = split_key({task.name: splits.get(task.name, "") for task in self.tasks})

    def of(self, run: RunFolder) -> Mapping[str, Evaluation]:
        """By task; InputError where the run is of another backbone or split, or is not in the cache any more."""
        found = [
            one
            for one in results_of_document(read_results(run), run.name, datetime.now(UTC))
            if one.method == RUN and one.grouping is not None
        ]
        if not found:
            raise InputError(f"Run {run.name} must have trained groups, but has none; choose another run.")
        result = found[0]
        grouping = result.grouping
        assert grouping is not None
        if result.digest != self._clip.digest:
            raise InputError(
                f"Run {run.name} must be of the project's backbone {self._clip.name}, but is of {result.backbone}; "
                "choose that one for the project."
            )
        if set(grouping.tasks) != {task.name for task in self.tasks} or result.split not in ("", self._split):
            raise InputError(
                f"Run {run.name} must be tested on the images of now, but was on those of an earlier split or of "
                "other tasks; choose that split again."
            )
        context = RunContext.of(Cached(self._store), self._clip, self.tasks, result.settings)
        scored: dict[str, Evaluation] = {}
        for event in _until_end(cached_groups(context, grouping, draw=False)):
            if isinstance(event, GroupScored):
                scored |= event.per_task
        missing = [task.name for task in self.tasks if task.name not in scored]
        if missing:
            raise InputError(
                f"The predictions of run {run.name} for task {missing[0]} must be in the cache, but are not any more; "
                "run it again."
            )
        return scored

    def labels(self) -> dict[str, np.ndarray]:
        """Of the test images, by task."""
        return {task.name: np.asarray(task.test.labels) for task in self.tasks}

    def _known(self, project: Project) -> Generator[Event]:
        options = RunOptions(only_affinity=True, clip=self._clip)
        try:
            yield from run_without_record(project, options, ReadOnlyStore(self._store))
        except NotThere:
            return


def _until_end(events: Generator[Event, None, object]) -> Generator[Event]:
    with closing(events):
        yield from events
