"""Records a run in its folder: config, log, metrics, affinity, grouping, prompts, and how it ended."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from functools import singledispatchmethod
from importlib.metadata import version
from pathlib import Path
from typing import Any

import tomli_w

from mmap_studio.data.paths import home
from mmap_studio.errors import StudioError
from mmap_studio.formatting import duration
from mmap_studio.method.affinity.lookahead import AffinityEstimate
from mmap_studio.session.cache.cache import affinity_to_arrays
from mmap_studio.session.events import (
    AffinityMeasured,
    Event,
    GroupingChosen,
    Notice,
    PhaseEnded,
    PhaseStarted,
    Scores,
    SplitChosen,
    Stepped,
    TrainingResumed,
)
from mmap_studio.session.project.project import Project
from mmap_studio.session.project.project_file import write_project_file
from mmap_studio.session.run.run_document import finite
from mmap_studio.session.run.run_options import ASKED, UNFINISHED, Asked, RunOptions, public_file
from mmap_studio.storage.hdf5 import pack
from mmap_studio.storage.prompt_folder import PromptFolder, save_prompts
from mmap_studio.storage.runs import GROUPING, PROMPTS, RESULTS, RunFolder, latest, sweep_runs


class RunRecorder:
    """Writes the events of a run that should outlive the process into its folder; steps once an epoch."""

    def __init__(self, project: Project, options: RunOptions) -> None:
        self._folder = project.folder
        project.sweep()  # what killed processes left half-written
        sweep_runs(project.runs)
        unfinished = latest(project.runs, *UNFINISHED) if options.resume else None
        self._earlier: list[dict[str, Any]] = []
        """Of a run that goes on, what it wrote before, until it is written again."""
        self.run = unfinished or RunFolder.new(project.runs, project.name)
        self._claim = self.run.claim()
        if unfinished is not None:
            unfinished.resume()
            self._earlier = _rows_of(unfinished)
        tables = {ASKED: Asked.of(options).model_dump(), "made_with": versions()}
        self.run.write_config(write_project_file(public_file(project.file)) + tomli_w.dumps(tables))
        self._measured: list[tuple[int, AffinityEstimate]] = []
        self._epoch: dict[str, Any] = {}

    @property
    def path(self) -> Path:
        return self.run.path

    def keep_prompts(self, folder: PromptFolder) -> Path:
        save_prompts(self.run.path / PROMPTS, folder, replace=True, within=self.run.within)
        return self.run.path / PROMPTS

    def finish(self, document: dict[str, Any]) -> None:
        paths = {"run": self.run.name} | ({"prompts": PROMPTS} if "prompts" in document["paths"] else {})
        self.run.write_json(RESULTS, {**document, "paths": paths})
        self.end("finished", "")

    def end(self, state: str, reason: str) -> None:
        """Say how the run ended; what was measured of an epoch that did not end is kept."""
        self._flush()
        self.run.finish(state, self._private(reason))
        if self._claim is not None:
            self._claim.release()

    @singledispatchmethod
    def hear(self, event: Event) -> None:
        """Write what the event says, where it should last; the handlers below are chosen by its type."""

    @hear.register
    def _(self, event: PhaseStarted) -> None:
        self._log(f"{event.phase}: started {event.note}".rstrip())

    @hear.register
    def _(self, event: PhaseEnded) -> None:
        self._flush()
        cached = ", cached" if event.cached else ""
        self._log(f"{event.phase}: {duration(event.seconds)}{cached}. {event.note}".rstrip())

    @hear.register
    def _(self, event: Notice) -> None:
        self._log(f"{event.level}: {event.text}")

    @hear.register
    def _(self, event: SplitChosen) -> None:
        self._append({"what": "split", **asdict(event)})

    @hear.register
    def _(self, event: AffinityMeasured) -> None:
        self._measured.append((event.step, event.estimate))

    @hear.register
    def _(self, scores: Scores) -> None:
        accuracy = {name: finite(one.accuracy) for name, one in scores.per_task.items()}
        values = {"what": "scores", "method": scores.method, "mean": finite(scores.mean), "accuracy": accuracy}
        self._append(values | {"trained_parameters": scores.parameters})

    @hear.register
    def _(self, chosen: GroupingChosen) -> None:
        if self._measured:
            self.run.write_affinity(pack(*affinity_to_arrays(self._measured)))
        values = {"groups": chosen.grouping.to_json(), "score": chosen.score, "how": chosen.how}
        self.run.write_json(GROUPING, values)

    @hear.register
    def _(self, event: TrainingResumed) -> None:
        """Its epochs so far, in the place of those that were written before the stop; the one it is in goes on."""
        self._flush()
        about = {"what": "epoch", "phase": event.phase, "note": event.note, "members": list(event.members)}
        validation = event.group.validation if event.group else ()
        rows: list[dict[str, Any]] = []
        for epoch, first in enumerate(range(0, event.step, event.per_epoch), start=1):
            steps = slice(first, first + event.per_epoch)
            losses = {name: [finite(one) for one in of[steps].tolist()] for name, of in event.losses.items()}
            rows.append({**about, "epoch": epoch, "first_step": first + 1, "losses": losses})
            if epoch <= len(validation):
                rows[-1]["validation"] = {k: finite(v) for k, v in validation[epoch - 1].items()}
        if event.step % event.per_epoch:
            self._epoch = rows.pop()
        self._forget(about)
        for row in rows:
            self.run.append_metrics(row)

    @hear.register
    def _(self, event: Stepped) -> None:
        """Losses are collected until the epoch ends, or another training begins."""
        report = event.report
        key = {"phase": event.phase, "note": event.note, "members": list(report.members), "epoch": report.epoch}
        if {k: self._epoch.get(k) for k in key} != key:
            self._flush()
        if not self._epoch:
            self._epoch = {"what": "epoch", **key, "first_step": report.step, "losses": {m: [] for m in report.members}}
        for name, loss in report.losses.items():
            self._epoch["losses"][name].append(finite(loss))
        if report.group is not None:
            self._epoch["validation"] = {k: finite(v) for k, v in report.group.validation[-1].items()}
        if report.group is not None or report.step == report.steps:
            self._flush()

    def _log(self, text: str) -> None:
        self.run.log(self._private(text))

    def _private(self, text: str) -> str:
        """A text without the folders above the project and the user's own: records are handed on."""
        for folder, instead in ((self._folder, "PROJECT"), (self._folder.parent, ".."), (home(), "~")):
            if len(folder.parts) > 1:
                text = text.replace(str(folder), instead)
        return text

    def _append(self, row: dict[str, Any]) -> None:
        """One more row; of a run that goes on, in the place of those it had of the same thing, which is done again."""
        self._forget(row)
        self.run.append_metrics(row)

    def _forget(self, row: Mapping[str, Any]) -> None:
        """Take the earlier rows of the same thing out."""
        kept = [one for one in self._earlier if _about(one) != _about(row)]
        if len(kept) < len(self._earlier):
            now = self.run.metrics()[len(self._earlier) :]
            self._earlier = kept
            self.run.replace_metrics([*kept, *now])

    def _flush(self) -> None:
        if self._epoch:
            self._append(self._epoch)
        self._epoch = {}


def _about(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What a row is of: the training of a group, the split of a task, the scores of a method."""
    keys = {"epoch": ("phase", "note", "members"), "split": ("task",), "scores": ("method",)}
    what = row.get("what")
    return what, *(json.dumps(row.get(key)) for key in keys.get(str(what), ()))


def _rows_of(run: RunFolder) -> list[dict[str, Any]]:
    """The rows of a run that goes on; none where they cannot be read: new ones are appended all the same."""
    try:
        return run.metrics()
    except StudioError:
        return []


def versions() -> dict[str, str]:
    """Of Python and of the packages that numbers depend on."""
    packages = ("torch", "open_clip_torch", "numpy", "scikit-learn", "h5py")
    return {"python": platform.python_version(), **{name: version(name) for name in packages}}
