"""Layout and buttons that the dialogs share."""

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QWidget

from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import Part, column

Buttons = QDialogButtonBox.StandardButton
FRAME = QSize(16, 48)
"""About what the frame and the title of a window take of a screen: how much, nobody knows before it is shown."""


def lay_out(dialog: QDialog, *parts: Part | None, stretch: Part | None = None, spacing: int = theme.M) -> None:
    """Put widgets and layouts below each other with a dialog's margins; `stretch` takes the height that is left."""
    margins = (theme.XL, theme.L, theme.XL, theme.L)
    column(*parts, parent=dialog, stretch=[stretch] if stretch else (), spacing=spacing, margins=margins)


def sized(dialog: QDialog, width: int, height: int) -> None:
    """Give a dialog a size at first, pixels, where the screen is not smaller."""
    dialog.resize(QSize(width, height).boundedTo(room(dialog)))


def room(widget: QWidget) -> QSize:
    """What a window may take of the widget's screen, beside its frame."""
    return widget.screen().availableSize() - FRAME


def bring_to_front(dialog: QDialog) -> None:
    """Show a dialog that stops nothing above the other windows."""
    dialog.show()
    dialog.raise_()
    dialog.activateWindow()


def accepted(dialog: QDialog) -> bool:
    """Whether a dialog that stops the others ends with yes; what it holds can be read until the next event."""
    answer = dialog.exec()
    dialog.deleteLater()
    return bool(answer == QDialog.DialogCode.Accepted)


def form() -> QFormLayout:
    made = QFormLayout()
    made.setVerticalSpacing(theme.S)
    made.setHorizontalSpacing(theme.M)
    return made


def button_box(dialog: QDialog, buttons: Buttons = Buttons.Ok | Buttons.Cancel) -> QDialogButtonBox:
    made = QDialogButtonBox(buttons)
    made.accepted.connect(dialog.accept)
    made.rejected.connect(dialog.reject)
    return made
