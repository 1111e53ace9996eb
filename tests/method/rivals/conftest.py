"""Small data for methods, and how to run one to its end."""

from dataclasses import replace

import pytest

from mmap_studio.config import TrainSettings
from mmap_studio.session.runtime.generator_result import result
from tests import tiny

TASKS = tuple(tiny.task(name, seed) for seed, name in enumerate(("art", "clipart")))


@pytest.fixture(scope="session")
def data():
    from mmap_studio.method.rivals.method import Data

    training = TrainSettings(epochs=2, batch_size=8, crop=1.0, flip=False)
    return Data(tiny.clip(), TASKS, training)


@pytest.fixture(scope="session")
def full_size():
    """A ViT-B/16 with random weights, and a task of 65 classes: what published counts are of."""
    from mmap_studio.method.clip import FrozenClip

    vision = {"image_size": 224, "layers": 12, "width": 768, "patch_size": 16}
    text = {"context_length": 77, "vocab_size": 49408, "width": 512, "heads": 8, "layers": 12}
    clip = FrozenClip.build({"embed_dim": 512, "vision_cfg": vision, "text_cfg": text}, name="ViT-B-16")
    task = tiny.task("art", 0)
    names = tuple(f"thing {number}" for number in range(65))
    return clip, (replace(task, class_names=names),)


@pytest.fixture(scope="session")
def drained():
    """The value that a generator returns."""
    return result
