"""The guide (F1): the page about the window, with a search, in a window that can stay open."""

import re

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QTextCursor, QTextDocument, QTextFrameFormat, QTextTable
from PySide6.QtWidgets import QDialog, QTextBrowser, QWidget

from mmap_studio.resources import resource_text
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import described, line_edit, row
from mmap_studio.ui.kit.dialog import Buttons, button_box, lay_out, sized
from mmap_studio.ui.kit.panel import label
from mmap_studio.ui.kit.words import WORDS

PAGE = "guide.md"


class Guide(QDialog):
    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Guide")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        tip = "Return finds the next match, Shift+Return the previous one"
        self.line = line_edit("Find in this page", tip, placeholder="Find in this page")
        tip = "From folders to prompts, keyboard shortcuts, and where files are kept"
        self.text = described(QTextBrowser(openExternalLinks=True), "Guide", tip)
        self.text.setMarkdown(f"{resource_text(PAGE)}\n\n{_words()}")
        _style_tables(self.text)
        self.missing = label("", "muted", "Search result")
        self.buttons = button_box(self, Buttons.Close)
        self.buttons.button(Buttons.Close).setAutoDefault(False)  # Return finds
        self.line.textChanged.connect(self.find_first)
        self.line.returnPressed.connect(lambda: self.find_next(self.line.text()))
        back = QShortcut(QKeySequence("Shift+Return"), self.line, context=Qt.ShortcutContext.WidgetShortcut)
        back.activated.connect(lambda: self.find_next(self.line.text(), back=True))
        search = QShortcut(QKeySequence.StandardKey.Find, self)
        search.activated.connect(self.line.setFocus)
        lay_out(self, self.line, self.text, row(self.missing, None, self.buttons), stretch=self.text)
        sized(self, 720, 720)
        self.text.setFocus()

    def find_first(self, wanted: str) -> None:
        self.text.moveCursor(QTextCursor.MoveOperation.Start)
        self.find_next(wanted)

    def go_to(self, words: str) -> None:
        """To a heading, or to what a word of the field means: it is the last that the page says of it."""
        self.text.moveCursor(QTextCursor.MoveOperation.End)
        self.find_next(words, back=True)

    def find_next(self, wanted: str, back: bool = False) -> None:
        """Go to the next match, or the previous one with `back`; the search wraps around."""
        way = QTextDocument.FindFlag.FindBackward if back else QTextDocument.FindFlag(0)
        found = not wanted or self.text.find(wanted, way)
        if not found:
            ends = QTextCursor.MoveOperation.End if back else QTextCursor.MoveOperation.Start
            self.text.moveCursor(ends)
            found = self.text.find(wanted, way)
        self.missing.setText("" if found else f"“{wanted}” is not on this page.")


def headings() -> list[str]:
    """Of the page, without its title."""
    return [*re.findall(r"^## (.+)$", resource_text(PAGE), re.MULTILINE), "Words"]


def _words() -> str:
    """The section on the words of the field."""
    rows = [f"| {term} | {meaning} |" for term, meaning in WORDS.items()]
    return "\n".join(["## Words", "", "| | |", "|---|---|", *rows])


def _style_tables(text: QTextBrowser) -> None:
    for frame in text.document().rootFrame().childFrames():
        if isinstance(frame, QTextTable):
            form = frame.format()
            form.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_None)
            form.setCellPadding(theme.S / 2)
            frame.setFormat(form)
