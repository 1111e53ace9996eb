"""The tour goes through the window, keeps inside it, and gives the keyboard back."""

from PySide6.QtCore import QCoreApplication, QEvent, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from mmap_studio.ui.app import begin
from mmap_studio.ui.explain.tour import Tour
from tests.ui.scripted import rest


def test_it_speaks_of_every_part_and_ends_where_it_began(make, qtbot):
    window = make()
    window.resize(1024, 700)
    before = QApplication.focusWidget()
    window.registry["tour"].trigger()
    tour = window.findChild(Tour)
    window.registry["tour"].trigger()
    assert window.findChildren(Tour) == [tour]
    seen = []
    while tour.isVisible():
        assert window.rect().contains(QRect(tour.pos(), tour.size()))
        assert tour.words.height() >= tour.words.heightForWidth(tour.words.width())
        assert QApplication.focusWidget() is tour.next
        seen.append(tour.title.text())
        QTest.keyClick(tour.next, Qt.Key.Key_Return if len(seen) % 2 else Qt.Key.Key_Space)
    assert seen == ["Tasks", "Run", "Affinity", "Groups", "Results", "Settings", "And everything else"]
    assert QApplication.focusWidget() is before
    assert window.views.docks["settings"].visibleRegion().isEmpty(), "in a narrow window it lies behind the tasks"
    assert not window.views.docks["tasks"].visibleRegion().isEmpty()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    assert window.findChild(Tour) is None


def test_escape_ends_it_and_the_first_start_begins_it(make, qtbot):
    window = make(first="")
    begin(window, "starter", tour=True)
    rest(qtbot, window)
    tour = window.findChild(Tour)
    assert tour.isVisible()
    QTest.keyClick(tour.next, Qt.Key.Key_Space)
    QTest.keyClick(tour.back, Qt.Key.Key_Space)
    assert tour.title.text() == "Tasks"
    assert not tour.back.isVisible()
    QTest.keyClick(tour.next, Qt.Key.Key_Escape)
    assert not tour.isVisible()


def test_the_page_before_a_project_has_no_tour(make):
    window = make(first="")
    window.registry["tour"].trigger()
    assert window.findChild(Tour) is None
