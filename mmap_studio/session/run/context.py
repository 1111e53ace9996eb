"""What the stages of a run work with: cache, backbone, tasks and settings."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from mmap_studio.config import Settings
from mmap_studio.method.automatic import automatic
from mmap_studio.method.bank import PromptBank, sizes_of
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import TrainedGroup, new_bank, new_group_bank
from mmap_studio.session.cache.cache import Arrays, Cached, group_from_arrays
from mmap_studio.session.cache.digests import group_digest


@dataclass(frozen=True)
class RunContext:
    """What the stages of a run work with."""

    cached: Cached
    clip: FrozenClip
    tasks: Sequence[TaskSpec]
    settings: Settings
    """With a number for every size."""

    @classmethod
    def of(cls, cached: Cached, clip: FrozenClip, tasks: Sequence[TaskSpec], settings: Settings) -> "RunContext":
        """With the sizes that follow from the backbone and the tasks where `settings` leaves them open."""
        return cls(cached, clip, tasks, sized_for(clip, settings, tasks))

    @property
    def names(self) -> list[str]:
        return [task.name for task in self.tasks]

    def members(self, names: Collection[str]) -> list[TaskSpec]:
        """The tasks of a group, in the project's order."""
        return [task for task in self.tasks if task.name in names]

    def group_digest(self, members: Collection[str]) -> str:
        """The name that a trained group has in the cache."""
        return group_digest(self.clip, self.members(members), self.settings)

    def new_bank(self, members: Collection[str]) -> PromptBank:
        """An untrained bank of one group."""
        return new_group_bank(self.clip, self.members(members), self.settings.prompt, self.settings.seed)

    def cached_group(self, members: Collection[str]) -> TrainedGroup | None:
        """The trained group, from the cache; None where it is not there."""

        def parse(arrays: Arrays, meta: dict[str, Any]) -> TrainedGroup:
            group = group_from_arrays(arrays, meta, [task.name for task in self.members(members)])
            bank = self.new_bank(group.members)
            for adapters in (group.final, group.best):
                bank.load_adapters(adapters)
            if group.texts != bank.texts:
                raise ValueError("residuals of other classes")
            return group

        return self.cached.read("prompts", self.group_digest(members), parse)

    def ordered(self, grouping: Grouping) -> Grouping:
        """The same groups, members in the project's order: sums of losses then round the same way every time."""
        return Grouping(tuple(tuple(task.name for task in self.members(group)) for group in grouping.groups))


def sized_for(clip: FrozenClip, settings: Settings, tasks: Sequence[TaskSpec] = ()) -> Settings:
    """As `automatic`."""
    return automatic(settings, clip.text_width, clip.image_width, clip.depth, tasks)


def trained_bank(clip: FrozenClip, group: TrainedGroup, settings: Settings) -> PromptBank:
    """The bank of one trained group with the prompts that `settings.train.keep` names."""
    prompt = settings.prompt.model_copy(update=sizes_of(group.final))
    bank = new_bank(clip, Grouping.together(group.members), prompt, settings.seed, group.texts)
    bank.load_adapters(group.kept(settings.train.keep))
    return bank
