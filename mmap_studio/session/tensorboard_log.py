"""TensorBoard log of a run: losses, accuracies, affinity, groups and settings as event files.

`torch.utils.tensorboard` writes them (extra `tensorboard`); here is only which number stands under which tag. A log
whose folder cannot be made is refused before the run begins; where the disk refuses later, a sentence says so and the
run goes on without.
"""

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from functools import singledispatchmethod
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from mmap_studio.config import Settings
from mmap_studio.data.paths import is_unicode
from mmap_studio.errors import InputError
from mmap_studio.formatting import markdown
from mmap_studio.method.affinity.lookahead import AffinityEstimate
from mmap_studio.session.events import (
    AffinityLosses,
    AffinityMeasured,
    Event,
    GroupingChosen,
    GroupReady,
    Notice,
    Phase,
    PhaseStarted,
    Scores,
    Stepped,
    TrainingResumed,
)
from mmap_studio.session.methods import RUN
from mmap_studio.session.palette import diverging
from mmap_studio.storage import atomic
from mmap_studio.storage.temporaries import host

FOLDER = "tensorboard"
"""In the folder of a run, where the settings ask for a log."""
EVERY = 10
"""Seconds between two writes of what was logged."""
CELL = 24
"""Edge of a cell of the heatmap, pixels."""


def check_tensorboard() -> None:
    """InputError where the package that TensorBoard's files need is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        raise InputError(
            "A TensorBoard log needs the package tensorboard, which is not installed; install mmap-studio[tensorboard] "
            "or turn the log off."
        )


class TensorBoardLog:
    """Writes the events of a run into TensorBoard files in a folder of its own."""

    def __init__(self, folder: Path, settings: Settings, within: Path | None = None) -> None:
        """`within` as in `atomic.make_folder`, which raises StorageError where the folder cannot be made."""
        check_tensorboard()
        if not is_unicode(folder):
            raise InputError(f"A TensorBoard log must go where all names are UTF-8. Got {folder}; name another.")
        from tensorboard.summary.writer import event_file_writer
        from torch.utils.tensorboard.writer import SummaryWriter

        # names of its files have the computer's in them, and go where the project goes
        event_file_writer.socket = SimpleNamespace(gethostname=host)
        atomic.make_folder(folder, within)
        self._writer: Any = SummaryWriter(str(folder), flush_secs=EVERY)
        self._folder, self._settings = folder, settings
        self._phase: Phase | None = None

    def tell(self, event: Event) -> Iterator[Notice]:
        """Write the event; a notice, once, where that failed."""
        if self._writer is None:
            return
        try:
            self._hear(event)
        except (OSError, RuntimeError, ValueError) as error:
            self._writer = None  # not closed: that would write once more
            yield Notice(f"{self._folder} cannot be written ({error}); the TensorBoard log ends here.", "warning")

    def close(self) -> None:
        """Write what is left."""
        writer, self._writer = self._writer, None
        if writer is not None:
            try:
                writer.close()
            except (OSError, RuntimeError):
                return  # nothing that follows from the log

    @singledispatchmethod
    def _hear(self, event: Event) -> None:
        """By the type of the event; the others are not logged."""

    @_hear.register
    def _(self, event: PhaseStarted) -> None:
        self._phase = event.phase

    @_hear.register
    def _(self, event: Stepped) -> None:
        report, place = event.report, _place(event)
        for name, loss in report.losses.items():
            self._scalar(f"{place} loss/{name}", loss, report.step)
        self._scalar(f"{place} learning rate/{' + '.join(report.members)}", report.learning_rate, report.step)
        if report.group is not None:
            self._validation(place, report.group.validation[-1:], report.epoch)

    @_hear.register
    def _(self, event: TrainingResumed) -> None:
        place = _place(event)
        self._losses(f"{place} loss", {name: (np.arange(1, 1 + len(of)), of) for name, of in event.losses.items()})
        self._validation(place, event.group.validation if event.group else ())

    @_hear.register
    def _(self, event: AffinityLosses) -> None:
        self._losses("affinity loss", event.losses)

    @_hear.register
    def _(self, event: GroupReady) -> None:
        if event.cached and self._phase == "training":
            self._losses("training loss", event.group.losses)
            self._validation("training", event.group.validation)

    @_hear.register
    def _(self, event: AffinityMeasured) -> None:
        if event.step == event.steps or event.cached:
            self._writer.add_image("affinity/heatmap", heatmap(event.estimate), event.step, dataformats="HWC")
            self._writer.add_text("affinity", _table(event.estimate), event.step)

    @_hear.register
    def _(self, event: GroupingChosen) -> None:
        lines = [f"- {markdown(', '.join(members))}" for members in event.grouping.groups]
        self._writer.add_text("groups", "\n".join([f"{event.how}:", "", *lines]))

    @_hear.register
    def _(self, event: Scores) -> None:
        for name, one in event.per_task.items():
            self._scalar(f"test accuracy {event.method}/{name}", one.accuracy, 0)
        self._scalar(f"test accuracy {event.method}/mean", event.mean, 0)
        if event.method == RUN:
            self._hyper_parameters({"test accuracy": event.mean, "trained parameters": event.parameters})

    def _hyper_parameters(self, measured: Mapping[str, float]) -> None:
        """Into the same files: `SummaryWriter.add_hparams` would make a folder, and so a run, of its own."""
        from torch.utils.tensorboard.summary import hparams

        values = _flat(self._settings.model_dump(mode="json"))
        for summary in hparams(values, dict(measured)):
            self._writer.file_writer.add_summary(summary)
        for name, value in measured.items():
            self._scalar(name, value, 0)

    def _losses(self, what: str, losses: Mapping[str, Any]) -> None:
        for name, (steps, values) in losses.items():
            for step, value in zip(steps, values, strict=True):
                self._scalar(f"{what}/{name}", float(value), int(step))

    def _validation(self, place: str, epochs: Sequence[Mapping[str, float]], first: int = 1) -> None:
        for epoch, scores in enumerate(epochs, start=first):
            for name, accuracy in scores.items():
                self._scalar(f"{place} validation accuracy/{name}", accuracy, epoch)

    def _scalar(self, tag: str, value: float, step: int) -> None:
        self._writer.add_scalar(tag, value, step)


def heatmap(estimate: AffinityEstimate) -> np.ndarray:
    """uint8 (T * CELL, T * CELL, 3): the normalised affinity, rows the source, blue below 0 and red above."""
    values, _ = estimate.normalised()
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    found: np.ndarray = np.kron(diverging(values / largest), np.ones((CELL, CELL, 1), np.uint8))
    return found


def _place(event: Stepped | TrainingResumed) -> str:
    """Which training: "affinity", "training", or the name of a control."""
    return event.note or event.phase


def _table(estimate: AffinityEstimate) -> str:
    """Normalised affinity in Markdown, rows the source."""
    values, _ = estimate.normalised()
    names = [markdown(name) for name in estimate.tasks]
    rows = [f"| | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for name, row in zip(names, values, strict=True):
        rows.append(f"| {name} | {' | '.join(f'{value:.3g}' for value in row)} |")
    return "\n".join(rows)


def _flat(values: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    """Nested settings under dotted names; what is none becomes a word."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            found |= _flat(value, f"{place}{name}.")
        else:
            found[place + name] = "none" if value is None else value
    return found
