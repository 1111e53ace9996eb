"""The toolbar: project, state of the job, and the actions used most."""

import re

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton

from mmap_studio.ui.actions.catalogue import plain
from mmap_studio.ui.actions.registry import ActionRegistry
from mmap_studio.ui.kit import icons, theme
from mmap_studio.ui.kit.elided import ElidedLabel
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text

BUTTONS = ("run", "pause", "resume", "stop", "undo", "redo", "suggest", "export")
FOLDERS = r"([A-Za-z]:)?[^:]*[\\/]"
"""The folders of a backbone that is a file, maybe with its architecture before them."""
ICON_ONLY = ("undo", "redo")


class Header(QFrame):
    """Shows the project and its backbone; the buttons follow their actions."""

    def __init__(self, actions: ActionRegistry) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setAccessibleName("Toolbar")
        self.title, self.project = label("MmAP Studio", "title"), ElidedLabel("", "muted", names=True)
        self.state = label("", "badge")
        self.state.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(theme.M, theme.S, theme.M, theme.S)
        layout.setSpacing(theme.S)
        for widget in (self.title, self.project, self.state):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addStretch(1)
        self.buttons = {key: self._button(actions[key], key) for key in BUTTONS}
        for button in self.buttons.values():
            layout.addWidget(button)
        icons.put_on(self.buttons["run"], "run", "on_accent")

    def show_project(self, name: str, backbone: str) -> None:
        """Show the names of project and backbone, without the folders of a backbone file."""
        short = re.sub(FOLDERS, "", backbone)
        self.project.setText(f"{name} · {short}" if backbone else name)
        self.project.setToolTip(as_text(f"{name} · {backbone}" if short != backbone else ""))

    def show_state(self, text: str) -> None:
        """Show the state of the job, such as "running 40 %"; empty hides it."""
        self.state.setText(text)
        self.state.setVisible(bool(text))

    def show_paused(self, paused: bool) -> None:
        self.buttons["pause"].setVisible(not paused)
        self.buttons["resume"].setVisible(paused)

    def _button(self, action: QAction, key: str) -> QToolButton:
        made = QToolButton()
        if key == "run":
            made.setProperty("kind", "primary")
            made.setEnabled(action.isEnabled())
            made.clicked.connect(action.trigger)
            action.enabledChanged.connect(made.setEnabled)
            made.setText("Run")
            action.changed.connect(lambda: made.setToolTip(action.toolTip()))
            made.setToolTip(action.toolTip())
        else:
            made.setDefaultAction(action)
            made.setText(action.text().replace("&", ""))
        made.setIconSize(QSize(16, 16))
        styles = Qt.ToolButtonStyle
        made.setToolButtonStyle(styles.ToolButtonIconOnly if key in ICON_ONLY else styles.ToolButtonTextBesideIcon)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        made.setAccessibleName(plain(action.text()))
        return made
