"""`python -m tests.ui.compare.killed PROJECT COUNT`: a window that compares, and is killed after so many trials.

All is done by keyboard, as a user does it.
"""

import os
import signal
import sys
import time

SHOTS, METHODS = "2, full", ("ridge", "coop", "mmap_together")


def main() -> None:
    """Open the window, plan, start, and die."""
    from PySide6.QtCore import QSettings, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    from mmap_studio.session.compare.live.events import TrialMade
    from mmap_studio.session.runtime.job import BackgroundJob
    from mmap_studio.session.studio.studio import Studio
    from mmap_studio.ui.kit.preferences import Preferences
    from mmap_studio.ui.window.main_window import MainWindow

    app = QApplication([])
    project, count, made = sys.argv[1], int(sys.argv[2]), []
    studio = Studio(job=BackgroundJob(on_thread=lambda: None))
    window = MainWindow(studio, Preferences(QSettings(f"{project}/window.ini", QSettings.Format.IniFormat)))

    def heard(event: object) -> None:
        made.extend([event] if isinstance(event, TrialMade) else [])
        if len(made) == count:
            studio.comparisons._saver.settle(10)  # the plan is on the disk since the start; the trials in the cache
            os.kill(os.getpid(), signal.SIGKILL)

    studio.comparisons.listen(heard)
    window.show()
    window.open(project)
    plan_by_keyboard(window, QTest, Qt)
    QTest.keyClick(window, Qt.Key.Key_F8)
    app.exec()


def plan_by_keyboard(window, QTest, Qt) -> None:
    """Alt+C, then tick methods in the tree and write shots and seeds, with nothing but keys."""
    view = window.views.compare
    window.activateWindow()
    QTest.qWaitForWindowActive(window)
    QTest.keyClick(window, Qt.Key.Key_C, Qt.KeyboardModifier.AltModifier)
    wait(lambda: view.plan.methods._rows and surveyed(window))
    tree = view.plan.methods
    tree.setFocus()
    for name, row in tree._rows.items():
        if (name in METHODS) != (row.checkState(0) == Qt.CheckState.Checked) and name != "zero_shot":
            tree.setCurrentItem(row)
            QTest.keyClick(tree, Qt.Key.Key_Space)
    for field, text in ((view.plan.shots, SHOTS), (view.plan.seeds, "1")):
        field.setFocus()
        field.selectAll()
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return)
    wait(lambda: set(window.studio.comparisons.plan.methods) == set(METHODS) and surveyed(window))


def surveyed(window) -> bool:
    """What is kept of the plan is known."""
    comparisons = window.studio.comparisons
    return not comparisons.doing and comparisons.ledger.is_surveyed(comparisons.plan)


def wait(fits, seconds: float = 200) -> None:
    """Let the window live until it fits. `QTest.qWait` would keep the interpreter from the window's other threads."""
    from PySide6.QtWidgets import QApplication

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if fits():
            return
        QApplication.processEvents()
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain")


if __name__ == "__main__":
    main()
