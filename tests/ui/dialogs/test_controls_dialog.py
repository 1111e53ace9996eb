"""A run with controls says what it would train and how long that takes, and begins when it is told to."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from mmap_studio.session.methods import CONTROLS
from mmap_studio.ui.dialogs.controls_dialog import ControlsDialog
from tests import projects
from tests.ui.scripted import rest
from tests.ui.window.test_main_window_accessible import controls


@pytest.fixture
def asked(monkeypatch):
    """What a user does with the dialog."""
    answers = []
    monkeypatch.setattr(ControlsDialog, "exec", lambda dialog: answers.pop(0)(dialog) or dialog.result())
    return answers


def test_every_control_is_offered_by_the_name_it_has_in_the_results_with_its_question(make):
    dialog = ControlsDialog(make().studio)
    assert [(key, box.text()) for key, box in dialog.checks.items()] == [(k, one.title) for k, one in CONTROLS.items()]
    read = [word.text() for word in dialog.findChildren(QLabel)]
    assert [one.asks for one in CONTROLS.values() if read.count(one.asks) != 1] == []


def test_nothing_begins_before_it_is_wanted_and_only_what_is_ticked(make, qtbot, asked, monkeypatch):
    window, begun = make(), []
    monkeypatch.setattr(window.studio.jobs, "run", lambda controls, seeds: begun.append((controls, seeds)))
    asked.append(lambda dialog: dialog.reject())
    window.registry["compare"].trigger()
    assert begun == []

    def choose(dialog):
        dialog.checks["finetune"].setChecked(False)
        dialog.accept()

    asked.append(choose)
    window.registry["compare"].trigger()
    assert begun == [(("linear_probe", "together", "separate", "random", "finetune_joint"), (1,))]


def test_the_time_of_each_control_and_of_all_is_foretold(make, qtbot, monkeypatch):
    window = make()
    rest(qtbot, window)
    rates = dict.fromkeys(("zero_shot", "training", "affinity"), 0.5)
    monkeypatch.setattr("mmap_studio.session.estimates.forecast.saved_rates", lambda key: rates)
    dialog = ControlsDialog(window.studio, window)
    seconds = {key: window.studio.estimate((key,)).seconds - window.studio.estimate().seconds for key in CONTROLS}
    assert all(number > 1 for number in seconds.values())
    assert all(time.text().startswith("about ") for time in dialog.times.values())
    whole = dialog.total.text()
    for check in dialog.checks.values():
        check.setChecked(False)
    assert dialog.total.text() == f"In total: {dialog.times[''].text()}"
    assert dialog.total.text() != whole
    dialog.show()
    words = dialog.findChildren(QLabel)
    assert [word.text() for word in words if word.height() < word.minimumSizeHint().height()] == []
    assert [box for box in controls(dialog) if not box.toolTip() and box.text().replace("&", "") != "Cancel"] == []
    dialog.deleteLater()


def test_where_the_speed_is_not_known_it_says_so(make, qtbot):
    window = make(first=None)
    window.open("starter")
    dialog = ControlsDialog(window.studio, window)
    assert dialog.total.text() == "In total: known after the first steps"
    dialog.deleteLater()
    rest(qtbot, window)
    assert QApplication.activeModalWidget() is None


def test_several_seeds_are_a_run_each_and_take_as_much_longer(make, qtbot, asked, monkeypatch):
    window, begun = make(), []
    rest(qtbot, window)
    rates = dict.fromkeys(("zero_shot", "training", "affinity"), 0.5)
    monkeypatch.setattr("mmap_studio.session.estimates.forecast.saved_rates", lambda key: rates)
    monkeypatch.setattr(window.studio.jobs, "run", lambda controls, seeds: begun.append(seeds))
    shown = []

    def choose(dialog):
        for text in ("1", "1, 2, 3", "1, 1", "", "2147483648", "4"):
            dialog.seeds_line.setText(text)
            shown.append((dialog.total.text(), dialog.start.isEnabled()))
        dialog.seeds_line.setText("1, 2, 3")
        dialog.accept()

    asked.append(choose)
    window.registry["compare"].trigger()
    assert begun == [(1, 2, 3)]
    assert [enabled for _, enabled in shown] == [True, True, False, False, False, True]
    refusal = "Seeds: at most 100 different whole numbers up to 2,147,483,647, such as 1, 2, 3."
    assert {said for said, enabled in shown if not enabled} == {refusal}
    one, three = (window.studio.estimate((), seeds).seconds for seeds in ((1,), (1, 2, 3)))
    assert one < three < 3 * one, "the affinity is measured once"


def test_a_series_of_seeds_is_one_row_of_results_and_says_how_far_it_is(make, qtbot):
    window = make(steps=3, seconds=0.02)
    rest(qtbot, window)
    said = []
    window.studio.listen(lambda event: said.append(window.status.whole.text()))
    window.studio.jobs.run(seeds=(1, 2))
    qtbot.waitUntil(lambda: not window.studio.jobs.doing and not window.studio.jobs.series_words, timeout=30000)
    rest(qtbot, window)
    assert any(text.startswith("seed 2, 2 of 2 · run ") for text in said)
    (row,) = [one for one in window.studio.known.book.rows() if one.newest.method == "run"]
    assert row.seeds == (1, 2)
    assert window.registry["run"].isEnabled()


def test_all_that_is_chosen_can_be_copied_as_a_command(make, qtbot, asked):
    window, copied = make(), []

    def choose(dialog):
        for key in ("random", "finetune", "finetune_joint"):
            dialog.checks[key].setChecked(False)
        for text in ("1", "4", "1, 2"):
            dialog.seeds_line.setText(text)
            dialog.copy.click()
            copied.append(QApplication.clipboard().text())
            assert dialog.copy.text() == "Copied"
        dialog.seeds_line.setText("")
        assert not dialog.copy.isEnabled()
        assert dialog.copy.text() == "Copy as command"
        dialog.reject()

    asked.append(choose)
    window.registry["compare"].trigger()
    command = "mmap-studio run starter --groups auto --control linear_probe,together,separate"
    assert copied == [command, f"{command} --seed 4", f"{command} --seeds 1,2"]
    window.studio.edit_tasks("Remove", window.studio.project.file.tasks[1:])
    asked.append(lambda dialog: copied.append((dialog.copy.isEnabled(), dialog.copy.toolTip())) or dialog.reject())
    window.registry["compare"].trigger()
    assert copied[-1][0] is False
    assert "tasks or backbone are not as shipped" in copied[-1][1]
    rest(qtbot, window)


def test_a_project_that_opens_behind_the_dialog_is_not_trained(make, qtbot, asked, tmp_path):
    window, other = make(), projects.make(tmp_path / "other").folder
    rest(qtbot, window)
    asked.append(lambda dialog: window.open(str(other)) or dialog.accept())
    with qtbot.captureExceptions() as raised:
        window.registry["compare"].trigger()
    assert "was left while its dialog was open" in str(raised[0][1])
    rest(qtbot, window)
    assert window.studio.engine.asked == []


def test_return_in_the_seeds_runs_and_never_cancels(make, qtbot):
    window = make()
    dialog = ControlsDialog(window.studio, window)
    dialog.show()
    ended = []
    dialog.finished.connect(ended.append)
    dialog.seeds_line.setFocus()
    dialog.seeds_line.selectAll()
    for key in "5,":
        QTest.keyClicks(dialog.seeds_line, key)
    QTest.keyClick(dialog.seeds_line, Qt.Key.Key_Return)
    assert ended == [], "half typed"
    QTest.keyClicks(dialog.seeds_line, " 6")
    QTest.keyClick(dialog.seeds_line, Qt.Key.Key_Return)
    assert ended == [ControlsDialog.DialogCode.Accepted]
    assert dialog.seeds == (5, 6)
    dialog.deleteLater()
