"""The groups of a grouping that are cached, with their scores and the map. Trains nothing."""

from collections.abc import Sequence

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.training import TrainedGroup
from mmap_studio.session.cache.digests import affinity_digest, scores_digest
from mmap_studio.session.cache.unfinished import Unfinished
from mmap_studio.session.events import GroupReady, GroupScored, Steps
from mmap_studio.session.run.context import RunContext
from mmap_studio.session.run.map_features import AT_MOST, map_features
from mmap_studio.session.run.scoring import score_group
from mmap_studio.session.run.stages import share_of


def cached_groups(context: RunContext, grouping: Grouping, draw: bool = True) -> Steps[None]:
    """Yield `GroupReady` and `GroupScored` for every group that is trained, and with `draw` end with `MapReady`.

    Scores that a stopped run did not reach are computed, unless there are too many test images to do that unasked.
    """
    groups: list[TrainedGroup] = []
    for members in context.ordered(grouping).groups:
        group = context.cached_group(members)
        if group is None:
            continue
        groups.append(group)
        yield GroupReady(group, cached=True)
        if _unscored_images(context, members) <= AT_MOST:
            yield GroupScored(members, score_group(context, group))
    if draw:
        yield from map_features(context, groups)


def shares_done(context: RunContext, grouping: Grouping) -> tuple[float, dict[tuple[str, ...], float]]:
    """Of the affinity, and of groups that are not trained, the share that earlier runs have done and kept."""
    cached, tasks = context.cached, context.tasks
    digests = {members: context.group_digest(members) for members in context.ordered(grouping).groups}
    left = {members: digest for members, digest in digests.items() if not cached.store.has("prompts", digest)}
    groups = {members: share_of(Unfinished(cached, digest).bookmark.start) for members, digest in left.items()}
    digest = affinity_digest(context.clip, tasks, context.settings) if len(tasks) > 1 else ""
    measured = not digest or cached.store.has("affinity", digest)
    affinity = 1.0 if measured else share_of(Unfinished(cached, digest).bookmark.start)
    return affinity, {members: share for members, share in groups.items() if share}


def _unscored_images(context: RunContext, members: Sequence[str]) -> int:
    digest, keep, has = context.group_digest(members), context.settings.train.keep, context.cached.store.has
    tasks = [t for t in context.members(members) if not has("scores", scores_digest(digest, t, keep=keep))]
    return sum(len(task.test) for task in tasks)
