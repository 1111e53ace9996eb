"""One sentence below the toolbar that waits to be read, with what can be done about it; it blocks nothing."""

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from mmap_studio.ui import icons, theme
from mmap_studio.ui.panel import label, link


class NoticeBar(QFrame):
    """Hidden until there is something to say."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "notice")
        self.setAccessibleName("Notice")
        self.words = label("", "", "Notice")
        self.words.setWordWrap(True)
        self.buttons: list[QPushButton] = []
        self.close_button = link("", "Close this notice")
        self.close_button.setAccessibleName("Close the notice")
        icons.put_on(self.close_button, "close", "muted")
        self.close_button.clicked.connect(self.hide)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(theme.M, theme.XS, theme.S, theme.XS)
        self._row.setSpacing(theme.S)
        self._row.addWidget(self.words, 1)
        self._row.addWidget(self.close_button)
        self.hide()

    def say(self, sentence: str, choices: Mapping[str, tuple[str, Callable[[], object], bool]]) -> None:
        """Show a sentence and its buttons: text to (tooltip, what it does, whether the notice then goes)."""
        for button in self.buttons:
            self._row.removeWidget(button)
            button.hide()
            button.deleteLater()
        self.words.setText(sentence)
        self.buttons = [self._button(text, *choice) for text, choice in choices.items()]
        for place, button in enumerate(self.buttons, start=1):
            self._row.insertWidget(place, button)
        self.show()

    def _button(self, text: str, tip: str, do: Callable[[], object], ends: bool) -> QPushButton:
        made = QPushButton(text)
        made.setAccessibleName(text)
        made.setToolTip(tip)
        made.clicked.connect(do)
        if ends:
            made.clicked.connect(self.hide)
        return made
