"""Docks: every arrangement a user can make, and back."""

import pytest
from PySide6.QtCore import QPoint, QSettings, QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLabel, QSizePolicy, QTabBar, QWidget

from mmap_studio.ui.docks import dock as dock_module
from mmap_studio.ui.docks.dock import Dock
from mmap_studio.ui.docks.docks import STATE, VERSION, Docks
from mmap_studio.ui.kit import theme
from mmap_studio.ui.kit.controls import column, flow
from mmap_studio.ui.kit.preferences import Preferences

LEFT, RIGHT = ("curves", "images", "map", "log"), ("results", "confusion", "runs", "compare", "why")
WIDE, NARROW = (1440, 800), (1024, 620)
FRAME = 2
"""Pixels of a window's frame on the offscreen display."""


def labelled() -> list[Dock]:
    """A label in place of every view."""
    extra = QLabel("+ add")
    top = [
        Dock(key, key.title(), QLabel(key), *extras)
        for key, *extras in (("tasks", extra), ("affinity",), ("settings",))
    ]
    rows = {"left": LEFT, "right": RIGHT}
    return top + [Dock(key, key.title(), QLabel(key), below=side) for side, keys in rows.items() for key in keys]


@pytest.fixture
def preferences(tmp_path):
    return Preferences(QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def make(qtbot):
    """Arrangements of labels, shown at a size."""
    made = []

    def docks(size=WIDE) -> Docks:
        theme.apply("light")
        one = Docks(QLabel("board"), labelled())
        one.resize(*size)
        one.show()
        one.arrange()
        qtbot.wait(20)
        made.append(one)
        return one

    yield docks
    for one in made:
        one.hide_floating()
        one.close()
        one.deleteLater()


def layout(docks) -> dict[str, object]:
    """Where each dock is; places to ten pixels, of those that lie in front."""
    return {key: place(docks, dock) for key, dock in docks.docks.items()}


def place(docks, dock) -> tuple[object, ...]:
    beside = frozenset(other.objectName() for other in docks.tabifiedDockWidgets(dock))
    at = None if dock.visibleRegion().isEmpty() else round(dock.x(), -1)
    return dock.isFloating(), dock.isHidden(), docks.dockWidgetArea(dock), beside, at


def test_the_first_arrangement_has_four_panels_above_and_two_rows_of_tabs_below(make):
    docks = make()
    top = [docks.docks[k] for k in ("tasks", "affinity")] + [docks.centralWidget(), docks.docks["settings"]]
    places = [panel.x() for panel in top]
    assert places == sorted(set(places))
    assert {panel.y() for panel in top} == {top[0].y()}
    assert {d.key for d in docks.tabifiedDockWidgets(docks.docks["curves"])} == {"images", "map", "log"}
    assert {d.key for d in docks.tabifiedDockWidgets(docks.docks["results"])} == {"confusion", "runs", "compare", "why"}
    assert docks.docks["curves"].x() < docks.docks["results"].x()
    assert docks.docks["curves"].y() > docks.docks["tasks"].y()
    assert docks.docks["curves"].title.folded
    assert not docks.docks["tasks"].title.folded


def test_a_narrow_window_puts_the_settings_behind_the_tasks_and_keeps_what_stood_beside_the_heading(make):
    docks = make(NARROW)
    tasks = docks.docks["tasks"]
    assert [d.key for d in docks.tabifiedDockWidgets(tasks)] == ["settings"]
    assert docks.width() == NARROW[0]
    assert tasks.title.folded
    assert tasks.title.right.isVisible()
    assert tasks.title.right.parentWidget() is tasks.body
    docks.resize(*WIDE)
    docks.arrange()
    docks._settled()
    assert not docks.tabifiedDockWidgets(tasks)
    assert tasks.title.right.parentWidget() is tasks.title


def test_what_belongs_beside_a_heading_goes_below_it_where_there_is_too_little_room(qtbot):
    dock = Dock("affinity", "Affinity", QLabel("view"), *(QLabel(f"choice {n}") for n in range(4)))
    qtbot.addWidget(dock)
    dock.resize(600, 200)
    dock.show()
    qtbot.waitUntil(lambda: dock.title.right.parentWidget() is dock.title)
    dock.resize(280, 200)
    qtbot.waitUntil(lambda: dock.title.right.parentWidget() is dock.body)
    qtbot.waitUntil(dock.title.right.isVisible)
    dock.resize(600, 200)
    qtbot.waitUntil(lambda: dock.title.right.parentWidget() is dock.title)


def test_reset_brings_back_what_was_floated_closed_and_moved(make, qtbot):
    docks = make()
    first = layout(docks)
    docks.docks["tasks"].title.float_button.click()
    docks.docks["affinity"].title.close_button.click()
    docks.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, docks.docks["map"])
    docks.tabifyDockWidget(docks.docks["settings"], docks.docks["results"])
    qtbot.wait(20)
    assert docks.docks["tasks"].isFloating()
    assert docks.docks["affinity"].isHidden()
    docks.arrange()
    qtbot.wait(20)
    assert layout(docks) == first


def test_a_layout_comes_back_in_the_next_window(make, preferences, qtbot):
    docks = make()
    docks.docks["settings"].close()
    docks.tabifyDockWidget(docks.docks["tasks"], docks.docks["log"])
    docks.docks["log"].raise_()
    docks.save_layout(preferences)
    kept = layout(docks)
    again = make()
    assert again.restore_layout(preferences)
    qtbot.wait(20)
    assert layout(again) == kept


@pytest.mark.parametrize("state", ["another version", "rubbish", "nothing"])
def test_a_state_of_another_layout_leaves_the_first_one(make, preferences, qtbot, state):
    docks = make()
    first = layout(docks)
    docks.docks["tasks"].close()
    if state == "another version":
        preferences.save(STATE, docks.saveState(VERSION + 1))
    elif state == "rubbish":
        preferences.save(STATE, docks.saveState(VERSION)[:20])
    again = make()
    assert not again.restore_layout(preferences)
    qtbot.wait(20)
    assert layout(again) == first


def test_a_layout_that_comes_back_leaves_no_row_of_tabs_of_the_one_before(make, preferences, qtbot):
    docks = make(NARROW)
    docks.docks["map"].close()
    docks.save_layout(preferences)
    again = Docks(QLabel("board"), labelled())
    qtbot.addWidget(again)
    assert not again.findChildren(QTabBar)  # Qt may leave those standing that a restored state replaces
    again.resize(*WIDE)
    assert again.restore_layout(preferences)
    again.show()
    qtbot.wait(20)
    bars = again.findChildren(QTabBar, "", Qt.FindChildOption.FindDirectChildrenOnly)
    seen = [b for b in bars if b.isVisible() and b.geometry().intersects(again.rect())]
    titles = sorted(sorted(b.tabText(i) for i in range(b.count())) for b in seen)
    assert titles == [
        ["Compare", "Confusion", "Results", "Runs", "Why"],
        ["Curves", "Images", "Log"],
        ["Settings", "Tasks"],
    ]


def test_a_tab_can_be_floated_and_closed_from_its_menu(make, qtbot):
    docks = make()
    for text, done in (("Float Map", lambda d: d.isFloating()), ("Close Map", lambda d: d.isHidden())):
        docks.arrange()
        qtbot.wait(20)
        bars = docks.findChildren(QTabBar, "", Qt.FindChildOption.FindDirectChildrenOnly)
        bar, index = next((b, i) for b in bars for i in range(b.count()) if b.tabText(i) == "Map")
        assert bar.accessibleName()
        assert bar.focusPolicy() & Qt.FocusPolicy.TabFocus
        bar.customContextMenuRequested.emit(bar.tabRect(index).center())
        action = next(a for a in docks.findChildren(QAction) if a.text() == text)
        action.trigger()
        action.parent().close()
        assert done(docks.docks["map"])


def test_the_view_menu_shows_and_hides_each_panel(make):
    docks = make()
    for dock in docks.docks.values():
        dock.toggleViewAction().trigger()
        assert dock.isHidden()
        dock.bring_to_front()
        assert not dock.isHidden()
        assert dock.toggleViewAction().isChecked()


@pytest.mark.parametrize("size", [WIDE, NARROW])
def test_rows_of_tabs_are_there_at_once_after_a_reset(make, qtbot, size):
    docks = make(size)
    docks.docks["curves"].setFloating(True)
    docks.docks["map"].close()
    qtbot.wait(20)

    def rows() -> list[list[str]]:
        bars = [bar for bar in docks._bars() if bar.isVisible()]
        return sorted([bar.tabText(n) for n in range(bar.count())] for bar in bars)

    docks.arrange()
    wanted = [["Curves", "Images", "Map", "Log"], ["Results", "Confusion", "Runs", "Compare", "Why"]]
    assert rows() == (wanted if size == WIDE else [*wanted, ["Tasks", "Settings"]])
    docks.docks["log"].close()
    qtbot.waitUntil(lambda: ["Curves", "Images", "Map"] in rows())


def test_a_panel_that_is_taken_out_has_a_frame_and_lies_beside_its_old_place(make, qtbot):
    docks = make()
    dock = docks.docks["map"]
    docks.docks["curves"].raise_()
    before = docks.docks["curves"].mapToGlobal(docks.docks["curves"].rect().topLeft())
    for floats in (True, False, True):
        dock.setFloating(floats)
        qtbot.wait(20)
        assert dock.isFloating() == floats
        assert dock.title.isVisible() == floats, "docked, its tab has the title"
        assert (dock.titleBarWidget() is dock.title) == (not floats)
        lowest = dock.screen().availableGeometry().bottom() - dock.height()
        beside = QPoint(before.x() + theme.XL, min(before.y() + theme.XL, lowest))
        off = (dock.pos() - beside).manhattanLength()
        assert not floats or off <= 2 * FRAME, "not in the corner of the screen"
    assert not dock.windowFlags() & Qt.WindowType.FramelessWindowHint
    dock.title.float_button.click()
    qtbot.wait(20)
    assert not dock.isFloating()


def test_where_qt_draws_a_title_bar_itself_a_panel_that_is_taken_out_has_no_second_one(make, qtbot, monkeypatch):
    monkeypatch.setattr(dock_module, "framed", lambda: False)
    dock = make().docks["map"]
    for floats in (True, False, True):
        dock.setFloating(floats)
        qtbot.wait(20)
        assert dock.titleBarWidget() is dock.title
        assert dock.title.isVisible() == floats, "docked, its tab has the title"


def test_a_high_view_does_not_make_the_window_high(make, qtbot):
    high = QLabel("view")
    high.setMinimumSize(200, 500)
    dock = Dock("affinity", "Affinity", high)
    qtbot.addWidget(dock)
    dock.resize(300, 150)
    dock.show()
    qtbot.wait(10)
    assert dock.minimumSizeHint().width() >= 200
    assert dock.height() == 150
    assert high.height() == 500, "it is scrolled, not squeezed"


def test_a_view_whose_controls_wrap_is_as_high_as_its_room(qtbot):
    view, plot = QWidget(), QWidget()
    plot.setMinimumHeight(120)
    large = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
    plot.setSizePolicy(large)
    plot.sizeHint = lambda: QSize(640, 480)
    head = QWidget()
    head.setLayout(flow(*(QLabel(word) for word in ("one", "two", "three"))))
    column(head, plot, parent=view, stretch=[plot])
    dock = Dock("curves", "Curves", view)
    qtbot.addWidget(dock)
    dock.resize(300, 220)
    dock.show()
    qtbot.wait(20)
    assert view.height() <= dock.room.viewport().height() < 220
    dock.resize(300, 80)
    qtbot.wait(20)
    assert plot.height() >= 120 > dock.room.viewport().height()
