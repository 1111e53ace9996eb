"""The two bars of the window: what is under way stays whole beside a note, and neither bar grows."""

import pytest
from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication

from mmap_studio.session.estimates.eta import Pace
from mmap_studio.session.studio.what_now import AGAIN, WhatNow
from mmap_studio.ui.actions.catalogue import ACTIONS
from mmap_studio.ui.window.header import Header
from mmap_studio.ui.window.status import StatusLine


def test_a_long_note_leaves_phase_and_progress_whole(qtbot):
    status = StatusLine()
    qtbot.addWidget(status)
    status.resize(1000, 34)
    status.show()
    status.show_phase("Measuring affinity", True)
    status.show_pace(Pace(82, 134, "step", 0.963, 420))
    status.show_whole("run 18 % · 7 min 01 s left")
    status.show_note("5 groups, as asked for: the best of all groupings scores more than all together, by chance. " * 3)
    QApplication.processEvents()
    for part in (status.phase, status.pace):
        assert part.shown == part.text()
    assert status.whole.width() >= status.whole.sizeHint().width()
    assert status.note.shown.endswith("…")
    assert len(status.note.shown) > 10


def test_a_step_paints_nothing_at_once(qtbot):
    """What else is due in the window would be painted with it, at every step and once more in its turn."""
    seen: list[QObject] = []

    class Painted(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() == QEvent.Type.Paint:
                seen.append(watched)
            return False

    status, painted = StatusLine(), Painted()
    qtbot.addWidget(status)
    status.resize(1000, 34)
    status.show_phase("Training", True)
    status.show_note("5 groups")
    with qtbot.waitExposed(status):
        status.show()
    QApplication.processEvents()
    status.note.installEventFilter(painted)
    status.bar.installEventFilter(painted)
    for done in (10, 20):
        status.note.update()
        status.show_pace(Pace(done, 134, "step", 0.963, 420))
        status.show_phase("Measuring affinity", True)
    assert seen == []
    status.show_pace(Pace(30, 134, "step", 0.963, 420))
    QApplication.processEvents()
    assert {status.note, status.bar} == set(seen)
    assert (status.bar.value(), status.bar.maximum()) == (30, 134)


@pytest.mark.parametrize("busy", [False, True])
def test_the_toolbar_is_as_high_before_a_run_as_in_it_and_after_it(qtbot, busy):
    header = Header({spec.key: QAction(spec.text) for spec in ACTIONS})  # its buttons keep those that they need
    qtbot.addWidget(header)
    header.show()
    before = header.sizeHint().height()
    if busy:
        header.show_state("running 12 %")
        header.show_progress("Training · 3 min left")
    else:
        header.show_outcome(WhatNow("+6.1 points against zero-shot, one seed.", AGAIN))
    QApplication.processEvents()
    assert header.sizeHint().height() == before
