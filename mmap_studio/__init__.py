"""MmAP Studio: adapt one frozen CLIP to many image domains at once with multi-modal alignment prompts.

    import mmap_studio

    project = mmap_studio.Project.starter()
    for event in mmap_studio.run(project):
        print(event)
    classifier = mmap_studio.PromptedClassifier.load("prompts")

Importing this loads neither torch nor Qt: names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmap_studio.api import measure, run
    from mmap_studio.config import Settings, settings_from
    from mmap_studio.errors import StudioError
    from mmap_studio.method.affinity import AffinityEstimate, AffinityMeter, lookahead_affinity
    from mmap_studio.method.bank import PromptBank
    from mmap_studio.method.clip import FrozenClip
    from mmap_studio.method.evaluation import Evaluation, evaluate
    from mmap_studio.method.grouping.grouping import Grouping
    from mmap_studio.method.grouping.score import score_grouping
    from mmap_studio.method.grouping.search import best_grouping
    from mmap_studio.method.kronecker import kronecker_prompt
    from mmap_studio.method.prompt import MmAP, PromptPair
    from mmap_studio.method.prompt_shape import PromptShape
    from mmap_studio.method.task import TaskSpec
    from mmap_studio.method.training import StepReport, train
    from mmap_studio.session.backbones.loading import open_backbone
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.run.classifier import PromptedClassifier
    from mmap_studio.session.run.pipeline import RunOptions
    from mmap_studio.storage.prompt_folder import load_prompts, save_prompts
    from mmap_studio.storage.store import ArrayStore, FolderStore, MemoryStore

__version__ = "0.1.0"

_HOME = {
    "AffinityEstimate": "method.affinity",
    "AffinityMeter": "method.affinity",
    "ArrayStore": "storage.store",
    "Evaluation": "method.evaluation",
    "FolderStore": "storage.store",
    "FrozenClip": "method.clip",
    "Grouping": "method.grouping.grouping",
    "MemoryStore": "storage.store",
    "MmAP": "method.prompt",
    "Project": "session.project.project",
    "PromptBank": "method.bank",
    "PromptPair": "method.prompt",
    "PromptShape": "method.prompt_shape",
    "PromptedClassifier": "session.run.classifier",
    "RunOptions": "session.run.pipeline",
    "Settings": "config",
    "StepReport": "method.training",
    "StudioError": "errors",
    "TaskSpec": "method.task",
    "best_grouping": "method.grouping.search",
    "evaluate": "method.evaluation",
    "kronecker_prompt": "method.kronecker",
    "load_prompts": "storage.prompt_folder",
    "lookahead_affinity": "method.affinity",
    "measure": "api",
    "open_backbone": "session.backbones.loading",
    "run": "api",
    "save_prompts": "storage.prompt_folder",
    "score_grouping": "method.grouping.score",
    "settings_from": "config",
    "train": "method.training",
}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'mmap_studio' has no attribute {name!r}")
    return getattr(import_module(f"mmap_studio.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
