"""Dragging cards over the board: what is taken, what each target says, and where a drop would go."""

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QColor, QDragEnterEvent, QDragLeaveEvent
from PySide6.QtTest import QTest

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.ui.board import drag as board_drag
from mmap_studio.ui.board.view import BoardView
from mmap_studio.ui.kit import theme
from tests.session.board.cases import START
from tests.ui.board.boards import COPY, CTRL, LEFT, PLAIN, TASKS, drop, place_of, seen, shown_view


@pytest.fixture
def view(qtbot):
    return shown_view(qtbot)


def test_foreign_and_spoilt_drags_are_refused(view: BoardView) -> None:
    other = QMimeData()
    other.setData(board_drag.MIME, b'{"token": "of another process", "tasks": ["art"]}')
    text, broken, deep = QMimeData(), QMimeData(), QMimeData()
    text.setText("art")
    broken.setData(board_drag.MIME, b"not json")
    deep.setData(board_drag.MIME, b"[" * 100_000)
    unknown = board_drag.pack(["art", "none such"])
    for mime in (other, text, broken, deep, unknown):
        place = place_of(view.body, 1)
        enter = QDragEnterEvent(place, COPY, mime, LEFT, PLAIN)
        view.body.dragEnterEvent(enter)
        assert not enter.isAccepted()
        assert not drop(view, mime, 1).isAccepted()
    assert seen(view) == START
    assert view.board.history.undo_label is None


def test_a_drag_carries_names_only() -> None:
    mime = board_drag.pack(["art"])
    assert mime.formats() == [board_drag.MIME]
    assert board_drag.unpack(mime, TASKS) == ("art",)


def test_every_target_shows_its_change_until_the_drag_ends(view: BoardView) -> None:
    mime, place = board_drag.pack(["art"]), place_of(view.body, 1)
    view.body.dragEnterEvent(QDragEnterEvent(place, COPY, mime, LEFT, PLAIN))
    changes = view.board.changes_if_moved(["art"])
    wanted = ["", *(f"Δ {change:+.2f}".replace("-", "−") for change in changes[1:])]
    assert [c.header.offer for c in view.body.columns] == wanted[:-1]
    assert view.body.strip.offer == wanted[-1]
    assert [c.target for c in view.body.columns] == [False, True, False]
    view.body.dragLeaveEvent(QDragLeaveEvent())
    assert not any(c.header.offer or c.target for c in view.body.columns)
    assert seen(view) == START


def test_target_is_painted(view: BoardView) -> None:
    mime, column = board_drag.pack(["art"]), view.body.columns[1]
    at = QPoint(column.width() // 2, 1)
    accent = QColor(theme.current().accent)

    def accented() -> bool:
        image = column.grab().toImage()
        row = [image.pixelColor(x, at.y()) for x in range(10, column.width() - 10)]
        return any(abs(c.red() - accent.red()) + abs(c.blue() - accent.blue()) < 24 for c in row)

    assert not accented()
    view.body.dragEnterEvent(QDragEnterEvent(place_of(view.body, 1), COPY, mime, LEFT, PLAIN))
    assert accented()
    view.body.dragLeaveEvent(QDragLeaveEvent())


def test_gaps_belong_to_a_column_and_empty_ground_is_new(view: BoardView) -> None:
    first, second = view.body.columns[:2]
    gap = QPoint(first.geometry().right() + 2, 50)
    assert view.body.target_at(view.body.ground.mapTo(view.body, gap)) in (0, 1)
    view.board.replace(Grouping.together(TASKS))
    QTest.qWait(1)
    beyond = QPoint(first.geometry().right() + 40, 50)
    assert view.body.target_at(view.body.ground.mapTo(view.body, beyond)) == -1
    assert not second.isVisibleTo(view)
    assert view.body.target_at(QPoint(-3, 10)) == -2


def test_mouse_drag_is_begun_with_the_selection(view: BoardView, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []
    drags = "mmap_studio.ui.board.view.QDrag.exec"
    monkeypatch.setattr(drags, lambda drag, action: begun.append((drag.mimeData(), action)))
    view.board.lock("photo")
    art, photo = view._cards["art"], view._cards["photo"]
    QTest.mouseClick(art, LEFT)
    QTest.mouseClick(photo, LEFT, CTRL)
    assert view.picked.tasks == ("art", "photo")
    QTest.mousePress(art, LEFT, PLAIN, QPoint(20, 10))
    QTest.mouseMove(art, QPoint(22, 10))
    assert begun == []
    view.start_drag("art")
    assert board_drag.unpack(begun[0][0], TASKS) == ("art",)  # what is locked stays
    assert begun[0][1] == COPY
    refusals = []
    view.refused.connect(refusals.append)
    QTest.mouseRelease(art, LEFT)
    view._clicked("photo", False, False)
    view.start_drag("photo")
    assert len(begun) == 1
    assert "locked" in refusals[0]


def test_the_strip_says_the_change_beside_the_card_that_is_held_over_it(view: BoardView) -> None:
    mime, strip = board_drag.pack(["art"]), view.body.strip
    *_, change = view.board.changes_if_moved(["art"])
    assert "drop here" in strip.text()
    for share, side in ((0.2, Qt.AlignmentFlag.AlignRight), (0.8, Qt.AlignmentFlag.AlignLeft)):
        place = strip.geometry().center()
        place.setX(round(strip.x() + share * strip.width()))
        view.body.dragEnterEvent(QDragEnterEvent(place, COPY, mime, LEFT, PLAIN))
        assert strip.words == side
        assert strip.text() == f"Δ {change:+.2f} · new group".replace("-", "−")
    view.body.dragLeaveEvent(QDragLeaveEvent())
    assert strip.words == Qt.AlignmentFlag.AlignHCenter
