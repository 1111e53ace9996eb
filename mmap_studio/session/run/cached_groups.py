"""What the cache knows of a grouping: its trained groups, their scores, and the map. Trains nothing."""

from collections.abc import Sequence

from mmap_studio.config import Settings
from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.task import TaskSpec
from mmap_studio.method.training import TrainedGroup
from mmap_studio.session.cache.cache import Cached, group_from_arrays
from mmap_studio.session.cache.digests import group_digest, scores_digest
from mmap_studio.session.events import GroupReady, GroupScored, Steps
from mmap_studio.session.run.map_features import AT_MOST, map_features
from mmap_studio.session.run.scoring import score_group
from mmap_studio.session.run.stages import bank_of, in_order


def cached_groups(
    cached: Cached,
    clip: FrozenClip,
    tasks: Sequence[TaskSpec],
    grouping: Grouping,
    settings: Settings,
    draw: bool = True,
) -> Steps:
    """Yield `GroupReady` and `GroupScored` for every group that is trained, and with `draw` end with `MapReady`.

    Scores that a stopped run did not get to are made up for, unless there are too many test images to do that unasked.
    """
    groups: list[TrainedGroup] = []
    for members in in_order(grouping, tasks).groups:
        own = [task for task in tasks if task.name in members]
        found = cached.get("prompts", group_digest(clip, own, settings))
        if found is None:
            continue
        groups.append(group_from_arrays(*found))
        yield GroupReady(groups[-1], cached=True)
        if _quick(cached, clip, own, settings):
            bank = bank_of(clip, groups[-1], settings)
            yield GroupScored(members, score_group(cached, clip, tasks, bank, groups[-1], settings))
    if draw:
        yield from map_features(cached, clip, tasks, groups, settings)


def _quick(cached: Cached, clip: FrozenClip, own: Sequence[TaskSpec], settings: Settings) -> bool:
    digest = group_digest(clip, own, settings)
    missing = [t for t in own if not cached.store.has("scores", scores_digest(digest, t, keep=settings.train.keep))]
    return sum(len(task.test) for task in missing) <= AT_MOST
