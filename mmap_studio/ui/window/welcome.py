"""The welcome page, shown until a project is open: the starter, New, Open, and recent projects."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from mmap_studio.session.project.places import STARTER
from mmap_studio.ui.actions.catalogue import plain
from mmap_studio.ui.kit import icons, theme
from mmap_studio.ui.kit.controls import described, marked, row
from mmap_studio.ui.kit.panel import Panel, label
from mmap_studio.ui.kit.plain_text import as_text
from mmap_studio.ui.window.recent_projects import RecentList, named

WIDTH = 300
"""Of the buttons, pixels."""


class Welcome(QWidget):
    """Emits the project that is chosen."""

    chosen = Signal(str)
    """The folder of a recent project, or "starter"."""
    continued = Signal(str)
    """The same, of the one whose run was interrupted and goes on."""

    def __init__(self, new: QAction, open_: QAction) -> None:
        super().__init__()
        self.setAccessibleName("Welcome")
        self.recent, self._interrupted = RecentList(), ""
        self.go_on = described(QPushButton("Continue the run"), "Continue the run", "The run that was interrupted")
        self.go_on.setProperty("kind", "primary")
        self.go_on.clicked.connect(lambda: self.continued.emit(self._interrupted))
        self.go_on.hide()
        self.recent.chosen.connect(self.chosen)
        tip = "The starter project: runs offline on this computer, in minutes"
        self.start = described(QPushButton("Try the six drawing styles"), "Open the starter project", tip)
        self.start.setProperty("kind", "primary")
        self.start.clicked.connect(lambda: self.chosen.emit(STARTER))
        column = QVBoxLayout()
        column.setSpacing(theme.S)
        column.addWidget(label("MmAP Studio", "display"))
        aim = "See which image domains help each other, group them, and adapt one CLIP to them all."
        column.addWidget(label(aim, "muted", wrap=True))
        column.addSpacing(theme.M)
        column.addWidget(self.go_on)
        column.addWidget(self.start)
        for action in (new, open_):
            button = QPushButton(action.text().replace("&", ""))
            described(button, plain(action.text()), action.toolTip())
            action.changed.connect(lambda button=button, action=action: button.setToolTip(action.toolTip()))
            button.clicked.connect(action.trigger)
            icons.put_on(button, action.objectName())
            column.addWidget(button)
        column.addStretch(1)
        left = QWidget()
        left.setLayout(column)
        for button in left.findChildren(QPushButton):
            button.setAutoDefault(True)  # Return presses it too
        left.setFixedWidth(WIDTH)
        panel = Panel("Recent projects", self.recent)
        panel.setMinimumWidth(380)
        margins = (theme.XL * 3, theme.XL * 2, theme.XL * 3, theme.XL * 2)
        row(left, panel, parent=self, stretch=[panel], spacing=theme.XL, margins=margins)

    def show_interrupted(self, path: str, sentence: str) -> None:
        """Offer to continue the run of a recent project; an empty path takes the offer back."""
        self._interrupted = path
        self.go_on.setVisible(bool(path))
        marked(self.start, "kind", "" if path else "primary")  # what stands out is one
        if not path:
            return
        text = f"Continue the run of {named(path)[0]}"
        room = WIDTH - 2 * theme.L
        self.go_on.setText(self.go_on.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, room))
        self.go_on.setAccessibleName(text)
        self.go_on.setToolTip(as_text(sentence))
