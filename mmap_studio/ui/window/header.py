"""The toolbar: project, how the run goes, what the next one trains, and the actions used most."""

import re

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame

from mmap_studio.session.studio.next_run import NextRun
from mmap_studio.session.studio.what_now import WhatNow
from mmap_studio.ui.actions.registry import ActionRegistry
from mmap_studio.ui.focus.button import ActionButton
from mmap_studio.ui.kit import icons, theme
from mmap_studio.ui.kit.controls import button, column, row
from mmap_studio.ui.kit.elided import ElidedLabel
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.plain_text import as_text

BUTTONS = ("run", "pause", "resume", "stop", "undo", "redo", "export")
FOLDERS = r"(?<![^:])([A-Za-z]:)?[^:]*[\\/]"
"""The folders of a backbone that is a file, maybe with its architecture and a colon before them; a single letter before
a colon is a drive."""
ICON_ONLY = ("undo", "redo")


class Header(QFrame):
    """Shows the project and its backbone, and below them how the run goes; the buttons follow their actions."""

    step_wanted = Signal(str)
    """Key of the action that follows from what a run has come to."""

    def __init__(self, actions: ActionRegistry) -> None:
        super().__init__()
        self.setProperty("kind", "panel")
        self.setAccessibleName("Toolbar")
        self.title, self.project = label("MmAP Studio", "title"), ElidedLabel("", "muted", names=True)
        self.state = label("", "badge")
        self.progress = ElidedLabel("", "small", "Progress of the run")
        self._step = ""
        self.step = button(" ", "", "Next step")
        self.step.clicked.connect(lambda: self.step_wanted.emit(self._step))
        kept = self.step.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # or all below would move when it comes
        self.step.setSizePolicy(kept)
        self.next = ElidedLabel("", "small", "What Run trains")
        self.next.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.buttons = {key: self._button(actions, key) for key in BUTTONS}
        first = row(self.title, self.project, stretch=[self.project])
        left = column(first, row(self.state, self.progress, self.step, None), spacing=0)
        margins = theme.M, theme.XS, theme.M, theme.XS
        row(left, self.next, *self.buttons.values(), parent=self, stretch=[left], margins=margins)
        self.show_state("")
        self.show_outcome(WhatNow("", ""))

    def show_project(self, name: str, backbone: str) -> None:
        """Show the names of project and backbone, without the folders of a backbone file."""
        short = re.sub(FOLDERS, "", backbone)
        self.project.setText(f"{name} · {short}" if backbone else name)
        self.project.setToolTip(as_text(f"{name} · {backbone}" if short != backbone else ""))

    def show_next(self, next_run: NextRun) -> None:
        """Show what Run would train."""
        self.next.setText(next_run.text)
        self.next.setToolTip(as_text(next_run.tip))

    def show_state(self, text: str) -> None:
        """Show the state of the job, such as "running"; empty hides it."""
        self.state.setText(text)
        self.state.setVisible(bool(text))

    def show_progress(self, text: str) -> None:
        """Show how far the run is and how long the rest takes."""
        self.show_outcome(WhatNow(text, ""))

    def show_outcome(self, found: WhatNow) -> None:
        """Show what a run has come to, with a button for the step that follows."""
        self.progress.setText(found.sentence)
        self.state.setVisible(bool(self.state.text()) and not found.step)
        self._step = found.step
        self.step.setText(found.label or " ")  # as high as with words
        self.step.setAccessibleName(found.label or "Next step")
        self.step.setToolTip(as_text(found.why or "The step that follows from what a run has come to"))
        if self.window().focusWidget() is self.step and not found.step:
            self.buttons["run"].take_focus()  # it is what has begun
        self.step.setVisible(bool(found.step))

    def show_paused(self, paused: bool) -> None:
        """Put Resume in the place of Pause, or back; the keyboard focus stays there."""
        shown, hidden = self.buttons["resume"], self.buttons["pause"]
        if not paused:
            shown, hidden = hidden, shown
        shown.show()
        if self.window().focusWidget() is hidden:  # with the focus, or while a popup has it
            shown.take_focus()
        hidden.hide()

    def _button(self, actions: ActionRegistry, key: str) -> ActionButton:
        made = ActionButton(actions[key], icon=key != "run")
        if key == "run":
            made.setProperty("kind", "primary")
            icons.put_on(made, "run", "on_accent")
        made.setIconSize(QSize(16, 16))
        styles = Qt.ToolButtonStyle
        made.setToolButtonStyle(styles.ToolButtonIconOnly if key in ICON_ONLY else styles.ToolButtonTextBesideIcon)
        return made
