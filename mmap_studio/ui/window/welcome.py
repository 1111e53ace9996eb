"""The welcome page, shown until a project is open: the starter, New, Open, and recent projects."""

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from mmap_studio.session.project.project import STARTER
from mmap_studio.ui.actions.catalogue import plain
from mmap_studio.ui.kit import icons, theme
from mmap_studio.ui.kit.controls import described, row
from mmap_studio.ui.kit.panel import Panel, label
from mmap_studio.ui.window.recent_projects import RecentList


class Welcome(QWidget):
    """Emits the project that is chosen."""

    chosen = Signal(str)
    """The folder of a recent project, or "starter"."""

    def __init__(self, new: QAction, open_: QAction) -> None:
        super().__init__()
        self.setAccessibleName("Welcome")
        self.recent = RecentList()
        self.recent.chosen.connect(self.chosen)
        tip = "The starter project: runs offline on this computer, in minutes"
        start = described(QPushButton("Try the six drawing styles"), "Open the starter project", tip)
        start.setProperty("kind", "primary")
        start.clicked.connect(lambda: self.chosen.emit(STARTER))
        column = QVBoxLayout()
        column.setSpacing(theme.S)
        column.addWidget(label("MmAP Studio", "display"))
        aim = "See which image domains help each other, group them, and adapt one CLIP to them all."
        column.addWidget(label(aim, "muted", wrap=True))
        column.addSpacing(theme.M)
        column.addWidget(start)
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
        left.setFixedWidth(300)
        panel = Panel("Recent projects", self.recent)
        panel.setMinimumWidth(380)
        margins = (theme.XL * 3, theme.XL * 2, theme.XL * 3, theme.XL * 2)
        row(left, panel, parent=self, stretch=[panel], spacing=theme.XL, margins=margins)
