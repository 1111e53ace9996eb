"""Layout and buttons that the dialogs share."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLayout, QVBoxLayout, QWidget

from mmap_studio.ui.kit import theme

Buttons = QDialogButtonBox.StandardButton


def lay_out(dialog: QDialog, *parts: QWidget | QLayout, stretch: QWidget | QLayout | None = None) -> None:
    """Put widgets and layouts below each other with a dialog's margins; `stretch` takes the height that is left."""
    layout = QVBoxLayout(dialog)
    layout.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
    layout.setSpacing(theme.M)
    for part in parts:
        if isinstance(part, QLayout):
            layout.addLayout(part, int(part is stretch))
        else:
            layout.addWidget(part, int(part is stretch))


def form() -> QFormLayout:
    """A form with a dialog's spacing."""
    made = QFormLayout()
    made.setVerticalSpacing(theme.S)
    made.setHorizontalSpacing(theme.M)
    return made


def button_box(dialog: QDialog, buttons: Buttons = Buttons.Ok | Buttons.Cancel) -> QDialogButtonBox:
    """Standard buttons that accept or reject the dialog."""
    made = QDialogButtonBox(buttons)
    made.accepted.connect(dialog.accept)
    made.rejected.connect(dialog.reject)
    return made
