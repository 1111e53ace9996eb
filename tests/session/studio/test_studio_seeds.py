"""Runs that differ in nothing but the seed, one after the other."""

import threading

import pytest

from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.studio import event_handlers
from tests.session.studio.test_studio import TASKS, Script, chosen, opened, settle


def test_a_series_runs_once_a_seed_with_the_groups_of_the_first_and_shows_the_projects_own_in_the_end(home):
    found, asked, opened_with, words = Grouping.of([TASKS[:3], TASKS[3:]]), [], [], []
    engine, gate = Script(), threading.Event()

    def running(project, groups, controls=(), only_affinity=False, **more):
        asked.append((project.settings.seed, groups, controls))
        words.append(studio.jobs.series_words)
        return lambda stop: iter([chosen(found)] if gate.wait(5) else ())

    def opening(project):
        opened_with.append(project.settings.seed)
        return lambda stop: iter(())

    engine.running = running
    studio = opened(engine)
    engine.opening = opening
    seed = studio.project.settings.seed
    studio.jobs.run(("together",), seeds=(7, 8, 9))
    studio.board.move("Noto", None)  # what is edited now is of no concern to the series
    studio.set_settings(studio.project.settings.model_copy(update={"device": "cpu"}))
    gate.set()
    while not opened_with:
        settle(studio)
    assert words == ["seed 7, 1 of 3", "seed 8, 2 of 3", "seed 9, 3 of 3"]
    assert asked == [(7, "auto", ("together",)), *((n, found.text(), ("together",)) for n in (8, 9))]
    assert (opened_with, studio.project.settings.seed, studio.jobs.series_words) == ([seed], seed, "")
    settle(studio)
    studio.close()


@pytest.mark.parametrize("ending", ["stop", "fail", "close"])
def test_a_series_ends_with_a_run_that_does_not_come_to_its_end(home, ending):
    gate, asked = threading.Event(), []

    def running(project, groups, controls=(), only_affinity=False, **more):
        asked.append(project.settings.seed)

        def work(stop):
            yield chosen(Grouping.separate(TASKS))
            gate.wait(5)
            stop()
            if ending == "fail":
                raise RuntimeError("no")

        return work

    engine = Script()
    engine.running = running
    studio = opened(engine)
    studio.jobs.run(seeds=(1, 2))
    if ending != "fail":
        studio.jobs.stop() if ending == "stop" else studio.jobs.wind_up()
    gate.set()
    settle(studio)
    assert asked == [1]
    assert studio.jobs.series_words == ""
    settle(studio)
    studio.close()


def test_a_single_run_says_nothing_of_seeds_and_leaves_what_is_shown(home):
    studio = opened(Script([chosen(Grouping.separate(TASKS))]))
    studio.jobs.run()
    assert studio.jobs.series_words == ""
    settle(studio)
    assert studio.jobs.doing != "opening"
    settle(studio)
    studio.close()


def test_a_run_that_was_stopped_can_be_continued_at_once(home, monkeypatch):
    gate, left = threading.Event(), object()
    monkeypatch.setattr(event_handlers, "interrupted_run", lambda project: left)

    def running(project, groups, controls=(), only_affinity=False, **more):
        def work(stop):
            gate.wait(5)
            stop()
            yield chosen(Grouping.separate(TASKS))

        return work

    engine = Script()
    engine.running = running
    studio = opened(engine)
    studio.jobs.run()
    studio.jobs.stop()
    gate.set()
    settle(studio)
    assert studio.known.interrupted is left
    settle(studio)
    studio.close()
