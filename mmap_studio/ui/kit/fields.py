"""Form fields made from the type and constraints of a setting; the wheel scrolls the form, not their values."""

from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo
from PySide6.QtCore import QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QValidator, QWheelEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QLineEdit, QSpinBox, QWidget

from mmap_studio.formatting import number as numeral

MARGIN = 7
"""Pixels left and right of a number in a dialog; the style sheet's padding does not reach it."""
TINY = 1e-9
"""What "greater than" adds to a bound."""


class _WithoutWheel:
    """Mixin: leaves the wheel to the form that is scrolled."""

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        event.ignore()


class ChoiceField(_WithoutWheel, QComboBox):
    """A drop-down with little beside its text: the form is narrow, and its longest choice is to be seen whole."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("kind", "narrow")


class IntegerField(_WithoutWheel, QSpinBox):
    """A whole number."""


class NumberField(_WithoutWheel, QDoubleSpinBox):
    """A number of up to nine decimals, written as short as possible."""

    def __init__(self) -> None:
        super().__init__(decimals=9)
        self.setStepType(QDoubleSpinBox.StepType.AdaptiveDecimalStepType)

    def textFromValue(self, value: float) -> str:  # noqa: N802
        return f"{value:.6g}"

    def valueFromText(self, text: str) -> float:  # noqa: N802
        try:
            return float(text.removesuffix(self.suffix()))
        except ValueError:
            return self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """Anything may be typed; what is no number is not taken."""
        return QValidator.State.Acceptable, text, position


class Field(QObject):
    """The widget of one setting; `edited` when the user changed its value."""

    edited = Signal()

    def __init__(self, info: FieldInfo, parent: QWidget) -> None:
        super().__init__(parent)
        self.info = info
        self.widget, self._optional = self._make(info, parent)
        extra = info.json_schema_extra
        self._automatic = isinstance(extra, dict) and extra.get("zero") == "auto"
        self.show_automatic(None)

    @property
    def value(self) -> Any:
        widget = self.widget
        if isinstance(widget, QComboBox):
            return widget.currentData()
        if isinstance(widget, QCheckBox):
            return widget.isChecked()
        assert isinstance(widget, IntegerField | NumberField)
        return None if self._optional and widget.value() == widget.minimum() else widget.value()

    def show(self, value: Any) -> None:
        widget = self.widget
        with QSignalBlocker(widget):
            if isinstance(widget, QComboBox):
                widget.setCurrentIndex(widget.findData(value))
            elif isinstance(widget, QCheckBox):
                widget.setChecked(bool(value))
            elif isinstance(widget, IntegerField):
                widget.setValue(widget.minimum() if value is None else int(value))
            elif isinstance(widget, NumberField):
                widget.setValue(float(value))

    def show_automatic(self, value: Any) -> None:
        """Show which value an automatic setting has now; None where that is not known."""
        if self._automatic and isinstance(self.widget, IntegerField):
            self.widget.setSpecialValueText("auto" if value is None else f"auto: {value}")

    def _make(self, info: FieldInfo, parent: QWidget) -> tuple[QWidget, bool]:
        kind = info.annotation
        if get_origin(kind) is Literal:
            box = ChoiceField(parent)
            for choice in get_args(kind):
                box.addItem(str(choice).replace("_", " "), choice)
            box.currentIndexChanged.connect(lambda: self.edited.emit())
            return box, False
        if kind is bool:
            check = QCheckBox(parent)
            check.toggled.connect(lambda: self.edited.emit())
            return check, False
        optional = type(None) in get_args(kind)
        number = NumberField() if kind is float else IntegerField()
        number.setParent(parent)
        low, high = bounds(info)
        if isinstance(number, IntegerField):
            number.setRange(int(low) - optional, int(high))
        else:
            number.setRange(low, high)
        if optional:
            number.setSpecialValueText("any")
        number.setAlignment(Qt.AlignmentFlag.AlignRight)
        number.setKeyboardTracking(False)
        number.valueChanged.connect(lambda: self.edited.emit())
        return number, optional


def inset(line: QLineEdit) -> None:
    """Give the number in a dialog the margins of the texts beside it."""
    line.setTextMargins(MARGIN, 0, MARGIN, 0)


def bounds(info: FieldInfo) -> tuple[float, float]:
    """Smallest and largest value that the constraints allow."""
    low, high = -1e9, 1e9
    for rule in [*info.metadata, *(m for arg in get_args(info.annotation) for m in getattr(arg, "__metadata__", ()))]:
        match rule:
            case Ge(ge=value):
                low = float(value)  # type: ignore[arg-type]
            case Gt(gt=value):
                low = float(value) + TINY  # type: ignore[arg-type]
            case Le(le=value):
                high = float(value)  # type: ignore[arg-type]
            case Lt(lt=value):
                high = float(value) - TINY  # type: ignore[arg-type]
    return low, high


def help_text(info: FieldInfo) -> str:
    """Description, unit and range of a setting, for a tooltip."""
    unit = (info.json_schema_extra or {}).get("unit", "") if isinstance(info.json_schema_extra, dict) else ""
    low, high = bounds(info)
    ranged = info.annotation in (int, float) and high < 1e9
    parts = [info.description or "", f"Unit: {unit}." if unit else ""]
    parts.append(f"From {numeral(low, 6)} to {numeral(high, 6)}." if ranged else "")
    return " ".join(part for part in parts if part)
