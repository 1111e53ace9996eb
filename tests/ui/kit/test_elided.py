"""Labels, buttons and choices give way alike: whole where there is room, cut with an ellipsis where there is none."""

import pytest
from PySide6.QtCore import QEvent, QPoint
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip

from mmap_studio.ui.kit.elided import LEAST, ElidedButton, ElidedCombo, ElidedLabel, ElidedLines

LEAST_OF_ALL = "Kept ▾"
TEXT = "all groupings that were kept"


def button(text: str) -> ElidedButton:
    made = ElidedButton()
    made.setText(text)
    return made


def combo(text: str) -> ElidedCombo:
    made = ElidedCombo()
    made.addItem(text)
    return made


@pytest.mark.parametrize("make", [ElidedLabel, button, combo])
@pytest.mark.parametrize("arrow", ["", " ▾"])
def test_a_text_gives_way_to_an_ellipsis_and_is_whole_in_the_tooltip(qtbot, monkeypatch, make, arrow):
    widget, told = make(TEXT + arrow), []
    qtbot.addWidget(widget)
    monkeypatch.setattr(QToolTip, "showText", lambda place, text, widget: told.append(text))
    widget.resize(widget.sizeHint())
    assert widget.shown == TEXT + arrow
    widget.resize(widget.width() // 2, widget.height())
    assert widget.shown.endswith(f"…{arrow}" if make is ElidedLabel else f"kept{arrow}")
    assert "…" in widget.shown
    assert TEXT.startswith(widget.shown.partition("…")[0].rstrip())
    assert widget.minimumSizeHint().width() == LEAST
    QApplication.sendEvent(widget, QHelpEvent(QEvent.Type.ToolTip, QPoint(1, 1), QPoint(1, 1)))
    assert told == [TEXT + arrow]


def test_a_button_keeps_the_word_that_says_what_it_is_for(qtbot):
    made = ElidedButton(LEAST_OF_ALL)
    qtbot.addWidget(made)
    made.setText(TEXT + " ▾")
    made.resize(made.minimumSizeHint())
    assert "…" in made.shown
    made.setText(LEAST_OF_ALL)
    made.resize(made.minimumSizeHint())
    assert made.shown == LEAST_OF_ALL


def test_of_a_sentence_over_several_lines_the_last_that_fits_ends_with_an_ellipsis(qtbot):
    made = ElidedLines("small", "Answer")
    qtbot.addWidget(made)
    made.setText("One two three four five six seven eight nine ten eleven twelve.")
    made.resize(120, 400)
    assert made.shown == made.text()
    for lines in (1, 2):
        made.limit(lines)
        made.resize(120, made.maximumHeight())
        shown = made.shown.split("\n")
        assert len(shown) == lines
        assert [line.endswith("…") for line in shown] == [False] * (lines - 1) + [True]
        assert made.text().startswith(" ".join(shown)[:-1].rstrip())
    made.limit(None)
    made.resize(120, 400)
    assert made.shown == made.text()
