"""The comparison of a studio: plan, survey, start, stop, its turn among runs, and what a crash leaves."""

import time
from dataclasses import replace

import pytest

from mmap_studio.errors import InputError
from mmap_studio.method.grouping.grouping import Grouping
from mmap_studio.session.compare.live.events import Exported, TrialMade
from mmap_studio.session.compare.live.plan import ComparisonPlan, read_plan
from mmap_studio.session.compare.options import parse_amounts
from mmap_studio.session.runtime.job import BackgroundJob, Finished, State
from mmap_studio.session.studio.studio import Studio
from tests import projects

PLAN = ComparisonPlan(("ridge", "coop"), parse_amounts("2,full"), (1,), choose=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return projects.make(tmp_path_factory.mktemp("comparisons"))


@pytest.fixture
def studio(made, monkeypatch, tmp_path):
    monkeypatch.setenv("MMAP_STUDIO_CACHE", str(tmp_path / "cache"))
    studios = []

    def opened(folder=made.folder):
        one = Studio(job=BackgroundJob(on_thread=lambda: None))
        studios.append(one)
        one.open(folder)
        settle(one)
        return one

    yield opened
    for one in studios:
        assert one.close(30)
    plan = made.folder / "comparisons" / "plan.json"
    plan.unlink(missing_ok=True)


def until(studio, fits, seconds=60):
    end = time.monotonic() + seconds
    while not fits():
        studio.poll()
        time.sleep(0.005)
        assert time.monotonic() < end, (studio.comparisons.doing, studio.comparisons.problem)


def settle(studio):
    until(studio, lambda: not studio.job.busy and not studio.comparisons.job.busy and not len(studio.job.mailbox))
    studio.poll()
    studio.settle()


def test_other_groups_on_the_board_are_another_comparison_of_the_boards_groups(studio):
    one = studio()
    art, clip_art, real = projects.DOMAINS
    plain = one.comparisons.plan
    one.board.replace(Grouping.separate(projects.DOMAINS))
    assert one.comparisons.plan == plain, "a plan without the board's groups does not depend on them"
    compared(one, replace(PLAN, methods=("mmap_board",), amounts=parse_amounts("full")))
    until(one, lambda: one.comparisons.plan.state == "done", 120)
    settle(one)
    cell = ("mmap_board", "full", 1)
    assert len(Grouping.parse(one.comparisons.ledger.trials[cell].grouping, projects.DOMAINS)) == 3
    one.board.replace(Grouping(((art, real), (clip_art,))))
    settle(one)
    assert not one.comparisons.ledger.is_surveyed(one.comparisons.plan)
    assert one.comparisons.survey()
    settle(one)
    assert cell not in one.comparisons.ledger.trials
    assert read_plan(one.project.folder).board == ""


def compared(studio, plan=PLAN):
    studio.comparisons.set_plan(plan)
    settle(studio)
    assert studio.comparisons.start()
    settle(studio)


def test_a_plan_is_looked_up_made_and_kept(studio):
    window = studio()
    compare = window.comparisons
    compare.set_plan(PLAN)
    settle(window)
    assert compare.ledger.is_surveyed(PLAN)
    assert compare.ledger.done(PLAN) == 0
    assert compare.start()
    assert not compare.start(), "it is made already"
    settle(window)
    assert compare.ended is State.DONE
    assert compare.ledger.done(PLAN) == 6
    assert compare.plan.state == "done"
    window.close()
    assert read_plan(window.project.folder).state == "done"


def test_after_a_crash_the_plan_is_there_and_trials_are_not_made_again(studio):
    first = studio()
    compare, heard = first.comparisons, []
    compare.listen(heard.append)
    compare.set_plan(PLAN)
    settle(first)
    compare.start()
    until(first, lambda: len([one for one in heard if isinstance(one, TrialMade)]) >= 3)
    compare._listeners._listeners.clear()
    first.comparisons.job.stop()  # as a kill: nobody hears of the end
    first.comparisons.job.join(30)
    first.close()
    assert read_plan(first.project.folder).state == "begun"
    second = studio()
    compare, heard = second.comparisons, []
    compare.listen(heard.append)
    assert compare.plan.state == "begun"
    compare.survey()
    settle(second)
    there = compare.ledger.done(compare.plan)
    assert 3 <= there < 6
    compare.start()
    settle(second)
    made = [one for one in heard if isinstance(one, TrialMade)]
    assert len([one for one in made if not one.cached]) == 6 - there
    assert compare.ledger.done(compare.plan) == 6


def test_a_stop_keeps_what_is_made(studio):
    window = studio()
    compare, heard = window.comparisons, []
    compare.listen(heard.append)
    compare.set_plan(PLAN)
    compare.start()
    until(window, lambda: any(isinstance(one, TrialMade) for one in heard))
    compare.stop()
    settle(window)
    assert compare.ended is State.CANCELLED
    assert compare.plan.state == "begun"
    assert 1 <= compare.ledger.done(PLAN) < 6


def test_a_run_waits_for_the_comparison_and_begins_at_its_end(studio):
    window = studio()
    compare = window.comparisons
    compare.set_plan(PLAN)
    settle(window)
    compare.start()
    assert window.jobs.run()
    assert window.jobs.run_waits
    until(window, lambda: window.jobs.doing == "running")
    assert not compare.busy
    settle(window)
    assert not window.jobs.run_waits


def test_a_run_that_waits_can_be_withdrawn(studio):
    window = studio()
    window.comparisons.set_plan(PLAN)
    settle(window)
    window.comparisons.start()
    window.jobs.run()
    window.jobs.stop()
    assert not window.jobs.run_waits
    settle(window)
    assert window.comparisons.ended is State.DONE
    assert window.jobs.doing != "running"


def test_a_comparison_waits_for_the_run_and_begins_at_its_end(studio):
    window = studio()
    compare = window.comparisons
    compare.set_plan(PLAN)
    settle(window)
    window.jobs.run()
    until(window, lambda: window.jobs.doing == "running")
    assert compare.start()
    assert compare.waits
    assert not compare.busy
    until(window, lambda: compare.busy)
    assert window.jobs.doing != "running"
    settle(window)
    assert compare.ledger.done(PLAN) == 6


def test_it_goes_on_while_another_project_is_opened_and_says_whose_it_is(studio, tmp_path):
    window = studio()
    compare, first = window.comparisons, window.project.name
    compare.set_plan(PLAN)
    settle(window)
    compare.start()
    other = projects.make(tmp_path / "other", ("art",))
    window.open(other.folder)
    assert compare.busy
    assert compare.elsewhere
    assert compare.project.name == first
    settle(window)
    assert compare.ended is State.DONE
    with pytest.raises(InputError, match="open that project"):
        compare.start()
    compare.show_open_project()
    assert compare.project.folder == other.folder
    assert compare.plan == ComparisonPlan()
    settle(window)


def test_settings_that_change_are_looked_up_anew_and_the_plan_stays(studio):
    window = studio()
    compared(window)
    settings = window.project.settings
    train = settings.train.model_copy(update={"epochs": 1})
    window.set_settings(settings.model_copy(update={"train": train}))
    settle(window)
    compare = window.comparisons
    assert replace(compare.plan, state="planned") == PLAN
    assert {cell[0] for cell in compare.ledger.trials} == {"zero_shot", "ridge"}, "features do not depend on it"
    window.set_settings(settings)
    settle(window)


def test_a_plan_that_changes_while_it_is_looked_up_is_looked_up_once_more_and_not_for_ever(studio):
    window = studio()
    compare = window.comparisons

    def ask_again(event):  # as the view does when it draws an end
        if isinstance(event, Finished) and not compare.doing and not compare.ledger.is_surveyed(compare.plan):
            compare.survey()

    compare.listen(ask_again)
    compare.set_plan(PLAN)
    compare.set_plan(replace(PLAN, seeds=(1, 2)))
    until(window, lambda: compare.ledger.is_surveyed(compare.plan) and not compare.doing, 20)
    assert compare.job.run == 2


def test_a_backbone_that_is_not_there_is_said_and_the_methods_are_listed(studio, tmp_path):
    broken = projects.make(tmp_path / "broken", ("art",))
    (tmp_path / "broken" / "model" / "tiny.safetensors").unlink()
    window = studio(broken.folder)
    window.comparisons.survey()
    settle(window)
    assert window.comparisons.ended is State.FAILED
    assert "tiny.safetensors" in window.comparisons.problem
    assert "coop" in window.comparisons.ledger.methods


def test_a_comparison_needs_tasks(studio, tmp_path):
    empty = projects.make(tmp_path / "empty", ("art",))
    empty.with_tasks([]).save()
    window = studio(empty.folder)
    with pytest.raises(InputError, match="needs tasks"):
        window.comparisons.start()


def test_a_plan_that_cannot_be_read_is_said_and_left(studio, tmp_path):
    other = projects.make(tmp_path / "other", ("art",))
    (other.folder / "comparisons").mkdir()
    (other.folder / "comparisons" / "plan.json").write_text("{")
    window, heard = studio(), []
    window.comparisons.listen(heard.append)
    window.open(other.folder)
    assert "plan.json" in heard[0].text
    assert window.comparisons.plan == ComparisonPlan()
    settle(window)


def test_a_trial_is_exported_once_the_survey_ends_and_not_while_something_is_trained(studio, tmp_path):
    window, heard = studio(), []
    compare = window.comparisons
    compared(window)
    compare.listen(heard.append)
    compare.survey()
    compare.export(("ridge", "2", 1), tmp_path / "out")
    assert compare.busy
    with pytest.raises(InputError, match="is being trained"):
        compare.export(("ridge", "2", 1), tmp_path / "other")
    until(window, lambda: any(isinstance(one, Exported) for one in heard))
    settle(window)
    assert (tmp_path / "out" / "method.json").is_file()
    assert compare.plan.state == "done"


def test_skipped_trials_are_not_made_and_more_seeds_are(studio):
    window = studio()
    compare = window.comparisons
    compare.set_plan(PLAN)
    settle(window)
    compare.skip([("coop", "2", 1), ("coop", "full", 1)])
    compare.repeat(1)
    settle(window)
    assert compare.plan.seeds == (1, 2)
    compare.start()
    settle(window)
    assert {cell for cell in compare.ledger.trials if cell[0] == "coop"} == {("coop", "2", 2), ("coop", "full", 2)}
    compare.skip([("coop", "2", 1)], on=False)
    assert compare.ledger.waiting(compare.plan) == [("coop", "2", 1)]


def test_a_pause_rests_until_it_is_resumed(studio):
    window, heard = studio(), []
    compare = window.comparisons
    compare.listen(heard.append)
    compare.set_plan(PLAN)
    settle(window)
    assert not compare.pause()
    compare.start()
    until(window, lambda: any(isinstance(one, TrialMade) for one in heard))
    assert compare.pause()
    until(window, lambda: compare.state is State.PAUSED)
    assert compare.resume()
    settle(window)
    assert compare.ledger.done(PLAN) == 6


def test_the_report_lies_beside_that_of_the_command_line_and_says_the_command(studio):
    window = studio()
    compared(window)
    compare = window.comparisons
    page = compare.report(compare.ledger.comparison(compare.plan, "p"))()
    digest = PLAN.options().digest(window.project.file.model_dump_json())
    assert page == window.project.folder / "comparisons" / digest / "report.html"
    assert "mmap-studio compare" in page.read_text()
