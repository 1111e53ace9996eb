"""The notice below the toolbar: one sentence with buttons for what can be done about it; it blocks nothing."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QSize
from PySide6.QtGui import QAccessible, QAccessibleEvent, QIcon
from PySide6.QtWidgets import QFrame, QLabel, QPushButton

from mmap_studio.session.window_words import in_window
from mmap_studio.ui.kit import icons, theme
from mmap_studio.ui.kit.controls import button, described, marked, row
from mmap_studio.ui.kit.panel import label


class _Mark(QLabel):
    def setIcon(self, icon: QIcon) -> None:  # noqa: N802
        """Called by `icons.put_on`."""
        self.setPixmap(icon.pixmap(QSize(16, 16), self.devicePixelRatioF()))


class NoticeBar(QFrame):
    """Hidden until `say` shows a notice."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "notice")
        self.setAccessibleName("Notice")
        self.words = label("", "", "Notice", wrap=True)
        self.mark = _Mark()
        icons.put_on(self.mark, "warning", "warning")
        self.buttons: list[QPushButton] = []
        self.close_button = button("", "Close this notice", "Close the notice")
        icons.put_on(self.close_button, "close", "muted")
        self.close_button.clicked.connect(self.hide)
        margins = (theme.M, theme.XS, theme.S, theme.XS)
        self._row = row(self.mark, self.words, self.close_button, parent=self, stretch=[self.words], margins=margins)
        self.hide()

    def say(
        self, sentence: str, choices: Mapping[str, tuple[str, Callable[[], object], bool]], warning: bool = False
    ) -> None:
        """Show a sentence and its buttons: text to (tooltip, what it does, whether the notice then goes).

        warning : something is wrong; a sign and a frame in another colour say so, and screen readers read it at once
        """
        for one in self.buttons:
            self._row.removeWidget(one)
            one.hide()
            one.deleteLater()
        self.words.setText(in_window(sentence))
        self.buttons = [self._button(text, *choice) for text, choice in choices.items()]
        for place, one in enumerate(self.buttons, start=2):
            self._row.insertWidget(place, one)
        self.close_button.raise_()  # last in the tab order, as it is in the row
        self.mark.setVisible(warning)
        marked(self, "level", "warning" if warning else "")
        self.show()
        if warning:
            QAccessible.updateAccessibility(QAccessibleEvent(self.words, QAccessible.Event.Alert))

    def _button(self, text: str, tip: str, do: Callable[[], object], ends: bool) -> QPushButton:
        made = described(QPushButton(text), text, tip)
        made.clicked.connect(do)
        if ends:
            made.clicked.connect(self.hide)
        return made
