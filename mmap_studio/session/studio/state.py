"""The state of a studio: the open project, its board, and what is known of both."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from mmap_studio.config import PromptSettings, Settings
from mmap_studio.errors import InputError
from mmap_studio.method.automatic import images_per_class, sized
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.board.board import Board
from mmap_studio.session.board.worth import usable_affinity, usable_measurements
from mmap_studio.session.estimates.eta import PaceKeeper
from mmap_studio.session.estimates.trained_share import BackboneFacts, TrainedShare, trained_share
from mmap_studio.session.explore.selection import Selection
from mmap_studio.session.project.project import Project
from mmap_studio.session.results.results import Result
from mmap_studio.session.studio.knowledge import Knowledge

if TYPE_CHECKING:  # torch takes seconds to import; it comes in the job's thread
    from mmap_studio.method.evaluation import Evaluation
    from mmap_studio.method.training import TrainedGroup


class StudioState:
    """What scheduler, event handlers and studio share; each changes it in the window's thread."""

    def __init__(self) -> None:
        self.board, self.selection, self.pace = Board(), Selection(), PaceKeeper()
        self.project: Project | None = None
        self.backbone: BackboneFacts | None = None
        self.known = Knowledge()

    def require_project(self) -> Project:
        """The open project; InputError without one."""
        if self.project is None:
            raise InputError("No project is open; open one, or make a new one from a folder.")
        return self.project

    @property
    def settings(self) -> Settings:
        return self.require_project().settings

    def forget(self) -> None:
        """Another project or backbone: nothing that was known holds."""
        self.known, self.backbone = Knowledge(), None

    def group_of(self, task: str) -> "TrainedGroup | None":
        """The trained group of a task on the board, with the settings of now; None if it is not trained."""
        members = next((group for group in self.board.grouping if task in group), ())
        return self.known.group(members, self.settings)

    def share(self) -> TrainedShare | None:
        """What a run would train, as soon as the backbone is known."""
        if self.project is None or self.backbone is None:
            return None
        tasks = self.known.tasks
        texts = {task.name: task.texts() for task in tasks}
        groups = self.board.grouping.groups
        return trained_share(self.settings.prompt, self.backbone, groups, images_per_class(tasks), texts)

    def sizes(self) -> PromptSettings | None:
        """The prompts of the next run with their sizes, as soon as backbone and tasks are known."""
        if self.backbone is None or self.project is None or not self.known.tasks:
            return None
        found, images = self.backbone, images_per_class(self.known.tasks)
        return sized(self.settings.prompt, found.text_width, found.image_width, found.layers, images)

    def compose(self) -> None:
        """Put the board's results together from the groups that are known, and mark those that are trained."""
        if self.project is None:
            return
        settings, grouping = self.settings, self.board.grouping
        trained = set(self.known.trained(settings))
        current = self.known.evaluations(grouping, settings)
        marked = all(self.board.trained(i) == (frozenset(group) in trained) for i, group in enumerate(grouping))
        same = current.keys() == self.known.current.keys()
        if same and all(current[task] is self.known.current[task] for task in current):
            if not marked:
                self.board.set_trained(trained)
            return
        self.known.current = current
        if self.backbone is not None and set(current) == set(grouping.tasks):
            share = self.share()
            self.add_result("run", current, share.trained if share else 0, settings, grouping)
        self.board.set_trained(trained)

    def add_result(
        self,
        method: str,
        scores: "Mapping[str, Evaluation]",
        trained: int,
        settings: Settings,
        grouping: Grouping | None,
    ) -> None:
        """A row of the results, of the backbone that is loaded."""
        if self.backbone is not None:
            exact, now = self.known.exact(settings), datetime.now(UTC)
            name, digest = self.backbone.name, self.backbone.digest
            split = self.known.split
            self.known.book.add(Result(method, scores, trained, exact, name, digest, grouping, "", now, split))

    def score_board(self) -> None:
        """Let the board score groups as a run would: by the affinity measured and the settings of now."""
        if self.known.estimate is not None:
            own = self.settings.grouping
            matrix, _ = usable_affinity(self.known.estimate, own.normalised)
            measurements = partial(usable_measurements, self.known.estimate, own.normalised)
            self.board.set_affinity(matrix, self.known.estimate.tasks, own.singleton_score, measurements)
