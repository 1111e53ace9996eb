"""The affinity a project had last, from its run folders: for a window whose settings are other ones by now.

The cache answers for the settings of now alone. Somebody who measured, then changed an epoch and came back the next
day, still wants to see what was measured, and to be told that it was with other settings.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mmap_studio.config import Settings, settings_from
from mmap_studio.errors import StudioError
from mmap_studio.session.cache import affinity_from_arrays
from mmap_studio.session.events import AffinityMeasured
from mmap_studio.session.project import Project
from mmap_studio.session.results import RESULTS
from mmap_studio.storage.hdf5 import unpack
from mmap_studio.storage.runs import AFFINITY, RunFolder, list_runs

SECTIONS = ("prompt", "train", "affinity")
"""Settings that the measurement depends on, beside the seed."""


@dataclass(frozen=True)
class AffinityRemembered:
    """The affinity that follows was measured by an earlier run, with other settings than those of now."""

    run: str
    order: str
    differs: str
    """Such as ``train.epochs 1``: the settings it was measured with, where they are others now."""

    @property
    def sentence(self) -> str:
        """What it is and what to do about it."""
        how = f" with {self.differs}" if self.differs else ""
        return f"The affinity shown was measured by the run {self.run}{how}; Measure affinity measures it anew."


def remembered(project: Project, digest: str, tasks: Sequence[str]) -> Iterator[Any]:
    """`AffinityRemembered` and the whole measurement of the newest run that had these tasks and this backbone.

    digest : of the backbone. Nothing where there is no such run; one that cannot be read is passed over, since the
    list of results already says so.
    """
    for run in reversed(list_runs(project.runs)):
        try:
            found = _of_run(run, project.settings, digest, tasks)
        except (StudioError, KeyError, TypeError, ValueError):
            continue
        if found:
            yield from found
            return


def _of_run(run: RunFolder, settings: Settings, digest: str, tasks: Sequence[str]) -> list[Any]:
    if not all((run.path / name).is_file() for name in (RESULTS, AFFINITY)):
        return []
    document = run.read_json(RESULTS)
    if document["backbone"]["digest"] != digest:
        return []
    artifact = unpack(run.path / AFFINITY)
    if tuple(artifact.meta["tasks"]) != tuple(tasks):
        return []
    own = settings_from(document["settings"])
    history = affinity_from_arrays(dict(artifact.arrays), artifact.meta)
    events = [AffinityMeasured(estimate, step, history[-1][0], cached=True) for step, estimate in history]
    return [AffinityRemembered(run.name, own.affinity.order, _differs(own, settings)), *events]


def _differs(own: Settings, now: Settings) -> str:
    told = [] if own.seed == now.seed else [f"seed {own.seed}"]
    for section in SECTIONS:
        mine, others = (getattr(one, section).model_dump() for one in (own, now))
        told += [f"{section}.{key} {value}" for key, value in mine.items() if value != others[key]]
    return ", ".join(told)
