"""The dialog before a run with controls or several seeds: what each one answers, and how long it takes."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QGridLayout, QLabel, QWidget

from mmap_studio.config import LARGEST_SEED
from mmap_studio.errors import InputError
from mmap_studio.session.estimates.forecast import RunEstimate
from mmap_studio.session.methods import CONTROLS, method_title
from mmap_studio.session.run.seeds import MANY, parse_seeds
from mmap_studio.session.studio.studio import Studio
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import check, line_edit, marked, row
from mmap_studio.ui.kit.dialog import Buttons, button_box, lay_out
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text, copy_text

WRONG = f"Seeds: at most {MANY} different whole numbers up to {LARGEST_SEED:,}, such as 1, 2, 3."
SEEDS = "Several, such as 1, 2, 3, give mean and spread"
COPY = "Copy as command"
COPY_TIP = "The command for this run; there, suggested groups are found anew for every seed"
WIDTH = 600
INTRO = (
    "Controls are trained on the same images as the run itself, and evaluated on the same test images. What an earlier "
    "run has trained comes from the cache, so it may take less time than shown."
)


class ControlsDialog(QDialog):
    """`chosen` and `seeds` say what to run once the dialog is accepted."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Run with controls or seeds")
        self._studio = studio
        self.checks = {key: check(one.title, one.asks, on=True) for key, one in CONTROLS.items()}
        self.times = {key: _time_label(key) for key in ("", *CONTROLS)}
        seed = str(studio.project.settings.seed) if studio.project else ""
        tip = "One seed, or several with commas: one run each, with the groups of the first"
        self.seeds_line = line_edit("Seeds", tip, seed)
        self.total = label("", "strong", "Total time")
        self.buttons = button_box(self, Buttons.Cancel)
        self.start = self.buttons.addButton("Run", QDialogButtonBox.ButtonRole.AcceptRole)
        self.start.setToolTip("Start; the run can be paused and stopped at any time")
        self.start.setDefault(True)
        self.copy = self.buttons.addButton(COPY, QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.setToolTip(COPY_TIP)
        for button in (self.copy, self.buttons.button(Buttons.Cancel)):
            button.setAutoDefault(False)  # or Return would mean it while seeds are half typed
        self._lay_out()
        for box in self.checks.values():
            box.toggled.connect(self._show_total)
        self.seeds_line.textChanged.connect(self._show_total)
        self.copy.clicked.connect(self._copy)
        self._show_times()
        self._show_total()
        self.start.setFocus()

    @property
    def chosen(self) -> tuple[str, ...]:
        return tuple(key for key, box in self.checks.items() if box.isChecked())

    @property
    def seeds(self) -> tuple[int, ...]:
        """One run for each; none while the line cannot be parsed."""
        try:
            return parse_seeds(self.seeds_line.text())
        except InputError:
            return ()

    def _show_times(self) -> None:
        alone = self._studio.estimate()
        self.times[""].setText(_time_text(alone))
        for key in CONTROLS:
            both = self._studio.estimate((key,))
            known = alone.seconds is not None and both.seconds is not None
            seconds = both.seconds - alone.seconds if known else None  # type: ignore[operator]  # both are there
            self.times[key].setText(_time_text(RunEstimate(seconds, measured=both.measured)))

    def _show_total(self) -> None:
        seeds = self.seeds
        self.start.setEnabled(bool(seeds))
        self.start.setDefault(bool(seeds))  # Qt takes that from a button that cannot be used
        self.copy.setText(COPY)
        self._offer_copy()
        marked(self.total, "role", "strong" if seeds else "bad")
        took = f"In total: {_time_text(self._studio.estimate(self.chosen, seeds))}"
        self.total.setText(took if seeds else WRONG)

    def _offer_copy(self) -> None:
        """Enable the copy button, or say in its tooltip why no command can repeat the run."""
        problem = ""
        try:
            self._studio.command(self.chosen, self.seeds)
        except InputError as error:
            problem = str(error)
        self.copy.setEnabled(bool(self.seeds) and not problem)
        self.copy.setToolTip(as_text(problem or COPY_TIP))

    def _copy(self) -> None:
        copy_text(self._studio.command(self.chosen, self.seeds))
        self.copy.setText("Copied")

    def _lay_out(self) -> None:
        intro = label(INTRO, "muted", wrap=True)
        intro.setMinimumHeight(intro.heightForWidth(WIDTH - 2 * theme.XL))  # or the rows below are squeezed
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.L)
        grid.setVerticalSpacing(2)
        grid.setColumnStretch(0, 1)
        groups = self._studio.jobs.groups_to_run
        said = "the suggested groups" if groups == "auto" else "the groups on the board"
        self.seeds_line.setFixedWidth(120)
        indent = theme.XL
        parts: Sequence[tuple[QWidget, str, QLabel]] = [
            (label("The run itself", "strong"), f"Zero-shot, affinity unless it is cached, {said}", self.times[""]),
            *((box, CONTROLS[key].asks, self.times[key]) for key, box in self.checks.items()),
        ]
        for place, (head, what, time) in enumerate(parts):
            words = label(what, "muted")
            words.setIndent(indent if isinstance(head, QCheckBox) else 0)
            grid.addWidget(head, 3 * place, 0)
            grid.addWidget(time, 3 * place, 1, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(words, 3 * place + 1, 0, 1, 2)
            grid.setRowMinimumHeight(3 * place + 2, theme.S)
        seeds = row(label("Seeds", "strong"), self.seeds_line, label(SEEDS, "muted"), None)
        lay_out(self, intro, grid, seeds, row(None, self.total), self.buttons)
        self.setMinimumWidth(WIDTH)


def _time_text(estimate: RunEstimate) -> str:
    return f"{'known ' if estimate.seconds is None else ''}{estimate.time()}"


def _time_label(key: str) -> QLabel:
    made = label("", "", f"Time of {method_title(key) if key else 'the run itself'}")
    made.setFont(theme.font())
    return made
