"""The affinity a project had last, from its run folders: for a window whose settings are other ones by now.

The cache answers for the settings of now alone. Somebody who measured, then changed an epoch and came back the next
day, still wants to see what was measured, and to be told that it was with other settings.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mmap_studio.config import Settings, settings_from
from mmap_studio.errors import StudioError
from mmap_studio.formatting import some
from mmap_studio.session.cache.cache import affinity_from_arrays
from mmap_studio.session.events import AffinityMeasured, Event, PastAffinity
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import TaskEntry
from mmap_studio.session.results.recorded import read_results
from mmap_studio.storage.foreign.hdf5 import unpack_foreign
from mmap_studio.storage.runs import AFFINITY, RESULTS, RunFolder, list_runs

LARGEST = 1 << 28
"""Bytes of affinity.h5 that are read: 1,000 tasks measured 30 times are 240 MB."""
SECTIONS = ("prompt", "train", "affinity")
"""Settings that the measurement depends on, beside the seed."""
READ = ("template", "class_names", "merged", "left_out")
"""Of a task's entry, what its class texts follow from."""


def past_affinity(project: Project, digest: str, splits: Mapping[str, str]) -> Iterator[Event]:
    """`PastAffinity` and the whole measurement of the newest run that had these tasks and this backbone.

    digest : of the backbone   splits : of every task, the digest of its split; empty where it is not known

    Nothing where there is no such run; one that cannot be read is passed over, since the list of results says so.
    """
    for run in reversed(list_runs(project.runs)):
        try:
            found = _of_run(run, project, digest, splits)
        except (StudioError, OSError, KeyError, TypeError, ValueError, AttributeError, IndexError):
            continue
        if found:
            yield from found
            return


def _of_run(run: RunFolder, project: Project, digest: str, splits: Mapping[str, str]) -> list[Event]:
    if not all((run.path / name).is_file() for name in (RESULTS, AFFINITY)):
        return []
    document = read_results(run)
    if document["backbone"]["digest"] != digest:
        return []
    artifact = unpack_foreign(run.path / AFFINITY, LARGEST, run.within)  # the project may be somebody else's
    if tuple(artifact.meta["tasks"]) != tuple(splits):
        return []
    own = settings_from(document["settings"])
    history = affinity_from_arrays(dict(artifact.arrays), artifact.meta)
    events = [AffinityMeasured(estimate, step, history[-1][0], cached=True) for step, estimate in history]
    told = [*_settings(own, project.settings), *_images(document, splits), *_texts(run, project)]
    return [PastAffinity(run.name, own.affinity.how, ", ".join(told)), *events]


def _images(document: Mapping[str, Any], splits: Mapping[str, str]) -> list[str]:
    """Tasks whose images, or which of them are trained on, are others now."""
    own = document["splits"]
    changed = [task for task, digest in splits.items() if digest and task in own and own[task]["digest"] != digest]
    return [f"other images of {some(changed)}"] if changed else []


def _texts(run: RunFolder, project: Project) -> list[str]:
    """Tasks whose class texts are others now, as far as the run says what they were."""
    entries = run.config()["tasks"]
    own = {entry.name: entry for entry in map(TaskEntry.model_validate, entries)}
    changed = [
        entry.name
        for entry in project.file.tasks
        if entry.name in own and any(getattr(entry, name) != getattr(own[entry.name], name) for name in READ)
    ]
    return [f"other class texts of {some(changed)}"] if changed else []


def _settings(own: Settings, now: Settings) -> list[str]:
    told = [] if own.seed == now.seed else [f"seed {own.seed}"]
    for section in SECTIONS:
        mine, others = (getattr(one, section).shown() for one in (own, now))
        told += [f"{section}.{key} {value}" for key, value in mine.items() if value != others[key]]
    return told
