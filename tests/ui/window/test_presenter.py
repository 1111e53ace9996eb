"""What an edit makes the window do: each view is drawn once, however much of the state follows from the edit."""

from collections import Counter

from tests.ui.scripted import rest
from tests.ui.window.test_main_window import run


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
