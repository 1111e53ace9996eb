"""The board in the window: mouse, drops, keys and menus come to what the model's table says."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QMenu, QVBoxLayout, QWidget

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.ui.board import drag, menus
from mmap_studio.ui.board.column import WIDTHS, GroupColumn
from mmap_studio.ui.board.view import BoardView
from mmap_studio.ui.kit import theme
from tests.session.board.cases import CASES, START, Case
from tests.ui.board.boards import COPY, CTRL, LEFT, MOVE, SHIFT, TASKS, Key, drop, new_view, seen, shown_view


@pytest.fixture
def view(qtbot):
    return shown_view(qtbot)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_dropping(view: BoardView, case: Case) -> None:
    mime = drag.pack(case.tasks)
    event = drop(view, mime, case.to, MOVE)
    assert event.isAccepted()
    assert event.dropAction() == COPY  # a move would let the source delete
    assert view.board.grouping.groups == case.after
    QTest.qWait(1)
    assert seen(view) == case.after
    assert view.board.history.undo_label == case.label
    view.board.undo()
    assert seen(view) == START


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_menu_moves(view: BoardView, case: Case) -> None:
    menu = menus.move_menu(view, view.board, case.tasks, view.attempt)
    entries = [action for action in menu.actions() if not action.isSeparator()]
    entry = entries[-1 if case.to is None else case.to]
    assert entry.isEnabled() == (case.name != "onto itself")
    entry.trigger()
    assert seen(view) == (case.after if entry.isEnabled() else START)


@pytest.mark.parametrize("name", ["Group 1", "Group 12"])
def test_the_narrowest_column_keeps_the_names_that_groups_have_at_first(qtbot, name):
    column = GroupColumn(0)
    qtbot.addWidget(column)
    column.show_group(name, (), trained=True)
    column.header.resize(WIDTHS[0], 24)
    assert column.header.texts() == (name, "✓")
    column.show_offer("Δ −0.12", target=True)
    assert column.header.texts() == (name, "−0.12")
    column.header.resize(WIDTHS[1], 24)
    assert column.header.texts() == (name, "Δ −0.12 if dropped")


def test_clicks_select(view: BoardView) -> None:
    heard = []
    view.selection_changed.connect(heard.append)
    QTest.mouseClick(view._cards["clipart"], LEFT)
    QTest.mouseClick(view._cards["scan"], LEFT, SHIFT)
    assert heard[-1] == ("clipart", "sketch", "photo", "scan")
    QTest.mouseClick(view._cards["photo"], LEFT, CTRL)
    assert heard[-1] == ("clipart", "sketch", "scan")
    QTest.mouseClick(view._cards["clipart"], LEFT)  # a plain click on a selected card, without a drag
    assert heard[-1] == ("clipart",)
    assert "selected" in view._cards["clipart"].accessibleName()


def test_arrows_step_and_ctrl_arrows_move(view: BoardView) -> None:
    view._cards["art"].setFocus()
    for key, task in ((Key.Key_Down, "clipart"), (Key.Key_Right, "scan"), (Key.Key_Right, "toy"), (Key.Key_Up, "toy")):
        QTest.keyClick(view.focusWidget(), key)
        assert view.focusWidget().task == view.picked.current == task
    QTest.keyClick(view.focusWidget(), Key.Key_Left, CTRL)
    assert seen(view) == (START[0], ("photo", "scan", "toy"))
    assert view.focusWidget().task == "toy"
    QTest.keyClick(view.focusWidget(), Key.Key_Down, CTRL)
    assert seen(view) == START
    QTest.keyClick(view.focusWidget(), Key.Key_Right, CTRL)  # alone already: nothing to do
    assert seen(view) == START
    view._clicked("photo", False, False)
    view._clicked("scan", True, False)
    view._cards["scan"].setFocus()
    QTest.keyClick(view._cards["scan"], Key.Key_Left, CTRL)
    assert view.board.grouping == Grouping.of([[*START[0], "photo", "scan"], ["toy"]])


def test_other_keys(view: BoardView) -> None:
    card = view._cards["art"]
    card.setFocus()
    QTest.keyClick(card, Key.Key_L)
    assert view.board.locked == {"art"}
    assert "locked" in card.accessibleName()
    QTest.keyClick(card, Key.Key_Space)
    assert view.picked.tasks == ("art",)
    QTest.keyClick(card, Key.Key_A, CTRL)
    assert view.picked.tasks == TASKS
    QTest.keyClick(card, Key.Key_Escape)
    assert view.picked.tasks == ()
    QTest.keyClick(card, Key.Key_Return)
    menu = view.findChild(QMenu)
    assert [a.text().split("\t")[0] for a in menu.actions() if a.text()] == [*view.board.group_names, "New group"]
    menu.close()


def test_one_card_is_in_the_tab_order(view: BoardView) -> None:
    def tabbed() -> list[str]:
        return [task for task, card in view._cards.items() if card.focusPolicy() & Qt.FocusPolicy.TabFocus]

    assert tabbed() == ["art"]
    view._cards["scan"].setFocus()
    assert tabbed() == ["scan"]
    view.board.remove_task("scan")
    assert len(tabbed()) == 1


def test_context_menu_locks_merges_and_splits(view: BoardView) -> None:
    menu = menus.card_menu(view, view.board, ("art", "clipart"), view.attempt)
    by_text = {action.text(): action for action in menu.actions()}
    by_text["Lock in their groups"].trigger()
    assert view.board.locked == {"art", "clipart"}
    by_text["Split Group 1 in two"].trigger()
    assert view.board.grouping.groups[:2] in ((("art", "clipart"), ("sketch",)), START[:2])  # or refused: they stay
    menu = menus.card_menu(view, view.board, ("art",), view.attempt)
    merge = next(action for action in menu.actions() if action.text() == "Merge Group 1 into")
    merge.menu().actions()[-1].trigger()  # the locked group stays, the other comes to it
    assert {"art", "clipart", "toy"} <= set(view.board.grouping.groups[view.board.grouping.group_of("art")])


def test_groupings_menu(view: BoardView) -> None:
    view.board.keep("R&D")
    view.board.replace(Grouping.separate(TASKS))
    menu = menus.groupings_menu(view, view.board, view.attempt)
    entries = {action.text().split("\t")[0]: action for action in menu.actions()}
    assert not entries["All separate"].isEnabled()
    assert not entries["R&&D"].isChecked()
    entries["R&&D"].trigger()
    assert seen(view) == START
    assert view.header.groupings.text() == "R&D ▾"


def test_refusals_are_said_and_change_nothing(view: BoardView, qtbot) -> None:
    view.board.lock("art")
    mime = drag.pack(["art"])
    with qtbot.waitSignal(view.refused) as said:
        drop(view, mime, 1)
    assert "'art' is locked" in said.args[0]
    assert seen(view) == START


def test_suggest_button_works_beside_the_window(view: BoardView, qtbot) -> None:
    view.header.count.setCurrentIndex(view.header.count.findData(2))
    view.header.suggest.setFocus()
    QTest.mouseClick(view.header.suggest, LEFT)
    assert view.header.suggest.text() == "Searching…"
    assert view.focusWidget() is view.header.suggest  # disabled, it would lose the keyboard focus
    qtbot.waitUntil(lambda: not view.suggester.looking)
    assert len(view.board.grouping) == 2
    assert view.header.suggest.isEnabled()
    assert f"{view.board.suggested_score:.2f}".replace("-", "−") in view.header.score.text()


def test_dropped_cards_are_in_sight_where_they_are_now(qtbot) -> None:
    tasks = tuple(f"a long name of a task, number {number}" for number in range(24))
    view = shown_view(qtbot)
    view.board.reset(Grouping.of([tasks]))
    view.resize(420, 300)
    QTest.qWait(1)
    assert view.body.columns[0].width() > 380, "names have what room there is"
    bar = view.body.area.verticalScrollBar()
    bar.setValue(bar.maximum())
    drop(view, drag.pack([tasks[-1]]), None)
    QTest.qWait(1)
    card, viewport = view._cards[tasks[-1]], view.body.area.viewport()
    assert viewport.rect().contains(QRect(card.mapTo(viewport, QPoint()), card.size()))


def test_no_new_result_takes_the_keyboard_focus_back_to_a_card(qtbot) -> None:
    window, view, elsewhere = QWidget(), new_view(), QLineEdit()
    qtbot.addWidget(window)
    box = QVBoxLayout(window)
    for part in (view, elsewhere):
        box.addWidget(part)
    window.show()
    with qtbot.waitActive(window):
        window.activateWindow()
    view.setFocus()
    assert view.focusWidget().task == view.picked.current
    view.header.suggest.setFocus()
    view.redraw()
    assert window.focusWidget() is view.header.suggest
    elsewhere.setFocus()
    view.redraw()
    assert window.focusWidget() is elsewhere


def test_the_narrowest_header_cuts_no_choice(view: BoardView) -> None:
    header = view.header
    header.resize(header.minimumSizeHint())
    header.layout().activate()
    assert (header.groupings.shown, header.count.shown) == ("Groupings ▾", "any number")


def test_a_suggestion_says_what_it_rests_on(view: BoardView, qtbot) -> None:
    board, rng = view.board, np.random.default_rng(0)
    assert view.header.verdict.isHidden()
    values = 0.3 + rng.normal(size=(8, len(board.tasks), len(board.tasks)))
    board.set_affinity(values.mean(axis=0), board.tasks, 0.0, lambda: values)
    with qtbot.waitSignal(view.suggested) as said:
        view.suggester.look(None)
    assert said.args[0].startswith("No evidence for groups: train together. ")
    assert board.grouping == Grouping.together(board.tasks)
    assert view.header.verdict.text() == "No evidence for groups: train together"
    assert said.args[0] in view.header.verdict.toolTip()


def test_suggestion_out_of_date_is_dropped(view: BoardView, qtbot) -> None:
    view.suggester.look(None)
    view.board.move("art", 1)
    with qtbot.waitSignal(view.refused) as said:
        pass
    assert "ask again" in said.args[0]
    assert view.board.history.undo_label == "Move art"


def test_nothing_to_suggest_from(view: BoardView) -> None:
    view.board.set_affinity(None)
    assert not view.header.suggest.isEnabled()
    assert "–" in view.header.score.text()


def test_cards_show_facts(view: BoardView) -> None:
    image = QImage(8, 8, QImage.Format.Format_RGB32)
    image.fill(QColor("#ff0000"))
    view.set_images({"art": image})
    view.set_scores({"art": 0.821, "toy": 0.5}, {"art": 0.758})
    card = view._cards["art"]
    assert "82.1 %" in card.accessibleName()
    assert "+6.3 points" in card.accessibleName()
    assert "points" not in view._cards["toy"].accessibleName()
    shown = card.grab().toImage()
    spot = QPoint(card.height() // 2, card.height() // 2) * shown.devicePixelRatio()
    assert shown.pixelColor(spot).red() > 200
    assert shown.pixelColor(spot).green() < 60
    view.set_scores({})
    assert "accuracy" not in card.accessibleName()


def test_hover_and_light(view: BoardView) -> None:
    heard = []
    view.task_hovered.connect(heard.append)
    view._cards["art"].enterEvent(None)
    view._cards["art"].leaveEvent(None)
    assert heard == ["art", ""]
    view.light(["toy"])
    assert [task for task, card in view._cards.items() if card.lit] == ["toy"]


def test_trained_mark(view: BoardView) -> None:
    view.board.set_trained([START[1]])
    assert [column.badge for column in view.body.columns] == ["", "trained ✓", ""]
    view.board.move("scan", 0)
    assert not any(column.badge for column in view.body.columns if column.isVisibleTo(view))


@pytest.mark.parametrize("name", ["light", "dark"])
def test_everything_reads_in_both_themes(view: BoardView, name: theme.Choice) -> None:
    before = theme.choice()
    theme.apply(name)
    column = view.body.columns[0].grab().toImage()
    assert column.pixelColor(column.width() // 2, column.height() - 12).name() == theme.current().well
    theme.apply(before)


def test_sixty_four_tasks_scroll_and_are_compact(view: BoardView) -> None:
    tasks = [f"task {i}" for i in range(64)]
    view.board.reset(Grouping.of([tasks[i::16] for i in range(16)]))
    QTest.qWait(1)
    assert view.body.area.horizontalScrollBar().maximum() > 0
    assert all(card.compact for card in view._cards.values())
    assert len(seen(view)) == 16
    assert set(view._cards) == set(tasks)


def test_everything_has_a_name(view: BoardView) -> None:
    header = view.header
    for widget in (view, header.score, header.groupings, header.count, header.suggest, *view._cards.values()):
        assert widget.accessibleName()
    for widget in (header.score, header.groupings, header.count, header.suggest, view.body.strip):
        assert widget.toolTip()
    for widget in view._cards.values():
        assert widget.toolTip()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.one_of(
            st.tuples(st.lists(st.sampled_from(TASKS), min_size=1, max_size=3, unique=True), st.integers(-1, 5)),
            st.sampled_from(["undo", "redo"]),
        ),
        max_size=10,
    )
)
def test_any_drags_undo_and_redo_keep_the_partition(view: BoardView, does: list) -> None:
    view.board.reset(Grouping.of(START))
    for do in does:
        if isinstance(do, str):
            getattr(view.board, do)()
        else:
            mime, to = drag.pack(do[0]), do[1]
            drop(view, mime, to if 0 <= to < len(view.board.grouping) else None)
        assert seen(view) == view.board.grouping.groups
        assert sorted(task for group in seen(view) for task in group) == sorted(TASKS)
    while view.board.history.undo_label:
        view.board.undo()
    assert seen(view) == START
