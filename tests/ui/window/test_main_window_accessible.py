"""Everything a hand can use is named, explained and reached by the keyboard alone."""

import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QGraphicsView,
    QHeaderView,
    QLineEdit,
    QPlainTextEdit,
    QScrollBar,
    QTabBar,
    QWidget,
)

from mmap_studio.ui.docks.docks import NARROW
from tests.ui.scripted import rest

KINDS = (
    QAbstractButton, QAbstractItemView, QAbstractSlider, QAbstractSpinBox, QComboBox, QGraphicsView, QLineEdit,
    QPlainTextEdit, QTabBar,
)  # fmt: skip
FEW = 60
"""A window has at least so many controls; fewer and this test looks in the wrong place."""


def controls(window: QWidget) -> list[QWidget]:
    """All that can be used, but for the parts Qt makes of another control."""
    found = [w for w in window.findChildren(QWidget) if isinstance(w, KINDS) and not w.objectName().startswith("qt_")]
    return [w for w in found if not isinstance(w, QScrollBar | QHeaderView) and not _is_part(w)]


def _is_part(widget: QWidget) -> bool:
    """A spin box's line, a combo box's list, a table's corner, the button in a line edit, Qt's own scrollers."""
    above = widget.parentWidget()
    while above is not None and not above.isWindow():
        if isinstance(above, QComboBox | QAbstractSpinBox | QLineEdit | QTabBar):
            return True
        if isinstance(above, QAbstractItemView) and type(widget).__name__ in ("QAbstractButton", "QTableCornerButton"):
            return True
        above = above.parentWidget()
    return (above is not None and type(above).__name__ in ("QComboBoxPrivateContainer", "QMenu")) or (
        isinstance(above, QWidget) and above.inherits("QComboBoxPrivateContainer")
    )


def told(widget: QWidget) -> str:
    return f"{type(widget).__name__} {widget.objectName()!r} {widget.accessibleName()!r} in {_home(widget)}"


def _home(widget: QWidget) -> str:
    names = []
    above = widget.parentWidget()
    while above is not None:
        names.append(above.accessibleName() or type(above).__name__)
        above = above.parentWidget()
    return " < ".join(names[:4])


def test_every_control_of_the_window_has_a_name_and_a_tooltip(make, qtbot):
    window = make()
    window.registry["run"].trigger()
    rest(qtbot, window)
    found = controls(window)
    assert len(found) > FEW
    nameless = [told(w) for w in found if not name_of(w)]
    silent = [told(w) for w in found if not w.toolTip()]
    assert nameless == []
    assert silent == []


def name_of(widget: QWidget) -> str:
    return widget.accessibleName() or (widget.text() if isinstance(widget, QAbstractButton) else "")


def test_every_action_is_in_the_menu_bar_and_says_what_it_does(make):
    window = make()
    shown = {action for menu in window.registry.menus.values() for action in menu.actions()}
    for action in window.registry.by_key.values():
        assert action in shown
        assert action.toolTip()
        assert action.statusTip()


def test_tab_reaches_every_view_and_comes_round(make, qtbot):
    window = make()
    window.registry["run"].trigger()
    rest(qtbot, window)
    window.activateWindow()
    window.header.buttons["run"].setFocus()
    reached, first, steps = set(), window.header.buttons["run"], 0
    views = {"header": window.header, "board": window.views.board}
    views |= {key: dock for key, dock in window.views.docks.items() if not dock.visibleRegion().isEmpty()}
    while steps < 400:
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        steps += 1
        here = QApplication.focusWidget()
        if here is first:
            break
        reached |= {key for key, view in views.items() if here is not None and view.isAncestorOf(here)}
    assert QApplication.focusWidget() is first, "Tab never comes back"
    assert set(views) - reached == set()


@pytest.mark.parametrize("width", [1440, 1024])
def test_tab_goes_as_the_eye_does_and_never_behind_a_tab_and_shift_tab_back(make, width):
    window = make()
    window.resize(width, 800)
    QApplication.processEvents()
    window.views.arrange()
    QApplication.processEvents()
    window.activateWindow()
    start = window.header.buttons["run"]
    start.setFocus()

    def walk(key, modifier=Qt.KeyboardModifier.NoModifier):
        passed = [start]
        while len(passed) < 400:
            QTest.keyClick(QApplication.focusWidget(), key, modifier)
            if QApplication.focusWidget() is start:
                break
            passed.append(QApplication.focusWidget())
        return passed

    passed = walk(Qt.Key.Key_Tab)
    views = window.views
    keys = ["tasks", "affinity", "", "settings", "curves", "results"]
    if width < NARROW:
        keys.remove("settings")
    regions = [window.header, *(views.docks[key] if key else views.centralWidget() for key in keys)]
    order = [n for widget in passed for n, region in enumerate(regions) if region.isAncestorOf(widget)]
    assert order == sorted(order)
    assert set(order) == set(range(len(regions)))
    behind = [dock for key, dock in views.docks.items() if key not in keys]
    assert not [told(widget) for widget in passed if any(dock.isAncestorOf(widget) for dock in behind)]
    assert [told(widget) for widget in passed if not name_of(widget)] == []
    assert walk(Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier) == [start, *reversed(passed[1:])]


def test_arrows_go_through_what_a_shortcut_shows(make, qtbot):
    window = make()
    window.activateWindow()
    views = window.views
    window.registry["show_results"].trigger()  # nothing to go through yet
    assert views.docks["results"].isAncestorOf(QApplication.focusWidget()) or views.results.hasFocus()
    window.registry["run"].trigger()
    rest(qtbot, window)
    homes = {"affinity": views.heatmap.plot, "curves": views.curves.legend, "images": views.gallery.grid,
             "map": views.map.before, "log": views.log.table, "confusion": views.confusion.matrix,
             "results": views.results.table}  # fmt: skip
    for key, home in homes.items():
        window.registry[f"show_{key}"].trigger()
        assert QApplication.focusWidget() is home, key
    before = views.results.table.currentIndex()
    QTest.keyClick(views.results.table, Qt.Key.Key_Down)
    assert views.results.table.currentIndex() != before


def test_a_view_with_the_keyboard_has_a_line_around_it(make, qtbot):
    window = make()
    window.activateWindow()
    window.registry["show_tasks"].trigger()
    assert window.focus_ring.around is window.views.tasks.view
    window.header.buttons["run"].setFocus()
    assert window.focus_ring.around is None


def test_alt_and_a_number_put_the_keyboard_into_each_view_even_a_closed_one(make, qtbot):
    window = make()
    homes = {"tasks": "tasks", "affinity": "affinity", "settings": "settings", "curves": "curves", "images": "images",
             "map": "map", "log": "log", "results": "results", "confusion": "confusion"}  # fmt: skip
    window.activateWindow()
    for key, dock in homes.items():
        window.views.docks[dock].close()
        window.registry[f"show_{key}"].trigger()
        assert not window.views.docks[dock].isHidden()
        here = QApplication.focusWidget()
        assert here is not None, key
        assert window.views.docks[dock].isAncestorOf(here), (key, told(here))
    window.registry["show_board"].trigger()
    assert window.views.board.isAncestorOf(QApplication.focusWidget())


def test_menus_and_actions_are_there_after_tab_and_a_task_that_goes(make, qtbot):
    window = make()
    for _ in range(12):
        window.focusNextPrevChild(True)
    actions = window.views.heatmap.header.measured.menu().actions()
    window.studio.edit_tasks("Remove", window.studio.project.file.tasks[1:])
    rest(qtbot, window)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert all(map(shiboken6.isValid, actions))
    assert shiboken6.isValid(window.menuBar())
