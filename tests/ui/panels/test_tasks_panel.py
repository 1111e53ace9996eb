"""The list of tasks, where it is narrow."""

import pytest
from PySide6.QtCore import QRect
from PySide6.QtGui import QFont, QFontMetricsF, QImage, QPainter, QPixmap
from pytestqt.qtbot import QtBot

from mmap_studio.ui.kit import theme
from mmap_studio.ui.panels import tasks_panel
from mmap_studio.ui.panels.tasks_panel import IMAGE, TaskRow, TasksDelegate


@pytest.mark.parametrize("width", [200, 50, 30])
def test_a_text_is_shortened_at_its_end_and_never_cut_at_its_beginning(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    written: list[tuple[str, QFont, QRect]] = []
    monkeypatch.setattr(
        tasks_panel, "write", lambda painter, box, text, *_, **__: written.append((text, QFont(painter.font()), box))
    )
    row = TaskRow("Art", QPixmap(), "12 train · 4 val\n8 test · 3 classes", zero_shot=0.5)
    image = QImage(300, 80, QImage.Format.Format_RGB32)
    with QPainter(image) as painter:
        TasksDelegate()._words(painter, QRect(IMAGE, 0, width, 60), row)
    for text, font, box in written:
        assert QFontMetricsF(font).horizontalAdvance(text) <= max(box.width(), 12) + 1
    said = [text for text, _, _ in written]
    assert any("zero-shot".startswith(text.rstrip("…")) and text for text in said), said


def test_a_name_gives_way_to_its_value_alone(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wider word below the value took its room from the name too: of `Noto` there was an ellipsis left."""
    written: list[str] = []
    monkeypatch.setattr(tasks_panel, "write", lambda painter, box, text, *_, **__: written.append(text))
    row, bold = TaskRow("Noto", QPixmap(), "12 train", zero_shot=0.522), theme.font(bold=True)
    width = QFontMetricsF(bold).horizontalAdvance("Noto52.2") + theme.S + 2
    image = QImage(300, 80, QImage.Format.Format_RGB32)
    with QPainter(image) as painter:
        TasksDelegate()._words(painter, QRect(0, 0, round(width), 60), row)
    assert written[:2] == ["Noto", "52.2"]
