"""The dialog of a sweep: which settings are varied, how often; then its trials, best first, and their use."""

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from mmap_studio.errors import InputError, StudioError
from mmap_studio.formatting import MISSING, counted, fixed
from mmap_studio.session.events import Event
from mmap_studio.session.run.seeds import parse_seeds
from mmap_studio.session.studio.events import ProjectEdited, ProjectOpened
from mmap_studio.session.studio.studio import Studio
from mmap_studio.session.sweep.options import MOST_TRIALS, USUAL_TRIALS, SweepOptions
from mmap_studio.session.sweep.report import STATES, answer
from mmap_studio.session.sweep.space import SHOTS, Space, in_words, parse_space, usual_space
from mmap_studio.session.sweep.trial import AS_THEY_ARE, SweepTrial, ranked
from mmap_studio.session.window_words import in_window
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import check, described, line_edit, marked, note, quiet_tree, row
from mmap_studio.ui.kit.dialog import Buttons, button_box, lay_out, sized
from mmap_studio.ui.kit.fields import IntegerField, inset
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text

INTRO = (
    "Trials are trained with other settings and chosen by accuracy on the validation images; the first has the "
    "settings as they are. Test images are not looked at. What is made is kept: a stopped sweep goes on where it was."
)
HOW = "1e-3..1e-1:log or 1..9 for a range, 2|4|8 for a list"
COLUMNS = ("Settings", "Validation", "±", "")


class SweepDialog(QDialog):
    """One per window; a sweep goes on while it is closed."""

    def __init__(self, studio: Studio, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Sweep settings")
        self._studio = studio
        self.rows: dict[str, tuple[QCheckBox, QLineEdit]] = {}
        for name, title, tip in (
            ("train.learning_rate", "Learning rate", "Peak learning rate"),
            ("prompt.tokens", "Prompt tokens", "Prompt tokens of one MmAP in each tower"),
            ("prompt.depth", "Depth", "Layers that have prompts of their own"),
            ("shots", "Images a class", "Training images of a class that are used at most; full: all"),
            ("groups", "Number of groups", "Groups that the measured affinity suggests"),
        ):
            box, line = check(title, f"Vary: {tip}"), line_edit(f"{title}: values", f"{tip}: {HOW}")
            self.rows[name] = box, line
            box.toggled.connect(line.setEnabled)
            box.toggled.connect(self._look)
            line.textChanged.connect(self._look)
            line.setEnabled(False)
        self.other = line_edit(
            "Other settings", f"Any other setting of how MmAP is trained: {HOW}", "", "such as train.epochs=5..20"
        )
        self.trials = described(IntegerField(), "Trials", "Trials beside the one with the settings as they are")
        self.trials.setRange(1, MOST_TRIALS)
        self.trials.setValue(USUAL_TRIALS)
        inset(self.trials.lineEdit())
        self.seeds = line_edit("Seeds", "Each trial is trained with each, such as 1, 2, 3; the mean is compared", "1")
        self.seeds.setFixedWidth(90)
        self.said = note()
        self.said.setWordWrap(True)
        self.list = described(
            QTreeWidget(), "Trials", "Best first; accuracy on validation in percent, ± over the seeds"
        )
        quiet_tree(self.list, list(COLUMNS))
        self.list.header().setSectionResizeMode(3, QHeaderView.ResizeMode.ResizeToContents)
        self.answer = label("", "strong", "What was found", wrap=True)
        self.buttons = button_box(self, Buttons.Close)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.start, self.stop, self.use = (
            self.buttons.addButton(text, role) for text in ("&Start", "S&top", "&Use these settings")
        )
        self.start.setToolTip("Start, or go on with what is kept of the same sweep")
        self.stop.setToolTip("Stop; what is made is kept")
        self.use.setToolTip("Set the project's settings to those of the selected trial, or of the best; can be undone")
        for button in (self.start, self.stop, self.use, self.buttons.button(Buttons.Close)):
            button.setAutoDefault(False)
        self._lay_out()
        sized(self, 680, 640)
        for signal in (self.other.textChanged, self.seeds.textChanged, self.trials.valueChanged):
            signal.connect(self._look)
        self.start.clicked.connect(self._start)
        self.stop.clicked.connect(studio.sweeps.stop)
        self.use.clicked.connect(self._use)
        self.list.itemSelectionChanged.connect(self._show_buttons)
        studio.sweeps.listen(self._hear)
        studio.listen(self._hear_studio)
        self._fill()

    # ---- what is asked for

    @property
    def over(self) -> str:
        """What is varied, as the command line writes it."""
        words = [f"{name}={line.text().strip()}" for name, (box, line) in self.rows.items() if box.isChecked()]
        return ",".join([*words, *filter(None, [self.other.text().strip()])])

    def options(self) -> tuple[SweepOptions, Space]:
        """What is asked for; InputError for what cannot be meant."""
        project = self._studio.project
        if project is None:
            raise InputError("No project is open; open one to search for its settings.")
        names = [entry.name for entry in project.file.tasks]
        space = parse_space(self.over, project.settings, names)
        groups = self._studio.jobs.groups_to_run
        chosen = "together" if groups == "auto" else groups
        return SweepOptions(space.text, self.trials.value(), parse_seeds(self.seeds.text()), chosen), space

    def _fill(self) -> None:
        """The ranges that are offered for the project that is open."""
        project = self._studio.project
        if project is not None:
            layers = self._studio.backbone.layers if self._studio.backbone is not None else 12
            offered: Mapping[str, str] = {
                "train.learning_rate": usual_space(project.settings).partition("=")[2],
                "prompt.tokens": "2|4|8",
                "prompt.depth": f"1..{max(2, min(9, layers))}",
                SHOTS: "4|16|full",
                "groups": f"1..{max(2, len(project.file.tasks))}",
            }
            for name, text in offered.items():
                self.rows[name][1].setText(text)
            self.rows["train.learning_rate"][0].setChecked(True)
        self._show()

    def _look(self) -> None:
        """Say what the sweep would make, or why it cannot."""
        if self._studio.sweeps.busy:
            return
        try:
            asked, space = self.options()
        except InputError as error:
            self._say(str(error), "bad")
            self.start.setEnabled(False)
            return
        count = min(asked.trials, space.count or asked.trials) + 1
        each = f" of {counted(len(asked.seeds), 'training')} each" if len(asked.seeds) > 1 else ""
        few = "; every combination once" if space.count is not None and space.count <= asked.trials else ""
        self._say(f"{counted(count, 'trial')}{each}{few}, groups: {asked.groups}", "muted")
        self.start.setEnabled(True)

    def _say(self, text: str, role: str) -> None:
        self.said.setText(in_window(text))
        marked(self.said, "role", role)

    # ---- the sweep

    def _start(self) -> None:
        project = self._studio.project
        try:
            asked, _ = self.options()
            assert project is not None
            self._studio.sweeps.start(project, asked)
        except StudioError as error:
            self._say(str(error), "bad")
            return
        self._show()

    def _use(self) -> None:
        trial = self._chosen()
        if trial is None:
            return
        try:
            self._studio.use_swept(trial)
        except StudioError as error:
            self._say(str(error), "bad")
            return
        shots = f" {SHOTS} is no setting: Split… draws as many anew." if SHOTS in trial.changes else ""
        self._say(f"The project has the settings of {trial.title}.{shots} Undo takes them back.", "muted")

    def _chosen(self) -> SweepTrial | None:
        """The selected trial, else the best."""
        done = [one for one in self._studio.sweeps.trials if one.state == "done"]
        items = self.list.selectedItems()
        number = items[0].data(0, Qt.ItemDataRole.UserRole) if items else None
        selected = [one for one in done if one.number == number]
        return next(iter(selected or ranked(done)), None)

    def _hear(self, event: Event) -> None:
        self._show()

    def _hear_studio(self, event: Event) -> None:
        if isinstance(event, ProjectOpened):
            self._fill()
        elif isinstance(event, ProjectEdited):
            self._look()

    def _show(self) -> None:
        sweeps = self._studio.sweeps
        if self.list.topLevelItemCount() != len(sweeps.trials):
            self.list.clear()
            self.list.addTopLevelItems([_item(one) for one in ranked(sweeps.trials)])
        self.answer.setText(answer(sweeps.found) if sweeps.found is not None else "")
        if sweeps.busy or sweeps.text:
            self._say(sweeps.text, "bad" if sweeps.problem else "muted")
        else:
            self._look()
        self._show_buttons()

    def _show_buttons(self) -> None:
        busy, best = self._studio.sweeps.busy, self._chosen()
        self.start.setEnabled(not busy)
        self.stop.setEnabled(busy)
        self.use.setEnabled(not busy and best is not None and best.number != AS_THEY_ARE)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.L)
        grid.setVerticalSpacing(theme.XS)
        grid.setColumnStretch(1, 1)
        for place, (box, line) in enumerate(self.rows.values()):
            grid.addWidget(box, place, 0)
            grid.addWidget(line, place, 1)
        caption = label("Other settings", "", "")
        caption.setBuddy(self.other)
        grid.addWidget(caption, len(self.rows), 0)
        grid.addWidget(self.other, len(self.rows), 1)
        counts = row(label("Trials", "", ""), self.trials, label("Seeds", "", ""), self.seeds, None)
        intro = label(INTRO, "muted", wrap=True)
        lay_out(self, intro, grid, counts, self.said, self.list, self.answer, self.buttons, stretch=self.list)


def _item(trial: SweepTrial) -> QTreeWidgetItem:
    words = in_words(trial.changes)
    mean, spread = trial.mean, trial.spread
    made = QTreeWidgetItem([
        words[:1].upper() + words[1:] if trial.number == AS_THEY_ARE else words,
        MISSING if mean is None else fixed(100 * mean), "" if spread is None else fixed(100 * spread),
        STATES[trial.state],
    ])  # fmt: skip
    made.setData(0, Qt.ItemDataRole.UserRole, trial.number)
    made.setToolTip(0, as_text(trial.why or f"{trial.title}; {counted(trial.parameters, 'trainable parameter')}"))
    for place in (1, 2):
        made.setTextAlignment(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return made
