"""One task of a project, read without a backbone."""

from mmap_studio.data.domain_finder import DomainFinder
from mmap_studio.session.dataset.saved_splits import chosen_splits
from mmap_studio.session.dataset.tasks import _decoded, _source, _task
from mmap_studio.session.runtime.generator_result import result


def read_task(project, entry, to, cached=None):
    """The entry's images in its parts; nothing of the backbone is checked."""
    source, _ = _source(project, entry, to, DomainFinder())
    images = result(_decoded(source, to, cached))
    (split,) = chosen_splits(project, [(source.entry, source.domain)]).splits
    return _task(source, images, split)[0]
