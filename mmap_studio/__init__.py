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
    from mmap_studio.method.grouping import Grouping
    from mmap_studio.method.grouping_score import score_grouping
    from mmap_studio.method.grouping_search import best_grouping
    from mmap_studio.method.kronecker import kronecker_prompt
    from mmap_studio.method.prompt import MmAP, PromptPair, PromptShape
    from mmap_studio.method.task import TaskSpec
    from mmap_studio.method.training import StepReport, train
    from mmap_studio.session.backbone import open_backbone
    from mmap_studio.session.classifier import PromptedClassifier
    from mmap_studio.session.pipeline import RunOptions
    from mmap_studio.session.project import Project
    from mmap_studio.storage.promptfolder import load_prompts, save_prompts
    from mmap_studio.storage.store import ArrayStore, FolderStore, MemoryStore

__version__ = "0.1.0"

_HOME = {
    "AffinityEstimate": "method.affinity",
    "AffinityMeter": "method.affinity",
    "ArrayStore": "storage.store",
    "Evaluation": "method.evaluation",
    "FolderStore": "storage.store",
    "FrozenClip": "method.clip",
    "Grouping": "method.grouping",
    "MemoryStore": "storage.store",
    "MmAP": "method.prompt",
    "Project": "session.project",
    "PromptBank": "method.bank",
    "PromptPair": "method.prompt",
    "PromptShape": "method.prompt",
    "PromptedClassifier": "session.classifier",
    "RunOptions": "session.pipeline",
    "Settings": "config",
    "StepReport": "method.training",
    "StudioError": "errors",
    "TaskSpec": "method.task",
    "best_grouping": "method.grouping_search",
    "evaluate": "method.evaluation",
    "kronecker_prompt": "method.kronecker",
    "load_prompts": "storage.promptfolder",
    "lookahead_affinity": "method.affinity",
    "measure": "api",
    "open_backbone": "session.backbone",
    "run": "api",
    "save_prompts": "storage.promptfolder",
    "score_grouping": "method.grouping_score",
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
