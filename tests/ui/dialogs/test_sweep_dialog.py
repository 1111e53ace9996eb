"""The dialog of a sweep: what it asks for and refuses, its trials, their use and its undo, and what waits for it."""

import pytest

from mmap_studio.session.project.autosave import copy_project
from mmap_studio.session.studio import sweeps
from mmap_studio.ui.dialogs.sweep_dialog import SweepDialog
from tests.ui.scripted import rest


@pytest.fixture
def dialog(make, qtbot):
    window = make(seconds=0.01)
    rest(qtbot, window)
    window.registry["sweep"].trigger()
    dialog = window.findChild(SweepDialog)
    dialog.trials.setValue(3)
    yield dialog
    dialog.close()


def only(dialog, **lines):
    """Vary these settings, by the beginning of their name's last part."""
    for name, (box, line) in dialog.rows.items():
        text = lines.get(name.rpartition(".")[2])
        box.setChecked(text is not None)
        if text is not None:
            line.setText(text)


def swept(dialog, qtbot):
    dialog.start.click()
    assert dialog.stop.isEnabled()
    assert not dialog.start.isEnabled()
    qtbot.waitUntil(lambda: not dialog._studio.sweeps.busy and dialog._studio.sweeps.found is not None)


def test_it_asks_for_what_is_ticked_as_the_command_line_writes_it(dialog):
    only(dialog, learning_rate="0.01|0.1", groups="1..2")
    dialog.other.setText("train.epochs=5..9")
    assert dialog.over == "train.learning_rate=0.01|0.1,groups=1..2,train.epochs=5..9"
    assert dialog.said.text() == "4 trials, groups: together"
    dialog.seeds.setText("1, 2")
    assert dialog.said.text() == "4 trials of 2 trainings each, groups: together"
    only(dialog, learning_rate="0.01|0.1")
    dialog.other.setText("")
    assert "3 trials of 2 trainings each; every combination once" in dialog.said.text()


@pytest.mark.parametrize(
    ("lines", "other", "sentence"),
    [
        ({"learning_rate": "1..0.1"}, "", "must go from a number to a larger one"),
        ({}, "", "must vary from 1 to 100 settings"),
        ({"tokens": "2"}, "", "from 2 to 100 different values"),
        ({}, "seed=1|2", "'seed' cannot be swept"),
    ],
)
def test_what_cannot_be_meant_is_said_at_once(dialog, lines, other, sentence):
    only(dialog, **lines)
    dialog.other.setText(other)
    assert sentence in dialog.said.text()
    assert not dialog.start.isEnabled()


def test_trials_come_best_first_and_the_best_is_put_to_use_and_undone(dialog, qtbot):
    studio = dialog._studio
    before = studio.project.settings
    only(dialog, learning_rate="0.3|0.4")
    swept(dialog, qtbot)
    texts = [dialog.list.topLevelItem(row).text(0) for row in range(dialog.list.topLevelItemCount())]
    assert texts[0] == "train.learning_rate=0.4"
    assert texts[-1] == "As they are"
    assert dialog.answer.text().startswith("Best on validation is trial 3 (train.learning_rate=0.4): 53.0 %")
    dialog.use.click()
    assert studio.project.settings.train.learning_rate == 0.4
    assert studio.board.history.undo_label == "Use the settings of trial 3 (train.learning_rate=0.4)"
    studio.board.history.undo()
    assert studio.project.settings == before
    dialog.list.setCurrentItem(dialog.list.topLevelItem(1))
    dialog.use.click()
    assert studio.project.settings.train.learning_rate == 0.3
    dialog.list.setCurrentItem(dialog.list.topLevelItem(3))
    assert dialog._chosen().number == 0
    assert not dialog.use.isEnabled(), "they are used already"


def test_a_run_waits_for_the_end_of_a_sweep_and_a_sweep_does_not_begin_beside_a_run(dialog, qtbot):
    studio = dialog._studio
    only(dialog, learning_rate="0.3|0.4")
    studio.engine.seconds = 0.1
    dialog.start.click()
    studio.jobs.run()
    assert studio.jobs.run_waits
    assert studio.jobs.doing != "running"
    studio.engine.seconds = 0.05
    qtbot.waitUntil(lambda: studio.jobs.doing == "running", timeout=20000)
    assert not studio.sweeps.busy
    dialog.start.click()
    assert dialog.said.text() == "Something is being trained; stop it or wait for its end, then start the sweep."
    studio.jobs.stop()
    qtbot.waitUntil(lambda: not studio.busy)


def test_a_stop_keeps_what_is_made(dialog, qtbot):
    studio = dialog._studio
    studio.engine.seconds = 0.1
    dialog.trials.setValue(50)
    only(dialog, learning_rate="0.3..0.4")
    dialog.start.click()
    qtbot.waitUntil(lambda: len(studio.sweeps.trials) > 1)
    dialog.stop.click()
    qtbot.waitUntil(lambda: not studio.sweeps.busy)
    qtbot.waitUntil(lambda: dialog.said.text().startswith("Stopped; what is made is kept"))
    assert dialog.list.topLevelItemCount() == len(studio.sweeps.trials)
    assert dialog.use.isEnabled()


def test_without_optuna_the_dialog_says_what_to_install(dialog, monkeypatch):
    from mmap_studio.errors import InputError

    def missing():
        raise InputError("A sweep needs the package optuna.")

    monkeypatch.setattr(sweeps, "check_optuna", missing)
    only(dialog, learning_rate="0.3|0.4")
    dialog.start.click()
    assert dialog.said.text() == "A sweep needs the package optuna."


def test_another_project_ends_a_sweep(dialog, qtbot, tmp_path):
    studio = dialog._studio
    other = copy_project(studio.project, studio.board.to_json(), tmp_path / "other")
    studio.engine.seconds = 0.1
    only(dialog, learning_rate="0.3..0.4")
    dialog.start.click()
    studio.open(other.folder)
    qtbot.waitUntil(lambda: not studio.sweeps.busy)
    assert studio.sweeps.trials == []
    assert dialog.list.topLevelItemCount() == 0
