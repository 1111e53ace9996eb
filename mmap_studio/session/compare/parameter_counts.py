"""How many parameters each method trains on a project's backbone and tasks, before anything is trained."""

from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.method.training import new_bank
from mmap_studio.session.backbones.loading import open_backbone
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.compare.board_groups import on_board
from mmap_studio.session.compare.catalogue import MethodEntry, catalogue
from mmap_studio.session.dataset.tasks import read_tasks
from mmap_studio.session.project.project import Project
from mmap_studio.session.run.context import sized_for
from mmap_studio.session.runtime.generator_result import result
from mmap_studio.storage.store import ArrayStore

Row = tuple[str, str, str, int, str]
"""Name, title, family, trainable parameters of all tasks together, source."""


def trainable_parameters(project: Project, store: ArrayStore, clip: FrozenClip | None = None) -> list[Row]:
    """Of every method that the backbone can take; suggested and random groups, and no groups on the board, count as all
    together.

    clip : the project's backbone, where it is loaded already
    """
    settings = project.settings
    clip = clip or open_backbone(project.file.backbone, settings.device, settings.precision, project.folder)
    tasks, *_ = result(read_tasks(project, clip, Cached(store), settings.prompt.inserted))
    texts = {task.name: task.texts() for task in tasks}

    def count(entry: MethodEntry) -> int:
        if entry.method is None:
            names = [task.name for task in tasks]
            apart, own = Grouping.separate(names), on_board(project) if entry.groups == "board" else None
            grouping = own or (apart if entry.groups == "separate" else Grouping.together(names))
            prompt = settings.prompt.model_copy(update={"parts": entry.parts} if entry.parts else {})
            sized = sized_for(clip, settings.model_copy(update={"prompt": prompt}), tasks).prompt
            return new_bank(clip, grouping, sized, settings.seed, texts).parameters_count
        models = [tasks] if entry.scope == "pooled" else [(task,) for task in tasks]
        return sum(entry.method.parameters(clip, some) for some in models)

    return [
        (e.name, e.title, e.family, count(e), e.source) for e in catalogue().values() if not e.lacks(clip.capability)
    ]
