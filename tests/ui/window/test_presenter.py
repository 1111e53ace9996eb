"""What an edit makes the window do: each view is drawn once, however much of the state follows from the edit."""

from collections import Counter
from types import SimpleNamespace

from mmap_studio.session.runtime.job import State
from mmap_studio.session.studio.scheduler import Scheduler
from tests.ui.scripted import rest
from tests.ui.window.test_main_window import run


def test_time_and_memory_during_a_run_are_its_own(make, monkeypatch):
    """A drop then changes what the next run takes, and the time of one stood beside the memory of the other."""
    window = make()
    facts, shown = window.views.facts, []
    monkeypatch.setattr(facts, "show_estimate", lambda _: shown.append("next"))
    monkeypatch.setattr(facts, "show_left", shown.append)
    under_way = SimpleNamespace(left="3 min left", text=str, done=0.1)
    monkeypatch.setattr(Scheduler, "progress", property(lambda _: under_way))
    for state in (State.RUNNING, State.DONE):  # of one that has ended the progress is still there
        monkeypatch.setattr(Scheduler, "state", property(lambda _, state=state: state))
        window.presenter.board_changed()
    assert shown == ["3 min left", "next"]


def test_a_drop_fills_the_table_once_and_composes_the_results_once(make, qtbot, monkeypatch):
    window = make()
    run(qtbot, window)
    studio, counts = window.studio, Counter()

    def count(owner, name):
        call = getattr(owner, name)
        monkeypatch.setattr(owner, name, lambda *args: (counts.update([name]), call(*args))[1])

    count(window.views.results, "show_outcomes")
    count(studio.known, "evaluations")
    count(window.views.heatmap, "set_grouping")
    moved = next(task for task in studio.board.tasks if studio.board.grouping.mates(task))
    for edit in (lambda: studio.board.move(moved, None), studio.board.undo):
        before = dict(studio.known.current)
        counts.clear()
        edit()
        assert studio.known.current != before  # at once, not with the next event
        once = dict.fromkeys(("show_outcomes", "evaluations", "set_grouping"), 1)
        assert counts == once
        rest(qtbot, window)  # the look into the cache finds nothing that was not known
        assert counts == once
