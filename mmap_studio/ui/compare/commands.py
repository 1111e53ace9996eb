"""Commands of the Compare view: start, pause, stop, order, seeds, report, and what is done with a result."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QWidget

from mmap_studio.errors import InputError, StudioError
from mmap_studio.formatting import printable
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.compare.live.curves import past_curves_of
from mmap_studio.session.compare.live.events import Exported
from mmap_studio.session.compare.live.ledger import LedgerLine
from mmap_studio.session.compare.trial import Trial
from mmap_studio.session.events import Event, PastCurves
from mmap_studio.session.run.seeds import MANY
from mmap_studio.session.runtime.background import BackgroundRunner
from mmap_studio.session.runtime.job import State
from mmap_studio.session.studio.command_line import compare_command
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.compare.about_row import AboutRow
from mmap_studio.ui.compare.row_menu import RowActions, RowCommands
from mmap_studio.ui.compare.view import CompareView
from mmap_studio.ui.kit.dialog import bring_to_front
from mmap_studio.ui.kit.paths import typed
from mmap_studio.ui.kit.plain_text import copy_text
from mmap_studio.ui.kit.questions import ask_number, ask_text

OTHERS = (
    "The test images of this row are others than those in Images: with so many shots they are drawn anew for every "
    "seed. Rows with all training images show theirs."
)
ShowImages = Callable[[str, str, Mapping[str, Any]], object]
"""Takes a key, a title and evaluations by task, and shows the images behind them."""
ShowCurves = Callable[[Sequence[tuple[str, PastCurves]]], object]
"""Takes titles and curves, and shows them over each other."""


class CompareCommands:
    """What the user can ask of a comparison; a refusal is told in the status line.

    note : takes a sentence for the status line
    parent : of the dialogs
    """

    def __init__(
        self, studio: Studio, view: CompareView, background: BackgroundRunner, note: Callable[[str], object],
        parent: QWidget,
    ) -> None:  # fmt: skip
        self._studio, self._compare, self._view = studio, studio.comparisons, view
        self._background, self._note, self._parent = background, note, parent
        self.show_images: ShowImages = lambda key, title, found: None
        """Set by the window, as is the next."""
        self.show_curves: ShowCurves = lambda curves: None
        self.actions: dict[str, Callable[[], object]] = {
            "compare_start": self._told(self.start),
            "compare_pause": self.pause,
            "compare_stop": self._compare.stop,
            "compare_seeds": self._told(self.more_seeds),
            "compare_report": self._told(self.open_report),
        }
        self.rows = RowActions(
            view.table,
            RowCommands(
                self._told(self.images), self._told(self.curves), self._told(self.about), self._told(self.export_row),
                lambda lines: self._compare.move_up([cell for line in lines for cell in line.cells]), self.skip,
            ),
        )  # fmt: skip
        view.start.clicked.connect(self.actions["compare_start"])
        view.pause.clicked.connect(self.pause)
        view.stop.clicked.connect(self._compare.stop)
        view.here_wanted.connect(self._compare.show_open_project)
        self._compare.listen(self._hear)
        view.offer_use({"&Groups on the board": self._told(self.use_groups), "&Export…": self._told(self.use_export)})
        view.offer_more({
            "Repeat with more &seeds…": self.actions["compare_seeds"],
            "Open the &report": self.actions["compare_report"],
            "&Copy as command": self._told(self.copy_command),
        })  # fmt: skip

    def _hear(self, event: Event) -> None:
        if isinstance(event, Exported):
            self._note(f"Exported to {event.folder}")

    # ---- the whole

    def start(self) -> None:
        """Begin, or go on with, the comparison, and show its table."""
        if self._compare.start():
            self._view.turn_to(self._view.table)

    def pause(self) -> None:
        """Rest after the step that is computed, or go on."""
        if self._compare.state is State.PAUSED:
            self._compare.resume()
        else:
            self._compare.pause()

    def more_seeds(self) -> None:
        """Ask how many seeds more."""
        left = MANY - len(self._compare.plan.seeds)
        if left < 1:
            raise InputError(f"A comparison takes at most {MANY} seeds. Got {MANY}; write fewer in the plan.")
        count = ask_number(self._parent, "More seeds", "How many more seeds:", min(3, left), 1, left)
        if count is not None:
            self._compare.repeat(count)

    def open_report(self) -> None:
        """Write the report of what is there into the project, and open it."""
        found = self._view.plots.evidence
        if found is None or not found.comparison.trials:
            raise InputError("The report needs a trial; none is there yet. Start the comparison first.")
        write = self._compare.report(found.comparison)
        self._note("Writing the report…")

        def done(page: Path) -> None:
            self._note(f"Report: {page}")
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(page)))

        self._background.run(
            write, done, lambda error: self._note(f"The report could not be written: {error}"), whole=True
        )

    def copy_command(self) -> None:
        """Copy what makes the same comparison in a terminal."""
        project = self._compare.project
        where = self._studio.engine.run_on
        command = compare_command(project, self._compare.plan, where) if project is not None else ""
        if not command:
            raise InputError(
                "No command can repeat this comparison: the starter's tasks, backbone or split are not as shipped. "
                "Save a copy of the project, and copy the command of that."
            )
        copy_text(command)
        self._note(f"Copied: {command}")

    # ---- the answer

    def use_groups(self) -> None:
        """Put the groups of the recommended MmAP on the board."""
        trial = self._recommended()
        names = [entry.name for entry in self._studio.project.file.tasks] if self._studio.project else []
        if not trial.grouping or self._compare.elsewhere:
            raise InputError(f"{printable(trial.title)} has no groups for the board; export what it learned instead.")
        self._studio.board.replace(Grouping.parse(trial.grouping, names), "Take the groups of the comparison")
        self._note(
            f"The groups of {printable(trial.title)} are on the board; Run trains them, and Undo takes them back."
        )

    def use_export(self) -> None:
        """Export what the recommended method learned."""
        self._export(self._recommended())

    def _recommended(self) -> Trial:
        found = self._view.plots.evidence
        trial = found.recommended() if found is not None else None
        if trial is None:
            raise InputError("The comparison recommends no method that was trained; keep zero-shot, or compare more.")
        return trial

    # ---- a row

    def images(self, line: LedgerLine) -> None:
        """Show what a trial of the row says of the test images."""
        trial = self._trial(line)
        now = {task.name: task.test for task in self._studio.known.tasks}
        ahead = self._compare.ledger.ahead.get(trial.cell)
        own = ahead.tested if ahead is not None else {}
        for name, scores in trial.per_task.items():
            there = now.get(name)
            if there is None or own.get(name, there.digest) != there.digest or not _equal(there.labels, scores.labels):
                raise InputError(OTHERS)
        found = {name: scores.evaluation for name, scores in trial.per_task.items()}
        title = f"{trial.title}, {trial.amount.words}, seed {trial.seed}"
        self.show_images(f"compare:{':'.join(map(str, trial.cell))}", title, found)

    def curves(self, lines: Sequence[LedgerLine]) -> None:
        """Show the losses and validation accuracies of the rows' trainings over each other."""
        there = self._compare.ledger.trials
        trials = [there[cell] for line in lines for cell in line.cells if cell in there]
        found = [one for one in trials if one.losses or one.validation]
        if not found:
            which = printable(lines[0].title) if len(lines) == 1 else "These rows"
            raise InputError(
                f"{which} must have been trained step by step to have curves; what is solved or not trained has none, "
                "nor what was kept before curves were."
            )
        self.show_curves([(_short_title(one, trials), past_curves_of(one)) for one in found])

    def about(self, line: LedgerLine) -> None:
        """Show the settings and figures of the row's trials."""
        trials = [self._compare.ledger.trials[cell] for cell in line.cells if cell in self._compare.ledger.trials]
        if trials:
            bring_to_front(AboutRow(self._compare.ledger.methods[line.method], trials, self._parent))

    def export_row(self, line: LedgerLine) -> None:
        """Export what the row's first trial learned."""
        self._export(self._trial(line))

    def skip(self, lines: list[LedgerLine]) -> None:
        """Leave out what is not made of these rows; or make it after all, where all of them are left out."""
        back = all(line.state == "skipped" for line in lines)
        there = self._compare.ledger.trials
        cells = [cell for line in lines for cell in line.cells if back or cell not in there]
        self._compare.skip(cells, not back)

    def _export(self, trial: Trial) -> None:
        """Ask for a folder, and write there in the background."""
        project = self._compare.project
        assert project is not None
        name = f"{trial.method.replace(':', '-')}-{trial.amount.label.replace('%', '-percent')}-seed-{trial.seed}"
        words = f"What {printable(trial.title)} learned with {trial.amount.words} and seed {trial.seed} is written to:"
        given = ask_text(self._parent, "Export", words, str(project.folder / "export" / name))
        if given is None:
            return
        out = typed(given)
        if not out.is_absolute():
            raise InputError(f"The folder must be an absolute path. Got {printable(given)!r} instead.")
        self._compare.export(trial.cell, out)

    def _trial(self, line: LedgerLine) -> Trial:
        """Of the row's lowest seed that is there."""
        there = self._compare.ledger.trials
        found = next((there[cell] for cell in sorted(line.cells, key=lambda cell: cell[2]) if cell in there), None)
        if found is None:
            raise InputError(
                f"{printable(line.title)} has no trial with {line.amount.words} yet; start the comparison."
            )
        return found

    def _told(self, do: Callable[..., object]) -> Callable[..., None]:
        """The same, with a refusal told in the status line."""

        def told(*given: object) -> None:
            try:
                do(*(one for one in given if not isinstance(one, bool)))  # a click says whether a button is pressed
            except StudioError as error:
                self._note(str(error))

        return told


def _short_title(trial: Trial, among: Sequence[Trial]) -> str:
    """What tells a trial from the others, and no more: a legend is narrow."""
    method = len({one.title for one in among}) > 1
    amount = len({one.amount for one in among}) > 1
    parts = [printable(trial.title)] * method + [trial.amount.words] * amount + [f"seed {trial.seed}"]
    return ", ".join(parts)


def _equal(one: np.ndarray, other: np.ndarray) -> bool:
    return len(one) == len(other) and bool((one == other).all())
