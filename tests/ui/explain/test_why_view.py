"""The Why panel follows the board and what is selected on it."""

import numpy as np

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.events import PastAffinity
from tests.ui.scripted import rest
from tests.ui.window.test_main_window import run


def test_it_explains_the_groups_a_group_and_a_card(make, qtbot):
    window = make()
    window.board_commands.set_count(2)
    run(qtbot, window)
    board, view = window.studio.board, window.views.why
    assert view.words.text() == ""  # nothing is computed before it is seen
    window.registry["suggest"].trigger()
    qtbot.waitUntil(lambda: not window.views.board.suggester.looking, timeout=30000)
    window.views.board.header.why.click()
    assert view.isVisible()
    assert view.title.text() == "All groups"
    qtbot.waitUntil(lambda: "asking for 2 costs" in view.words.text(), timeout=30000)
    assert view.cells.topLevelItemCount() == 30
    task = board.tasks[0]
    window.views.board._pick(lambda: window.views.board.picked.pick(task, board.tasks))
    assert view.title.text() == task
    assert view.cells.topLevelItemCount() == 10
    window.views.board._pick(lambda: window.views.board.picked.pick_all(board.grouping.groups[1]))
    assert view.title.text() == board.group_names[1]
    board.replace(Grouping.separate(board.tasks))
    rest(qtbot, window)
    assert view.title.text() == "All groups"  # what was one group is several


def test_affinity_by_training_is_not_recommended_where_it_was_measured_that_way(make):
    window = make()
    board, noise = window.studio.board, np.random.default_rng(0).normal(0.3, size=(8, 6, 6))
    board.set_affinity(noise.mean(0), board.tasks, 0.0, lambda: noise)
    board.take(board.suggestion()())
    window.registry["show_why"].trigger()
    said = {}
    for how in ("exact", "training"):
        window.presenter.hear(PastAffinity("an earlier run", how, ""))
        said[how] = "Affinity by training measures" in window.views.why.words.text()
    assert said == {"exact": True, "training": False}


def test_words_and_cells_are_below_each_other_where_it_is_narrow(make, qtbot):
    window = make()
    view = window.views.why
    window.registry["show_why"].trigger()
    window.resize(1000, 640)
    qtbot.waitUntil(lambda: view.width() < 600, timeout=30000)
    assert view.cells.y() > 0
