"""Where runs and comparisons are made: what can be chosen, what is refused, and that it is kept."""

import importlib.util

import pytest
from PySide6.QtGui import QGuiApplication

from mmap_studio.session.engines.choice import HERE, RunOn
from mmap_studio.ui.dialogs import run_on_dialog
from mmap_studio.ui.dialogs.run_on_dialog import AUTOMATIC, NO_RAY, RunOnDialog
from mmap_studio.ui.kit.dialog import Buttons
from mmap_studio.ui.window.run_commands import RUN_ON
from tests.ui.scripted import rest


@pytest.fixture
def shown(qtbot, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())

    def show(run_on=HERE):
        dialog = RunOnDialog(run_on)
        qtbot.addWidget(dialog)
        return dialog

    return show


def can_accept(dialog):
    return dialog.buttons.button(Buttons.Ok).isEnabled()


@pytest.mark.parametrize(
    "run_on", [HERE, RunOn(3), RunOn(2, threads=5), RunOn(None, "local"), RunOn(None, "head:1234", 2, 0.125)]
)
def test_what_was_chosen_is_shown_and_stays(shown, run_on):
    dialog = shown(run_on)
    assert dialog.wanted == run_on
    assert can_accept(dialog)
    assert dialog.problem.isHidden()


def test_only_what_the_choice_needs_is_asked_for(shown):
    dialog = shown()
    visible = {}
    for kind in (run_on_dialog.HERE, run_on_dialog.PROCESSES, run_on_dialog.CLUSTER):
        dialog.kind.setCurrentText(kind)
        fields = dialog.processes, dialog.cluster, dialog.threads, dialog.share
        visible[kind] = [field.accessibleName() for field in fields if dialog.fields.isRowVisible(field)]
    assert list(visible.values()) == [[], ["Processes", "Threads"], ["Cluster", "Threads", "Share of a GPU"]]
    assert dialog.threads.text() == dialog.share.text() == AUTOMATIC


def test_a_cluster_without_or_with_a_wrong_address_cannot_be_taken(shown):
    dialog = shown(RunOn(2))
    dialog.kind.setCurrentText(run_on_dialog.CLUSTER)
    assert not can_accept(dialog)
    assert dialog.problem.isHidden(), "it is still to be written"
    dialog.cluster.setText("ray://head:1")
    assert "must be local or HOST:PORT" in dialog.problem.text()
    assert not can_accept(dialog)
    dialog.cluster.setText("head")
    assert can_accept(dialog)


def test_without_ray_it_says_how_to_get_it(shown, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    dialog = shown(RunOn(None, "local"))
    assert (dialog.problem.text(), can_accept(dialog)) == (NO_RAY, False)


def test_the_choice_is_used_and_kept_for_the_next_window(make, qtbot, monkeypatch):
    window = make()
    monkeypatch.setattr(RunOnDialog, "exec", lambda dialog: dialog.accept() or dialog.result())
    monkeypatch.setattr(RunOnDialog, "wanted", RunOn(3, threads=2))
    window.registry["run_on"].trigger()
    assert window.studio.engine.run_on == RunOn(3, threads=2)
    assert RunOn.of(window.preferences.texts(RUN_ON)) == RunOn(3, threads=2)
    assert "3 processes" in window.status.note.text()
    monkeypatch.setattr(RunOnDialog, "wanted", HERE)
    window.registry["run_on"].trigger()
    assert window.preferences.texts(RUN_ON) == {}


def test_the_copied_command_says_it_too(make, qtbot):
    window = make()
    rest(qtbot, window)
    window.studio.engine.run_on = RunOn(None, "head:7", 2)
    window.registry["copy_command"].trigger()
    assert QGuiApplication.clipboard().text().endswith("--cluster head:7 --threads 2")
