"""What trials say so far: a headline, how sure it is, and which trial to use."""

from mmap_studio.session.compare.live.evidence import evidence
from tests.session.compare import made_up


def test_the_headline_is_one_sentence_and_its_certainty_an_interval():
    found = evidence(made_up.drawn({"zero_shot": 0.5, "ridge": 0.8, "mmap_together": 0.6}))
    assert found.headline.startswith("Use ridge: above zero-shot by ")
    assert found.headline.count(". ") == 0
    assert "95 % interval" in found.certainty
    assert "3 seeds" in found.certainty
    assert found.recommended().method == "ridge"
    assert found.recommended().seed == 1
    assert [row.method for row in found.rows] == ["zero_shot", "ridge", "mmap_together"]


def test_where_zero_shot_stays_there_is_nothing_to_take():
    found = evidence(made_up.drawn({"zero_shot": 0.8, "ridge": 0.5}))
    assert found.headline.startswith("Keep zero-shot")
    assert found.recommended() is None


def test_of_trials_too_few_for_an_answer_it_says_what_is_needed():
    zero = made_up.drawn({"zero_shot": 0.8})
    found = evidence(made_up.replace(zero, methods=("zero_shot", "ridge")))
    assert found.headline == "Too few trials for an answer.", "how many there are is beside the buttons, and newer"
    assert "are needed for a first answer" in found.certainty


def test_trials_that_are_missing_are_said_behind_the_headline():
    made = made_up.drawn({"zero_shot": 0.5, "ridge": 0.8})
    found = evidence(made_up.replace(made, seeds=(1, 2, 3, 4)))
    assert "1 trial that is asked for is not there yet" in found.more
