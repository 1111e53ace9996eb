"""What is known of the project that is open: its tasks, affinity, scores by method, and every trained group.

A group's scores hold in every grouping that has the group, under the settings it was trained with. So the results of
a grouping are put together at once where all its groups are known.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from mmap_studio.config import PromptSettings, Settings, TrainSettings
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.estimates.memory import ClassTexts
from mmap_studio.session.results.interrupted import InterruptedRun
from mmap_studio.session.results.intervals import PairedTests
from mmap_studio.session.results.results import ResultsBook, split_key
from mmap_studio.session.studio.events import PartlyDone

if TYPE_CHECKING:  # torch takes seconds to import; it comes in the thread
    from mmap_studio.method.affinity.lookahead import AffinityEstimate
    from mmap_studio.method.evaluation import Evaluation
    from mmap_studio.method.task import TaskSpec
    from mmap_studio.method.training import TrainedGroup
    from mmap_studio.session.events import RunEnded, Scores


Trained = tuple[frozenset[str], PromptSettings, TrainSettings, int, str]


class Knowledge:
    """Facts, not edits: undo leaves them."""

    def __init__(self) -> None:
        self.tasks: tuple[TaskSpec, ...] = ()
        self.tests: PairedTests | None = None
        """What is tested, as soon as the tasks are read."""
        self.unread: dict[str, tuple[int, int]] = {}
        """Of tasks with images that cannot be read: how many, and of how many."""
        self.splits: dict[str, str] = {}
        """Digest of the split of every task, as `SplitChosen` has it."""
        self.estimate: AffinityEstimate | None = None
        self.methods: dict[str, Scores] = {}
        """The newest scores of every method that has no groups of its own."""
        self.current: dict[str, Evaluation] = {}
        """Scores of the board's groups, of the tasks whose groups are trained."""
        self.texts: tuple[ClassTexts, ...] = ()
        """Lengths of the class texts of every task."""
        self.book = ResultsBook()
        self.interrupted: InterruptedRun | None = None
        """The newest run, where it was killed or stopped and can go on."""
        self.partly = PartlyDone(0.0, {})
        """What earlier runs have begun of the board's groups and of the affinity."""
        self.ended: RunEnded | None = None
        """How the last run ended."""
        self._precisions: dict[str, str] = {}
        """What the precision "auto" is, by the device that was asked for."""
        self._groups: dict[Trained, TrainedGroup] = {}
        self._scores: dict[Trained, dict[str, Evaluation]] = {}

    @property
    def split(self) -> str:
        """Which images are tested now, as results have it."""
        return split_key({task.name: self.splits.get(task.name, "") for task in self.tasks})

    @property
    def results(self) -> dict[str, dict[str, "Evaluation"]]:
        """Test scores by method and task; "run" are the board's groups."""
        found = {method: scores.per_task for method, scores in self.methods.items()}
        return {**found, "run": self.current} if self.current else found

    def forget_groups(self) -> None:
        """The tasks are other ones: what was trained on them is looked for again."""
        self._groups.clear()
        self._scores.clear()
        self.methods.clear()
        self.current = {}

    def learn_precision(self, settings: Settings, precision: str) -> None:
        """The towers have this precision under these settings."""
        if settings.precision == "auto":
            self._precisions[settings.device] = precision

    def exact(self, settings: Settings) -> Settings:
        """With the precision that "auto" is here, as soon as that is known."""
        if settings.precision != "auto":
            return settings
        return settings.model_copy(update={"precision": self._precisions.get(settings.device, "auto")})

    def trained_as(self, members: Collection[str], settings: Settings) -> Trained:
        """What a trained group depends on, beside data and backbone."""
        exact = self.exact(settings)
        return frozenset(members), exact.prompt, exact.train, exact.seed, exact.precision

    def add_group(self, group: "TrainedGroup", settings: Settings) -> None:
        self._groups[self.trained_as(group.members, settings)] = group

    def add_scores(self, members: Collection[str], settings: Settings, per_task: dict[str, "Evaluation"]) -> None:
        self._scores[self.trained_as(members, settings)] = per_task

    def trained(self, settings: Settings) -> list[frozenset[str]]:
        """Members of every group trained with these settings."""
        _, *others = self.trained_as((), settings)
        return [known[0] for known in self._groups if known == (known[0], *others)]

    def group(self, members: Collection[str], settings: Settings) -> "TrainedGroup | None":
        """The trained group of these members; None where it is not known."""
        return self._groups.get(self.trained_as(members, settings))

    def scores(self, members: Collection[str], settings: Settings) -> "dict[str, Evaluation]":
        """Test scores of a trained group by task; none where they are not known."""
        return self._scores.get(self.trained_as(members, settings), {})

    def groups(self, grouping: Grouping, settings: Settings) -> "list[TrainedGroup]":
        """The trained groups of a grouping; none unless all of them are known."""
        found = [group for members in grouping if (group := self.group(members, settings)) is not None]
        return found if len(found) == len(grouping) else []

    def evaluations(self, grouping: Grouping, settings: Settings) -> dict[str, "Evaluation"]:
        """Scores of the tasks whose groups are known, in the order of the tasks."""
        found: dict[str, Evaluation] = {}
        for members in grouping:
            found |= self.scores(members, settings)
        order = [task.name for task in self.tasks] or list(found)
        return {name: found[name] for name in order if name in found}
