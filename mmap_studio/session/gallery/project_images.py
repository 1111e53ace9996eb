"""The images of a project with its backbone, read once: for a search that no window has them ready for."""

from collections.abc import Callable

from mmap_studio.method.clip import FrozenClip
from mmap_studio.method.task import TaskSpec
from mmap_studio.session.backbones.loading import open_backbone
from mmap_studio.session.cache.cache import Cached
from mmap_studio.session.dataset.tasks import read_tasks
from mmap_studio.session.events import Notice
from mmap_studio.session.project.project import Project
from mmap_studio.session.runtime.generator_result import Returning
from mmap_studio.storage.store import ArrayStore


def project_images(
    project: Project, store: ArrayStore, told: Callable[[str], object] = lambda sentence: None
) -> tuple[FrozenClip, Cached, tuple[TaskSpec, ...]]:
    """Backbone, cache and tasks; `told` hears what was said of the images."""
    settings, cached = project.settings, Cached(store)
    clip = open_backbone(project.file.backbone, settings.device, settings.precision, project.folder)
    reading = Returning(read_tasks(project, clip, cached, settings.prompt.inserted))
    for event in reading:
        if isinstance(event, Notice):
            told(event.text)
    return clip, cached, reading.value[0]
