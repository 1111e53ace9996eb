"""MmAP Studio: adapt one frozen CLIP to many image domains at once with multi-modal alignment prompts.

    import mmap_studio

    project = mmap_studio.Project.open("starter")
    for event in mmap_studio.run(project):
        print(type(event).__name__)  # the last is RunEnded
    classifier = mmap_studio.PromptedClassifier.load(event.prompts)
    task = classifier.tasks[0]
    print(task, classifier.class_names(task))

`classifier.predict(["image.png"], task)` then names the class of an image. Importing this loads neither torch nor Qt:
names are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mmap_studio.version import __version__

if TYPE_CHECKING:
    from mmap_studio.api import compare, measure, run, search, sweep
    from mmap_studio.config import (
        AffinitySettings,
        FineTuneSettings,
        GroupingSettings,
        PromptSettings,
        Settings,
        TrainSettings,
        settings_from,
    )
    from mmap_studio.errors import (
        BackboneError,
        CorruptError,
        DataError,
        DeviceLostError,
        InputError,
        Interrupted,
        StorageError,
        StudioError,
        TrainingError,
    )
    from mmap_studio.method.affinity.lookahead import AffinityEstimate, AffinityMeter, Lookahead, lookahead_affinity
    from mmap_studio.method.bank import PromptBank, PromptKey
    from mmap_studio.method.budget import Budget
    from mmap_studio.method.class_residual import ClassResidual
    from mmap_studio.method.clip import FrozenClip
    from mmap_studio.method.evaluation import Evaluation, evaluate
    from mmap_studio.method.grouping.evidence import Evidence, suggested_grouping
    from mmap_studio.method.grouping.grouping import Grouping
    from mmap_studio.method.grouping.score import score_grouping
    from mmap_studio.method.grouping.search import GroupingResult, best_grouping
    from mmap_studio.method.kronecker import kronecker_prompt
    from mmap_studio.method.prompt import MmAP, PromptPair
    from mmap_studio.method.prompt_shape import PromptShape
    from mmap_studio.method.snapshot import Bookmark, Snapshot
    from mmap_studio.method.task import ImageSet, TaskSpec
    from mmap_studio.method.training import StepReport, TrainedGroup, train
    from mmap_studio.session.backbones.loading import open_backbone
    from mmap_studio.session.compare.classifier import load_classifier
    from mmap_studio.session.compare.labelled_images import LabelledScores, score_images
    from mmap_studio.session.compare.options import CompareOptions
    from mmap_studio.session.compare.protocols.protocol import Protocol
    from mmap_studio.session.compare.queue import ComparisonReport
    from mmap_studio.session.compare.trial import Amount, Comparison, TaskScores, Trial
    from mmap_studio.session.events import (
        AffinityLosses,
        AffinityMeasured,
        BackboneReady,
        Event,
        GroupingChosen,
        GroupReady,
        GroupScored,
        Notice,
        PhaseEnded,
        PhaseStarted,
        Progress,
        RunEnded,
        Scores,
        SplitChosen,
        Stepped,
        TasksReady,
        TrainingResumed,
    )
    from mmap_studio.session.explore.selection import ImageRef
    from mmap_studio.session.gallery.finding import Found
    from mmap_studio.session.project.project import Project
    from mmap_studio.session.project.project_file import ProjectFile, SplitSettings, TaskEntry
    from mmap_studio.session.run.classifier import Classifier, Prediction, PromptedClassifier
    from mmap_studio.session.run.run_options import RunOptions
    from mmap_studio.session.sweep.events import SweepReport
    from mmap_studio.session.sweep.options import SweepOptions
    from mmap_studio.session.sweep.trial import Sweep, SweepTest, SweepTrial
    from mmap_studio.storage.adapter_files import Adapter
    from mmap_studio.storage.hdf5 import Artifact
    from mmap_studio.storage.prompt_folder import PromptFolder, load_prompts, save_prompts
    from mmap_studio.storage.store import ArrayStore, Entry, FolderStore, MemoryStore

_NAMES = {
    "api": "compare measure run search sweep",
    "config": "AffinitySettings FineTuneSettings GroupingSettings PromptSettings Settings settings_from TrainSettings",
    "errors": (
        "BackboneError CorruptError DataError DeviceLostError InputError Interrupted StorageError StudioError "
        "TrainingError"
    ),
    "method.affinity.lookahead": "AffinityEstimate AffinityMeter Lookahead lookahead_affinity",
    "method.budget": "Budget",
    "method.bank": "PromptBank PromptKey",
    "method.clip": "FrozenClip",
    "method.evaluation": "evaluate Evaluation",
    "method.grouping.evidence": "Evidence suggested_grouping",
    "method.grouping.grouping": "Grouping",
    "method.grouping.score": "score_grouping",
    "method.grouping.search": "best_grouping GroupingResult",
    "method.kronecker": "kronecker_prompt",
    "method.class_residual": "ClassResidual",
    "method.prompt": "MmAP PromptPair",
    "method.prompt_shape": "PromptShape",
    "method.snapshot": "Bookmark Snapshot",
    "method.task": "ImageSet TaskSpec",
    "method.training": "StepReport train TrainedGroup",
    "session.backbones.loading": "open_backbone",
    "session.compare.classifier": "load_classifier",
    "session.compare.labelled_images": "LabelledScores score_images",
    "session.compare.options": "CompareOptions",
    "session.compare.protocols.protocol": "Protocol",
    "session.compare.queue": "ComparisonReport",
    "session.compare.trial": "Amount Comparison TaskScores Trial",
    "session.events": (
        "AffinityLosses AffinityMeasured BackboneReady Event GroupingChosen GroupReady GroupScored Notice "
        "PhaseEnded PhaseStarted Progress RunEnded Scores SplitChosen Stepped TasksReady TrainingResumed"
    ),
    "session.explore.selection": "ImageRef",
    "session.gallery.finding": "Found",
    "session.project.project": "Project",
    "session.project.project_file": "ProjectFile SplitSettings TaskEntry",
    "session.run.classifier": "Classifier Prediction PromptedClassifier",
    "session.run.run_options": "RunOptions",
    "session.sweep.options": "SweepOptions",
    "session.sweep.events": "SweepReport",
    "session.sweep.trial": "Sweep SweepTest SweepTrial",
    "storage.adapter_files": "Adapter",
    "storage.hdf5": "Artifact",
    "storage.prompt_folder": "load_prompts PromptFolder save_prompts",
    "storage.store": "ArrayStore Entry FolderStore MemoryStore",
}
"""The public names, by the module that has them."""
_MODULE_OF = {name: module for module, names in _NAMES.items() for name in names.split()}

__all__ = [
    "Adapter", "AffinityEstimate", "AffinityLosses", "AffinityMeasured", "AffinityMeter", "AffinitySettings", "Amount",
    "ArrayStore", "Artifact", "BackboneError", "BackboneReady", "Bookmark", "Budget", "ClassResidual", "Classifier",
    "CompareOptions", "Comparison", "ComparisonReport", "CorruptError", "DataError", "DeviceLostError", "Entry",
    "Evaluation", "Event", "Evidence", "FineTuneSettings", "FolderStore", "Found", "FrozenClip", "GroupReady",
    "GroupScored", "Grouping", "GroupingChosen", "GroupingResult", "GroupingSettings", "ImageRef", "ImageSet",
    "InputError", "Interrupted", "LabelledScores", "Lookahead", "MemoryStore", "MmAP", "Notice", "PhaseEnded",
    "PhaseStarted", "Prediction", "Progress", "Project", "ProjectFile", "PromptBank", "PromptFolder", "PromptKey",
    "PromptPair", "PromptSettings", "PromptShape", "PromptedClassifier", "Protocol", "RunEnded", "RunOptions", "Scores",
    "Settings", "Snapshot", "SplitChosen", "SplitSettings", "StepReport", "Stepped", "StorageError", "StudioError",
    "Sweep", "SweepOptions", "SweepReport", "SweepTest", "SweepTrial", "TaskEntry", "TaskScores", "TaskSpec",
    "TasksReady", "TrainSettings", "TrainedGroup", "TrainingError", "TrainingResumed", "Trial", "__version__",
    "best_grouping", "compare", "evaluate", "kronecker_prompt", "load_classifier", "load_prompts", "lookahead_affinity",
    "measure", "open_backbone", "run", "save_prompts", "score_grouping", "score_images", "search", "settings_from",
    "suggested_grouping", "sweep", "train",
]  # fmt: skip
"""Spelt out, since type checkers read it; a test holds it against `_NAMES`."""


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'mmap_studio' has no attribute {name!r}")
    return getattr(import_module(f"mmap_studio.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
