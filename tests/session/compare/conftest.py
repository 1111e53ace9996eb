"""The backbone of a module's project, and a store for its trials."""

import pytest

from mmap_studio.storage.store import MemoryStore


@pytest.fixture(scope="module")
def clip(project):
    from mmap_studio.session.backbones.loading import open_backbone

    return open_backbone(project.file.backbone, "cpu", "float32", project.folder)


@pytest.fixture(scope="module")
def store():
    return MemoryStore()
