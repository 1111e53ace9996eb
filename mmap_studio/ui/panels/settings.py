"""The form of all settings, made from the classes of `config`: titles, help, ranges, and marks of modified values."""

from typing import Any

from pydantic import BaseModel
from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtWidgets import QFormLayout, QFrame, QScrollArea, QToolButton, QWidget

from mmap_studio.config import PromptSettings, Settings, settings_from
from mmap_studio.errors import InputError
from mmap_studio.ui.kit import icons, theme
from mmap_studio.ui.kit.controls import button, column, described, row
from mmap_studio.ui.kit.fields import Field, help_text
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text

SECTIONS = {
    "prompt": ("Prompts", True),
    "train": ("Training", True),
    "affinity": ("Affinity", False),
    "grouping": ("Grouping", False),
    "finetune": ("Fine-tuning (control)", False),
}
"""Section -> title, and whether it is open at first."""
FIELD_WIDTH, SCROLL_BAR = 100, 10
"""Widths of a field and of the scroll bar, pixels."""


class SettingsForm(QWidget):
    """Shows settings; `changed` carries those that the user asks for instead."""

    changed = Signal(object)
    """`Settings`."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName("Settings")
        self._settings = Settings()
        self._fields: dict[str, Field] = {}
        self._marks: dict[str, QToolButton] = {}
        self._folds: dict[str, QToolButton] = {}
        """Headings, by section."""
        self.problem = label("", "bad", "Problem with the settings", wrap=True)
        self.problem.hide()
        body = QWidget()
        self._column = column(parent=body, spacing=theme.S, margins=(0, 0, theme.XS, 0))
        self._add_page("", Settings, open_=True)
        for name, (title, open_) in SECTIONS.items():
            model = Settings.model_fields[name].annotation
            assert isinstance(model, type)
            self._add_page(name, model, open_, title)
        self._column.addStretch(1)
        area = self._area = _FieldsArea()
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its fields have it
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(body)
        column(area, self.problem, parent=self, stretch=[area])
        self.show_settings(self._settings)

    def show_settings(self, settings: Settings) -> None:
        self._settings = settings
        base = settings_from({"preset": settings.preset})
        for dotted, field in self._fields.items():
            value, preset = _get(settings, dotted), _get(base, dotted)
            field.show(value)
            mark = self._marks[dotted]
            mark.setVisible(value != preset and dotted != "preset")
            mark.setToolTip(
                as_text(f"Modified; the preset {settings.preset} has {_shown(base, dotted)}. Click to reset.")
            )
        self.problem.hide()

    def show_sizes(self, prompt: PromptSettings | None) -> None:
        """Show what automatic sizes are; None while backbone and images are not known."""
        for dotted, field in self._fields.items():
            section, _, name = dotted.partition(".")
            if section == "prompt":
                field.show_automatic(None if prompt is None else getattr(prompt, name))

    def show_problem(self, sentence: str) -> None:
        """Say why these settings cannot be used here; empty if they can."""
        self.problem.setText(sentence)
        self.problem.setVisible(bool(sentence))

    def first(self) -> QWidget:
        """The field that gets the focus first."""
        return self._fields["preset"].widget

    def titles(self) -> dict[str, tuple[str, str]]:
        """Of every setting, by its dotted name: section and title as they are shown, and its help."""
        found = {}
        for dotted, field in self._fields.items():
            section = SECTIONS.get(dotted.partition(".")[0], ("", True))[0]
            title = field.widget.accessibleName()
            found[dotted] = f"{section}: {title}" if section else title, help_text(field.info)
        return found

    def reveal(self, dotted: str) -> QWidget:
        """Unfold the section of a setting; returns its field, which can take the focus."""
        fold = self._folds.get(dotted.partition(".")[0])
        if fold is not None:
            fold.setChecked(True)
        field = self._fields[dotted].widget
        self._area.ensureWidgetVisible(field)
        return field

    def _add_page(self, name: str, model: type[BaseModel], open_: bool, title: str = "") -> None:
        page = QWidget()
        form = QFormLayout(page)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(theme.XS)
        form.setHorizontalSpacing(theme.S)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for key, info in model.model_fields.items():
            if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
                continue
            self._add_row(form, f"{name}.{key}".lstrip("."), Field(info, page), info.title or key)
        if title:
            self._folds[name] = _fold(title, page, open_)
            self._column.addWidget(self._folds[name], 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addWidget(page)

    def _add_row(self, form: QFormLayout, dotted: str, field: Field, title: str) -> None:
        field.setObjectName(dotted)
        described(field.widget, title, help_text(field.info)).setFixedWidth(FIELD_WIDTH)
        field.edited.connect(self._edited)
        mark = button("", "", f"Reset {title}")
        mark.setObjectName(dotted)
        icons.put_on(mark, "reset", "accent")
        mark.setIconSize(QSize(12, 12))
        policy = mark.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # no field moves when a mark comes
        mark.setSizePolicy(policy)
        mark.clicked.connect(self._reset_one)
        name = label(title)
        name.setBuddy(field.widget)
        name.setMinimumHeight(field.widget.sizeHint().height())  # beside the field's own text, not above it
        name.setToolTip(help_text(field.info))
        form.addRow(name, row(None, mark, field.widget, spacing=theme.XS))
        self._fields[dotted], self._marks[dotted] = field, mark

    def _edited(self) -> None:
        field = self.sender()
        assert isinstance(field, Field)
        if field.objectName() == "preset":
            self._take({"preset": field.value})
        else:
            self._take(self._settings.model_dump(), {field.objectName(): field.value})

    def _reset_one(self) -> None:
        dotted = self.sender().objectName()
        base = settings_from({"preset": self._settings.preset})
        self._take(self._settings.model_dump(), {dotted: _get(base, dotted)})

    def _take(self, values: dict[str, Any], changes: dict[str, Any] | None = None) -> None:
        try:
            wanted = settings_from(values, changes)
        except InputError as error:
            self.show_problem(str(error))
            return
        self.show_settings(wanted)
        self.changed.emit(wanted)


class _FieldsArea(QScrollArea):
    """As wide as the fields, whatever style sheet they have got since they were made."""

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        size, body = super().minimumSizeHint(), self.widget()
        return QSize(body.minimumSizeHint().width() + SCROLL_BAR, size.height()) if body else size

    def sizeHint(self) -> QSize:  # noqa: N802
        return super().sizeHint().expandedTo(self.minimumSizeHint())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Tell the layout around it when the fields need another width; Qt's own area does not."""
        if watched is self.widget() and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)


def _get(settings: BaseModel, dotted: str) -> Any:
    found: Any = settings
    for part in dotted.split("."):
        found = getattr(found, part)
    return found


def _fold(title: str, page: QWidget, open_: bool) -> QToolButton:
    """A heading that shows or hides its page."""
    made = button(title, f"Show or hide {title.lower()}", f"{title}: show or hide", checkable=True)
    made.setChecked(open_)
    made.setProperty("kind", "fold")
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    made.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    made.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)
    page.setVisible(open_)
    made.toggled.connect(page.setVisible)
    made.toggled.connect(
        lambda on, made=made: made.setArrowType(Qt.ArrowType.DownArrow if on else Qt.ArrowType.RightArrow)
    )
    return made


def _shown(settings: Settings, dotted: str) -> Any:
    """A value as it is said: "auto" for a size that is."""
    section, _, name = dotted.rpartition(".")
    return (getattr(settings, section) if section else settings).shown()[name]
