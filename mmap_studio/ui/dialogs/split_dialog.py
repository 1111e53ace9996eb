"""How images are split into training, validation and test: the choice with its numbers, and a dialog around it."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QSpinBox, QWidget

from mmap_studio.session.dataset.saved_splits import validation_sentence
from mmap_studio.session.project.project_file import SplitSettings
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import choose, column, combo, described, row
from mmap_studio.ui.kit.dialog import button_box, lay_out
from mmap_studio.ui.kit.fields import IntegerField, NumberField, inset
from mmap_studio.ui.kit.panel import label

KEPT = "Groups trained on another split stay cached, and are used again when you return to that split."
KINDS = {
    "Given split, else fractions": "auto",
    "Given by folders or lists": "given",
    "Fractions of all images": "fraction",
    "Shots per class": "shots",
    "Share of training images": "share",
    "Share, all the rest is test": "share-test",
}
"""Title -> a kind; of a share also what becomes of the rest."""
IDENTITIES = {
    "Subjects by file names with words": "auto",
    "Subjects by equal file names": "stem",
    "Subjects by equal images alone": "none",
}
BY_ITSELF = {"Every task by itself": ""}
"""Of projects made before there were subjects."""
SUBJECTS = (
    "A subject that several tasks show (a slide of two scanners, a pictogram in two styles) is in one part everywhere. "
    "Names with words say what an image shows; numbers such as 0001 do not. Equal images always count"
)
TIP = (
    "Given: by folders or lists named train, val, test. Fractions: of each class and domain, for training and "
    "validation; the rest is test. Shots: training images per class and domain, with up to 4 more for validation. "
    "Share: of the training images of each class, and as many for validation; tested on the given test images, else on "
    "the rest; or of all images, tested on all the rest"
)
USED = {
    "auto": ("train", "val"), "given": (), "fraction": ("train", "val"), "shots": ("shots",), "share": ("share",),
    "share-test": ("share",),
}  # fmt: skip
"""The numbers that a protocol needs."""
WIDTHS = {"train": 84, "val": 72, "shots": 92, "share": 72, "seed": 72}
"""Pixels of every number; the choice takes the rest."""


class SplitField(QWidget):
    """A choice, the numbers it needs, the seed of the draw; and what one subject is."""

    def __init__(self, split: SplitSettings = SplitSettings()) -> None:  # noqa: B008
        super().__init__()
        self.kind = combo("Split", TIP, KINDS)
        self.train = _whole("Training images", "Share of each class that is trained on", 1, 98, " % train")
        self.val = _whole("Validation images", "Share of each class that validates; the rest is test", 0, 98, " % val")
        self.shots = _whole("Shots", "Training images of each class and domain", 1, 10_000, " shots")
        tip = "Share of the training images of each class and domain: 10 and 20, or 1 and 2 %"
        self.share = described(NumberField(), "Share of training", tip)
        self.share.setRange(0.1, 99)
        self.share.setSuffix(" %")
        self.seed = _whole("Seed of the split", "Seeds the choice; the field uses 1, 2 and 3", 0, 2**31 - 1, "")
        self._numbers: dict[str, QSpinBox | NumberField] = {
            "train": self.train, "val": self.val, "shots": self.shots, "share": self.share,
        }  # fmt: skip
        self.identity = combo("Subjects", SUBJECTS, IDENTITIES if split.identity else {**BY_ITSELF, **IDENTITIES})
        numbers = row(self.kind, *self._numbers.values(), label("Seed"), self.seed, stretch=[self.kind])
        self.validation = label("", "muted", "Validation images", wrap=True)
        """Which classes have none; the dialog has a place for it."""
        column(numbers, self.identity, parent=self, spacing=theme.S)
        for name, width in WIDTHS.items():
            number = getattr(self, name)
            number.setFixedWidth(width)
            number.setAlignment(Qt.AlignmentFlag.AlignRight)
            inset(number.lineEdit())
        self.kind.currentIndexChanged.connect(self._chosen)
        self.train.valueChanged.connect(self._leave_a_test)
        self._show(split)
        for changed in (self.kind.currentIndexChanged, *(number.valueChanged for number in self._numbers.values())):
            changed.connect(self._tell_validation)
        self._tell_validation()

    @property
    def value(self) -> SplitSettings:
        """What is asked for; numbers that nobody changed, or that the protocol does not need, are as they were."""
        wanted = {
            "kind",
            "rest",
            "seed",
            "identity",
            *("fractions" if name in ("train", "val") else name for name in USED[self._kind]),
        }
        changed = {name: new for name, new in self._typed().items() if name in wanted and new != self._shown[name]}
        return SplitSettings.model_validate(self._before.model_dump() | changed)

    def draw_again(self) -> None:
        """Another choice by the same numbers."""
        self.seed.setValue(self.seed.value() + 1 if self.seed.value() < self.seed.maximum() else 0)

    @property
    def _kind(self) -> str:
        return str(self.kind.currentData())

    def _typed(self) -> dict[str, object]:
        """Every setting as the numbers say it, which may be finer or larger than they can show."""
        train, val = self.train.value(), self.val.value()
        return {
            "kind": self._kind.removesuffix("-test"),
            "rest": "test" if self._kind.endswith("-test") else "val",
            "identity": self.identity.currentData() or None,
            "fractions": (train / 100, val / 100, (100 - train - val) / 100),
            "shots": self.shots.value(),
            "share": round(self.share.value() / 100, 6),
            "seed": self.seed.value(),
        }

    def _show(self, split: SplitSettings) -> None:
        self._before = split
        self.train.setValue(round(100 * split.fractions[0]))
        self._leave_a_test(self.train.value())
        self.val.setValue(round(100 * split.fractions[1]))
        self.shots.setValue(split.shots)
        self.share.setValue(100 * split.share)
        self.seed.setValue(min(split.seed, self.seed.maximum()))
        choose(self.kind, "share-test" if (split.kind, split.rest) == ("share", "test") else split.kind)
        choose(self.identity, split.identity or "")
        self._chosen()
        self._shown = self._typed()

    def _chosen(self) -> None:
        for name, number in self._numbers.items():
            number.setVisible(name in USED[self._kind])
        self.seed.setEnabled(self._kind != "given")

    def _tell_validation(self) -> None:
        sentence = validation_sentence(self.value)
        self.validation.setText(sentence)

    def _leave_a_test(self, train: int) -> None:
        self.val.setMaximum(99 - train)


class SplitDialog(QDialog):
    """Changes the split of all tasks."""

    def __init__(self, split: SplitSettings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Split")
        self.field = SplitField(split)
        buttons = button_box(self)
        self.again = buttons.addButton("Draw again", QDialogButtonBox.ButtonRole.ActionRole)
        self.again.setToolTip("Draw other images with the same numbers and the next seed; OK applies it")
        self.again.setAutoDefault(False)
        self.again.clicked.connect(self.field.draw_again)
        self.field.kind.currentIndexChanged.connect(self._offer_draw)
        self._offer_draw()
        lay_out(
            self,
            label(KEPT, wrap=True),
            self.field,
            self.field.validation,
            label(f"{TIP}. {SUBJECTS}.", "muted", wrap=True),
            buttons,
        )
        self.setMinimumWidth(560)

    def _offer_draw(self) -> None:
        self.again.setEnabled(self.field.seed.isEnabled())


def _whole(name: str, tip: str, low: int, high: int, suffix: str) -> QSpinBox:
    made = described(IntegerField(), name, tip)
    made.setRange(low, high)
    made.setSuffix(suffix)
    return made
