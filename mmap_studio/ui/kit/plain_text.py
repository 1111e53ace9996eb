"""Texts that Qt shows, or hands on, as they are. Names come from folders and projects of others; Qt guesses their kind.

A tooltip, a label and a message box take a text that looks like HTML for HTML: `<img src>` makes them open a file, and
a link can be clicked. `as_text` leaves a text that Qt takes as it is alone, and writes any other so that it looks the
same and is none.
"""

import html

from PySide6.QtGui import QGuiApplication, Qt
from PySide6.QtWidgets import QLabel, QMessageBox

from mmap_studio.formatting import printable_lines

LONGEST, MOST_LINES, LONGEST_WORD = 600, 10, 64
"""Characters and lines of a message that are shown, and characters of one word: a box must fit the screen."""


def as_text(text: str) -> str:
    """The text for `setToolTip`, a `ToolTipRole` and wherever else Qt guesses; control signs are written as escapes."""
    text = printable_lines(text)
    if not Qt.mightBeRichText(text):
        return text
    escaped = html.escape(text, quote=False).replace("\n", "<br>").replace("\t", "&nbsp;&nbsp;")
    return f"<qt>{escaped}</qt>"


def escaped(text: str) -> str:
    """A text as a part of HTML that the studio writes itself."""
    return html.escape(printable_lines(text))


def plain_label(text: str = "") -> QLabel:
    """A label that takes whatever it is given for plain text."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made


def number_label() -> QLabel:
    """A label of HTML, for numbers that are set off by colour; a name in it must be `escaped`."""
    made = QLabel()
    made.setTextFormat(Qt.TextFormat.RichText)
    return made


def copy_text(text: str) -> None:
    """Put a text on the clipboard, control signs as escapes: it may be pasted into a terminal, which acts on them."""
    QGuiApplication.clipboard().setText(printable_lines(text))


def brief(text: str) -> str:
    """A text cut to what a message box can show: no more lines, letters or letters of a word than fit any screen."""
    words = (_cut(word, LONGEST_WORD) for word in text.split(" "))
    lines = " ".join(words).split("\n")
    more = [*lines[:MOST_LINES], "…"] if len(lines) > MOST_LINES else lines
    shown = "\n".join(more)
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST].rstrip()} …"


def _cut(word: str, most: int) -> str:
    """A path or a name that has no place where a line could end, cut in its middle: its end says which it is."""
    if max(map(len, word.split("\n"))) <= most:
        return word
    return "\n".join(
        line if len(line) <= most else f"{line[: most // 3]}…{line[len(line) - 2 * most // 3 :]}"
        for line in word.split("\n")
    )


def plain_box(
    icon: QMessageBox.Icon, text: str, buttons: QMessageBox.StandardButton, parent: object = None
) -> QMessageBox:
    """A message box whose text is plain."""
    box = QMessageBox(parent)  # type: ignore[call-overload]
    box.setTextFormat(Qt.TextFormat.PlainText)  # before there is a text
    box.setIcon(icon)
    box.setWindowTitle("MmAP Studio")
    box.setText(brief(printable_lines(text)))
    box.setStandardButtons(buttons)
    return box
