"""The page about the window, in a window of its own that can stay open beside it."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QTextCursor, QTextDocument, QTextFrameFormat, QTextTable
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLineEdit, QTextBrowser, QVBoxLayout, QWidget

from mmap_studio.resources import resource
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import row
from mmap_studio.ui.kit.panel import label

PAGE = "guide.md"


class Guide(QDialog):
    """Text to read and to search; Esc closes it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Guide")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.line = QLineEdit(placeholderText="Find in this page")
        self.line.setAccessibleName("Find in this page")
        self.line.setToolTip("Type a word; Return goes to the next place, Shift+Return to the one before")
        self.line.setClearButtonEnabled(True)
        self.text = QTextBrowser()
        self.text.setAccessibleName("Guide")
        self.text.setToolTip("From folders to prompts, every key, and where things are kept")
        self.text.setOpenExternalLinks(True)
        self.text.setMarkdown(resource(PAGE).read_text(encoding="utf-8"))
        _dress(self.text)
        self.missing = label("", "muted", "What was not found")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        self.buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)  # Return finds
        self._connect()
        self._lay_out()

    def find_first(self, wanted: str) -> None:
        """Go to the first place that has it."""
        self.text.moveCursor(QTextCursor.MoveOperation.Start)
        self.find_next(wanted)

    def find_next(self, wanted: str, back: bool = False) -> None:
        """Go to the next place, from the end on to the start."""
        way = QTextDocument.FindFlag.FindBackward if back else QTextDocument.FindFlag(0)
        found = not wanted or self.text.find(wanted, way)
        if not found:
            ends = QTextCursor.MoveOperation.End if back else QTextCursor.MoveOperation.Start
            self.text.moveCursor(ends)
            found = self.text.find(wanted, way)
        self.missing.setText("" if found else f"“{wanted}” is not on this page.")

    # ---- inside

    def _connect(self) -> None:
        self.line.textChanged.connect(self.find_first)
        self.line.returnPressed.connect(lambda: self.find_next(self.line.text()))
        back = QShortcut(QKeySequence("Shift+Return"), self.line, context=Qt.ShortcutContext.WidgetShortcut)
        back.activated.connect(lambda: self.find_next(self.line.text(), back=True))
        search = QShortcut(QKeySequence.StandardKey.Find, self)
        search.activated.connect(self.line.setFocus)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(theme.XL, theme.L, theme.XL, theme.L)
        layout.setSpacing(theme.M)
        layout.addWidget(self.line)
        layout.addWidget(self.text, 1)
        layout.addLayout(row(self.missing, None, self.buttons))
        self.resize(720, 720)
        self.text.setFocus()


def _dress(text: QTextBrowser) -> None:
    """Tables without boxes, with air between their cells."""
    for frame in text.document().rootFrame().childFrames():
        if isinstance(frame, QTextTable):
            form = frame.format()
            form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
            form.setCellPadding(theme.S / 2)
            frame.setFormat(form)
